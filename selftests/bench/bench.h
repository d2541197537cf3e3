/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - what the benchmark's BPF programs and its pump tell each other.
 *
 * Owns: the plan of a stream of packets, and what the sink counted.  Addresses,
 * ports and MACs are in network order, all else in host order.
 */
#ifndef TWINPATH_BENCH_H
#define TWINPATH_BENCH_H

#include "twinpath/maps.h"

/* A frame of 64 bytes with its FCS: 60 on the inside of a NIC. */
#define BENCH_FRAME 60
#define BENCH_MAX_PORTS 64
#define BENCH_MADE 2 /* XDP_PASS: what make_frame returns for a frame */

/* A table like that of 131,072 sessions (include/twinpath/maps.h). */
#define BENCH_FLOOR_BUCKETS 8192

enum bench_side {
	BENCH_OUT, /* from the inside endpoints to the remotes */
	BENCH_IN,  /* from the remotes to the external ports */
};

/*
 * Which packets: flow n of 2^endpoint_bits inside endpoints, each with every one
 * of 2^port_bits ports of every one of 2^remote_bits remotes.  Each endpoint has a source port of its own, so that
 * any NAT that keeps ports keeps this one, and the way back is known.
 */
struct bench_plan {
	__u64 next;    /* number of the next packet, moved on by the program */
	__u32 ifindex; /* where the generator sends */
	__be32 inside; /* first inside address */
	__be32 remote; /* first remote address */
	__be32 external;
	__u16 first_port; /* of the endpoints, host order */
	__u16 remote_port;
	__u8 endpoint_bits;
	__u8 port_bits;
	__u8 remote_bits;
	__u8 side;    /* enum bench_side */
	__u8 shuffle; /* 1: the order is no cache's friend */
	__u8 destination[6];
	__u8 source[6];
};

/* What reached the end of a stream, a CPU each. */
struct bench_seen {
	__u64 packets;
	__u64 verified;
	__u64 bad;	    /* a checksum is wrong */
	__u64 untranslated; /* an inside source where none may be */
	__u64 last;	    /* ktime of the newest packet */
	__u64 first;	    /* ktime of the oldest since it was cleared */
};

/* How hard the sink looks: every packet, or one in mask + 1. */
struct bench_look {
	__u32 mask;
	__u32 inside; /* first byte of an inside address; 0: not looked at */
};

/* A bare redirect: the limit of what any forwarder can do. */
struct bench_bare {
	__u32 ifindex;
	__u8 destination[6];
	__u8 source[6];
};

#endif
