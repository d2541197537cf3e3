/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - the plain data that the daemon's parts pass to each other:
 * configuration, facts, intent, desired state.
 *
 * Owns: structs and enums only.  No function, no pointer to anything that
 * lives, so that every struct here can be copied, compared and printed.
 *
 * Addresses are struct tp_addr (IPv4 as ::ffff:a.b.c.d); durations are in
 * milliseconds; instants are CLOCK_BOOTTIME in milliseconds.
 */
#ifndef TWINPATH_MODEL_H
#define TWINPATH_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "twinpath/maps.h"

typedef int64_t msec_t;

#define MODEL_NAME 16 /* with the NUL: exit names are in the exits map */
#define MODEL_UPLINKS 16
#define MODEL_LANS 8
#define MODEL_TRACKS 16	  /* of one uplink */
#define MODEL_FALLBACKS 4 /* likewise */
#define MODEL_PREFIXES 64
#define MODEL_PUBLISHES 128
#define MODEL_HOOKS 8
#define MODEL_REASON 160
#define MODEL_LOCALS 32

/* Our own route protocol (rtm_protocol) and the tables we use. */
#define MODEL_RTPROT 201
#define MODEL_TABLE_BASE 20100 /* + exit id: the uplink's own table */
#define MODEL_TABLE_LAST_RESORT 253
#define MODEL_RULE_PRIORITY 20100 /* + 1 to 4, see routing.h */
/* Of marked packets: after whatever rules the user has, before main. */
#define MODEL_RULE_MARK 32765
/* zebra takes the administrative distance from the metric's top byte. */
#define MODEL_METRIC_BEST 0U
#define MODEL_METRIC_FLOATING ((250U << 24) | 10U)

struct prefix {
	struct tp_addr address;
	uint8_t length; /* of the 16 bytes: an IPv4 /24 is 120 */
};

/* ---- configuration ------------------------------------------------------ */

enum mode {
	MODE_AUTO,
	MODE_XDP,
	MODE_TC,
};

enum track_kind {
	TRACK_INTERFACE, /* present, up, carrier, address */
	TRACK_ICMP,	 /* an ICMP echo to a target */
	TRACK_ECHO,	 /* a packet to ourselves by the next hop */
	TRACK_ARP,	 /* an ARP request */
	TRACK_TCP,	 /* a connection to a port */
	TRACK_DNS,	 /* a question to a name server */
	TRACK_HTTP,	 /* a request to a web server */
	/* From here on nothing is sent. */
	TRACK_ROUTE, /* a route by this uplink is in the FIB */
	TRACK_ANY,   /* lists of tracks */
	TRACK_ALL,
	TRACK_NOT,
	TRACK_WEIGHT, /* what is up must weigh enough */
	TRACK_KINDS,
};

/* Flap dampening, as routers have it for interfaces and routes. */
struct damp_config {
	msec_t half_life;  /* of the penalty; 0: no dampening */
	unsigned suppress; /* above this penalty the track stays down ... */
	unsigned reuse;	   /* ... until it is no more than this */
	msec_t most;	   /* at most so long after the last flap */
};

struct track_member {
	unsigned track; /* index in the same uplink */
	unsigned weight;
};

#define MODEL_ASK 128 /* with the NUL */

struct track_config {
	char name[MODEL_NAME];
	enum track_kind kind;
	struct tp_addr target;
	uint16_t port;	      /* of tcp, dns and http */
	char ask[MODEL_ASK];  /* dns: the name; http: the path */
	char host[MODEL_ASK]; /* http; empty: the target */
	unsigned status;      /* http; 0: any from 200 to 399 */
	struct prefix route;  /* route: this very prefix ... */
	struct tp_addr via;   /* ... by this next hop; zero: any */
	msec_t interval;
	msec_t standby_interval; /* while it carries nothing; 0: the same */
	msec_t timeout;		 /* an answer later than this is a miss */
	msec_t threshold;	 /* ... and than this, slow; 0: none is */
	bool slow_is_miss;	 /* IOS's "state"; or else "reachability" */
	unsigned misses;	 /* in a row: down */
	unsigned hits;		 /* in a row: up */
	/* Over the last `window` probes; 0: no such condition. */
	unsigned window;
	unsigned loss_down, loss_up; /* percent: at least, at most */
	msec_t rtt_down, rtt_up;     /* the average: at least, at most */
	msec_t delay_down, delay_up;
	struct damp_config damp;
	unsigned members_count; /* of a list */
	struct track_member members[MODEL_TRACKS];
	unsigned weight_up;   /* of TRACK_WEIGHT: up from here on */
	unsigned weight_down; /* down from here on; between: as it was */
	unsigned line;
};

/* The same uplink once more, at a level of its own: see decide_levels.c. */
struct fallback_config {
	unsigned level;
	unsigned track;
	bool announce; /* false: it serves this gateway's hosts alone */
	unsigned line;
};

/* What becomes of an uplink's sessions when a better exit takes over. */
enum failback_policy {
	FAILBACK_STICKY, /* they stay until they end */
	FAILBACK_DRAIN,	 /* for a while, then the uplink is cut */
	FAILBACK_NOW,	 /* cut at once */
};

/* The largest TCP segment that connections through an uplink may agree on. */
enum mss_policy {
	MSS_AUTO, /* what its MTU leaves room for */
	MSS_OFF,  /* whatever the ends like */
	MSS_MOST, /* so much */
};

/* Does the kernel's firewall see the first packet of each session? */
enum firewall_mode {
	FIREWALL_AUTO, /* if it has rules for what is forwarded */
	FIREWALL_KERNEL,
	FIREWALL_NONE,
};

/* Ports that the gateway keeps for itself. */
struct local_ports {
	bool tcp, udp;
	uint16_t min, max;
};

struct uplink_config {
	char name[MODEL_NAME];
	char interface[IF_NAMESIZE];
	unsigned mtu; /* at most; 0: the interface's */
	enum mss_policy mss;
	unsigned mss_most;	 /* of MSS_MOST */
	struct tp_addr next_hop; /* all zero: none, a point-to-point link */
	bool dhcp;		 /* or: what the DHCP client is given */
	struct tp_addr address;	 /* all zero: the interface's first */
	unsigned level;		 /* 1 is best */
	unsigned share; /* weight among its level; 0: it shares nothing */
	unsigned track; /* index in tracks[] of this uplink */
	unsigned tracks_count;
	/* [0] is always its interface. */
	struct track_config tracks[MODEL_TRACKS];
	unsigned fallbacks_count;
	struct fallback_config fallbacks[MODEL_FALLBACKS]; /* by level */
	/* Of the tracks that it and its fallbacks follow, where these say
	 * nothing themselves. */
	msec_t delay_down;
	msec_t delay_up;
	struct damp_config damp;
	enum failback_policy failback;
	msec_t drain; /* of FAILBACK_DRAIN */
	msec_t hold;  /* its TCP sessions wait so long when it is dead */
	bool metered; /* paid by the byte */
	unsigned locals_count;
	struct local_ports locals[MODEL_LOCALS]; /* on this uplink alone */
	enum tp_filtering filtering;
	unsigned line;
};

/* In the order of the words in config_protocols. */
enum publish_protocol {
	PUBLISH_TCP,
	PUBLISH_UDP,
	PUBLISH_BOTH,
};

/* An inside server that can be reached from outside. */
struct publish_config {
	char name[MODEL_NAME];
	enum publish_protocol protocol;
	uint16_t first, last; /* external ports */
	struct tp_addr to;
	uint16_t to_first, to_last; /* as many inside */
	uint32_t uplinks;	    /* a bit each, by index */
	enum tp_filtering filtering;
	unsigned line;
};

/* What an event is about; in the order of config_kinds_of_event. */
enum event_kind {
	EVENT_SELECTOR,
	EVENT_EXIT,
	EVENT_TRACK,
	EVENT_SESSIONS,
	EVENT_ANNOUNCED,
	EVENT_SITE, /* degraded, and sound again */
	EVENT_INTERFACE,
	EVENT_WISH,
	EVENT_PUBLISHED,
	EVENT_PARTNER,
	EVENT_DAEMON, /* its configuration */
};

/* A program that is run when something changes. */
struct hook_config {
	char name[MODEL_NAME];
	char run[256];
	uint32_t on; /* bits: enum event_kind */
	msec_t timeout;
	unsigned line;
};

struct partner_config {
	enum tp_partner_type type; /* TP_PARTNER_NONE: not configured */
	struct tp_addr address;	   /* on a LAN interface, or on links[0] */
	/* Interfaces, by enum tp_kind: the first leads there (empty: the LAN
	 * does); the others, all or none, carry their kind alone. */
	char links[TP_KINDS][IF_NAMESIZE];
	struct prefix marker; /* what it announces; length 0: unset */
	char key_file[256];   /* of the heartbeat; empty: there is none */
	uint16_t port;	      /* the heartbeat's, on both gateways */
	unsigned line;
};

struct config {
	char file[256];
	enum mode mode;
	unsigned lans_count;
	char lans[MODEL_LANS][IF_NAMESIZE];
	unsigned uplinks_count;
	struct uplink_config uplinks[MODEL_UPLINKS];
	unsigned publishes_count;
	struct publish_config publishes[MODEL_PUBLISHES];
	unsigned hooks_count;
	struct hook_config hooks[MODEL_HOOKS];
	struct partner_config partner;
	struct prefix marker; /* what we announce; length 0: none */
	unsigned exclude_count;
	struct prefix exclude[MODEL_PREFIXES]; /* left to the kernel */
	unsigned sessions;	       /* a power of two, default 131072 */
	unsigned max_addresses;	       /* default 8 */
	uint16_t port_min, port_max;   /* NAT's, default 1024-60999 */
	uint16_t local_min, local_max; /* the gateway's, 61000-65535 */
	enum tp_port_choice port_choice;
	bool port_parity;
	unsigned locals_count;
	struct local_ports locals[MODEL_LOCALS]; /* on every uplink */
	enum tp_filtering filtering; /* of uplinks that say nothing */
	enum tp_refusal refusal;
	enum firewall_mode firewall;
	unsigned host_sessions, host_ports, host_rate,
		host_questions; /* 0: none */
	msec_t udp, icmp, hold;
	msec_t dns; /* 0: as udp */
	msec_t tcp_established, tcp_opening, tcp_closing, tcp_incoming;
	char vrrp_file[256]; /* empty: the default path under /run */
	bool last_resort;    /* install a default in table 253 */
	msec_t settle;	     /* between changes that are no necessity */
};

/* ---- facts --------------------------------------------------------------- */

enum track_state {
	TRACK_UNKNOWN, /* no verdict yet */
	TRACK_DOWN,
	TRACK_UP,
};

struct uplink_facts {
	bool present; /* the interface exists */
	bool admin_up;
	bool carrier;  /* IFF_RUNNING */
	msec_t linked; /* since when it has a carrier; 0: it has none */
	bool has_address;
	bool raw;      /* a point-to-point device without MAC header */
	bool next_hop; /* on a connected subnet of the interface, or none is
			* needed */
	bool stranded; /* next-hop = none, on an interface that needs one */
	bool astray;   /* DHCP's default is in main, not in `table` */
	bool attached; /* our programs are on it */
	bool beyond;   /* something came from beyond the next hop within
			   * the detection time */
	enum track_state track; /* after delay down and up */
	enum track_state fallbacks[MODEL_FALLBACKS]; /* likewise */
	unsigned ifindex;
	unsigned mtu; /* the interface's, or less where configured */
	uint8_t mac[6];
	uint8_t next_hop_mac[6];
	bool next_hop_mac_known;
	struct tp_addr address;
	unsigned table; /* its own */
	/* Of next-hop = dhcp: the next hop, all zero while it is not known, and
	 * our address when it was learned. */
	struct tp_addr router, router_for;
};

/* An interface that leads to the partner. */
struct partner_link {
	char name[IF_NAMESIZE];
	unsigned ifindex; /* 0: it is not there */
	unsigned mtu;
	bool raw;	/* it has no MACs: one kind of handover at most */
	bool known;	/* a frame can be sent */
	uint8_t mac[6]; /* the partner's */
	uint8_t own[6];
};

/* An uplink of the partner's that shares new sessions. */
struct told_share {
	char name[MODEL_NAME];
	unsigned level; /* at which it is a candidate now; 0: it is none */
	unsigned weight;
};

struct partner_facts {
	bool address_on_lan; /* its address is on a subnet of its interface */
	bool mac_known;	     /* on each of its links */
	bool marker;	     /* its marker is in our FIB, by its address */
	bool offers_default; /* a default route by its address is in our FIB */
	bool gone;	     /* its data plane has not answered for a second */
	bool failing;	     /* nor the last three questions */
	bool awaited; /* I have just started: its heartbeat may be on its way */
	bool first;   /* its address is the higher one */
	bool told;    /* its heartbeat is fresh, and says: */
	bool told_self;	     /* it is ready and sends by an uplink of its own */
	bool told_proved;    /* that rests on an answer from outside */
	unsigned told_level; /* the best of its candidates; 0: there is none */
	struct told_share told_shares[MODEL_UPLINKS];
	struct tp_addr local; /* mine on the LAN that leads there */
	struct partner_link links[TP_KINDS]; /* one for all, or each its own */
};

struct facts {
	msec_t now;
	bool ready; /* maps loaded, programs attached on every LAN present */
	struct uplink_facts uplinks[MODEL_UPLINKS]; /* as in the config */
	struct partner_facts partner;
};

/* What the data plane is to believe of the partner until the next turn. */
struct partner_belief {
	bool has_marks; /* a shared key is configured */
	uint8_t marks[32];
	bool gone_bind;	 /* do not ask for what can be bound */
	bool gone_reset; /* nor for anything */
	bool deaf;	/* gone, but it shows itself: no sign that it is back */
	bool proved;	/* it has given something back, to this daemon */
	bool overtaken; /* it may have taken sessions over: ask again */
	bool quiet;	/* it need not be asked, but about busy hosts ... */
	msec_t quiet_age; /* ... as of so long ago */
	uint8_t busy[TP_HOSTS / 8];
};

/* ---- intent: what the operator wants ------------------------------------- */

enum intent_kind {
	INTENT_AUTO,
	INTENT_UPLINK, /* this one, by name */
	INTENT_PARTNER,
	INTENT_DRAIN, /* any but this one, by name */
};

struct intent {
	enum intent_kind kind;
	char uplink[MODEL_NAME];
	msec_t since;
	msec_t until; /* then it is auto again; 0: for ever */
	msec_t drain; /* what the sessions left behind get; 0: the uplink's
		       * own policy */
	bool force;   /* also onto an exit that is not up */
};

/* ---- desired state -------------------------------------------------------- */

/* A candidate: an uplink's index, or one of these. */
#define MODEL_NOBODY (-1)
#define MODEL_PARTNER (-2)

/* Who takes how much of the new sessions. */
struct share {
	int candidate;
	unsigned weight;
	uint64_t id; /* what both gateways call it */
};

struct desired {
	int selector;	       /* exit of new sessions */
	unsigned shares_count; /* 0: all by the selector */
	struct share shares[2 * MODEL_UPLINKS];
	msec_t switched; /* when it changed last */
	msec_t settled;	 /* when a change that waits may come; 0: none does */
	enum tp_exit_state states[MODEL_UPLINKS];
	/* The level at which each is a candidate now; 0: it is none. */
	unsigned levels[MODEL_UPLINKS];
	uint32_t unproven; /* bits: uplinks that no verdict was ever about */
	msec_t home_after[MODEL_UPLINKS]; /* of struct tp_exit, as an instant;
					   * see failback.h */
	msec_t wait_until[MODEL_UPLINKS]; /* likewise; see hold.h */
	bool degraded;	 /* the operator forces what is not up */
	int announce;	 /* uplink of the default route in main, or nobody */
	uint32_t metric; /* of that route */
	int last_resort; /* uplink of the default in table 253, or nobody */
	bool marker;	 /* announce that we live */
	int vrrp;	 /* content of the track file; 0: attract nothing */
	char reason[MODEL_REASON]; /* why selector is what it is */
};

#endif
