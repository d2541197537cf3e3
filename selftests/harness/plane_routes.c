// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plane_routes.c - the routes of the standard site, and what the daemon writes with
 * a route: its regions, which are worked out here by other means.
 */
#include "plane_routes.h"

#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* An IPv4 address's first 16 bits say where it is: so do a prefix's. */
static int set_regions(struct plane *plane, uint32_t address, uint32_t length)
{
	uint32_t last = (address | (uint32_t)(0xffffffffULL >> length)) >> 16;
	struct tp_regions regions;
	int err = plane_get(plane->skel->maps.regions, 0, &regions);

	for (uint32_t i = address >> 16; i <= last; i++)
		((uint8_t *)regions.word)[i / 8] |= (uint8_t)(1 << i % 8);
	return err ?: plane_set(plane->skel->maps.regions, 0, &regions);
}

int plane_route(struct plane *plane, uint32_t address, uint32_t length,
		const struct tp_route *route)
{
	struct tp_route_key key = { .prefix = 96 + length };
	struct tp_addr mapped = plane_address(address);

	memcpy(key.address, mapped.byte, sizeof(key.address));
	return bpf_map_update_elem(bpf_map__fd(plane->skel->maps.routes), &key, route, BPF_ANY) ?:
		       set_regions(plane, address, length);
}

int plane_unroute(struct plane *plane, uint32_t address, uint32_t length)
{
	struct tp_route_key key = { .prefix = 96 + length };
	struct tp_addr mapped = plane_address(address);

	memcpy(key.address, mapped.byte, sizeof(key.address));
	plane->settings.route_epoch++;
	return bpf_map_delete_elem(bpf_map__fd(plane->skel->maps.routes), &key) ?:
		       plane_set_settings(plane);
}

int plane_routes(struct plane *plane)
{
	const struct {
		uint32_t address, length, via;
		enum tp_route_kind kind;
	} routes[] = {
		{ IP(192, 168, 0, 0), 24, 0, TP_ROUTE_INSIDE },
		{ IP(192, 168, 50, 0), 24, ROUTER, TP_ROUTE_INSIDE },
		{ GATEWAY, 32, 0, TP_ROUTE_LOCAL },
		{ A, 32, 0, TP_ROUTE_LOCAL },
		{ B, 32, 0, TP_ROUTE_LOCAL },
		{ IP(192, 168, 0, 255), 32, 0, TP_ROUTE_LOCAL },
		{ IP(203, 0, 113, 255), 32, 0, TP_ROUTE_LOCAL },
		{ IP(10, 99, 0, 0), 16, 0, TP_ROUTE_KERNEL },
		{ IP(0, 0, 0, 0), 8, 0, TP_ROUTE_MARTIAN },
		{ IP(127, 0, 0, 0), 8, 0, TP_ROUTE_MARTIAN },
		{ IP(240, 0, 0, 0), 4, 0, TP_ROUTE_MARTIAN },
		{ IP(224, 0, 0, 0), 4, 0, TP_ROUTE_GROUP },
		{ IP(255, 255, 255, 255), 32, 0, TP_ROUTE_GROUP },
		{ IP(169, 254, 0, 0), 16, 0, TP_ROUTE_LINK_LOCAL },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(routes) / sizeof(*routes); i++) {
		struct tp_route route = { .kind = routes[i].kind,
					  .via = routes[i].via != 0 };

		if (route.kind == TP_ROUTE_INSIDE)
			route.ifindex = PLANE_LAN;
		if (route.via)
			route.next_hop = plane_address(routes[i].via);
		err = plane_route(plane, routes[i].address, routes[i].length,
				  &route);
	}
	return err;
}

int plane_routes_clear(struct plane *plane)
{
	int fd = bpf_map__fd(plane->skel->maps.routes);
	const struct tp_regions none = {};
	struct tp_route_key key;
	int err = 0;

	while (!err && !bpf_map_get_next_key(fd, NULL, &key))
		err = bpf_map_delete_elem(fd, &key);
	return err ?: plane_set(plane->skel->maps.regions, 0, &none);
}
