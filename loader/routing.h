/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * routing.h - the desired routes and rules, carried out in the kernel.
 *
 * For each configured uplink, its own table (MODEL_TABLE_BASE + exit id):
 *   default via <next hop> dev <interface> src <address>   when it is usable
 *   unreachable default metric 4294967294                   always
 * and the rules, which lead there and, by the second route, nowhere else:
 *   20101  from <address>   -> main, without its default route
 *   20102  from <address>   -> table
 *   20103  oif <interface>  -> main, without its default route
 *   20104  oif <interface>  -> table
 *   32765  fwmark <mark>    -> table
 * The first and third keep what is near (the LAN, the uplink's own subnet) near.
 * Marked are packets that the data plane leaves to the kernel: for them the
 * user's own rules come first, wherever they stand.
 *
 * In main: the announced default, and the marker; in table 253: the last
 * resort.  All of it carries the route protocol MODEL_RTPROT.
 */
#ifndef TWINPATH_ROUTING_H
#define TWINPATH_ROUTING_H

#include "netlink.h"

#define ROUTING_METRIC_BACKSTOP 4294967294U
/* Beside the client's, whatever that has, and not in its place: most clients
 * have 100 or more, simple scripts 0. */
#define ROUTING_METRIC_DHCP 1U
#define ROUTING_RULES_PER_UPLINK 5
#define ROUTING_EXITS (MODEL_UPLINKS + 1) /* and the partner */
#define ROUTING_ROUTES (2 * ROUTING_EXITS + 3)
#define ROUTING_RULES (ROUTING_RULES_PER_UPLINK * ROUTING_EXITS)
#define ROUTING_TEXT 160
#define ROUTING_NOBODY (-1)

struct routing_uplink {
	char name[MODEL_NAME];
	char interface[IF_NAMESIZE];
	unsigned exit; /* its id: the table and the mark */
	bool present;  /* the interface exists; else ifindex means nothing */
	unsigned ifindex;
	struct tp_addr next_hop; /* all zero: a link without gateways (ppp) */
	struct tp_addr address;	 /* all zero: none now */
	unsigned mtu;		 /* 0: the interface's */
	bool dhcp;    /* its client has a default in the same table */
	bool unknown; /* and no next hop is known */
	bool by_mark; /* the partner: marked packets alone go there */
};

struct routing_wish {
	unsigned uplinks_count; /* every configured one, present or not; the
				 * partner is the last, if there is one */
	struct routing_uplink uplinks[ROUTING_EXITS];
	int announce;	 /* index of the one in main, or ROUTING_NOBODY */
	uint32_t metric; /* of that route */
	int last_resort; /* index of the one in 253, or ROUTING_NOBODY */
	bool announce_marker;
	struct prefix marker;
};

/* What we saw in place last time: to tell a theft from a first time. */
struct routing_memory {
	unsigned routes_count, rules_count;
	struct netlink_route routes[ROUTING_ROUTES];
	struct netlink_rule rules[ROUTING_RULES];
};

struct routing_report {
	bool patient; /* asked for: what somebody else has removed can wait */
	unsigned deferred; /* so much of it does */
	unsigned added;	   /* routes and rules */
	unsigned deleted;
	unsigned reinstalled; /* of the added: somebody else had removed them */
	unsigned failed;
	unsigned skipped;	     /* wished, and not possible now */
	char error[ROUTING_TEXT];    /* the first that failed, "" for none */
	char omission[ROUTING_TEXT]; /* the first that was skipped, and why */
	struct routing_memory memory;
};

/*
 * routing_apply - make it as wished; does nothing where it is so.
 * @report: all zero before the first call, then always the same one.  The
 *          counts and texts are of this call alone.
 *
 * New routes come before old ones go: there is no moment without a default.
 * The netlink tables are refreshed, so pointers into them do not survive.
 * Returns 0 or the first failure's negative errno; the others have been tried.
 */
int routing_apply(struct netlink *netlink, const struct routing_wish *wish,
		  struct routing_report *report);

/* Remove every route and rule of ours, the announced ones first. */
int routing_withdraw(struct netlink *netlink);

/*
 * routing_nudge - let routing daemons see that a default route is gone.
 *
 * When an interface loses its last address the kernel drops the IPv4 routes
 * without a word, and zebra (8.4) goes on announcing them.  The route is put
 * back with "onlink", which needs no address, and deleted at once, aloud.
 * A default that is there with the same metric is left alone (-EEXIST).
 */
int routing_nudge(struct netlink *netlink, const struct routing_uplink *uplink,
		  uint32_t metric);

#endif
