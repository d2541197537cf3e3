// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_dump.c - fill the tables by dumps.
 *
 * Owns: the dump requests, and what to do with an answer that is no picture of
 * any one moment.  It must never leave the tables half new.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "netlink_picture.h"

#define TRIES 3 /* of an interrupted dump, before others get their turn */

struct dump {
	struct netlink_picture fresh;
	struct netlink_requests *requests;
	unsigned stale; /* != 0: something could not be stored */
	uint64_t *interrupted;
};

/*
 * A dump's messages are those of "new" events.  Routes come in the order of
 * the kernel's list, so each goes behind the one before.
 */
static void collect(void *arg, struct nlmsghdr *message)
{
	struct dump *dump = arg;

	message->nlmsg_flags |= NLM_F_APPEND;
	netlink_picture_event(&dump->fresh, message, &dump->stale);
}

static int ask(struct dump *dump, struct nl_msg *message)
{
	int err = netlink_dump(dump->requests, message, collect, dump);

	if (err == -EAGAIN)
		++*dump->interrupted;
	return err;
}

static int dump_links(struct dump *dump)
{
	const struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct nl_msg *message = netlink_message(RTM_GETLINK, NLM_F_DUMP,
						 &header, sizeof(header));

	if (message &&
	    nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)) {
		nlmsg_free(message);
		message = NULL;
	}
	return ask(dump, message);
}

static int dump_addresses(struct dump *dump)
{
	const struct ifaddrmsg header = { .ifa_family = AF_INET };

	return ask(dump, netlink_message(RTM_GETADDR, NLM_F_DUMP, &header,
					 sizeof(header)));
}

static int dump_neighbours(struct dump *dump)
{
	const struct ndmsg header = { .ndm_family = AF_INET };

	return ask(dump, netlink_message(RTM_GETNEIGH, NLM_F_DUMP, &header,
					 sizeof(header)));
}

static int dump_nexthops(struct dump *dump)
{
	/* A family here would leave the groups out. */
	const struct nhmsg header = { .nh_family = AF_UNSPEC };
	int err = ask(dump, netlink_message(RTM_GETNEXTHOP, NLM_F_DUMP, &header,
					    sizeof(header)));

	return err == -EOPNOTSUPP ? 0 : err; /* before 5.3 */
}

/* Table by table: a foreign one may hold a million routes. */
static int dump_table(struct dump *dump, unsigned table)
{
	const struct rtmsg header = { .rtm_family = AF_INET };
	struct nl_msg *message = netlink_message(RTM_GETROUTE, NLM_F_DUMP,
						 &header, sizeof(header));
	int err;

	if (message && nla_put_u32(message, RTA_TABLE, table)) {
		nlmsg_free(message);
		message = NULL;
	}
	err = ask(dump, message);
	return err == -ENOENT ? 0 : err; /* no such table: no routes */
}

static int dump_routes(struct dump *dump)
{
	int err = dump_nexthops(dump);
	unsigned i, table;

	for (i = 0; !err && (table = netlink_kept_table(i)); i++)
		err = dump_table(dump, table);
	return err;
}

static int dump_once(struct dump *dump, unsigned what)
{
	int err = 0;

	if (what & NETLINK_LINKS)
		err = dump_links(dump);
	if (!err && (what & NETLINK_ADDRESSES))
		err = dump_addresses(dump);
	if (!err && (what & NETLINK_NEIGHBOURS))
		err = dump_neighbours(dump);
	if (!err && (what & NETLINK_ROUTES))
		err = dump_routes(dump);
	if (!err && dump->stale)
		err = -ENOMEM;
	return err;
}

static unsigned take_table(struct netlink_table *old,
			   struct netlink_table *fresh, unsigned change)
{
	struct netlink_table table = *old;

	*old = *fresh;
	*fresh = table;
	return netlink_table_equal(old, fresh) ? 0 : change;
}

static unsigned take_routes(struct netlink_picture *old,
			    struct netlink_picture *fresh)
{
	struct netlink_fib routes = old->routes;

	old->routes = fresh->routes;
	fresh->routes = routes;
	old->unresolved = fresh->unresolved;
	take_table(&old->nexthops, &fresh->nexthops, 0);
	return netlink_fib_equal(&old->routes, &fresh->routes) ? 0 :
								 NETLINK_ROUTES;
}

/* The old tables are in `fresh` afterwards. */
static unsigned take(struct netlink_picture *old, struct netlink_picture *fresh,
		     unsigned what)
{
	unsigned changed = 0;

	if (what & NETLINK_LINKS)
		changed |=
			take_table(&old->links, &fresh->links, NETLINK_LINKS);
	if (what & NETLINK_ADDRESSES)
		changed |= take_table(&old->addresses, &fresh->addresses,
				      NETLINK_ADDRESSES);
	if (what & NETLINK_NEIGHBOURS)
		changed |= take_table(&old->neighbours, &fresh->neighbours,
				      NETLINK_NEIGHBOURS);
	if (what & NETLINK_ROUTES)
		changed |= take_routes(old, fresh);
	return changed;
}

int netlink_picture_dump(struct netlink_picture *picture,
			 struct netlink_requests *requests, unsigned what,
			 unsigned *changed, uint64_t *interrupted)
{
	struct dump dump = { .requests = requests, .interrupted = interrupted };
	int err, tries = 0;

	do {
		netlink_picture_clear(&dump.fresh);
		netlink_picture_init(&dump.fresh);
		dump.stale = 0;
		err = dump_once(&dump, what);
	} while (err == -EAGAIN && ++tries < TRIES);
	*changed = 0;
	if (!err || err == -EAGAIN)
		*changed = take(picture, &dump.fresh, what);
	netlink_picture_clear(&dump.fresh);
	return err;
}
