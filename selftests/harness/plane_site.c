// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plane_site.c - the standard test site, written into the daemon's maps.
 *
 * Owns: what the daemon would have found out about the site of plane.h.  It
 * must never touch what the data plane writes, but to forget it all.
 */
#include "plane.h"
#include "plane_routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

const uint8_t plane_mac_lan[6] = MAC_LAN;
const uint8_t plane_mac_virtual[6] = MAC_VIRTUAL;
const uint8_t plane_mac_partner[6] = MAC_PARTNER;
const uint8_t plane_mac_router[6] = MAC_ROUTER;
const uint8_t plane_mac_h[6] = MAC_H;
const uint8_t plane_mac_h2[6] = MAC_H2;
const uint8_t plane_mac_isp_a[6] = MAC_ISP_A;
const uint8_t plane_mac_next_a[6] = MAC_NEXT_A;
const uint8_t plane_mac_isp_b[6] = MAC_ISP_B;
const uint8_t plane_mac_next_b[6] = MAC_NEXT_B;

struct tp_addr plane_address(uint32_t address)
{
	struct tp_addr mapped = { .byte = { [10] = 0xff, [11] = 0xff } };
	uint32_t wire = htonl(address);

	memcpy(mapped.byte + 12, &wire, sizeof(wire));
	return mapped;
}

#define SEED(i) (0x85ebca6bU * ((i) + 1))

uint16_t plane_id_mask(uint32_t inside)
{
	uint32_t low = inside & 0xffff, high = inside >> 16;

	return (low * (SEED(0) | 1) & 0xffff) ^ (high * SEED(1) >> 16);
}

int plane_set(struct bpf_map *map, uint32_t key, const void *value)
{
	plane_touched = true;
	return bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY);
}

int plane_get(struct bpf_map *map, uint32_t key, void *value)
{
	plane_touched = true;
	return bpf_map_lookup_elem(bpf_map__fd(map), &key, value);
}

int plane_set_settings(struct plane *plane)
{
	return plane_set(plane->skel->maps.settings, 0, &plane->settings);
}

int plane_select(struct plane *plane, uint32_t exit)
{
	struct tp_selector selector = { .exit = exit, .event = 1 };

	return plane_set(plane->skel->maps.selector, 0, &selector);
}

int plane_set_exit_state(struct plane *plane, uint32_t id,
			 enum tp_exit_state state)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, id, &exit);

	exit.state = state;
	exit.wait_until = 0;
	if (state == TP_EXIT_DEAD)
		plane->settings.dead |= 1U << exit.address;
	else
		plane->settings.dead &= ~(1U << exit.address);
	err = err ?: plane_set_settings(plane);
	return err ?: plane_set(plane->skel->maps.exits, id, &exit);
}

int plane_wait(struct plane *plane, uint32_t id, uint32_t ticks)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, id, &exit);

	exit.wait_until = plane_now(plane) + ticks;
	return err ?: plane_set(plane->skel->maps.exits, id, &exit);
}

int plane_new_generation(struct plane *plane, uint32_t id)
{
	struct tp_address address;
	int err = plane_get(plane->skel->maps.addresses, id, &address);

	address.generation++;
	return err ?: plane_set(plane->skel->maps.addresses, id, &address);
}

int plane_filter(struct plane *plane, uint32_t id, enum tp_filtering filtering)
{
	struct tp_address address;
	int err = plane_get(plane->skel->maps.addresses, id, &address);

	address.filtering = filtering;
	return err ?: plane_set(plane->skel->maps.addresses, id, &address);
}

int plane_later(struct plane *plane, uint32_t ticks)
{
	plane->settings.time_offset += ticks;
	return plane_set_settings(plane);
}

/* ---- the site ----------------------------------------------------------- */

static int set_globals(struct plane *plane)
{
	const struct tp_layout layout = {
		.magic = TP_LAYOUT_MAGIC,
		.version = TP_LAYOUT,
		.buckets = plane->buckets,
		.addresses = PLANE_ADDRESSES,
	};
	struct tp_seed seed = { .finish = 0x9e3779b97f4a7c15 };
	int err;

	for (unsigned int i = 0; i < 16; i++)
		seed.key[i] = SEED(i);
	plane->settings = (struct tp_settings){
		.confirm = 1,
		.port_min = 1024,
		.port_max = 60999,
		.route_epoch = 1,
		.port_parity = 1,
		.addresses_used = PLANE_ADDRESSES,
		.timers = {
			.udp = PLANE_TICKS(300),
			.icmp = PLANE_TICKS(60),
			.tcp_established = PLANE_TICKS(7440),
			.tcp_opening = PLANE_TICKS(240),
			.tcp_closing = PLANE_TICKS(240),
			.tcp_incoming = PLANE_TICKS(6),
			.hold = PLANE_TICKS(120),
		},
	};
	err = plane_set(plane->skel->maps.layout, 0, &layout);
	err = err ?: plane_set(plane->skel->maps.seed, 0, &seed);
	err = err ?: plane_set_settings(plane);
	return err ?: plane_select(plane, PLANE_EXIT_A);
}

static int set_exits(struct plane *plane)
{
	struct tp_exit exits[] = {
		[PLANE_EXIT_A] = { .ifindex = PLANE_ISP_A,
				   .kind = TP_EXIT_UPLINK,
				   .address = 0,
				   .name = "isp-a" },
		[PLANE_EXIT_B] = { .ifindex = PLANE_ISP_B,
				   .kind = TP_EXIT_UPLINK,
				   .address = 1,
				   .name = "isp-b" },
		[PLANE_EXIT_PARTNER] = { .ifindex = PLANE_LAN,
					 .kind = TP_EXIT_PARTNER,
					 .name = "partner" },
	};
	static const uint8_t *const destination[] = {
		[PLANE_EXIT_A] = plane_mac_next_a,
		[PLANE_EXIT_B] = plane_mac_next_b,
		[PLANE_EXIT_PARTNER] = plane_mac_partner,
	};
	static const uint8_t *const source[] = {
		[PLANE_EXIT_A] = plane_mac_isp_a,
		[PLANE_EXIT_B] = plane_mac_isp_b,
		[PLANE_EXIT_PARTNER] = plane_mac_lan,
	};
	int err = 0;

	exits[PLANE_EXIT_A].next_hop = plane_address(IP(203, 0, 113, 254));
	exits[PLANE_EXIT_B].next_hop = plane_address(IP(198, 51, 100, 254));
	exits[PLANE_EXIT_PARTNER].next_hop = plane_address(PARTNER);
	for (uint32_t id = PLANE_EXIT_A; id <= PLANE_EXIT_PARTNER; id++) {
		exits[id].mtu = 1500;
		exits[id].mark = TP_MARK(id);
		exits[id].state = TP_EXIT_UP;
		exits[id].flags = TP_EXIT_HAS_NEXT_HOP | TP_EXIT_XDP;
		memcpy(exits[id].destination, destination[id], 6);
		memcpy(exits[id].source, source[id], 6);
		err = err ?: plane_set(plane->skel->maps.exits, id, &exits[id]);
	}
	return err;
}

static int set_addresses(struct plane *plane)
{
	const struct tp_address a = { .address = plane_address(A),
				      .generation = 1,
				      .exit = PLANE_EXIT_A };
	const struct tp_address b = { .address = plane_address(B),
				      .generation = 1,
				      .exit = PLANE_EXIT_B };
	int err = plane_set(plane->skel->maps.addresses, 0, &a);

	return err ?: plane_set(plane->skel->maps.addresses, 1, &b);
}

static int set_link(struct plane *plane, struct tp_link link,
		    const uint8_t own[6])
{
	memcpy(link.mac[link.macs++], own, 6);
	if (link.role == TP_LINK_LAN)
		memcpy(link.mac[link.macs++], plane_mac_virtual, 6);
	return plane_set(plane->skel->maps.links, link.ifindex % TP_LINK_SLOTS,
			 &link);
}

static int set_links(struct plane *plane)
{
	struct tp_link lan = { .ifindex = PLANE_LAN,
			       .role = TP_LINK_LAN,
			       .address = plane_address(GATEWAY) };
	struct tp_link a = { .ifindex = PLANE_ISP_A,
			     .role = TP_LINK_UPLINK,
			     .exit = PLANE_EXIT_A };
	struct tp_link b = { .ifindex = PLANE_ISP_B,
			     .role = TP_LINK_UPLINK,
			     .exit = PLANE_EXIT_B };
	int err = set_link(plane, lan, plane_mac_lan);

	err = err ?: set_link(plane, a, plane_mac_isp_a);
	return err ?: set_link(plane, b, plane_mac_isp_b);
}

/* Of the handovers, those that may come by the LAN, and from which MACs. */
static int set_kinds(struct plane *plane, uint8_t kinds, uint64_t suspects)
{
	struct bpf_map *links = plane->skel->maps.links;
	struct tp_link link;
	int err = plane_get(links, PLANE_LAN % TP_LINK_SLOTS, &link);

	link.kinds = kinds;
	link.suspects = suspects;
	return err ?: plane_set(links, PLANE_LAN % TP_LINK_SLOTS, &link);
}

int plane_set_partner(struct plane *plane, enum tp_partner_type type)
{
	struct tp_partner partner = { .type = type,
				      .exit = PLANE_EXIT_PARTNER,
				      .reachable = type != TP_PARTNER_NONE };
	uint64_t suspects = tp_suspect(plane_mac_partner);
	int err;

	for (uint8_t kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		const uint8_t theirs[6] = MAC_THEIRS(kind);
		const uint8_t mine[6] = MAC_MINE(kind);
		struct tp_way *way = &partner.way[kind];

		way->ifindex = PLANE_LAN;
		memcpy(way->mac, plane_mac_partner, 6);
		memcpy(way->theirs, theirs, 6);
		memcpy(way->mine, mine, 6);
		suspects |= tp_suspect(theirs);
	}
	memcpy(partner.way[TP_KIND_TAKE].theirs, plane_mac_partner, 6);
	memcpy(partner.way[TP_KIND_TAKE].mine, plane_mac_lan, 6);
	err = set_kinds(plane,
			type == TP_PARTNER_TWINPATH ? (1 << TP_KINDS) - 1 :
						      1 << TP_KIND_TAKE,
			suspects);
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

/* Id 0 means "none": the first neighbour is number 1. */
static int set_neighbour(struct plane *plane, uint32_t id, uint32_t address,
			 const uint8_t mac[6])
{
	struct tp_neighbour_key key = { .address = plane_address(address),
					.ifindex = PLANE_LAN };
	struct tp_neighbour neighbour = { .ifindex = PLANE_LAN,
					  .mtu = 1500,
					  .valid = 1,
					  .xdp = 1,
					  .address = key.address };
	int err;

	memcpy(neighbour.destination, mac, 6);
	memcpy(neighbour.source, plane_mac_lan, 6);
	err = plane_set(plane->skel->maps.neighbours, id, &neighbour);
	return err   ?:
		       bpf_map_update_elem(
			       bpf_map__fd(plane->skel->maps.neighbour_ids),
			       &key, &id, BPF_ANY);
}

static int set_neighbours(struct plane *plane)
{
	int err = set_neighbour(plane, 1, H, plane_mac_h);

	err = err ?: set_neighbour(plane, 2, H2, plane_mac_h2);
	return err ?: set_neighbour(plane, 3, ROUTER, plane_mac_router);
}

/* ---- forgetting --------------------------------------------------------- */

static int zero_map(struct bpf_map *map)
{
	size_t size = (bpf_map__value_size(map) + 7) & ~7UL;
	int cpus = libbpf_num_possible_cpus();
	void *zero;
	int err = 0;

	if (bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY)
		size *= cpus;
	zero = calloc(1, size);
	if (!zero)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < bpf_map__max_entries(map); i++)
		err = plane_set(map, i, zero);
	free(zero);
	return err;
}

static int forget(struct plane *plane)
{
	struct twinpath *skel = plane->skel;
	int err;

	memset(plane->sessions, 0, plane->lines * sizeof(struct tp_session));
	memset(plane->bindings, 0,
	       plane->bindings_count * sizeof(*plane->bindings));
	memset(plane->rations, 0, TP_RATION_LINES * sizeof(*plane->rations));
	err = plane_routes_clear(plane);
	err = err ?: zero_map(skel->maps.reserved);
	err = err ?: zero_map(skel->maps.tags);
	err = err ?: zero_map(skel->maps.endpoints);
	err = err ?: zero_map(skel->maps.permits);
	err = err ?: zero_map(skel->maps.asked);
	err = err ?: zero_map(skel->maps.paces);
	err = err ?: zero_map(skel->maps.fragment_records);
	err = err ?: zero_map(skel->maps.fragment_slots);
	err = err ?: zero_map(skel->maps.fragment_last);
	err = err ?: zero_map(skel->maps.sweeper);
	err = err ?: zero_map(skel->maps.partner_seen);
	err = err ?: zero_map(skel->maps.host_bound);
	err = err ?: zero_map(skel->maps.pressure);
	err = err ?: zero_map(skel->maps.exit_counters);
	return err ?: zero_map(skel->maps.reasons);
}

/* A test may have taken them away; see test_packet_fast. */
static int set_full_programs(struct plane *plane)
{
	struct twinpath *skel = plane->skel;
	struct {
		__u32 hook;
		struct bpf_program *program;
	} full[] = { { TP_HOOK_xdp_lan, skel->progs.xdp_lan_full },
		     { TP_HOOK_xdp_wan, skel->progs.xdp_wan_full } };
	int map = bpf_map__fd(skel->maps.full_programs), err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		int program = bpf_program__fd(full[i].program);

		err = bpf_map_update_elem(map, &full[i].hook, &program, 0);
	}
	return err;
}

int plane_reset(struct plane *plane)
{
	int err = forget(plane);

	err = err ?: set_full_programs(plane);
	err = err ?: set_globals(plane);
	err = err ?: set_exits(plane);
	err = err ?: set_addresses(plane);
	err = err ?: set_links(plane);
	err = err ?: plane_set_partner(plane, TP_PARTNER_NONE);
	err = err ?: plane_routes(plane);
	return err ?: set_neighbours(plane);
}
