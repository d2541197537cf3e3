// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_foreign.c - IPsec policies and ip rules of others, and routes that lead
 * neither inside nor out by an uplink, as routes that lead to the kernel.
 *
 * What is inside goes to the kernel anyway, and must stay inside as a source: a
 * tunnel's policy names our LAN as well.  So a destination that an inside or
 * local route covers is left out, and a source is a mark on the inside routes.
 */
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "maps_private.h"

static struct prefix prefix_of_key(const struct tp_route_key *key)
{
	struct prefix prefix = { .length = (uint8_t)key->prefix };

	memcpy(prefix.address.byte, key->address, sizeof(key->address));
	return prefix;
}

static bool covers(const struct prefix *wide, const struct prefix *narrow)
{
	return wide->length <= narrow->length &&
	       prefix_contains(wide, &narrow->address);
}

/* The routes so far, in order; more are appended behind them. */
struct base {
	struct maps_routes *routes;
	unsigned count;
	bool lengths[129]; /* that occur among them */
};

/* Main may hold a hundred thousand routes: no walk for each of them. */
static struct base base_of(struct maps_routes *routes)
{
	struct base base = { .routes = routes };

	maps_sort_routes(routes);
	base.count = routes->count;
	for (unsigned i = 0; i < base.count; i++)
		base.lengths[routes->list[i].key.prefix] = true;
	return base;
}

/* The longest of them that hold `prefix` whole; NULL: none. */
static const struct maps_route *longest(const struct base *base,
					const struct prefix *prefix)
{
	const struct maps_routes sorted = { .list = base->routes->list,
					    .count = base->count };

	for (int length = prefix->length; length >= 0; length--) {
		struct prefix around =
			prefix_of(&prefix->address, (uint8_t)length);
		const struct maps_route *found =
			base->lengths[length] ?
				maps_find_route(&sorted, &around) :
				NULL;

		if (found)
			return found;
	}
	return NULL;
}

static bool is_ours(const struct maps_route *route)
{
	return route && (route->value.kind == TP_ROUTE_INSIDE ||
			 route->value.kind == TP_ROUTE_LOCAL);
}

/* From a subnet, or from part of one: a route of its own, with the mark. */
static int mark_source(const struct base *base, const struct prefix *source)
{
	const struct maps_route *around = longest(base, source);
	struct maps_routes *routes = base->routes;
	struct tp_route value;

	for (unsigned i = 0; i < routes->count; i++) {
		struct maps_route *route = &routes->list[i];
		struct prefix one = prefix_of_key(&route->key);

		if (route->value.kind == TP_ROUTE_INSIDE &&
		    covers(source, &one))
			route->value.from_kernel = 1;
	}
	if (!around || around->value.kind != TP_ROUTE_INSIDE ||
	    around->key.prefix == source->length)
		return 0;
	value = around->value;
	value.from_kernel = 1;
	return maps_append_route(routes, source, &value);
}

static int leave(const struct base *base, const struct prefix *to)
{
	const struct tp_route kernel = { .kind = TP_ROUTE_KERNEL };

	return is_ours(longest(base, to)) ?
		       0 :
		       maps_append_route(base->routes, to, &kernel);
}

/* By a tunnel, to containers, or to nowhere at all: main says so, not we. */
static bool leads_elsewhere(const struct netlink_route *route,
			    const struct interfaces *interfaces)
{
	if (route->table != RT_TABLE_MAIN || route->protocol == MODEL_RTPROT ||
	    route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) ||
	    route->to.length <= (address_is_v4(&route->to.address) ? 96 : 0))
		return false;
	switch (route->type) {
	case RTN_UNICAST:
		return !interfaces_find(interfaces, route->oif);
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
		return true;
	default:
		return false;
	}
}

int maps_foreign_routes(struct maps_routes *routes,
			const struct maps_input *input)
{
	const struct foreign *foreign = input->foreign;
	const struct netlink_route *route = NULL;
	const struct base base = base_of(routes);
	int err = 0;

	for (unsigned i = 0; !err && i < foreign->to.count; i++)
		err = leave(&base, &foreign->to.list[i].prefix);
	while (!err && (route = netlink_next_route(input->netlink, route)))
		if (leads_elsewhere(route, input->interfaces))
			err = leave(&base, &route->to);
	for (unsigned i = 0; !err && i < foreign->from.count; i++)
		err = mark_source(&base, &foreign->from.list[i].prefix);
	return err;
}
