// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_regions.c - the regions that have routes, so that nobody looks for one where
 * there is none.
 */
#include <string.h>

#include "maps_private.h"
#include "regions.h"
#include "twinpath.skel.h"

static void add(struct tp_regions *regions, const struct maps_routes *routes)
{
	for (unsigned i = 0; i < routes->count; i++) {
		const struct tp_route_key *key = &routes->list[i].key;
		struct prefix to = { .length = (uint8_t)key->prefix };

		memcpy(to.address.byte, key->address, sizeof(key->address));
		regions_add(regions, &to);
	}
}

int maps_widen_regions(struct maps *maps, const struct maps_routes *old,
		       const struct maps_routes *new)
{
	struct tp_regions wanted = {};

	add(&wanted, old);
	add(&wanted, new);
	return PUT(maps, regions, 0, &maps->regions, &wanted);
}

int maps_apply_regions(struct maps *maps, const struct maps_routes *routes)
{
	struct tp_regions wanted = {};

	add(&wanted, routes);
	return PUT(maps, regions, 0, &maps->regions, &wanted);
}
