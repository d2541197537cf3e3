/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_picture.h - the five tables, how a message changes them, and how
 * they are filled by dumps.
 */
#ifndef TWINPATH_NETLINK_PICTURE_H
#define TWINPATH_NETLINK_PICTURE_H

#include "netlink_fib.h"
#include "netlink_parse.h"
#include "netlink_request.h"
#include "netlink_table.h"

struct netlink_picture {
	struct netlink_table links;	 /* by index */
	struct netlink_table addresses;	 /* as the kernel lists them */
	struct netlink_table neighbours; /* by interface and address */
	struct netlink_table nexthops;	 /* by id */
	struct netlink_fib routes;
	bool unresolved; /* a route names an object that we do not know */
};

#define NETLINK_EVERYTHING                                        \
	(NETLINK_LINKS | NETLINK_ADDRESSES | NETLINK_NEIGHBOURS | \
	 NETLINK_ROUTES)

void netlink_picture_init(struct netlink_picture *picture);
void netlink_picture_clear(struct netlink_picture *picture);

/*
 * netlink_picture_event - carry out what an event says.  Returns the
 * NETLINK_* that changed; those which the event leaves in doubt (IPv4 routes
 * vanish without a word) are or-ed into `stale`.
 */
unsigned netlink_picture_event(struct netlink_picture *picture,
			       struct nlmsghdr *message, unsigned *stale);

/*
 * netlink_picture_dump - read the tables `what` anew and store in `changed`
 * which of them differ from before.  0 or a negative errno, and then the
 * picture is as it was.  But -EAGAIN: interrupted time and again, the last
 * answer was taken as the best there is; what changed meanwhile comes as events.
 */
int netlink_picture_dump(struct netlink_picture *picture,
			 struct netlink_requests *requests, unsigned what,
			 unsigned *changed, uint64_t *interrupted);

#endif
