// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_conflict.c - an uplink's subnet that is inside, too, against a real
 * kernel.  Needs root; works in namespaces of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conflict.h"
#include "netns.h"

static const struct config config = {
	.lans_count = 1,
	.lans = { "lan0" },
	.uplinks_count = 2,
	.uplinks = { { .name = "a", .interface = "wan0" },
		     { .name = "b", .interface = "wan1" } },
};

/* The subnet that is told of, "" for none. */
static const char *told(struct netns *netns, struct conflicts *conflicts,
			unsigned uplink)
{
	static char text[ADDRESS_TEXT];

	conflicts_watch(conflicts, &config, netns->netlink);
	if (!conflicts->subnet[uplink].length)
		return "";
	return prefix_print(&conflicts->subnet[uplink], text);
}

static void test_same_subnet(void **state)
{
	struct netns *netns = netns_of(state);
	struct conflicts conflicts = { 0 };

	netns_veth("lan0", "192.168.0.3/24");
	netns_veth("wan0", "192.168.0.77/24");
	netns_veth("wan1", "172.16.1.1/30");
	NETNS_WAIT(netns,
		   !strcmp(told(netns, &conflicts, 0), "192.168.0.0/24"));
	assert_string_equal(told(netns, &conflicts, 1), "");
	/* A lease in another one ends it. */
	netns_run("ip addr del 192.168.0.77/24 dev wan0 && "
		  "ip addr add 192.168.1.77/24 dev wan0");
	NETNS_WAIT(netns, !*told(netns, &conflicts, 0));
}

static void test_behind_an_inner_router(void **state)
{
	struct netns *netns = netns_of(state);
	struct conflicts conflicts = { 0 };

	netns_veth("lan0", "192.168.0.3/24");
	netns_veth("wan0", "10.1.2.3/24");
	netns_veth("wan1", "10.3.2.3/16");
	netns_run("ip route add 10.1.0.0/16 via 192.168.0.30");
	NETNS_WAIT(netns, *told(netns, &conflicts, 0));
	assert_string_equal(told(netns, &conflicts, 0), "10.1.2.0/24");
	assert_string_equal(told(netns, &conflicts, 1), "");
	/* A part of it is enough. */
	netns_run("ip route add 10.3.7.0/24 via 192.168.0.30");
	NETNS_WAIT(netns, *told(netns, &conflicts, 1));
}

/* A default route inside, and an uplink's host address, are none. */
static void test_none(void **state)
{
	struct netns *netns = netns_of(state);
	struct conflicts conflicts = { 0 };

	netns_veth("lan0", "192.168.0.3/24");
	netns_veth("wan0", "192.168.0.99/32");
	netns_veth("wan1", "172.16.1.1/30");
	netns_run("ip route add default via 192.168.0.30");
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 1 &&
				  netns_addresses_on(netns, "wan0") == 1);
	assert_string_equal(told(netns, &conflicts, 0), "");
	assert_string_equal(told(netns, &conflicts, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_same_subnet),
		NETNS_TEST(test_behind_an_inner_router),
		NETNS_TEST(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
