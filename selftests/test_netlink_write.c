// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_netlink_write.c - requests for routes and rules, against a real
 * kernel.  Needs root; works in namespaces of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#include "netns.h"

static void test_route_requests(void **state)
{
	struct netns *netns = netns_of(state);
	struct netlink_route route = {
		.table = 20101,
		.to = netns_prefix("0.0.0.0/0"),
		.type = RTN_UNICAST,
		.protocol = MODEL_RTPROT,
		.metric = 17,
	};

	netns_two_uplinks(netns);
	NETNS_WAIT(netns, netns_index_of(netns, "w0"));
	netns->changes = 0;
	route.oif = netns_index_of(netns, "w0");
	route.gateway = netns_address("10.0.0.2");
	route.source = netns_address("10.0.0.1");
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	assert_true(netns_says("ip route show table 20101",
			       "default via 10.0.0.2 dev w0 proto 201 "
			       "src 10.0.0.1 metric 17"));
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 1);
	route.gateway = netns_address("10.0.0.3");
	assert_int_equal(netlink_route_add(netns->netlink, &route), -EEXIST);
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	NETNS_WAIT(netns, netns_by(netns, "0.0.0.0/0", "10.0.0.3"));
	assert_int_equal(netns_entries(netns, "0.0.0.0/0"), 1);
	/* What we did ourselves stands in the tables, and is no news. */
	assert_false(netns->changes & NETLINK_ROUTES);

	route.gateway = netns_address("172.31.0.1"); /* on no subnet */
	assert_int_equal(netlink_route_put(netns->netlink, &route),
			 -ENETUNREACH);
	assert_true(strlen(netlink_explanation(netns->netlink)) > 0);
	route.flags = RTNH_F_ONLINK;
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	assert_string_equal(netlink_explanation(netns->netlink), "");
	assert_true(netns_says("ip route show table 20101", "onlink"));
	assert_int_equal(netlink_route_delete(netns->netlink, &route), 0);
	assert_int_equal(netlink_route_delete(netns->netlink, &route), -ESRCH);
	NETNS_WAIT(netns, netns_entries(netns, "0.0.0.0/0") == 0);
}

static void test_other_types(void **state)
{
	struct netns *netns = netns_of(state);
	struct netlink_route route = {
		.table = RT_TABLE_MAIN,
		.to = netns_prefix("10.255.0.1/32"),
		.type = RTN_BLACKHOLE,
		.protocol = MODEL_RTPROT,
	};

	netns_two_uplinks(netns);
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	assert_true(netns_says("ip route", "blackhole 10.255.0.1 proto 201"));
	assert_int_equal(netlink_route_delete(netns->netlink, &route), 0);
	route.type = RTN_UNREACHABLE;
	route.metric = 4294967294U;
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	assert_true(netns_says("ip route", "unreachable 10.255.0.1 proto 201 "
					   "metric 4294967294"));
	NETNS_WAIT(netns, netns_entries(netns, "10.255.0.1/32") == 1);
	assert_int_equal(netns_by(netns, "10.255.0.1/32", "")->metric,
			 4294967294U);
	assert_int_equal(netlink_route_delete(netns->netlink, &route), 0);
	route.type = RTN_UNICAST;
	route.metric = 0;
	route.oif = netns_index_of(netns, "w0");
	assert_int_equal(netlink_route_put(netns->netlink, &route), 0);
	assert_true(netns_says("ip route", "10.255.0.1 dev w0 proto 201 "
					   "scope link"));
	assert_int_equal(netlink_route_delete(netns->netlink, &route), 0);
}

struct seen_rules {
	unsigned count;
	struct netlink_rule rule[8];
};

static int see_rule(void *arg, const struct netlink_rule *rule)
{
	struct seen_rules *seen = arg;

	seen->rule[seen->count++] = *rule;
	return 0;
}

static int stop_at_once(void *arg, const struct netlink_rule *rule)
{
	(void)arg;
	(void)rule;
	return 42;
}

static void test_rules(void **state)
{
	struct netns *netns = netns_of(state);
	struct netlink_rule mark = { .priority = 20100,
				     .table = 20101,
				     .mark = 0x810000,
				     .mask = 0xff0000 };
	struct netlink_rule from = { .priority = 20101,
				     .table = RT_TABLE_MAIN,
				     .no_default = true };
	struct netlink_rule oif = { .priority = 20102,
				    .table = 20101,
				    .oif = "notyet" };
	struct seen_rules seen = { 0 };

	from.from = netns_prefix("172.16.1.1/32");
	netns_run("ip rule add fwmark 1 lookup 77");
	assert_int_equal(netlink_rule_add(netns->netlink, &mark), 0);
	assert_int_equal(netlink_rule_add(netns->netlink, &from), 0);
	assert_int_equal(netlink_rule_add(netns->netlink, &oif), 0);
	assert_int_equal(netlink_rule_add(netns->netlink, &oif), -EEXIST);
	assert_true(netns_says("ip rule", "20101:\tfrom 172.16.1.1 lookup main "
					  "suppress_prefixlength 0"));
	assert_int_equal(netlink_rules(netns->netlink, see_rule, &seen), 0);
	assert_int_equal(seen.count, 3); /* and not the foreign one */
	assert_int_equal(seen.rule[0].mark, mark.mark);
	assert_int_equal(seen.rule[0].mask, mark.mask);
	assert_int_equal(seen.rule[0].table, 20101);
	assert_true(prefix_equal(&seen.rule[1].from, &from.from));
	assert_true(seen.rule[1].no_default);
	assert_string_equal(seen.rule[2].oif, "notyet");
	assert_false(seen.rule[2].no_default);
	assert_int_equal(netlink_rules(netns->netlink, stop_at_once, NULL), 42);
	assert_int_equal(netlink_rule_delete(netns->netlink, &mark), 0);
	assert_int_equal(netlink_rule_delete(netns->netlink, &from), 0);
	assert_int_equal(netlink_rule_delete(netns->netlink, &oif), 0);
	assert_int_equal(netlink_rule_delete(netns->netlink, &oif), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_route_requests),
		NETNS_TEST(test_other_types),
		NETNS_TEST(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
