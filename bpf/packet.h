/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.h - what the core sees of a packet, and what it wants done with it.
 *
 * Owns: struct packet (made by parse.h), struct edit (carried out by
 * apply_xdp.h and apply_tc.h) and struct hook.  No family, no context type.
 */
#ifndef TWINPATH_PACKET_H
#define TWINPATH_PACKET_H

#include <linux/in.h>

#include "maps.bpf.h"

/*
 * Where the IP header starts.  A tun, ppp or wireguard device has no MAC
 * header: packets on it are raw.
 */
#define ETHERNET 14
#define RAW 0

#define TCP_HEADER 20 /* bytes, without options */

/*
 * In front of a comparison that the verifier must see: clang knows the outcome,
 * or makes one of two, of another register, from which Linux 6.1 learns no bounds.
 */
#define APART(value) asm volatile("" : "+r"(value))

/* Go on: what a step answers when it has not found a reason to stop. */
#define GO_ON TP_REASON_COUNT

enum packet_class {
	CLASS_TCP,
	CLASS_UDP,
	CLASS_QUERY, /* ICMP echo, timestamp */
	CLASS_ERROR, /* ICMP error: the quoted packet is the tuple to look up */
	CLASS_PORTLESS, /* GRE, ESP, ...: the addresses alone are translated */
	CLASS_OTHER,	/* cannot be translated */
};

/*
 * The flow a packet belongs to, in the packet's own direction: laid out as a
 * session's key, so that an outbound packet needs no copy of it.  An ICMP error
 * belongs to the flow of the packet it quotes, turned round: the error travels
 * towards that packet's source.
 */
struct tuple {
	struct tp_addr source;
	struct tp_addr destination;
	__be16 source_port; /* ICMP query: its identifier, on the NAT's side */
	__be16 destination_port;
	__u8 proto;
	__u8 kind; /* enum tp_session_kind */
	__u8 pad[2];
};
_Static_assert(sizeof(struct tuple) == sizeof(struct tp_session_key),
	       "an outbound tuple is a session's key");

#define PACKET_BINDABLE (1U << 0) /* may open a session (ownership, 1) */
#define PACKET_STRANGER (1U << 1) /* by the partner's link, not from there */
#define PACKET_OPTIONS (1U << 2)
#define PACKET_FRAGMENT (1U << 3) /* with ports: the first; else PACKET_LATER */
#define PACKET_REDIRECT (1U << 4)
#define PACKET_LATER (1U << 5)	     /* a fragment without ports */
#define PACKET_LOOSE (1U << 6)	     /* not atomic: its ID counts (RFC 6864) */
#define PACKET_SYN (1U << 7)	     /* has an MSS to look at */
#define PACKET_QUOTE_LOOSE (1U << 8) /* an error about one that is not atomic */
#define PACKET_PIECE (1U << 9) /* a fragment that needs no other: portless */
#define PACKET_RARE (PACKET_OPTIONS | PACKET_LOOSE | PACKET_SYN)

#define FLAG_FIN 0x01
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_ACK 0x10

struct packet {
	struct tuple flow;
	struct tp_addr sender; /* the flow's source, but for an ICMP error */
	__u16 size;	       /* bytes of IP packet, the largest on the wire */
	__u16 flags;	       /* PACKET_* */
	__be16 id;	       /* of one that is not atomic */
	__u8 l4;	       /* offset of the transport header */
	__u8 l4_bytes;	       /* length of it */
	__u8 quote;	       /* offset of the quoted IP header */
	__u8 quote_l4;
	__u8 class; /* enum packet_class */
	__u8 tcp_flags;
	__u8 ttl;
	__u8 plane; /* enum tp_plane, of the quoted one in an error */
	__u8 kind;  /* enum tp_kind: host, or how the partner gave it */
	__u8 l3;    /* offset of the IP header: ETHERNET or RAW */
};

enum edit_side {
	SIDE_NONE,
	SIDE_SOURCE,
	SIDE_DESTINATION,
};

#define EDIT_TTL (1U << 0)	/* decrement */
#define EDIT_MAC (1U << 1)	/* macs[] are valid */
#define EDIT_REDIRECT (1U << 2) /* out by ifindex */
#define EDIT_RESET (1U << 3)	/* answer with an RST instead, see reset.h */
#define EDIT_ANSWER (1U << 4)	/* drop, but answer with ICMP: answer.h */
#define EDIT_MSS (1U << 5)	/* a SYN that may offer mss at most */
#define EDIT_INWARD (1U << 6)	/* into ifindex, see hairpin.h */
#define EDIT_RESOLVE (1U << 7)	/* the kernel finds the neighbour */

struct edit {
	struct tp_addr address; /* of `side`; an error's quote: other side;
				 * where an answer comes from */
	__be16 port;		/* an answer: its ICMP type and code */
	__u8 side;		/* enum edit_side */
	__u8 flags;		/* EDIT_* */
	union {
		__u32 ifindex; /* with EDIT_REDIRECT or EDIT_ANSWER */
		__u32 tag;     /* without: the tc_index to go on with */
	};
	__u8 macs[12] __attribute__((aligned(4))); /* destination, source */
	__u32 mark;	/* for the kernel's path; 0: none */
	__be16 id_mask; /* into the IP ID; an inbound error: into its quote's */
	__u16 mss;
};

/*
 * The hook a core runs at.  ctx is opaque to the core: it only hands it to
 * socket look-ups, whose helpers take either context.
 */
struct hook {
	void *ctx;
	const struct tp_settings *set;
	__u32 ifindex;
	__u32 now;   /* tick */
	__u32 bytes; /* of the IP packet, or super-packet */
	union {
		__u16 segment; /* ingress: payload of each packet of a
				* super-packet; 0: none */
		__u16 mark; /* egress: of the exit that tc chose, bits 16..23 */
	};
	__u8 id;  /* enum tp_hook */
	__u8 xdp; /* 1: redirects only where XDP can */
};

static __always_inline int address_equal(const struct tp_addr *a,
					 const struct tp_addr *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline int address_is_none(const struct tp_addr *a)
{
	const __u64 *x = (const __u64 *)a;

	return !(x[0] | x[1]);
}

static __always_inline int mac_equal(const __u8 *a, const __u8 *b)
{
	/* What differs most comes first. */
	return *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4) &&
	       *(const __u16 *)(a + 2) == *(const __u16 *)(b + 2) &&
	       *(const __u16 *)a == *(const __u16 *)b;
}

#endif
