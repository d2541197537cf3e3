/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - every key and value that crosses between the BPF programs and
 * userspace, defined once.
 *
 * Owns: the layout of the pinned maps, its version, and the bounds that both
 * sides rely on.  It must never hold code that only one side can compile.
 *
 * Byte order: addresses, ports and MAC addresses are in network order, as on
 * the wire; everything else is in host order.  IPv4 addresses are stored as
 * ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that no map knows a family.
 *
 * Each map names its one writer:
 *   daemon      written by twinpathd, BPF_F_RDONLY_PROG for the programs
 *   data plane  written by the programs, read by everybody
 *
 * Any change of a layout here must raise TP_LAYOUT: twinpathd adopts pinned
 * maps only when the number matches (see struct tp_layout).
 */
#ifndef TWINPATH_MAPS_H
#define TWINPATH_MAPS_H

#include <linux/types.h>

#define TP_LAYOUT 3
#define TP_LAYOUT_MAGIC 0x74777061U /* "twpa" */

#define TP_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), #type " has another size")

/* ---- time -------------------------------------------------------------- */

/*
 * One tick is 1/16 s of jiffies.  Stamps are 32 bits and compared modulo
 * 2^31: an entry that nobody touches would come back to life after 4 years.
 */
#define TP_TICKS_PER_SECOND 16

/* ---- addresses --------------------------------------------------------- */

struct tp_addr {
	__u8 byte[16];
} __attribute__((aligned(8)));
TP_SIZE(struct tp_addr, 16);

/* ---- bounds ------------------------------------------------------------ */

#define TP_MAX_EXITS 32	    /* exit id 0 means "none" */
#define TP_MAX_ADDRESSES 16 /* upper bound of max-addresses */
#define TP_LINK_SLOTS 256   /* see struct tp_link */
#define TP_LINK_PROBES 8    /* slots tried from ifindex % TP_LINK_SLOTS on */
#define TP_LINK_MACS 5	    /* own MAC and the VRRP virtual ones */
#define TP_HOSTS 256	    /* bits for inside hosts, see host.h */
#define TP_MAX_NEIGHBOURS 4096
#define TP_MAX_ROUTES 131072

#define TP_BUCKET_LINES 16
#define TP_OVERFLOW_SHIFT 6 /* one overflow bucket for every 64 buckets */
#define TP_INDEX_WORDS 8
#define TP_INDEX_BUCKETS 4 /* of the index, for each bucket of sessions */
#define TP_PERMIT_WORDS 8
#define TP_PERMIT_BUCKETS 2 /* the same: as many words as session lines */

/* Protocol planes of the bindings array. */
enum tp_plane {
	TP_PLANE_TCP,
	TP_PLANE_UDP,
	TP_PLANE_ICMP,
	TP_PLANES,
	TP_PLANE_NONE = TP_PLANES, /* no ports */
};

/* Index of a binding: the external address's id, its plane, the port. */
#define TP_BINDING_INDEX(address, plane, port) \
	((((__u32)(address)*TP_PLANES) + (plane)) * 65536U + (port))

/*
 * Behind the lines of the last address: those of protocols without ports, at a
 * place made from external address, protocol and remote.
 */
#define TP_PORTLESS 4096
#define TP_BINDINGS(addresses) (TP_BINDING_INDEX(addresses, 0, 0) + TP_PORTLESS)
#define TP_PORTLESS_KEY(address, proto) ((__u32)(proto) << 8 | (__u32)(address))

/* ---- layout: one entry, written by the daemon when it makes the maps ---- */

struct tp_layout {
	__u32 magic;
	__u32 version;
	__u32 buckets;	 /* of sessions, a power of two, without overflow */
	__u32 addresses; /* max-addresses: sizes the bindings array */
};
TP_SIZE(struct tp_layout, 16);

/* ---- seed: one entry, daemon; made with the tables, pinned beside them --- */

struct tp_seed {
	__u32 key[16]; /* secret; see bpf/hash.h */
	__u64 finish;  /* odd */
};
TP_SIZE(struct tp_seed, 72);

/* ---- settings: one entry, daemon ----------------------------------------- */

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
	__u16 route_epoch; /* changes whenever a cached neighbour may be wrong */
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

/* ---- selector: one entry, daemon: the exit of a new session -------------- */

struct tp_selector {
	__u32 exit;   /* 0: no exit */
	__u32 event;  /* id of the decision that wrote it, as in the log */
	__u32 lost;   /* tick at which the last live exit died; 0: one lives */
	__u32 shared; /* 1: by the host, as `shares` says */
};
TP_SIZE(struct tp_selector, 16);

/* ---- shares: one entry, daemon: the exit of a host's new sessions --------- */

#define TP_SHARE_SLOTS 8192 /* a power of two; see tp_share_slot */

struct tp_shares {
	__u8 exit[TP_SHARE_SLOTS]; /* 0, or one that is not up: the selector's */
};
TP_SIZE(struct tp_shares, TP_SHARE_SLOTS);

/* ---- exits: array by exit id, daemon ------------------------------------- */

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

/* ---- addresses: array by address id, daemon ------------------------------ */

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

/* ---- links: array of TP_LINK_SLOTS, daemon ------------------------------- */

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

/* ---- partner: one entry, daemon ------------------------------------------ */

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

/* ---- partner_seen: one entry, data plane --------------------------------- */

struct tp_partner_seen {
	__u32 last;	/* tick of the last frame from the partner */
	__u32 probe;	/* tick of the last that it returned: only its data
			  * plane does that */
	__u32 taken;	/* tick at which quiet was last cancelled */
	__u32 asked;	/* SYN questions since the last frame */
	__u32 asked_at; /* tick of the first of them */
	__u32 shown;	/* tick of the last marked frame: it has shown itself */
};
TP_SIZE(struct tp_partner_seen, 24);

/* ---- routes: LPM trie, daemon: where a destination is -------------------- */

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

/* ---- neighbours: array by id, daemon; neighbour_ids: hash, daemon -------- */

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

/* ---- sessions and bindings: data plane ----------------------------------- */

/*
 * Control word of a line: bits 0..31 the tick it expires at, 32..39 the state
 * (enum tp_line), 40..47 the incarnation, 48..63 TCP bits of a session, or
 * the number of open TCP sessions of a binding.  Always changed by
 * compare-and-swap, or by exchange by the one who holds it busy.
 */
#define TP_CONTROL(expiry, line, incarnation, extra)    \
	((__u64)(__u32)(expiry) | (__u64)(line) << 32 | \
	 (__u64)(__u8)(incarnation) << 40 | (__u64)(extra) << 48)
#define TP_CONTROL_EXPIRY(c) ((__u32)(c))
#define TP_CONTROL_LINE(c) ((__u8)((c) >> 32))
#define TP_CONTROL_INCARNATION(c) ((__u8)((c) >> 40))
#define TP_CONTROL_EXTRA(c) ((__u16)((c) >> 48))

enum tp_line {
	TP_LINE_FREE,
	TP_LINE_BUSY,	/* being filled: treat as not there */
	TP_LINE_LIVE,	/* until it expires */
	TP_LINE_CLOSED, /* a binding whose TCP sessions all closed tracked */
	TP_LINE_STATIC, /* published: from its tick on, 0: always; it never
			 * expires */
	TP_LINE_HELD,	/* a binding that expired, and that nobody counts any
			 * more: its port stays away from other hosts */
};

/* TCP bits of a session (RFC 6146 3.5.2, RFC 7857 2). */
enum tp_tcp {
	TP_TCP_SYN_OUT = 1 << 0, /* SYN seen from the inside */
	TP_TCP_SYN_IN = 1 << 1,
	TP_TCP_FIN_OUT = 1 << 2,
	TP_TCP_FIN_IN = 1 << 3,
	TP_TCP_RST = 1 << 4,	  /* RST seen, nothing else since */
	TP_TCP_OPEN = 1 << 5,	  /* counted in its binding */
	TP_TCP_INCOMING = 1 << 6, /* to a published port; its sender has not
				   * shown yet that it hears the answer */
	TP_TCP_AGAIN = 1 << 7,	  /* both FINs, and a SYN from outside since */
	/* Not TCP's alone: opened by a packet from outside. */
	TP_SESSION_INWARD = 1 << 8,
};

/* What a line of the session table is about. */
enum tp_session_kind {
	TP_SESSION,
	TP_SESSION_HAIRPIN, /* to an address of ours, see bpf/hairpin.h */
};

struct tp_session_key {
	struct tp_addr inside;
	struct tp_addr remote;
	__be16 inside_port; /* ICMP query: the identifier */
	__be16 remote_port; /* ICMP query: 0 */
	__u8 proto;
	__u8 kind; /* enum tp_session_kind */
	__u8 pad[2];
};
TP_SIZE(struct tp_session_key, 40);

struct tp_session {
	__u64 control;
	struct tp_session_key key;
	__u16 generation; /* of the external address when it was made */
	__u16 confirm;	  /* see struct tp_settings */
	__u16 lease;	  /* low bits of the tick it was last renewed */
	__u8 exit;
	__u8 address;	  /* id of the external address */
	__u32 binding;	  /* index in bindings */
	__be16 port;	  /* external port */
	__u8 incarnation; /* of the binding */
	__u8 counted;	  /* 1: in its host's ration */
};
TP_SIZE(struct tp_session, 64);

struct tp_bucket {
	struct tp_session line[TP_BUCKET_LINES];
};
TP_SIZE(struct tp_bucket, 1024);

/* tags: one byte a line, 0: never used since it was last swept. */
struct tp_tags {
	__u64 word[TP_BUCKET_LINES / 8];
};
TP_SIZE(struct tp_tags, 16);

struct tp_binding {
	__u64 control;
	struct tp_addr inside;
	struct tp_addr remote; /* last remote address sent to */
	__be16 inside_port;
	__u16 generation; /* of the external address when it was made */
	__u32 neighbour;  /* id | route epoch << 16: one word, so that
				   * no CPU sees an id with another's epoch */
	__u16 confirm;
	__u8 exit;
	__u8 filtering; /* enum tp_filtering, of a static one */
	__u32 made;	/* tick */
	__u32 used;	/* tick of the last outbound packet, about */
	__u16 portless; /* TP_PORTLESS_KEY, of a line without a port; else 0 */
	__u8 counted;	/* 1: in its host's ration, while live or closed */
	__u8 moved;	/* 1: an endpoint whose own port this is had to take
			 * another once; never taken back */
};
TP_SIZE(struct tp_binding, 64);

/*
 * endpoints: buckets of words that say which port an inside endpoint has
 * where it could not keep its own.  A word is a hint: the binding is the
 * truth.  Bits 0..31 the binding's index, 32..63 a tag of the endpoint.
 */
struct tp_endpoints {
	__u64 word[TP_INDEX_WORDS];
};
TP_SIZE(struct tp_endpoints, 64);

/*
 * permits: buckets of words that say to which other addresses than its last one
 * an endpoint has sent; see bpf/permission.h.
 */
struct tp_permits {
	__u64 word[TP_PERMIT_WORDS];
};
TP_SIZE(struct tp_permits, 64);

/* ---- host_bound: array by bit of an inside host, data plane ---------------- */

/* 8 bytes, as an mmapped array has its entries. */
struct tp_host_bound {
	__u32 tick; /* at which such a host last got a binding; 0: never */
	__u32 pad;
};
TP_SIZE(struct tp_host_bound, 8);
/*
 * ---- reserved: array, daemon: the ports that NAT must not claim ------------
 *
 * One row for each external address and plane, at TP_BINDING_INDEX / 65536; one
 * bit for each port.
 */
struct tp_ports {
	__u64 word[1024];
};
TP_SIZE(struct tp_ports, 8192);

/* ---- fragments: data plane ------------------------------------------------ */

/*
 * The way that a fragment comes.  What was done with a datagram's first holds
 * for the others of the same way alone: what was asked must not be asked again
 * when it is returned.
 */
enum tp_fragment_way {
	TP_FRAGMENT_HOST,     /* from a host */
	TP_FRAGMENT_ASKED,    /* from the partner: taken, or asked */
	TP_FRAGMENT_RETURNED, /* from the partner: given back */
	TP_FRAGMENT_OUTSIDE,  /* from an uplink */
	TP_FRAGMENT_OUT,      /* out of an uplink, by the kernel */
};

/* A datagram (RFC 791, 3.2), laid out like a session's key. */
struct tp_fragment_key {
	struct tp_addr source; /* as it came */
	struct tp_addr destination;
	__be16 id;
	__u8 proto;
	__u8 way;      /* enum tp_fragment_way */
	__u32 ifindex; /* of the uplink, TP_FRAGMENT_OUT only */
};
TP_SIZE(struct tp_fragment_key, 40);

/* fragment_records: what was done with the first; see bpf/packet.h's edit. */
struct tp_fragment {
	__u64 control; /* as a session's */
	struct tp_fragment_key key;
	struct tp_addr address;
	__u32 ifindex;
	__u32 mark;
	__u8 macs[12];
	__be16 id_mask;
	__u8 side;
	__u8 flags;
	__u8 reason; /* enum tp_reason */
	__u8 pad[3];
};
TP_SIZE(struct tp_fragment, 96);

#define TP_FRAGMENT_LINES 4
struct tp_fragments {
	struct tp_fragment line[TP_FRAGMENT_LINES];
};
TP_SIZE(struct tp_fragments, 384);
#define TP_FRAGMENT_BUCKETS 1024

/* fragment_slots, fragment_bytes: those that came before their first. */
struct tp_held {
	__u64 control; /* as a session's; expires when it is given up */
	struct tp_fragment_key key;
	__u32 size; /* of the frame */
	__u8 pad[12];
};
TP_SIZE(struct tp_held, 64);

#define TP_HELD_BYTES 2048 /* of the largest frame that can wait */
struct tp_held_bytes {
	__u8 byte[TP_HELD_BYTES];
};
TP_SIZE(struct tp_held_bytes, TP_HELD_BYTES);
#define TP_HELD 1024 /* half of them from inside, half from outside */

/* ---- rations: array of lines by inside host, data plane ------------------- */

#define TP_RATION_LINES 16384

/*
 * What is held: bits 0..23 session lines, 24..47 external ports, 48..62 the
 * line's incarnation, 63 busy.  Always changed by one atomic operation.
 */
#define TP_RATION_SESSION 1ULL
#define TP_RATION_PORT (1ULL << 24)
#define TP_RATION_MOST 0xffffffU
#define TP_RATION_SESSIONS(held) ((__u32)(held)&TP_RATION_MOST)
#define TP_RATION_PORTS(held) ((__u32)((held) >> 24) & TP_RATION_MOST)
#define TP_RATION_INCARNATION (1ULL << 48)
#define TP_RATION_INCARNATIONS (0x7fffULL << 48)
#define TP_RATION_BUSY (1ULL << 63)

struct tp_ration {
	__u64 held;
	struct tp_addr address; /* inside */
	__u32 used;		/* tick at which it was last looked for */
	__u32 opened_at;	/* second, and new sessions in it */
	__u32 opened;
	__u32 asked_at; /* second, and flows that the partner was asked about */
	__u32 asked;
	__u32 pad[5];
};
TP_SIZE(struct tp_ration, 64);

/* ---- sweeper: one entry, data plane: where the walk is --------------------- */

struct tp_sweeper {
	__u32 bucket;
	__u32 binding;
	__u32 near; /* 1: a host is near a limit, or was at the last look */
	__u32 pad;
};
TP_SIZE(struct tp_sweeper, 16);

/* ---- paces: array, data plane: what is bounded a second ------------------- */

enum tp_pace_kind {
	TP_PACE_RESETS,	 /* TCP resets to hosts */
	TP_PACE_ANSWERS, /* ICMP errors to hosts */
	TP_PACE_SWEEPS,	 /* of expired lines, see bpf/sweep.h */
	TP_PACES,
};

struct tp_pace {
	__u32 second; /* ticks / TP_TICKS_PER_SECOND */
	__u32 used;
};
TP_SIZE(struct tp_pace, 8);

/* ---- rooms: per CPU, data plane: scratch, nothing that lasts -------------- */

struct tp_room {
	__u64 word[12];
};
TP_SIZE(struct tp_room, 96);

/* ---- exit_counters: per-CPU array by exit id, data plane ------------------ */

struct tp_exit_counters {
	__u64 out_packets;
	__u64 out_bytes;
	__u64 in_packets;
	__u64 in_bytes;
	__u32 beyond; /* tick at which something last came from beyond the
		       * next hop and hit a binding; 0: never */
	__u32 pad;
};
TP_SIZE(struct tp_exit_counters, 40);

/* ---- asks of the syscall programs (BPF_PROG_TEST_RUN contexts) ------------ */

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
