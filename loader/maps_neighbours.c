// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_neighbours.c - the MACs of hosts and inner routers, by neighbour id.
 *
 * A binding caches a neighbour's id, so an id goes to another neighbour only
 * when all are used up, and then the epoch changes.  A neighbour that the kernel
 * no longer vouches for stays, not valid: its packets take the kernel's way,
 * which resolves it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/neighbour.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "log.h"
#include "maps_private.h"
#include "twinpath.skel.h"

#define USABLE                                                               \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | \
	 NUD_NOARP)

static struct tp_neighbour_key key_of(const struct tp_addr *address,
				      unsigned ifindex)
{
	return (struct tp_neighbour_key){ .address = *address,
					  .ifindex = ifindex };
}

static int read_ids(struct maps *maps)
{
	struct twinpath *skel = maps->plane->skel;
	int fd = bpf_map__fd(skel->maps.neighbours);
	struct maps_neighbours *own = &maps->neighbours;

	own->used = 1;
	for (uint32_t id = 1; id < TP_MAX_NEIGHBOURS; id++) {
		if (bpf_map_lookup_elem(fd, &id, &own->entries[id]))
			return -errno;
		if (own->entries[id].ifindex)
			own->used = id + 1;
	}
	return 0;
}

/* An id that nobody needs; 0: there is none. */
static uint32_t new_id(struct maps *maps)
{
	struct maps_neighbours *own = &maps->neighbours;
	int fd = bpf_map__fd(maps->plane->skel->maps.neighbour_ids);

	if (own->used < TP_MAX_NEIGHBOURS)
		return own->used++;
	for (uint32_t id = 1; id < TP_MAX_NEIGHBOURS; id++) {
		struct tp_neighbour_key key = key_of(&own->entries[id].address,
						     own->entries[id].ifindex);

		if (own->entries[id].valid)
			continue;
		bpf_map_delete_elem(fd, &key);
		maps_bump_epoch(maps);
		return id;
	}
	return 0;
}

static uint32_t find_id(struct maps *maps, const struct tp_neighbour_key *key)
{
	int fd = bpf_map__fd(maps->plane->skel->maps.neighbour_ids);
	uint32_t id;

	return bpf_map_lookup_elem(fd, key, &id) ? 0 : id;
}

static void fill(struct tp_neighbour *out,
		 const struct netlink_neighbour *neighbour,
		 const struct netlink_link *link, const struct interface *one)
{
	memset(out, 0, sizeof(*out));
	out->ifindex = neighbour->ifindex;
	out->address = neighbour->address;
	out->mtu = link->mtu < 65535 ? (uint16_t)link->mtu : 65535;
	out->valid = !!(neighbour->state & USABLE);
	out->xdp = interface_redirects(one);
	memcpy(out->destination, neighbour->mac, 6);
	memcpy(out->source, link->mac, 6);
}

static int put(struct maps *maps, uint32_t id,
	       const struct tp_neighbour *wanted)
{
	struct twinpath *skel = maps->plane->skel;

	return maps_put("neighbours", bpf_map__fd(skel->maps.neighbours), id,
			&maps->neighbours.entries[id], wanted, sizeof(*wanted));
}

static int apply_one(struct maps *maps, const struct maps_input *input,
		     const struct netlink_neighbour *neighbour, bool *seen)
{
	const struct interface *one =
		interfaces_find(input->interfaces, neighbour->ifindex);
	const struct netlink_link *link =
		netlink_link_by_index(input->netlink, neighbour->ifindex);
	struct tp_neighbour_key key =
		key_of(&neighbour->address, neighbour->ifindex);
	int fd = bpf_map__fd(maps->plane->skel->maps.neighbour_ids);
	struct tp_neighbour wanted;
	uint32_t id;
	int err;

	if (!one || one->role != ATTACH_LAN || !link)
		return 0;
	fill(&wanted, neighbour, link, one);
	id = find_id(maps, &key);
	if (!id && !wanted.valid)
		return 0;
	if (id) {
		seen[id] = true;
		return put(maps, id, &wanted);
	}
	id = new_id(maps);
	if (!id)
		return 0; /* the kernel serves it */
	seen[id] = true;
	err = put(maps, id, &wanted);
	if (!err && bpf_map_update_elem(fd, &key, &id, BPF_ANY))
		err = -errno;
	return err;
}

/* The other end of a raw interface: see maps_routes.c. */
static int apply_raw(struct maps *maps, const struct maps_input *input,
		     bool *seen)
{
	int err = 0;

	for (unsigned i = 0; i < input->interfaces->count; i++) {
		const struct interface *one = &input->interfaces->list[i];
		const struct netlink_neighbour end = {
			.ifindex = one->ifindex,
			.address = address_from_v4(INADDR_ANY),
			.state = NUD_NOARP,
		};

		if (one->raw && one->ifindex)
			err = err ?: apply_one(maps, input, &end, seen);
	}
	return err;
}

int maps_apply_neighbours(struct maps *maps, const struct maps_input *input)
{
	const struct netlink_neighbour *neighbour = NULL;
	bool seen[TP_MAX_NEIGHBOURS] = {};
	int err = 0;

	if (!maps->neighbours.used)
		err = read_ids(maps);
	while (!err &&
	       (neighbour = netlink_next_neighbour(input->netlink, neighbour)))
		err = apply_one(maps, input, neighbour, seen);
	err = err ?: apply_raw(maps, input, seen);
	for (uint32_t id = 1; !err && id < maps->neighbours.used; id++) {
		struct tp_neighbour wanted = maps->neighbours.entries[id];

		if (seen[id] || !wanted.valid)
			continue;
		wanted.valid = 0;
		err = put(maps, id, &wanted);
	}
	if (err)
		log_error("cannot write the neighbours map: %s",
			  strerror(-err));
	return err;
}
