// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_picture.c - the five tables, and how a message changes them.
 *
 * Owns: which event means what, above all what the kernel does not say: IPv4
 * routes go without a word when a link goes down, when the last address goes,
 * and with a next-hop object (which goes as soon as its link has no carrier);
 * and hops change with their object.
 * It must never wait or decide when to dump.
 */
#include <errno.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "netlink_picture.h"

/* IFF_LOWER_UP: <linux/if.h>, which has it, does not go with <net/if.h>. */
#define LOWER_UP (1U << 16)

static int compare(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

static int by_index(const void *a, const void *b)
{
	const struct netlink_link *one = a, *other = b;

	return compare(one->index, other->index);
}

static int by_place(const void *a, const void *b)
{
	const struct netlink_neighbour *one = a, *other = b;
	int way = compare(one->ifindex, other->ifindex);

	return way ? way :
		     memcmp(&one->address, &other->address,
			    sizeof(one->address));
}

static int by_id(const void *a, const void *b)
{
	const struct netlink_nexthop *one = a, *other = b;

	return compare(one->id, other->id);
}

void netlink_picture_init(struct netlink_picture *picture)
{
	memset(picture, 0, sizeof(*picture));
	picture->links.size = sizeof(struct netlink_link);
	picture->links.order = by_index;
	picture->addresses.size = sizeof(struct netlink_address);
	picture->neighbours.size = sizeof(struct netlink_neighbour);
	picture->neighbours.order = by_place;
	picture->nexthops.size = sizeof(struct netlink_nexthop);
	picture->nexthops.order = by_id;
}

void netlink_picture_clear(struct netlink_picture *picture)
{
	netlink_table_clear(&picture->links);
	netlink_table_clear(&picture->addresses);
	netlink_table_clear(&picture->neighbours);
	netlink_table_clear(&picture->nexthops);
	netlink_fib_clear(&picture->routes);
}

/* ---- links ---------------------------------------------------------------- */

/* The kernel says so about each of them as well, in most cases. */
static unsigned forget_interface(struct netlink_picture *picture,
				 unsigned ifindex)
{
	struct netlink_table *addresses = &picture->addresses;
	struct netlink_table *neighbours = &picture->neighbours;
	unsigned changed = 0;
	size_t i;

	for (i = addresses->count; i-- > 0;) {
		const struct netlink_address *address =
			netlink_table_at(addresses, i);

		if (address->ifindex != ifindex)
			continue;
		netlink_table_remove(addresses, i);
		changed |= NETLINK_ADDRESSES;
	}
	for (i = neighbours->count; i-- > 0;) {
		const struct netlink_neighbour *neighbour =
			netlink_table_at(neighbours, i);

		if (neighbour->ifindex != ifindex)
			continue;
		netlink_table_remove(neighbours, i);
		changed |= NETLINK_NEIGHBOURS;
	}
	return changed;
}

/* What makes a route's hop dead or linkdown. */
#define ROUTE_FLAGS (IFF_UP | IFF_RUNNING | LOWER_UP)

static unsigned link_event(struct netlink_picture *picture,
			   struct nlmsghdr *message, unsigned *stale)
{
	struct netlink_link link;
	const struct netlink_link *old;
	void *found;
	int did;

	if (!netlink_parse_link(message, &link))
		return 0;
	netlink_table_find(&picture->links, &link, &found);
	old = found;
	if (message->nlmsg_type == RTM_DELLINK) {
		if (!netlink_table_drop(&picture->links, &link))
			return 0;
		*stale |= NETLINK_ROUTES;
		return NETLINK_LINKS | forget_interface(picture, link.index);
	}
	if (old && ((old->flags ^ link.flags) & ROUTE_FLAGS))
		*stale |= NETLINK_ROUTES;
	did = netlink_table_put(&picture->links, &link);
	if (did < 0)
		*stale |= NETLINK_LINKS;
	return did ? NETLINK_LINKS : 0;
}

/* ---- addresses ------------------------------------------------------------- */

static struct netlink_address *
same_address(const struct netlink_table *addresses,
	     const struct netlink_address *wanted, size_t *position)
{
	for (*position = 0; *position < addresses->count; ++*position) {
		struct netlink_address *address =
			netlink_table_at(addresses, *position);

		if (address->ifindex == wanted->ifindex &&
		    address->length == wanted->length &&
		    address_equal(&address->address, &wanted->address))
			return address;
	}
	return NULL;
}

/* In the kernel's order: "the first address" must stay the first. */
static int put_address(struct netlink_table *addresses,
		       const struct netlink_address *address)
{
	size_t position;
	struct netlink_address *old =
		same_address(addresses, address, &position);
	int err;

	if (!old) {
		err = netlink_table_insert(addresses, position, address);
		return err ? err : 1;
	}
	if (old->secondary == address->secondary)
		return 0;
	old->secondary = address->secondary;
	return 1;
}

static unsigned address_event(struct netlink_picture *picture,
			      struct nlmsghdr *message, unsigned *stale)
{
	struct netlink_table *addresses = &picture->addresses;
	struct netlink_address address;
	size_t position;
	int did;

	if (!netlink_parse_address(message, &address))
		return 0;
	if (message->nlmsg_type == RTM_DELADDR) {
		*stale |= NETLINK_ROUTES;
		if (!same_address(addresses, &address, &position))
			return 0;
		netlink_table_remove(addresses, position);
		return NETLINK_ADDRESSES;
	}
	did = put_address(addresses, &address);
	if (did < 0)
		*stale |= NETLINK_ADDRESSES;
	return did ? NETLINK_ADDRESSES : 0;
}

/* ---- neighbours ------------------------------------------------------------ */

static unsigned neighbour_event(struct netlink_picture *picture,
				struct nlmsghdr *message, unsigned *stale)
{
	struct netlink_table *neighbours = &picture->neighbours;
	struct netlink_neighbour neighbour;
	int did;

	if (!netlink_parse_neighbour(message, &neighbour))
		return 0;
	if (message->nlmsg_type == RTM_DELNEIGH)
		did = netlink_table_drop(neighbours, &neighbour);
	else
		did = netlink_table_put(neighbours, &neighbour);
	if (did < 0)
		*stale |= NETLINK_NEIGHBOURS;
	return did ? NETLINK_NEIGHBOURS : 0;
}

/* ---- routes and next-hop objects ------------------------------------------- */

static const struct netlink_nexthop *
find_nexthop(const struct netlink_picture *picture, uint32_t id)
{
	const struct netlink_nexthop key = { .id = id };
	void *found;

	netlink_table_find(&picture->nexthops, &key, &found);
	return found;
}

static void add_hop(struct netlink_whole_route *route,
		    const struct netlink_nexthop *nexthop)
{
	struct netlink_route *hop = &route->hop[route->count];

	if (route->count)
		memcpy(hop, route->hop, sizeof(*hop));
	hop->oif = nexthop->oif;
	hop->gateway = nexthop->gateway;
	hop->flags = nexthop->flags;
	route->count++;
}

/*
 * With nexthop_compat_mode = 0 a route says nothing but the object's id; with
 * 1 it repeats the hops as they were when it was sent.  Ask the object in both.
 */
static void resolve(struct netlink_picture *picture,
		    struct netlink_whole_route *route)
{
	const struct netlink_nexthop *object, *member;
	unsigned i;

	if (!route->hop[0].nhid)
		return;
	object = find_nexthop(picture, route->hop[0].nhid);
	if (!object) {
		picture->unresolved = true;
		return;
	}
	route->count = 0;
	if (!object->members_count)
		add_hop(route, object);
	for (i = 0; i < object->members_count; i++) {
		member = find_nexthop(picture, object->members[i]);
		if (member && !member->members_count)
			add_hop(route, member);
	}
	if (!route->count)
		route->count = 1;
	for (i = 0; i < route->count; i++)
		route->hop[i].hops = (uint8_t)route->count;
}

static unsigned route_event(struct netlink_picture *picture,
			    struct nlmsghdr *message, unsigned *stale)
{
	struct netlink_whole_route route;
	int did;

	if (!netlink_parse_route(message, &route))
		return 0;
	resolve(picture, &route);
	if (message->nlmsg_type == RTM_DELROUTE)
		did = netlink_fib_drop(&picture->routes, &route);
	else
		did = netlink_fib_put(&picture->routes, &route,
				      message->nlmsg_flags);
	if (did < 0)
		*stale |= NETLINK_ROUTES;
	return did ? NETLINK_ROUTES : 0;
}

/*
 * A new object has no routes yet, unless a route of a dump names it already.
 * A replaced one moves its routes, a deleted one takes them along; the kernel
 * says neither.
 */
static void nexthop_event(struct netlink_picture *picture,
			  struct nlmsghdr *message, unsigned *stale)
{
	struct netlink_nexthop nexthop;
	bool known;
	int did;

	if (!netlink_parse_nexthop(message, &nexthop))
		return;
	known = find_nexthop(picture, nexthop.id);
	if (message->nlmsg_type == RTM_DELNEXTHOP)
		did = netlink_table_drop(&picture->nexthops, &nexthop);
	else
		did = netlink_table_put(&picture->nexthops, &nexthop);
	if (did && (known || did < 0 || picture->unresolved))
		*stale |= NETLINK_ROUTES;
}

unsigned netlink_picture_event(struct netlink_picture *picture,
			       struct nlmsghdr *message, unsigned *stale)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_event(picture, message, stale);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return address_event(picture, message, stale);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return neighbour_event(picture, message, stale);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return route_event(picture, message, stale);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		nexthop_event(picture, message, stale);
		return 0;
	default:
		return 0;
	}
}
