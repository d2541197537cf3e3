/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_plane.h - the maps that the programs write, and everybody reads.  Include
 * "twinpath/maps.h".
 *
 * Owns: the state of the data plane, which outlives the daemon.
 */
#ifndef TWINPATH_MAPS_PLANE_H
#define TWINPATH_MAPS_PLANE_H

#include "twinpath/maps_base.h"

/* ---- sessions and bindings --------------------------------------------- */

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

/* ---- host_bound: array by bit of an inside host ------------------------ */

/* 8 bytes, as an mmapped array has its entries. */
struct tp_host_bound {
	__u32 tick; /* at which such a host last got a binding; 0: never */
	__u32 pad;
};
TP_SIZE(struct tp_host_bound, 8);
/* ---- partner_seen: one entry ------------------------------------------- */

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

/* ---- fragments --------------------------------------------------------- */

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

/* ---- rations: array of lines by inside host ---------------------------- */

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
	__u32 inside; /* 0, or that the routes say so; see bpf/inside.h */
	__u32 pad[4];
};
TP_SIZE(struct tp_ration, 64);

/* ---- sweeper: one entry: where the walk is ----------------------------- */

struct tp_sweeper {
	__u32 bucket;
	__u32 binding;
	__u32 near; /* 1: a host is near a limit, or was at the last look */
	__u32 pad;
};
TP_SIZE(struct tp_sweeper, 16);

/* ---- paces: array: what is bounded a second ---------------------------- */

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

/* ---- rooms: per CPU: scratch, nothing that lasts ----------------------- */

struct tp_room {
	__u64 word[12];
};
TP_SIZE(struct tp_room, 96);

/* ---- exit_counters: per-CPU array by exit id --------------------------- */

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

#endif
