/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink.h - the daemon's picture of the kernel's links, addresses,
 * neighbours and routes, kept by listening, and the requests that change it.
 *
 * Own tables, not libnl's caches (their route identity is wrong); libnl gives
 * sockets and attributes.  IPv4 deletions that the kernel does not announce
 * (link down, last address gone) are found by dumping again; so are losses
 * (ENOBUFS) and interrupted dumps (NLM_F_DUMP_INTR).
 *
 * All functions return 0 or a negative errno unless said otherwise.
 */
#ifndef TWINPATH_NETLINK_H
#define TWINPATH_NETLINK_H

#include <event2/event.h>

#include "model.h"

struct netlink;

struct netlink_link {
	unsigned index;
	char name[IF_NAMESIZE];
	char kind[16]; /* IFLA_INFO_KIND, "" for none */
	uint8_t mac[6];
	bool ethernet; /* ARPHRD_ETHER */
	bool raw;      /* point to point, and no MAC header: tun, ppp, ... */
	unsigned mtu;
	unsigned flags;	 /* IFF_* */
	unsigned parent; /* IFLA_LINK: of a macvlan or vlan; 0: none */
	unsigned master; /* bridge or bond; 0: none */
};

struct netlink_address {
	unsigned ifindex;
	struct tp_addr address;
	struct tp_addr peer; /* point to point: the other end; else address */
	uint8_t length;	     /* of the 16 bytes, and counted on peer */
	bool secondary;
};

struct netlink_neighbour {
	unsigned ifindex;
	struct tp_addr address;
	uint8_t mac[6];
	uint16_t state; /* NUD_* */
};

/* One next hop of one route; a multipath route stands here once a hop. */
struct netlink_route {
	unsigned table;
	struct prefix to;
	uint8_t tos;
	uint8_t type;	  /* RTN_* */
	uint8_t protocol; /* RTPROT_* */
	uint8_t hops;	  /* of the whole route */
	uint32_t metric;
	uint32_t nhid; /* 0: none; gateway and oif are resolved */
	unsigned oif;
	unsigned flags;		/* RTNH_F_* */
	struct tp_addr gateway; /* all zero: on link */
	struct tp_addr source;	/* preferred; all zero: none */
	unsigned mtu;		/* of what leaves by it; 0: the interface's */
};

/* What may have changed; or-ed in the call-back. */
enum netlink_change {
	NETLINK_LINKS = 1 << 0,
	NETLINK_ADDRESSES = 1 << 1,
	NETLINK_NEIGHBOURS = 1 << 2,
	NETLINK_ROUTES = 1 << 3,
};

/*
 * Called from the loop, once for all messages read together; and once more for
 * what a dump after them has found.
 */
typedef void netlink_changed(void *arg, unsigned changes);

/* netlink_open - dump everything, then listen.  The tables are full at return. */
int netlink_open(struct netlink **out, struct event_base *base,
		 netlink_changed *changed, void *arg);
void netlink_close(struct netlink *netlink);
/*
 * netlink_refresh - read now what the kernel has said already.  The tables may
 * move under pointers into them; `changed` is called from the loop, later.
 */
void netlink_refresh(struct netlink *netlink);

/*
 * The tables.  Pointers stay right until the next turn of the loop.
 * `next` takes NULL for the first and gives NULL after the last.
 */
const struct netlink_link *netlink_link_by_name(const struct netlink *netlink,
						const char *name);
const struct netlink_link *netlink_link_by_index(const struct netlink *netlink,
						 unsigned index);
const struct netlink_link *netlink_next_link(const struct netlink *netlink,
					     const struct netlink_link *last);
const struct netlink_address *
netlink_next_address(const struct netlink *netlink,
		     const struct netlink_address *last);
const struct netlink_neighbour *
netlink_find_neighbour(const struct netlink *netlink, unsigned ifindex,
		       const struct tp_addr *address);
const struct netlink_neighbour *
netlink_next_neighbour(const struct netlink *netlink,
		       const struct netlink_neighbour *last);
/* Routes of the tables main, default (253) and ours, no cloned ones. */
const struct netlink_route *
netlink_next_route(const struct netlink *netlink,
		   const struct netlink_route *last);

struct netlink_statistics {
	uint64_t messages, overruns, interrupted, resyncs;
};
struct netlink_statistics netlink_statistics(const struct netlink *netlink);

/* ---- requests: synchronous, acknowledged ----------------------------------- */

/* Replaces a route of the same destination, table and metric. */
int netlink_route_put(struct netlink *netlink,
		      const struct netlink_route *route);
/* -EEXIST when there is one of that destination, table and metric. */
int netlink_route_add(struct netlink *netlink,
		      const struct netlink_route *route);
/*
 * -ESRCH when there is none.  Metric 0 matches any (so does the kernel): the
 * first one that agrees in everything else goes.
 */
int netlink_route_delete(struct netlink *netlink,
			 const struct netlink_route *route);

/* A rule: exactly one of mark, from and oif is set. */
struct netlink_rule {
	uint32_t priority;
	uint32_t table;
	uint32_t mark, mask;   /* mask 0: no mark */
	struct prefix from;    /* length 0: none */
	char oif[IF_NAMESIZE]; /* "": none */
	bool no_default;       /* the table's default route does not count */
};
int netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule);
int netlink_rule_delete(struct netlink *netlink,
			const struct netlink_rule *rule);
/*
 * All rules of our own protocol number (FRA_PROTOCOL): `each` is called for
 * every one; a non-zero answer ends the walk and is returned.
 */
int netlink_rules(struct netlink *netlink,
		  int (*each)(void *arg, const struct netlink_rule *rule),
		  void *arg);

/*
 * Ask again for the MAC of a neighbour that did not answer: a question that is
 * under way is forgotten, for the kernel repeats it once a second only.
 */
int netlink_neighbour_ask_anew(struct netlink *netlink, unsigned ifindex,
			       const struct tp_addr *address);
/* Ask the kernel to find or confirm a neighbour's MAC (NTF_USE). */
int netlink_neighbour_probe(struct netlink *netlink, unsigned ifindex,
			    const struct tp_addr *address);

/* What the kernel said in words about the last request that failed, or "". */
const char *netlink_explanation(const struct netlink *netlink);

#endif
