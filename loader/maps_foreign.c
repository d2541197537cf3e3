// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_foreign.c - IPsec policies and ip rules of others, as routes that lead to
 * the kernel.
 *
 * What is inside goes to the kernel anyway, and must stay inside as a source: a
 * tunnel's policy names our LAN as well.  So a destination that an inside or
 * local route covers is left out, and a source is a mark on the inside routes.
 */
#include <string.h>

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

/* The longest route of those that hold `prefix` whole; NULL: none. */
static struct maps_route *longest(struct maps_routes *routes,
				  const struct prefix *prefix)
{
	struct maps_route *best = NULL;

	for (unsigned i = 0; i < routes->count; i++) {
		struct prefix one = prefix_of_key(&routes->list[i].key);

		if (covers(&one, prefix) &&
		    (!best || one.length > best->key.prefix))
			best = &routes->list[i];
	}
	return best;
}

static bool is_ours(const struct maps_route *route)
{
	return route && (route->value.kind == TP_ROUTE_INSIDE ||
			 route->value.kind == TP_ROUTE_LOCAL);
}

/* From a subnet, or from part of one: a route of its own, with the mark. */
static int mark_source(struct maps_routes *routes, const struct prefix *source)
{
	const struct maps_route *around = longest(routes, source);
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

int maps_foreign_routes(struct maps_routes *routes,
			const struct foreign *foreign)
{
	const struct tp_route kernel = { .kind = TP_ROUTE_KERNEL };
	int err = 0;

	for (unsigned i = 0; !err && i < foreign->to.count; i++) {
		const struct prefix *to = &foreign->to.list[i].prefix;

		if (!is_ours(longest(routes, to)))
			err = maps_append_route(routes, to, &kernel);
	}
	for (unsigned i = 0; !err && i < foreign->from.count; i++)
		err = mark_source(routes, &foreign->from.list[i].prefix);
	return err;
}
