// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_routing.c - desired routes and rules, carried out in a real kernel.
 * Needs root; works in namespaces of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "routing/fixture.h"
#include "routing/witness.h"

#define SITE_ROUTES 5 /* two tables of two, and the default in main */
#define ALL_RULES (2 * ROUTING_RULES_PER_UPLINK)

static const char snapshot[] = "ip rule; ip route show table all";

static void test_apply(void **state)
{
	struct fixture site = fixture_begin(state);

	site.wish.last_resort = 1;
	site.wish.announce_marker = true;
	site.wish.marker = netns_prefix("10.255.0.1/32");
	fixture_apply(&site);
	assert_int_equal(site.report.added, SITE_ROUTES + 2 + ALL_RULES);
	assert_int_equal(site.report.deleted, 0);
	assert_int_equal(site.report.skipped, 0);
	assert_true(netns_says("ip route show table 20101",
			       "default via 172.16.1.2 dev w0 proto 201 "
			       "src 172.16.1.1 \nunreachable default proto 201 "
			       "metric 4294967294"));
	assert_true(netns_says("ip route show table 20102",
			       "default via 172.17.3.2 dev w1"));
	assert_true(netns_says("ip route", "default via 172.16.1.2 dev w0"));
	assert_true(netns_says("ip route show table 253",
			       "default via 172.17.3.2 dev w1"));
	assert_true(netns_says("ip route", "blackhole 10.255.0.1 proto 201"));
	fixture_quiet(&site);

	/* A daemon that starts anew finds all in place. */
	memset(&site.report, 0, sizeof(site.report));
	netlink_close(site.netns->netlink);
	assert_int_equal(netlink_open(&site.netns->netlink,
				      site.netns->loop.base, netns_changed,
				      site.netns),
			 0);
	fixture_quiet(&site);
}

static void test_where_packets_go(void **state)
{
	static const struct {
		const char *ask, *answer;
	} rows[] = {
		{ "8.8.8.8", "via 172.16.1.2 dev w0" },
		{ "8.8.8.8 mark 0x810000", "dev w0 table 20101" },
		{ "8.8.8.8 mark 0x820000", "dev w1 table 20102" },
		{ "8.8.8.8 mark 0x1820001", "dev w1 table 20102" },
		{ "8.8.8.8 mark 0x2", "dev w0 src" },
		{ "8.8.8.8 from 172.17.3.1", "via 172.17.3.2 dev w1" },
		{ "192.168.0.10 from 172.17.3.1", "dev l0" },
		{ "10.1.2.3 from 172.17.3.1", "via 192.168.0.9 dev l0" },
		{ "172.16.1.2 from 172.17.3.1", "dev w0" },
		{ "8.8.8.8 oif w1", "via 172.17.3.2 dev w1" },
		{ "172.17.3.2 oif w1", "172.17.3.2 dev w1 " },
		{ "10.1.2.3 oif w1", "via 172.17.3.2 dev w1" },
	};
	struct fixture site = fixture_begin(state);
	char command[128];
	size_t i;

	netns_run("ip route add 10.1.0.0/16 via 192.168.0.9");
	fixture_apply(&site);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(command, sizeof(command), "ip route get %s",
			 rows[i].ask);
		if (!netns_says(command, rows[i].answer))
			fail_msg("%s: not %s but %s", rows[i].ask,
				 rows[i].answer, netns_output(command));
	}
	/* Without its interface nothing of w1 leaves by w0. */
	netns_run("ip link set w1 down");
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x820000 2>&1",
			       "No route to host"));
	assert_true(netns_says("ip route get 8.8.8.8 from 172.17.3.1 2>&1",
			       "No route to host"));
}

static void test_switch_without_gap(void **state)
{
	static const uint32_t metrics[] = { 0, 0, MODEL_METRIC_FLOATING, 7, 0 };
	struct fixture site = fixture_begin(state);
	struct witness witness;
	unsigned i;

	witness_open(&witness);
	fixture_apply(&site);
	assert_false(witness_saw_default(&witness)); /* it can see */
	for (i = 1; i < sizeof(metrics) / sizeof(*metrics); i++) {
		site.wish.announce = (int)(i % 2);
		site.wish.metric = metrics[i];
		fixture_apply(&site);
		assert_int_equal(site.report.added, 1);
		assert_int_equal(site.report.deleted,
				 metrics[i] != metrics[i - 1]);
		assert_true(witness_saw_default(&witness));
		fixture_quiet(&site);
	}
	/* The same uplink, another metric: only the old one may go. */
	site.wish.metric = 9;
	fixture_apply(&site);
	assert_true(witness_saw_default(&witness));
	site.wish.metric = 0;
	fixture_apply(&site);
	assert_true(witness_saw_default(&witness));
	assert_true(netns_says("ip route | grep -c default", "1"));
	site.wish.announce = ROUTING_NOBODY;
	fixture_apply(&site);
	assert_int_equal(site.report.deleted, 1);
	assert_false(witness_saw_default(&witness));
	witness_close(&witness);
}

static void test_theft(void **state)
{
	struct fixture site = fixture_begin(state);

	fixture_apply(&site);
	assert_int_equal(site.report.reinstalled, 0);
	loop_turn(&site.netns->loop);
	site.netns->changes = 0;
	netns_run("ip route del default");
	NETNS_WAIT(site.netns, site.netns->changes & NETLINK_ROUTES);
	fixture_apply(&site);
	assert_int_equal(site.report.added, 1);
	assert_int_equal(site.report.reinstalled, 1);

	netns_run("ip route replace default via 192.168.0.1 proto dhcp");
	fixture_apply(&site);
	assert_int_equal(site.report.reinstalled, 1);
	assert_true(netns_says("ip route", "default via 172.16.1.2 dev w0"));
	assert_false(netns_says("ip route", "192.168.0.1"));

	netns_run("ip rule del pref 20102 from 172.16.1.1");
	netns_run("ip route flush table 20102");
	fixture_apply(&site);
	assert_int_equal(site.report.added, 3);
	assert_int_equal(site.report.reinstalled, 3);
	fixture_quiet(&site);
}

static void test_interface_down(void **state)
{
	struct fixture site = fixture_begin(state);

	fixture_apply(&site);
	netns_run("ip link set w0 down");
	fixture_apply(&site);
	assert_int_equal(site.report.skipped, 2); /* its own table's, main's */
	assert_non_null(strstr(site.report.omission, "isp-a"));
	assert_non_null(strstr(site.report.omission, "w0 is down"));
	assert_true(netns_says("ip route show table 20101", "unreachable"));
	/* The kernel says nothing: it takes a dump, at its time, to know. */
	NETNS_WAIT(site.netns,
		   !netns_by(site.netns, "0.0.0.0/0", "172.16.1.2"));
	netns_run("ip link set w0 up");
	fixture_apply(&site);
	assert_int_equal(site.report.added, 2);
	assert_int_equal(site.report.reinstalled, 0); /* nobody stole them */
	assert_int_equal(site.report.skipped, 0);
	assert_string_equal(site.report.omission, "");
	fixture_quiet(&site);
}

static void test_interface_gone(void **state)
{
	struct fixture site = fixture_begin(state);

	fixture_apply(&site);
	netns_run("ip link del w0");
	netlink_refresh(site.netns->netlink);
	fixture_wish(&site);
	assert_false(site.wish.uplinks[0].present);
	fixture_apply(&site);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000 2>&1",
			       "No route to host"));
	netns_veth("w0", "172.16.1.1/30");
	netlink_refresh(site.netns->netlink);
	fixture_wish(&site);
	fixture_apply(&site);
	assert_int_equal(site.report.added, 2);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000",
			       "dev w0 table 20101"));
}

static void test_new_address(void **state)
{
	struct fixture site = fixture_begin(state);

	fixture_apply(&site);
	netns_run("ip addr add 172.16.9.5/30 dev w0 && "
		  "ip addr del 172.16.1.1/30 dev w0");
	fixture_apply(&site); /* before it is known */
	assert_int_equal(site.report.skipped, 2);
	assert_non_null(strstr(site.report.omission, "has lost its address"));
	site.wish.uplinks[0].address = netns_address("172.16.9.5");
	site.wish.uplinks[0].next_hop = netns_address("172.16.9.6");
	fixture_apply(&site);
	assert_int_equal(site.report.added, 2 + 2);
	assert_int_equal(site.report.deleted, 2);
	assert_false(netns_says(snapshot, "172.16.1.1"));
	fixture_quiet(&site);
	site.wish.uplinks[0].next_hop = netns_address("172.16.1.2");
	fixture_apply(&site);
	assert_non_null(strstr(site.report.omission, "no subnet"));
}

/* To the kernel, "delete it" without a source means "whatever its source". */
static void test_source_appears(void **state)
{
	struct fixture site = fixture_begin(state);
	struct tp_addr none = { 0 };

	site.wish.uplinks[0].address = none;
	fixture_apply(&site);
	assert_int_equal(site.report.added, SITE_ROUTES + ALL_RULES - 2);
	fixture_wish(&site);
	fixture_apply(&site);
	assert_int_equal(site.report.added, 2 + 2);
	assert_int_equal(site.report.deleted, 0);
	assert_true(netns_says("ip route", "default via 172.16.1.2"));
	fixture_quiet(&site);
}

/* A forwarded packet is measured by its route, where that has an MTU. */
static void test_mtu(void **state)
{
	struct fixture site = fixture_begin(state);

	fixture_apply(&site);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000", "dev w0"));
	assert_false(netns_says(snapshot, " mtu "));
	for (unsigned mtu = 1400; mtu >= 1300; mtu -= 100) {
		char text[16];

		snprintf(text, sizeof(text), "mtu %u", mtu);
		site.wish.uplinks[0].mtu = mtu;
		fixture_apply(&site);
		/* In its own table and in main, in the place of the others. */
		assert_int_equal(site.report.added, 2);
		assert_int_equal(site.report.deleted, 0);
		assert_true(netns_says("ip route", text));
		assert_true(netns_says("ip route show table 20101", text));
		assert_false(netns_says("ip route show table 20102", "mtu"));
		fixture_quiet(&site);
	}
	site.wish.uplinks[0].mtu = 0;
	fixture_apply(&site);
	assert_int_equal(site.report.added, 2);
	assert_false(netns_says(snapshot, " mtu "));
	fixture_quiet(&site);
}

static void test_failure_is_told(void **state)
{
	struct fixture site = fixture_begin(state);

	/* A broadcast address. */
	site.wish.uplinks[0].next_hop = netns_address("172.16.1.3");
	assert_true(routing_apply(site.netns->netlink, &site.wish,
				  &site.report) < 0);
	assert_int_equal(site.report.failed, 2);
	assert_non_null(strstr(site.report.error, "172.16.1.3"));
	/* The rest was done. */
	assert_true(netns_says("ip route show table 20102",
			       "default via 172.17.3.2"));
	assert_int_equal(site.report.added, 3 + ALL_RULES);
}

static void test_withdraw(void **state)
{
	struct fixture site = fixture_begin(state);
	char *before, *after;

	netns_run("ip rule add fwmark 1 lookup 77 && "
		  "ip route add default via 172.17.3.2 metric 900");
	before = netns_output(snapshot);
	/* There is nothing yet. */
	assert_int_equal(routing_withdraw(site.netns->netlink), 0);
	site.wish.last_resort = 1;
	site.wish.announce_marker = true;
	site.wish.marker = netns_prefix("10.255.0.1/32");
	fixture_apply(&site);
	/* What only an earlier daemon can have made goes as well. */
	netns_run("ip route add default via 172.17.3.2 table 20109 proto 201");
	netns_run("ip rule add pref 20100 fwmark 9 lookup 20109 protocol 201");
	after = netns_output(snapshot);
	assert_string_not_equal(before, after);
	free(after);
	assert_int_equal(routing_withdraw(site.netns->netlink), 0);
	after = netns_output(snapshot);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(routing_withdraw(site.netns->netlink), 0);
}

static void test_nudge(void **state)
{
	struct fixture site = fixture_begin(state);
	struct witness witness;

	fixture_apply(&site);
	assert_int_equal(routing_nudge(site.netns->netlink,
				       &site.wish.uplinks[0], 0),
			 -EEXIST);
	witness_open(&witness);
	netns_run("ip addr del 172.16.1.1/30 dev w0");
	assert_false(netns_says("ip route", "default"));
	witness_saw_default(&witness);
	assert_false(witness_sees_default(&witness));
	assert_int_equal(routing_nudge(site.netns->netlink,
				       &site.wish.uplinks[0], 0),
			 0);
	assert_false(netns_says("ip route", "default"));
	/* It came and it went: two messages for whoever listens. */
	assert_false(witness_saw_default(&witness));
	assert_int_equal(witness.fib.count, 0);
	assert_true(witness.fib.room > 0);
	witness_close(&witness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_apply),
		NETNS_TEST(test_where_packets_go),
		NETNS_TEST(test_switch_without_gap),
		NETNS_TEST(test_theft),
		NETNS_TEST(test_interface_down),
		NETNS_TEST(test_interface_gone),
		NETNS_TEST(test_new_address),
		NETNS_TEST(test_source_appears),
		NETNS_TEST(test_mtu),
		NETNS_TEST(test_failure_is_told),
		NETNS_TEST(test_withdraw),
		NETNS_TEST(test_nudge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
