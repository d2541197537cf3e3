/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * routing_wish.h - from the wish to the routes and rules that it comes to.
 */
#ifndef TWINPATH_ROUTING_WISH_H
#define TWINPATH_ROUTING_WISH_H

#include "routing.h"

struct routing_plan {
	unsigned routes_count, rules_count;
	struct netlink_route routes[ROUTING_ROUTES];
	struct netlink_rule rules[ROUTING_RULES];
	unsigned skipped;
	char omission[ROUTING_TEXT];
};

/* The plan fits the moment: what the kernel would refuse is left out. */
void routing_plan(const struct netlink *netlink,
		  const struct routing_wish *wish, struct routing_plan *plan);

/* A default route of ours by this uplink. */
struct netlink_route routing_default(const struct routing_uplink *uplink,
				     unsigned table, uint32_t metric);

#endif
