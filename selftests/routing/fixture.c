// SPDX-License-Identifier: GPL-2.0-or-later
/* fixture.c - see fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"

static struct routing_uplink uplink(struct netns *netns, const char *name,
				    unsigned exit, const char *interface,
				    const char *address, const char *next_hop)
{
	const struct netlink_link *link =
		netlink_link_by_name(netns->netlink, interface);
	struct routing_uplink result = {
		.exit = exit,
		.present = link,
		.ifindex = link ? link->index : 0,
		.next_hop = netns_address(next_hop),
		.address = netns_address(address),
	};

	snprintf(result.name, sizeof(result.name), "%s", name);
	snprintf(result.interface, sizeof(result.interface), "%s", interface);
	return result;
}

void fixture_wish(struct fixture *fixture)
{
	struct netns *netns = fixture->netns;

	fixture->wish = (struct routing_wish){
		.uplinks_count = 2,
		.announce = 0,
		.last_resort = ROUTING_NOBODY,
	};
	fixture->wish.uplinks[0] =
		uplink(netns, "isp-a", 1, "w0", "172.16.1.1", "172.16.1.2");
	fixture->wish.uplinks[1] =
		uplink(netns, "isp-b", 2, "w1", "172.17.3.1", "172.17.3.2");
}

struct fixture fixture_begin(void **state)
{
	struct fixture fixture = { .netns = netns_of(state) };
	struct netns *netns = fixture.netns;

	netns_veth("w0", "172.16.1.1/30");
	netns_veth("w1", "172.17.3.1/30");
	netns_veth("l0", "192.168.0.4/24");
	NETNS_WAIT(netns, netlink_link_by_name(netns->netlink, "l0"));
	netlink_refresh(netns->netlink);
	fixture_wish(&fixture);
	return fixture;
}

void fixture_apply(struct fixture *fixture)
{
	int err = routing_apply(fixture->netns->netlink, &fixture->wish,
				&fixture->report);

	if (err)
		fail_msg("apply: %s", fixture->report.error);
	assert_int_equal(fixture->report.failed, 0);
}

void fixture_quiet(struct fixture *fixture)
{
	fixture_apply(fixture);
	assert_int_equal(fixture->report.added, 0);
	assert_int_equal(fixture->report.deleted, 0);
	assert_int_equal(fixture->report.reinstalled, 0);
}
