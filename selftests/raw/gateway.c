// SPDX-License-Identifier: GPL-2.0-or-later
/* gateway.c - see gateway.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "../harness/plane_routes.h"
#include "gateway.h"

struct gateway gateway;

const uint8_t *const gateway_macs[ENDS] = {
	[LAN] = plane_mac_lan,
	[ISP_A] = plane_mac_isp_a,
	[ISP_B] = plane_mac_isp_b,
};

static void set_exit(uint32_t id, const struct tap *tap)
{
	struct tp_exit exit;

	assert_int_equal(plane_get(gateway.plane.skel->maps.exits, id, &exit),
			 0);
	exit.ifindex = tap->ifindex;
	exit.flags = TP_EXIT_HAS_NEXT_HOP;
	if (tap->raw) {
		memset(exit.destination, 0, 6);
		memset(exit.source, 0, 6);
	}
	assert_int_equal(plane_set(gateway.plane.skel->maps.exits, id, &exit),
			 0);
}

static void set_link(const struct tap *tap, struct tp_link link,
		     const uint8_t mac[6])
{
	link.ifindex = tap->ifindex;
	link.macs = 1;
	if (!tap->raw)
		memcpy(link.mac[0], mac, 6);
	assert_int_equal(plane_set(gateway.plane.skel->maps.links,
				   link.ifindex % TP_LINK_SLOTS, &link),
			 0);
}

/* Behind a tun there is one neighbour, 0.0.0.0. */
static void set_inside(const struct tap *lan)
{
	struct tp_neighbour end = {
		.ifindex = lan->ifindex,
		.mtu = 1500,
		.valid = 1,
		.address = plane_address(lan->raw ? 0 : H),
	};
	struct tp_neighbour_key at = { end.address, end.ifindex, 0 };
	struct tp_route route = { .kind = TP_ROUTE_INSIDE,
				  .ifindex = lan->ifindex,
				  .via = lan->raw,
				  .next_hop = plane_address(0) };
	uint32_t id = 9;
	struct twinpath *skel = gateway.plane.skel;

	if (!lan->raw) {
		memcpy(end.destination, plane_mac_h, 6);
		memcpy(end.source, plane_mac_lan, 6);
	}
	assert_int_equal(plane_set(skel->maps.neighbours, id, &end), 0);
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(skel->maps.neighbour_ids), &at,
				    &id, BPF_ANY),
		0);
	assert_int_equal(
		plane_route(&gateway.plane, IP(192, 168, 0, 0), 24, &route), 0);
}

void gateway_furnish(bool raw_lan, bool raw_uplink)
{
	const struct tp_link lan = { .role = TP_LINK_LAN };
	const struct tp_link a = { .role = TP_LINK_UPLINK,
				   .exit = PLANE_EXIT_A };
	const struct tp_link b = { .role = TP_LINK_UPLINK,
				   .exit = PLANE_EXIT_B };
	uint8_t left[PACKET_MAX];

	gateway.at[LAN] = &gateway.taps[LAN][raw_lan];
	gateway.at[ISP_A] = &gateway.taps[ISP_A][raw_uplink];
	gateway.at[ISP_B] = &gateway.taps[ISP_B][!raw_uplink];
	assert_int_equal(plane_reset(&gateway.plane), 0);
	set_exit(PLANE_EXIT_A, gateway.at[ISP_A]);
	set_exit(PLANE_EXIT_B, gateway.at[ISP_B]);
	set_link(gateway.at[LAN], lan, plane_mac_lan);
	set_link(gateway.at[ISP_A], a, plane_mac_isp_a);
	set_link(gateway.at[ISP_B], b, plane_mac_isp_b);
	set_inside(gateway.at[LAN]);
	for (int end = LAN; end < ENDS; end++)
		while (tap_receive(gateway.at[end], left, 0))
			;
}

void gateway_set_partner(void)
{
	struct tp_partner partner = { .type = TP_PARTNER_TWINPATH,
				      .exit = PLANE_EXIT_PARTNER,
				      .reachable = 1 };
	struct tp_exit exit;
	uint8_t left[PACKET_MAX];

	assert_int_equal(plane_get(gateway.plane.skel->maps.exits,
				   PLANE_EXIT_PARTNER, &exit),
			 0);
	exit.flags = TP_EXIT_HAS_NEXT_HOP;
	exit.mtu = 1400;
	assert_int_equal(plane_set(gateway.plane.skel->maps.exits,
				   PLANE_EXIT_PARTNER, &exit),
			 0);
	for (uint8_t kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		const struct tp_link link = {
			.role = TP_LINK_LAN,
			.kinds = (uint8_t)(1U << kind),
		};

		partner.way[kind].ifindex = gateway.links[kind].ifindex;
		set_link(&gateway.links[kind], link, NULL);
		while (tap_receive(&gateway.links[kind], left, 0))
			;
	}
	assert_int_equal(
		plane_set(gateway.plane.skel->maps.partner, 0, &partner), 0);
}

int gateway_open(void **state)
{
	static const char *const names[ENDS][2] = { { "elan", "rlan" },
						    { "eispa", "rispa" },
						    { "eispb", "rispb" } };
	char name[8];
	int err = plane_open(&gateway.plane, 256);

	(void)state;
	for (int end = LAN; !err && end < ENDS; end++)
		for (int raw = 0; !err && raw < 2; raw++) {
			struct tap *tap = &gateway.taps[end][raw];

			err = tap_open(tap, names[end][raw], raw, gateway_macs[end]) ?:
				      tap_attach(tap, &gateway.plane,
						 end == LAN);
		}
	for (int kind = TP_KIND_TAKE; !err && kind < TP_KINDS; kind++) {
		snprintf(name, sizeof(name), "kind%d", kind);
		err = tap_open(&gateway.links[kind], name, true, NULL) ?:
			      tap_attach(&gateway.links[kind], &gateway.plane,
					 true);
	}
	return err;
}

int gateway_close(void **state)
{
	(void)state;
	for (int end = LAN; end < ENDS; end++)
		for (int raw = 0; raw < 2; raw++)
			tap_close(&gateway.taps[end][raw]);
	for (int kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		tap_close(&gateway.links[kind]);
	plane_close(&gateway.plane);
	return 0;
}
