// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_netlink_route.c - the picture of routes and next-hop objects,
 * against a real kernel.  Needs root; works in namespaces of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#include "netns.h"

static bool linkdown(struct netns *netns, const char *to, const char *gateway)
{
	const struct netlink_route *route = netns_by(netns, to, gateway);

	return route && (route->flags & RTNH_F_LINKDOWN);
}

static void test_kept_tables(void **state)
{
	struct netns *netns = netns_of(state);

	netns_two_uplinks(netns);
	netns_run("ip route add 10.1.0.0/16 via 10.0.0.2 table 77 && "
		  "ip route add 10.2.0.0/16 via 10.0.0.2 table 20099 && "
		  "ip route add 10.2.0.0/16 via 10.0.0.2 table 20132 && "
		  "ip route add 10.3.0.0/16 via 10.0.0.2 table 20100 && "
		  "ip route add 10.4.0.0/16 via 10.0.0.2 table 20131 && "
		  "ip route add 10.5.0.0/16 via 10.0.0.2 table 253 && "
		  "ip route add 10.6.0.0/16 via 10.0.0.2");
	NETNS_WAIT(netns, netns_entries(netns, "10.6.0.0/16") == 1);
	assert_int_equal(netns_entries(netns, "10.1.0.0/16"), 0);
	assert_int_equal(netns_entries(netns, "10.2.0.0/16"), 0);
	assert_int_equal(netns_entries(netns, "10.3.0.0/16"), 1);
	assert_int_equal(netns_entries(netns, "10.4.0.0/16"), 1);
	assert_int_equal(netns_entries(netns, "10.5.0.0/16"), 1);
	assert_int_equal(netns_entries(netns, "10.0.0.1/32"), 0); /* local's */
	assert_int_equal(netns_by(netns, "10.4.0.0/16", "10.0.0.2")->table,
			 20131);

	/* A dump must come to the same. */
	netlink_close(netns->netlink);
	assert_int_equal(netlink_open(&netns->netlink, netns->loop.base,
				      netns_changed, netns),
			 0);
	assert_int_equal(netns_all_routes(netns), 6); /* and two subnets */
}

static void test_multipath(void **state)
{
	struct netns *netns = netns_of(state);
	const struct netlink_route *route;

	netns_two_uplinks(netns);
	netns_run("ip route add 10.9.0.0/24 nexthop via 10.0.0.2 dev w0 "
		  "nexthop via 10.0.1.2 dev w1");
	NETNS_WAIT(netns, netns_entries(netns, "10.9.0.0/24") == 2);
	route = netns_by(netns, "10.9.0.0/24", "10.0.1.2");
	assert_non_null(route);
	assert_int_equal(route->hops, 2);
	assert_int_equal(route->oif, netns_index_of(netns, "w1"));
	route = netns_by(netns, "10.9.0.0/24", "10.0.0.2");
	assert_int_equal(route->oif, netns_index_of(netns, "w0"));
	netns_run("ip route replace 10.9.0.0/24 via 10.0.1.2");
	NETNS_WAIT(netns, netns_entries(netns, "10.9.0.0/24") == 1);
	assert_int_equal(netns_by(netns, "10.9.0.0/24", "10.0.1.2")->hops, 1);
	netns_run("ip route replace 10.9.0.0/24 nexthop via 10.0.0.2 dev w0 "
		  "nexthop via 10.0.1.2 dev w1");
	NETNS_WAIT(netns, netns_entries(netns, "10.9.0.0/24") == 2);
	netns_run("ip route del 10.9.0.0/24");
	NETNS_WAIT(netns, netns_entries(netns, "10.9.0.0/24") == 0);
}

static void test_replace(void **state)
{
	struct netns *netns = netns_of(state);
	const char *to = "10.9.0.0/24";

	netns_two_uplinks(netns);
	netns_run("ip route add %s via 10.0.0.2 metric 5 proto 100", to);
	netns_run("ip route append %s via 10.0.0.3 metric 5 proto 101", to);
	netns_run("ip route add %s via 10.0.0.9 metric 6", to);
	NETNS_WAIT(netns, netns_entries(netns, to) == 3);
	/* The first of its metric goes, whoever made it. */
	netns_run("ip route replace %s via 10.0.0.4 metric 5 proto 102", to);
	NETNS_WAIT(netns, netns_by(netns, to, "10.0.0.4"));
	assert_int_equal(netns_entries(netns, to), 3);
	assert_null(netns_by(netns, to, "10.0.0.2"));
	assert_non_null(netns_by(netns, to, "10.0.0.3"));
	/* One that comes first is the next to be replaced. */
	netns_run("ip route prepend %s via 10.0.0.5 metric 5", to);
	NETNS_WAIT(netns, netns_entries(netns, to) == 4);
	netns_run("ip route replace %s via 10.0.0.6 metric 5", to);
	NETNS_WAIT(netns, netns_by(netns, to, "10.0.0.6"));
	assert_null(netns_by(netns, to, "10.0.0.5"));
	assert_non_null(netns_by(netns, to, "10.0.0.4"));
	netns_run("ip route del %s via 10.0.0.4", to);
	NETNS_WAIT(netns, netns_entries(netns, to) == 3);
	assert_null(netns_by(netns, to, "10.0.0.4"));
	assert_non_null(netns_by(netns, to, "10.0.0.9"));
}

static void test_objects(void **state)
{
	struct netns *netns = netns_of(state);
	const char *to = "10.9.0.0/24", *group = "10.8.0.0/24";

	netns_two_uplinks(netns);
	netns_run("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode");
	netns_run("ip nexthop add id 10 via 10.0.0.2 dev w0 && "
		  "ip nexthop add id 20 via 10.0.1.2 dev w1 && "
		  "ip nexthop add id 30 group 10/20 && "
		  "ip route add %s nhid 10 && ip route add %s nhid 30",
		  to, group);
	NETNS_WAIT(netns, netns_by(netns, to, "10.0.0.2") &&
				  netns_entries(netns, group) == 2);
	assert_int_equal(netns_by(netns, to, "10.0.0.2")->nhid, 10);
	assert_int_equal(netns_by(netns, to, "10.0.0.2")->oif,
			 netns_index_of(netns, "w0"));
	assert_int_equal(netns_by(netns, group, "10.0.1.2")->hops, 2);

	/* No route message follows any of these. */
	netns_run("ip nexthop replace id 10 via 10.0.0.7 dev w0");
	NETNS_WAIT(netns, netns_by(netns, to, "10.0.0.7") &&
				  netns_by(netns, group, "10.0.0.7"));
	assert_null(netns_by(netns, to, "10.0.0.2"));
	netns->changes = 0;
	netns_run("ip nexthop del id 20");
	NETNS_WAIT(netns, netns_entries(netns, group) == 1);
	assert_true(netns->changes & NETLINK_ROUTES);
	netns_run("ip nexthop del id 30");
	NETNS_WAIT(netns, netns_entries(netns, group) == 0);
	netns_run("ip link set w0 down");
	NETNS_WAIT(netns, netns_entries(netns, to) == 0);
	netns_run("ip nexthop list | grep -q . && exit 1 || exit 0");
}

static void test_objects_dumped(void **state)
{
	struct netns *netns = netns_of(state);

	netns_two_uplinks(netns);
	netns_run("ip nexthop add id 10 via 10.0.0.2 dev w0 && "
		  "ip nexthop add id 30 group 10 && "
		  "ip route add 10.9.0.0/24 nhid 30 && "
		  "ip nexthop add id 40 blackhole && "
		  "ip route add 10.8.0.0/24 nhid 40");
	netns_run("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode");
	netlink_close(netns->netlink);
	assert_int_equal(netlink_open(&netns->netlink, netns->loop.base,
				      netns_changed, netns),
			 0);
	assert_non_null(netns_by(netns, "10.9.0.0/24", "10.0.0.2"));
	assert_int_equal(netns_entries(netns, "10.9.0.0/24"), 1);
	assert_int_equal(netns_by(netns, "10.8.0.0/24", "")->type,
			 RTN_BLACKHOLE);
}

static void test_silent_link_down(void **state)
{
	struct netns *netns = netns_of(state);
	uint64_t resyncs;

	netns_two_uplinks(netns);
	netns_run("ip route add default via 10.0.0.2 proto 201 && "
		  "ip route add 10.9.0.0/24 via 10.0.1.2");
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 1);
	netns->changes = 0;
	resyncs = netlink_statistics(netns->netlink).resyncs;
	netns_run("ip link set w0 down");
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 0);
	assert_true(netns->changes & NETLINK_ROUTES);
	assert_true(netlink_statistics(netns->netlink).resyncs > resyncs);
	assert_int_equal(netns_entries(netns, "10.9.0.0/24"), 1);
}

static void test_carrier(void **state)
{
	struct netns *netns = netns_of(state);

	netns_two_uplinks(netns);
	netns_run("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode && "
		  "ip nexthop add id 10 via 10.0.0.2 dev w0 && "
		  "ip route add 10.8.0.0/24 nhid 10 && "
		  "ip route add default via 10.0.0.2");
	NETNS_WAIT(netns, netns_by(netns, "0.0.0.0/0", "10.0.0.2"));
	assert_false(linkdown(netns, "0.0.0.0/0", "10.0.0.2"));
	assert_int_equal(netns_entries(netns, "10.8.0.0/24"), 1);
	netns_run("ip link set w0p down");
	NETNS_WAIT(netns, linkdown(netns, "0.0.0.0/0", "10.0.0.2"));
	/* An object does not survive this, and takes its route along. */
	NETNS_WAIT(netns, !netns_entries(netns, "10.8.0.0/24"));
	netns_run("ip link set w0p up");
	NETNS_WAIT(netns, netns_by(netns, "0.0.0.0/0", "10.0.0.2") &&
				  !linkdown(netns, "0.0.0.0/0", "10.0.0.2"));
}

static void test_silent_last_address(void **state)
{
	struct netns *netns = netns_of(state);

	netns_two_uplinks(netns);
	netns_run("ip route add default via 10.0.0.2 proto 201");
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 1);
	netns_run("ip addr del 10.0.0.1/24 dev w0");
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 0);
	assert_int_equal(netns_addresses_on(netns, "w0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_kept_tables),
		NETNS_TEST(test_multipath),
		NETNS_TEST(test_replace),
		NETNS_TEST(test_objects),
		NETNS_TEST(test_objects_dumped),
		NETNS_TEST(test_silent_link_down),
		NETNS_TEST(test_carrier),
		NETNS_TEST(test_silent_last_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
