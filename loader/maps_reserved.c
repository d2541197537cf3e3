// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_reserved.c - the ports that NAT must not claim, as bits.
 *
 * Ports with a listener on them are not among these: the programs find those
 * out by themselves, when they claim one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps_private.h"
#include "twinpath.skel.h"

/*
 * Both ends of DHCP, of IPv4 and IPv6: a client has no socket that a look-up
 * could find.
 */
static const struct local_ports always[] = {
	{ .udp = true, .min = 67, .max = 68 },
	{ .udp = true, .min = 546, .max = 547 },
};

static void keep(struct tp_ports *row, enum tp_plane plane,
		 const struct local_ports *locals, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!(plane == TP_PLANE_TCP ? locals[i].tcp : locals[i].udp))
			continue;
		for (uint32_t port = locals[i].min; port <= locals[i].max;
		     port++)
			row->word[port / 64] |= 1ULL << port % 64;
	}
}

/* Ids are kept for good, so an address is some uplink's, or nobody's. */
static const struct uplink_config *uplink_of(const struct maps *maps,
					     const struct config *config,
					     unsigned address)
{
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (maps->exits[maps->exit_ids[i]].address == address)
			return &config->uplinks[i];
	return NULL;
}

int maps_reserve(struct maps *maps, const struct config *config)
{
	unsigned addresses = maps->plane->skel->rodata->address_count;
	struct tp_ports *row = calloc(1, sizeof(*row));
	struct tp_ports *there = calloc(1, sizeof(*there));
	int fd = bpf_map__fd(maps->plane->skel->maps.reserved), err = 0;

	if (!row || !there)
		err = -ENOMEM;
	for (uint32_t key = 0; !err && key < addresses * TP_PLANES; key++) {
		enum tp_plane plane = (enum tp_plane)(key % TP_PLANES);
		const struct uplink_config *uplink =
			uplink_of(maps, config, key / TP_PLANES);

		memset(row, 0, sizeof(*row));
		if (plane == TP_PLANE_UDP)
			keep(row, plane, always,
			     sizeof(always) / sizeof(always[0]));
		if (plane != TP_PLANE_ICMP) {
			keep(row, plane, config->locals, config->locals_count);
			if (uplink)
				keep(row, plane, uplink->locals,
				     uplink->locals_count);
		}
		if (bpf_map_lookup_elem(fd, &key, there))
			err = -errno;
		else
			err = maps_put("reserved", fd, key, there, row,
				       sizeof(*row));
	}
	free(row);
	free(there);
	return err;
}
