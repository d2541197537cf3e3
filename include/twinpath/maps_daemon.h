/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_daemon.h - the maps that twinpathd writes, and the programs cannot:
 * BPF_F_RDONLY_PROG.  Include "twinpath/maps.h".
 *
 * Owns: how the gateway is described to its data plane.
 */
#ifndef TWINPATH_MAPS_DAEMON_H
#define TWINPATH_MAPS_DAEMON_H

#include "twinpath/maps_base.h"

/* ---- layout: one entry, made with the maps ----------------------------- */

struct tp_layout {
	__u32 magic;
	__u32 version;
	__u32 buckets;	 /* of sessions, a power of two, without overflow */
	__u32 addresses; /* max-addresses: sizes the bindings array */
};
TP_SIZE(struct tp_layout, 16);

/* ---- seed: one entry, made with the tables, pinned beside them --------- */

struct tp_seed {
	__u32 key[16]; /* secret; see bpf/hash.h */
	__u64 finish;  /* odd */
};
TP_SIZE(struct tp_seed, 72);

/* ---- settings: one entry ----------------------------------------------- */

/* The external port of a new binding. */
enum tp_port_choice {
	TP_PORTS_PRESERVE, /* the inside one, if it is free: the default */
	TP_PORTS_RANDOM,   /* any (RFC 6056) */
};

/* What a host is told whose new session finds no room (RFC 5508 REQ-8, -9). */
enum tp_refusal {
	TP_REFUSE_PROHIBITED,  /* ICMP 3/13: the default */
	TP_REFUSE_UNREACHABLE, /* ICMP 3/1, as RFC 6888 REQ-11 has it */
	TP_REFUSE_SILENT,
};

/* Of one inside host; 0: none. */
struct tp_limits {
	__u32 sessions;
	__u32 ports;
	__u32 rate;	 /* new sessions a second */
	__u32 questions; /* new flows a second that the partner is asked about */
};
TP_SIZE(struct tp_limits, 16);

/* Timers in ticks; the defaults and their RFCs are in loader/config.c. */
struct tp_timers {
	__u32 udp;
	__u32 dns; /* UDP to port 53 (RFC 4787 REQ-5a); 0: as udp */
	__u32 icmp;
	__u32 tcp_established;
	__u32 tcp_opening;  /* the inside has sent a SYN (RFC 5382 REQ-5) */
	__u32 tcp_closing;  /* both FINs, or an RST (the same) */
	__u32 tcp_incoming; /* from outside, unanswered (RFC 6146 3.5.2.2) */
	__u32 hold;	    /* a freed port stays away from other hosts */
};
TP_SIZE(struct tp_timers, 32);

#define TP_RULES_FIRST 1 /* the kernel sees a session's first packet */
#define TP_RULES_ROUTE 2 /* the user's own routing may choose the uplink */

struct tp_settings {
	__u32 time_offset; /* ticks added to the clock; tests only */
	__u16 confirm;	   /* confirm number: the partner may have taken over */
	__u16 port_min;	   /* NAT's external ports, host order, inclusive */
	__u16 port_max;
	__u16 route_epoch; /* changes whenever what a binding or a ration
			    * remembers of the routes may be wrong */
	__u8 refusal;	   /* enum tp_refusal */
	__u8 rules;	   /* TP_RULES_*: what the user's own ask for */
	__u16 dead; /* bits: ids of addresses whose exit is dead; what finds
		     * them so has to leave them (see bpf/leave.h) */
	__u8 port_choice; /* enum tp_port_choice */
	__u8 port_parity; /* 1: UDP keeps even and odd */
	__u8 pad[2];
	struct tp_timers timers;
	struct tp_limits limits;
	__u32 addresses_used; /* ids 0 .. this - 1 may hold an address */
};
TP_SIZE(struct tp_settings, 72);

/* ---- selector: one entry: the exit of a new session -------------------- */

struct tp_selector {
	__u32 exit;   /* 0: no exit */
	__u32 event;  /* id of the decision that wrote it, as in the log */
	__u32 lost;   /* tick at which the last live exit died; 0: one lives */
	__u32 shared; /* 1: by the host, as `shares` says */
};
TP_SIZE(struct tp_selector, 16);

/* ---- shares: one entry: the exit of a host's new sessions -------------- */

#define TP_SHARE_SLOTS 8192 /* a power of two; see tp_share_slot */

struct tp_shares {
	__u8 exit[TP_SHARE_SLOTS]; /* 0, or one that is not up: the selector's */
};
TP_SIZE(struct tp_shares, TP_SHARE_SLOTS);

/* ---- exits: array by exit id ------------------------------------------- */

enum tp_exit_kind {
	TP_EXIT_NONE,
	TP_EXIT_UPLINK,
	TP_EXIT_PARTNER,
};

enum tp_exit_state {
	TP_EXIT_DEAD,  /* its sessions are no sessions */
	TP_EXIT_AVOID, /* keeps what it has, takes nothing new */
	TP_EXIT_DRAIN, /* the same, on purpose */
	TP_EXIT_UP,
};

#define TP_EXIT_HAS_NEXT_HOP (1U << 0) /* destination is valid */
#define TP_EXIT_XDP (1U << 1)	       /* XDP may redirect to ifindex */

struct tp_exit {
	__u32 ifindex;
	__u16 mtu;	     /* bytes of IP packet, 65535: more */
	__u16 mss;	     /* the most that a SYN may offer; 0: anything */
	__u32 mark;	     /* fwmark that makes the kernel choose this exit */
	__u8 kind;	     /* enum tp_exit_kind */
	__u8 state;	     /* enum tp_exit_state */
	__u8 flags;	     /* TP_EXIT_* */
	__u8 address;	     /* id of the external address of new bindings */
	__u8 destination[6]; /* MAC of the next hop */
	__u8 source[6];	     /* MAC of ifindex */
	union {
		__u32 home_after; /* alive: tick from which UDP and ICMP
				   * re-bind elsewhere; 0: never ("sticky") */
		__u32 wait_until; /* dead: tick until which its TCP sessions
				   * wait for it; 0: they do not ("hold") */
	};
	struct tp_addr next_hop;
	char name[16];
} __attribute__((aligned(64)));
TP_SIZE(struct tp_exit, 64);

/* fwmark: bits 16..23 of a twinpath mark hold 0x80 | exit id. */
#define TP_MARK_MASK 0x00ff0000U
#define TP_MARK_VALID 0x00800000U
#define TP_MARK(exit) (TP_MARK_VALID | ((__u32)(exit) << 16))
/* No exit's: turned round to enter by an uplink, see bpf/hairpin.h. */
#define TP_MARK_HAIRPIN TP_MARK(0)
/* Bit 24: this packet came from the partner and must not go back there. */
#define TP_MARK_FROM_PARTNER 0x01000000U
/*
 * Without the valid bit, so that no rule of ours matches: the first packet of a
 * session from outside, to this external address (its id), on its way through
 * the kernel.
 */
#define TP_MARK_INWARD(address) (((__u32)(address) + 1) << 16)

/* ---- addresses: array by address id ------------------------------------ */

/* Who may send to a binding (RFC 4787 section 5). */
enum tp_filtering {
	TP_FILTER_ADDRESS,	    /* address-dependent: the default */
	TP_FILTER_ENDPOINT,	    /* endpoint-independent */
	TP_FILTER_ADDRESS_AND_PORT, /* address- and port-dependent */
};

struct tp_address {
	struct tp_addr address;
	__u16 generation; /* bumped when the address is lost for another */
	__u8 exit;	  /* exit that holds it now, 0: nobody */
	__u8 filtering;	  /* enum tp_filtering, of dynamic bindings */
	__u8 pad[4];
};
TP_SIZE(struct tp_address, 24);

/* ---- links: array of TP_LINK_SLOTS ------------------------------------- */

enum tp_link_role {
	TP_LINK_NONE,
	TP_LINK_LAN,
	TP_LINK_UPLINK,
};

/*
 * The interfaces we are attached to.  An interface stands at the first free
 * slot from ifindex % TP_LINK_SLOTS on, at most TP_LINK_PROBES further.
 */
struct tp_link {
	__u32 ifindex; /* 0: free */
	__u8 role;     /* enum tp_link_role */
	__u8 exit;     /* of an uplink */
	__u8 macs;     /* how many of mac[] count; mac[0] is its own */
	__u8 kinds;    /* bits 1 << enum tp_kind: that may come by it */
	__u8 only;     /* it leads to the partner alone: no host is there */
	__u8 pad;
	__u8 mac[TP_LINK_MACS][6];
	struct tp_addr address; /* what answers to hosts come from; 0: none */
	__u64 suspects;		/* bits tp_suspect() of the partner's MACs */
};
TP_SIZE(struct tp_link, 64);

/*
 * Where a source MAC's bit is not in tp_link's suspects, a host sent the frame:
 * nearly every host is told from the partner by the line that is read anyway.
 */
static inline __attribute__((always_inline)) __u64 tp_suspect(const __u8 *mac)
{
	return 1ULL << mac[5] % 64;
}

/* ---- partner: one entry ------------------------------------------------ */

/*
 * What a frame from the partner means is told by its source MAC (ownership: take
 * is the interface's own, the others a keyed hash of it), or by the interface
 * that it comes by, where MACs cannot be forged or do not exist.
 */
enum tp_kind {
	TP_KIND_TAKE,
	TP_KIND_QUESTION,
	TP_KIND_SESSION_QUESTION,
	TP_KIND_RETURNED,
	TP_KINDS,
	TP_KIND_HOST = TP_KINDS, /* not from the partner */
	TP_KIND_HAIRPIN,	 /* on an uplink: from inside, turned round */
};

enum tp_partner_type {
	TP_PARTNER_NONE,     /* no partner configured */
	TP_PARTNER_ROUTER,   /* an ordinary router: never asked */
	TP_PARTNER_TWINPATH, /* asked */
};

/* How handovers of one kind go, and how they come.  By a raw device: no MACs. */
struct tp_way {
	__u32 ifindex;
	__u8 pad[2];
	__u8 mac[6];	/* of the partner, destination of every handover */
	__u8 mine[6];	/* source MAC that we send */
	__u8 theirs[6]; /* source MAC that we accept */
};
TP_SIZE(struct tp_way, 24);

struct tp_partner {
	__u8 type;	/* enum tp_partner_type */
	__u8 exit;	/* its exit id */
	__u8 reachable; /* a frame can be sent */
	__u8 deaf; /* 1: it shows itself all the time, and answers nothing */
	__u32 gone_bind;  /* until this tick: do not ask bindable packets */
	__u32 gone_reset; /* until this tick: reset mid-stream ones */
	__u32 quiet;	  /* until this tick: do not ask new sessions ... */
	__u8 busy[TP_HOSTS / 8];     /* ... but of these hosts: their bits */
	struct tp_way way[TP_KINDS]; /* by one interface, or each by its own */
	__u32 doubted; /* from this tick on it has given nothing back, ever:
			* gone until it shows itself, with or without a daemon;
			* 0: it has, or nobody knows yet */
	__u32 pad2;
};
TP_SIZE(struct tp_partner, 152);

/*
 * Where the daemon's liveness questions seem to go: TEST-NET-1 (RFC 5737), which
 * nobody owns.  The partner's data plane returns them, mine counts them.
 */
#define TP_LIVENESS_ADDRESS                                                    \
	{                                                                      \
		{                                                              \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1 \
		}                                                              \
	}

/* ---- routes: LPM trie: where a destination is -------------------------- */

enum tp_route_kind {
	TP_ROUTE_DEFAULT, /* out, by the selector; also: no entry */
	TP_ROUTE_INSIDE,  /* by a LAN interface */
	TP_ROUTE_LOCAL,	  /* one of the gateway's own addresses */
	TP_ROUTE_KERNEL,  /* excluded, foreign: the kernel decides */
	/* Of no single host: nothing comes from there, and nothing forwarded
	 * goes there (RFC 1812 5.3.7, RFC 3927 2.7). */
	TP_ROUTE_GROUP,	     /* multicast, broadcast: the kernel's */
	TP_ROUTE_LINK_LOCAL, /* for this link alone */
	TP_ROUTE_MARTIAN,    /* 0/8, 127/8, 240/4 */
};

struct tp_route_key {
	__u32 prefix; /* of the 16 bytes: an IPv4 /24 is 120 */
	__u8 address[16];
};
TP_SIZE(struct tp_route_key, 20);

struct tp_route {
	__u32 ifindex;
	__u8 kind;	  /* enum tp_route_kind */
	__u8 via;	  /* 1: next_hop is a router, 0: on link */
	__u8 from_kernel; /* 1: what comes from there is left to the kernel */
	__u8 pad;
	struct tp_addr next_hop;
};
TP_SIZE(struct tp_route, 24);

/* ---- regions: one entry: a bit for each region, see region.h ------------ */

/*
 * 1: some route leads to a part of the region, or did a moment ago; 0: there is
 * none, and nobody need look.
 */
#define TP_REGIONS 131072
struct tp_regions {
	__u64 word[TP_REGIONS / 64];
};
TP_SIZE(struct tp_regions, 16384);

/* ---- neighbours: array by id; neighbour_ids: hash of them -------------- */

struct tp_neighbour_key {
	struct tp_addr address;
	__u32 ifindex;
	__u32 pad;
};
TP_SIZE(struct tp_neighbour_key, 24);

struct tp_neighbour {
	__u32 ifindex;
	__u16 mtu;	     /* of ifindex, 65535: more */
	__u8 valid;	     /* 0: the kernel has to resolve it */
	__u8 xdp;	     /* XDP may redirect to ifindex */
	__u8 destination[6]; /* its MAC */
	__u8 source[6];	     /* MAC of ifindex */
	__u32 pad;
	struct tp_addr address;
};
TP_SIZE(struct tp_neighbour, 40);

/* ---- reserved: array: the ports that NAT must not claim ---------------- */

/*
 * One row for each external address and plane, at TP_BINDING_INDEX / 65536; one
 * bit for each port.
 */
struct tp_ports {
	__u64 word[1024];
};
TP_SIZE(struct tp_ports, 8192);

#endif
