/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_parse.h - rtnetlink messages become structs.
 *
 * Every function returns true and fills `out` completely, padding included,
 * or returns false: a family or an object that we do not keep, or a message
 * that is too short.
 */
#ifndef TWINPATH_NETLINK_PARSE_H
#define TWINPATH_NETLINK_PARSE_H

#include <linux/netlink.h>

#include "netlink.h"

/* A route's further hops are not kept. */
#define NETLINK_HOPS 64

/* A next-hop object: a hop, or a group of them. */
struct netlink_nexthop {
	uint32_t id;
	unsigned oif;
	unsigned flags;		/* RTNH_F_* */
	unsigned members_count; /* 0: not a group */
	struct tp_addr gateway;
	uint32_t members[NETLINK_HOPS];
};

/* All hops of one route; there is at least one. */
struct netlink_whole_route {
	unsigned count;
	struct netlink_route hop[NETLINK_HOPS];
};

bool netlink_parse_link(struct nlmsghdr *message, struct netlink_link *out);
bool netlink_parse_address(struct nlmsghdr *message,
			   struct netlink_address *out);
bool netlink_parse_neighbour(struct nlmsghdr *message,
			     struct netlink_neighbour *out);
bool netlink_parse_nexthop(struct nlmsghdr *message,
			   struct netlink_nexthop *out);
bool netlink_parse_route(struct nlmsghdr *message,
			 struct netlink_whole_route *out);
bool netlink_parse_rule(struct nlmsghdr *message, uint8_t protocol,
			struct netlink_rule *out);

/* The tables whose routes we keep, one after the other; 0 after the last. */
unsigned netlink_kept_table(unsigned number);

#endif
