/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_fib.h - the routes we know, a hop an entry, found by a hash of
 * (table, destination, tos, metric), which is how the kernel finds them.
 */
#ifndef TWINPATH_NETLINK_FIB_H
#define TWINPATH_NETLINK_FIB_H

#include "netlink_parse.h"

struct netlink_fib_entry;

struct netlink_fib {
	uint32_t count, room;
	uint32_t buckets; /* a power of two; 0: nothing yet */
	struct netlink_fib_entry *entries;
	uint32_t *heads;
	int64_t first, last; /* places taken so far, see netlink_fib.c */
};

/*
 * A new route was announced, or read in a dump.  `flags` are the message's:
 * NLM_F_REPLACE takes the place of the first of its key, NLM_F_APPEND and a
 * dump come last, anything else first.
 * Returns 1 when something changed, 0 when not, or -ENOMEM.
 */
int netlink_fib_put(struct netlink_fib *fib,
		    const struct netlink_whole_route *route, unsigned flags);
/* Returns whether there was such a route. */
bool netlink_fib_drop(struct netlink_fib *fib,
		      const struct netlink_whole_route *route);

const struct netlink_route *netlink_fib_next(const struct netlink_fib *fib,
					     const struct netlink_route *last);
/* The same hops in whatever order. */
bool netlink_fib_equal(const struct netlink_fib *a,
		       const struct netlink_fib *b);
void netlink_fib_clear(struct netlink_fib *fib);

#endif
