/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_asks.h - what the syscall programs are asked, and answer: the contexts of
 * BPF_PROG_TEST_RUN.  Include "twinpath/maps.h".
 *
 * The daemon writes none of the data plane's maps (maps_plane.h): where it wants a
 * change there, it asks for it.
 */
#ifndef TWINPATH_MAPS_ASKS_H
#define TWINPATH_MAPS_ASKS_H

#include "twinpath/maps_base.h"

/* "clock": the data plane's own time, for ages. */
struct tp_clock {
	__u32 now; /* tick, out */
	__u32 pad;
};
TP_SIZE(struct tp_clock, 8);

/* "sweep": take expired lines out of use, if any host is near its limits. */
struct tp_sweep {
	__u32 swept; /* out: how many bits of the walk */
	__u32 pad;
};
TP_SIZE(struct tp_sweep, 8);

/*
 * "publish": static bindings.  -EBUSY: another endpoint has the port.  -EAGAIN:
 * it is made, or another CPU was faster; ask again to see it served.
 */
enum tp_publish_action {
	TP_PUBLISH_MAKE, /* or replace another static one */
	TP_PUBLISH_TAKE, /* also from a living dynamic one */
	TP_PUBLISH_WITHDRAW,
};

struct tp_publish {
	struct tp_addr inside;
	__be16 inside_port;
	__be16 port;  /* external */
	__u8 address; /* id */
	__u8 plane;   /* enum tp_plane */
	__u8 exit;
	__u8 action;	/* enum tp_publish_action */
	__s32 result;	/* out: 0, or a negative errno */
	__u8 filtering; /* enum tp_filtering */
	__u8 pad[3];
};
TP_SIZE(struct tp_publish, 32);

/*
 * "explain": what would become of a packet; see bpf/explain.h.  Whether it comes
 * from inside or from outside is found out by its addresses.
 */
#define TP_EXPLAIN_NOTHING 0xff /* the rules were not asked */

struct tp_explain {
	struct tp_addr source;
	struct tp_addr destination;
	__be16 source_port;
	__be16 destination_port; /* of an ICMP query to outside: none */
	__u8 proto;
	__u8 opens;	/* it may open a session; else mid-stream */
	__u8 inward;	/* out, as all that follows: it comes from outside */
	__u8 action;	/* enum own_action, or TP_EXPLAIN_NOTHING */
	__u8 reason;	/* enum tp_reason that it would be counted with */
	__u8 exit;	/* by which it leaves, or came; 0: by none */
	__u8 session;	/* 1: a valid session carries it */
	__u8 held;	/* enum own_held: its endpoint's binding */
	__u8 published; /* that binding is a static one */
	__u8 partner;	/* enum own_partner */
	__u8 quiet;	/* the partner holds nothing of this host */
	__u8 bound;	/* external and port are known */
	__be16 port;
	__u8 pad[2];
	__u32 left;		 /* ticks until the session expires */
	struct tp_addr external; /* inward: of the inside endpoint */
};
TP_SIZE(struct tp_explain, 72);

#endif
