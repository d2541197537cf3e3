/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * route.h - where a destination is, and the neighbour that leads to it.
 *
 * Owns: look-ups of routes and neighbours.  Asked on a session's first packet
 * only; a binding caches the neighbour's id for the way in.
 */
#ifndef TWINPATH_ROUTE_H
#define TWINPATH_ROUTE_H

#include "packet.h"
#include "twinpath/region.h"

/* Does any route lead to a part of the region that the address lies in? */
static __always_inline int route_near(const struct tp_addr *address)
{
	const struct tp_regions *known = ONLY(&regions);
	__u32 region = tp_region(address), n = region / 64;

	if (!known)
		return 1;
	APART(n); /* or clang trusts its bound, which Linux 6.1 has lost */
	return known->word[n % (TP_REGIONS / 64)] >> region % 64 & 1;
}

/* 0: by the selector.  Nearly every destination's is: its region has no route. */
static __always_inline const struct tp_route *
route_find(const struct tp_addr *address)
{
	struct tp_route_key key = { .prefix = 128 };

	if (!route_near(address))
		return 0;
	__builtin_memcpy(key.address, address->byte, sizeof(key.address));
	return bpf_map_lookup_elem(&routes, &key);
}

static __always_inline __u32 route_kind(const struct tp_route *route)
{
	return route ? route->kind : TP_ROUTE_DEFAULT;
}

/* The neighbour towards an inside address; 0: not known. */
__noinline __u32 route_neighbour(const struct tp_addr *address)
{
	const struct tp_route *route;
	struct tp_neighbour_key key = {};
	__u32 *id;

	if (!address)
		return 0;
	route = route_find(address);
	if (!route || route->kind != TP_ROUTE_INSIDE)
		return 0;
	key.address = route->via ? route->next_hop : *address;
	key.ifindex = route->ifindex;
	id = bpf_map_lookup_elem(&neighbour_ids, &key);
	return id ? *id : 0;
}

/*
 * The neighbour of a binding's inside endpoint, through the id cached in it.
 * Route and neighbour changes bump the epoch, and the next packet looks again.
 */
static __always_inline const struct tp_neighbour *
route_to_inside(struct tp_binding *binding, const struct tp_settings *set)
{
	__u32 cached = *(volatile __u32 *)&binding->neighbour;
	__u32 id = cached & 0xffff;

	if (!id || cached >> 16 != set->route_epoch) {
		struct tp_addr inside = binding->inside;

		id = route_neighbour(&inside);
		*(volatile __u32 *)&binding->neighbour =
			id | (__u32)set->route_epoch << 16;
	}
	return bpf_map_lookup_elem(&neighbours, &id);
}

#endif
