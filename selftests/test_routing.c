// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_routing.c - desired routes and rules, carried out in a real kernel.
 * Needs root; works in namespaces of its own.
 *
 *    isp-a w0 172.16.1.1/30 ---+
 *                              gateway --- l0 192.168.0.4/24
 *    isp-b w1 172.17.3.1/30 ---+
 */
#include <errno.h>
#include <netlink/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#include "netlink_fib.h"
#include "netlink_request.h"
#include "netns.h"
#include "routing.h"

#define SITE_ROUTES 5 /* two tables of two, and the default in main */
#define ALL_RULES (2 * ROUTING_RULES_PER_UPLINK)

static const char snapshot[] = "ip rule; ip route show table all";

/* ---- the site ------------------------------------------------------------------ */

static void make_site(struct netns *netns)
{
	netns_veth("w0", "172.16.1.1/30");
	netns_veth("w1", "172.17.3.1/30");
	netns_veth("l0", "192.168.0.4/24");
	NETNS_WAIT(netns, netlink_link_by_name(netns->netlink, "l0"));
	netlink_refresh(netns->netlink);
}

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

static struct routing_wish site_wish(struct netns *netns)
{
	struct routing_wish wish = {
		.uplinks_count = 2,
		.announce = 0,
		.last_resort = ROUTING_NOBODY,
	};

	wish.uplinks[0] =
		uplink(netns, "isp-a", 1, "w0", "172.16.1.1", "172.16.1.2");
	wish.uplinks[1] =
		uplink(netns, "isp-b", 2, "w1", "172.17.3.1", "172.17.3.2");
	return wish;
}

static void apply(struct netns *netns, const struct routing_wish *wish,
		  struct routing_report *report)
{
	int err = routing_apply(netns->netlink, wish, report);

	if (err)
		fail_msg("apply: %s", report->error);
	assert_int_equal(report->failed, 0);
}

static void assert_quiet(struct netns *netns, const struct routing_wish *wish,
			 struct routing_report *report)
{
	apply(netns, wish, report);
	assert_int_equal(report->added, 0);
	assert_int_equal(report->deleted, 0);
	assert_int_equal(report->reinstalled, 0);
}

/* ---- a witness: whether main was ever without a default --------------------------- */

static struct nl_sock *witness_open(void)
{
	struct nl_sock *socket = nl_socket_alloc();

	assert_non_null(socket);
	assert_int_equal(nl_connect(socket, NETLINK_ROUTE), 0);
	assert_int_equal(nl_socket_add_membership(socket, RTNLGRP_IPV4_ROUTE),
			 0);
	nl_socket_set_nonblocking(socket);
	return socket;
}

static bool default_in_main(const struct netlink_fib *fib)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_fib_next(fib, route))) {
		if (route->table == RT_TABLE_MAIN && route->to.length == 96 &&
		    route->type == RTN_UNICAST)
			return true;
	}
	return false;
}

/* Play all events over `fib`; whether there was a default after each. */
static bool witness_saw_default(struct nl_sock *socket, struct netlink_fib *fib)
{
	char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct netlink_whole_route route;
	bool always = default_in_main(fib);
	ssize_t got;

	while ((got = recv(nl_socket_get_fd(socket), buffer, sizeof(buffer),
			   0)) > 0) {
		struct nlmsghdr *message = (struct nlmsghdr *)buffer;
		int left = (int)got;

		for (; nlmsg_ok(message, left);
		     message = nlmsg_next(message, &left)) {
			if (!netlink_parse_route(message, &route))
				continue;
			if (message->nlmsg_type == RTM_NEWROUTE)
				netlink_fib_put(fib, &route,
						message->nlmsg_flags);
			else
				netlink_fib_drop(fib, &route);
			always = always && default_in_main(fib);
		}
	}
	assert_int_equal(errno, EAGAIN);
	return always;
}

/* ---- tests --------------------------------------------------------------------------- */

static void test_apply(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	wish.last_resort = 1;
	wish.announce_marker = true;
	wish.marker = netns_prefix("10.255.0.1/32");
	apply(netns, &wish, &report);
	assert_int_equal(report.added, SITE_ROUTES + 2 + ALL_RULES);
	assert_int_equal(report.deleted, 0);
	assert_int_equal(report.skipped, 0);
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
	assert_quiet(netns, &wish, &report);

	/* A daemon that starts anew finds all in place. */
	memset(&report, 0, sizeof(report));
	netlink_close(netns->netlink);
	assert_int_equal(netlink_open(&netns->netlink, netns->base,
				      netns_changed, netns),
			 0);
	assert_quiet(netns, &wish, &report);
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
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;
	char command[128];
	size_t i;

	make_site(netns);
	netns_run("ip route add 10.1.0.0/16 via 192.168.0.9");
	wish = site_wish(netns);
	apply(netns, &wish, &report);
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
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;
	struct netlink_fib fib = { 0 };
	struct nl_sock *witness;
	unsigned i;

	make_site(netns);
	wish = site_wish(netns);
	witness = witness_open();
	apply(netns, &wish, &report);
	assert_false(witness_saw_default(witness, &fib)); /* it can see */
	for (i = 1; i < sizeof(metrics) / sizeof(*metrics); i++) {
		wish.announce = (int)(i % 2);
		wish.metric = metrics[i];
		apply(netns, &wish, &report);
		assert_int_equal(report.added, 1);
		assert_int_equal(report.deleted, metrics[i] != metrics[i - 1]);
		assert_true(witness_saw_default(witness, &fib));
		assert_quiet(netns, &wish, &report);
	}
	/* The same uplink, another metric: only the old one may go. */
	wish.metric = 9;
	apply(netns, &wish, &report);
	assert_true(witness_saw_default(witness, &fib));
	wish.metric = 0;
	apply(netns, &wish, &report);
	assert_true(witness_saw_default(witness, &fib));
	assert_true(netns_says("ip route | grep -c default", "1"));
	wish.announce = ROUTING_NOBODY;
	apply(netns, &wish, &report);
	assert_int_equal(report.deleted, 1);
	assert_false(witness_saw_default(witness, &fib));
	netlink_fib_clear(&fib);
	nl_socket_free(witness);
}

static void test_theft(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	assert_int_equal(report.reinstalled, 0);
	netns_turn(netns);
	netns->changes = 0;
	netns_run("ip route del default");
	NETNS_WAIT(netns, netns->changes & NETLINK_ROUTES);
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 1);
	assert_int_equal(report.reinstalled, 1);

	netns_run("ip route replace default via 192.168.0.1 proto dhcp");
	apply(netns, &wish, &report);
	assert_int_equal(report.reinstalled, 1);
	assert_true(netns_says("ip route", "default via 172.16.1.2 dev w0"));
	assert_false(netns_says("ip route", "192.168.0.1"));

	netns_run("ip rule del pref 20102 from 172.16.1.1");
	netns_run("ip route flush table 20102");
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 3);
	assert_int_equal(report.reinstalled, 3);
	assert_quiet(netns, &wish, &report);
}

static void test_interface_down(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	netns_run("ip link set w0 down");
	apply(netns, &wish, &report);
	assert_int_equal(report.skipped, 2); /* its own table's, main's */
	assert_non_null(strstr(report.omission, "isp-a"));
	assert_non_null(strstr(report.omission, "w0 is down"));
	assert_true(netns_says("ip route show table 20101", "unreachable"));
	/* The kernel says nothing: it takes a dump, at its time, to know. */
	NETNS_WAIT(netns, !netns_by(netns, "0.0.0.0/0", "172.16.1.2"));
	netns_run("ip link set w0 up");
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 2);
	assert_int_equal(report.reinstalled, 0); /* nobody stole them */
	assert_int_equal(report.skipped, 0);
	assert_string_equal(report.omission, "");
	assert_quiet(netns, &wish, &report);
}

static void test_interface_gone(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	netns_run("ip link del w0");
	netlink_refresh(netns->netlink);
	wish = site_wish(netns);
	assert_false(wish.uplinks[0].present);
	apply(netns, &wish, &report);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000 2>&1",
			       "No route to host"));
	netns_veth("w0", "172.16.1.1/30");
	netlink_refresh(netns->netlink);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 2);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000",
			       "dev w0 table 20101"));
}

static void test_new_address(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	netns_run("ip addr add 172.16.9.5/30 dev w0 && "
		  "ip addr del 172.16.1.1/30 dev w0");
	apply(netns, &wish, &report); /* before it is known */
	assert_int_equal(report.skipped, 2);
	assert_non_null(strstr(report.omission, "has lost its address"));
	wish.uplinks[0].address = netns_address("172.16.9.5");
	wish.uplinks[0].next_hop = netns_address("172.16.9.6");
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 2 + 2);
	assert_int_equal(report.deleted, 2);
	assert_false(netns_says(snapshot, "172.16.1.1"));
	assert_quiet(netns, &wish, &report);
	wish.uplinks[0].next_hop = netns_address("172.16.1.2");
	apply(netns, &wish, &report);
	assert_non_null(strstr(report.omission, "no subnet"));
}

/* To the kernel, "delete it" without a source means "whatever its source". */
static void test_source_appears(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;
	struct tp_addr none = { 0 };

	make_site(netns);
	wish = site_wish(netns);
	wish.uplinks[0].address = none;
	apply(netns, &wish, &report);
	assert_int_equal(report.added, SITE_ROUTES + ALL_RULES - 2);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 2 + 2);
	assert_int_equal(report.deleted, 0);
	assert_true(netns_says("ip route", "default via 172.16.1.2"));
	assert_quiet(netns, &wish, &report);
}

/* A forwarded packet is measured by its route, where that has an MTU. */
static void test_mtu(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	assert_true(netns_says("ip route get 8.8.8.8 mark 0x810000", "dev w0"));
	assert_false(netns_says(snapshot, " mtu "));
	for (unsigned mtu = 1400; mtu >= 1300; mtu -= 100) {
		char text[16];

		snprintf(text, sizeof(text), "mtu %u", mtu);
		wish.uplinks[0].mtu = mtu;
		apply(netns, &wish, &report);
		/* In its own table and in main, in the place of the others. */
		assert_int_equal(report.added, 2);
		assert_int_equal(report.deleted, 0);
		assert_true(netns_says("ip route", text));
		assert_true(netns_says("ip route show table 20101", text));
		assert_false(netns_says("ip route show table 20102", "mtu"));
		assert_quiet(netns, &wish, &report);
	}
	wish.uplinks[0].mtu = 0;
	apply(netns, &wish, &report);
	assert_int_equal(report.added, 2);
	assert_false(netns_says(snapshot, " mtu "));
	assert_quiet(netns, &wish, &report);
}

static void test_failure_is_told(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;

	make_site(netns);
	wish = site_wish(netns);
	wish.uplinks[0].next_hop = netns_address("172.16.1.3"); /* broadcast */
	assert_true(routing_apply(netns->netlink, &wish, &report) < 0);
	assert_int_equal(report.failed, 2);
	assert_non_null(strstr(report.error, "172.16.1.3"));
	/* The rest was done. */
	assert_true(netns_says("ip route show table 20102",
			       "default via 172.17.3.2"));
	assert_int_equal(report.added, 3 + ALL_RULES);
}

static void test_withdraw(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;
	char *before, *after;

	make_site(netns);
	netns_run("ip rule add fwmark 1 lookup 77 && "
		  "ip route add default via 172.17.3.2 metric 900");
	before = netns_output(snapshot);
	assert_int_equal(routing_withdraw(netns->netlink), 0); /* nothing */
	wish = site_wish(netns);
	wish.last_resort = 1;
	wish.announce_marker = true;
	wish.marker = netns_prefix("10.255.0.1/32");
	apply(netns, &wish, &report);
	/* What only an earlier daemon can have made goes as well. */
	netns_run("ip route add default via 172.17.3.2 table 20109 proto 201");
	netns_run("ip rule add pref 20100 fwmark 9 lookup 20109 protocol 201");
	after = netns_output(snapshot);
	assert_string_not_equal(before, after);
	free(after);
	assert_int_equal(routing_withdraw(netns->netlink), 0);
	after = netns_output(snapshot);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(routing_withdraw(netns->netlink), 0);
}

static void test_nudge(void **state)
{
	struct netns *netns = netns_of(state);
	struct routing_report report = { 0 };
	struct routing_wish wish;
	struct netlink_fib fib = { 0 };
	struct nl_sock *witness;

	make_site(netns);
	wish = site_wish(netns);
	apply(netns, &wish, &report);
	assert_int_equal(routing_nudge(netns->netlink, &wish.uplinks[0], 0),
			 -EEXIST);
	witness = witness_open();
	netns_run("ip addr del 172.16.1.1/30 dev w0");
	assert_false(netns_says("ip route", "default"));
	witness_saw_default(witness, &fib);
	assert_false(default_in_main(&fib));
	assert_int_equal(routing_nudge(netns->netlink, &wish.uplinks[0], 0), 0);
	assert_false(netns_says("ip route", "default"));
	/* It came and it went: two messages for whoever listens. */
	assert_false(witness_saw_default(witness, &fib));
	assert_int_equal(fib.count, 0);
	assert_true(fib.room > 0);
	netlink_fib_clear(&fib);
	nl_socket_free(witness);
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
