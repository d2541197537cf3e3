// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_netlink.c - the picture of links, addresses and neighbours, and
 * what becomes of it under loss and load, against a real kernel.  Needs root;
 * works in namespaces of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#include "netlink_request.h"
#include "netns.h"

/* ---- links, addresses, neighbours ---------------------------------------------- */

static void test_links(void **state)
{
	struct netns *netns = netns_of(state);
	const struct netlink_link *link;
	unsigned first;

	assert_non_null(netlink_link_by_name(netns->netlink, "lo"));
	netns_run("ip link add w0 address 02:00:00:00:00:07 mtu 1400 "
		  "type veth peer name w0p");
	NETNS_WAIT(netns, netns_index_of(netns, "w0"));
	assert_true(netns->changes & NETLINK_LINKS);
	link = netlink_link_by_name(netns->netlink, "w0");
	assert_memory_equal(link->mac, "\x02\0\0\0\0\x07", 6);
	assert_int_equal(link->mtu, 1400);
	assert_true(link->ethernet);
	assert_string_equal(link->kind, "veth");
	assert_int_equal(link->parent, 0);
	assert_false(link->flags & IFF_UP);
	first = link->index;

	netns_run("ip link set w0 up && ip link set w0p up");
	NETNS_WAIT(netns, netlink_link_by_index(netns->netlink, first)->flags &
				  IFF_RUNNING);
	netns_run("ip link add v0 link w0 type macvlan");
	NETNS_WAIT(netns, netns_index_of(netns, "v0"));
	link = netlink_link_by_name(netns->netlink, "v0");
	assert_string_equal(link->kind, "macvlan");
	assert_int_equal(link->parent, first);

	/* A port that leaves its bridge is "deleted" in the bridge's family. */
	netns_run("ip link add b0 type bridge && ip link set w0p master b0 && "
		  "ip addr add 10.0.9.1/24 dev w0p");
	NETNS_WAIT(netns, netlink_link_by_name(netns->netlink, "w0p")->master);
	netns_run("ip link set w0p nomaster");
	NETNS_WAIT(
		netns,
		netns_index_of(netns, "w0p") &&
			!netlink_link_by_name(netns->netlink, "w0p")->master);
	assert_int_equal(netns_addresses_on(netns, "w0p"), 1);

	netns_run("ip link set w0 name wan");
	NETNS_WAIT(netns, netns_index_of(netns, "wan") == first);
	assert_int_equal(netns_index_of(netns, "w0"), 0);
}

/* With a MAC header, without one, and neither. */
static void test_point_to_point(void **state)
{
	struct netns *netns = netns_of(state);
	const struct netlink_link *link;

	netns_run("ip tuntap add p0 mode tun && ip tuntap add e0 mode tap");
	NETNS_WAIT(netns,
		   netns_index_of(netns, "p0") && netns_index_of(netns, "e0"));
	link = netlink_link_by_name(netns->netlink, "p0");
	assert_true(link->raw);
	assert_false(link->ethernet);
	link = netlink_link_by_name(netns->netlink, "e0");
	assert_false(link->raw);
	assert_true(link->ethernet);
	assert_false(netlink_link_by_name(netns->netlink, "lo")->raw);
}

static void test_link_comes_back(void **state)
{
	struct netns *netns = netns_of(state);
	unsigned first;

	netns_two_uplinks(netns);
	netns_run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev w0 && "
		  "ip route add 10.9.0.0/24 via 10.0.0.2");
	NETNS_WAIT(netns, netns_entries(netns, "10.9.0.0/24") == 1);
	first = netns_index_of(netns, "w0");
	netns_run("ip link del w0");
	NETNS_WAIT(netns, !netns_index_of(netns, "w0") &&
				  !netns_entries(netns, "10.9.0.0/24"));
	assert_int_equal(netns_entries(netns, "10.0.0.0/24"), 0);
	assert_null(netlink_link_by_index(netns->netlink, first));
	netns_veth("w0", "10.0.0.1/24");
	NETNS_WAIT(netns, netns_entries(netns, "10.0.0.0/24") == 1 &&
				  netns_addresses_on(netns, "w0") == 1);
	assert_int_not_equal(netns_index_of(netns, "w0"), first);
	assert_int_equal(netns_by(netns, "10.0.0.0/24", "")->oif,
			 netns_index_of(netns, "w0"));
}

static void test_addresses(void **state)
{
	struct netns *netns = netns_of(state);
	const struct netlink_address *address = NULL;
	struct tp_addr wanted = netns_address("10.0.0.1");

	netns_veth("w0", "10.0.0.1/24");
	netns_run("ip addr add 10.0.0.3/24 dev w0 && "
		  "ip addr add 10.5.0.1/24 dev w0 && "
		  "ip addr add 10.6.0.1 peer 10.6.0.2/32 dev w0");
	NETNS_WAIT(netns, netns_addresses_on(netns, "w0") == 4);
	assert_true(netns->changes & NETLINK_ADDRESSES);
	do {
		address = netlink_next_address(netns->netlink, address);
		assert_non_null(address);
	} while (address->ifindex != netns_index_of(netns, "w0"));
	assert_true(address_equal(&address->address, &wanted)); /* the first */
	assert_int_equal(address->length, 96 + 24);
	assert_false(address->secondary);
	address = netlink_next_address(netns->netlink, address);
	assert_true(address->secondary);
	wanted = netns_address("10.6.0.2");
	while (!address_equal(&address->peer, &wanted)) {
		assert_true(address_equal(&address->peer, &address->address));
		address = netlink_next_address(netns->netlink, address);
		assert_non_null(address);
	}
	wanted = netns_address("10.6.0.1");
	assert_true(address_equal(&address->address, &wanted));

	netns_run("ip addr del 10.6.0.1 peer 10.6.0.2/32 dev w0");
	NETNS_WAIT(netns, netns_addresses_on(netns, "w0") == 3);
	/* The first goes and takes its secondary along. */
	netns_run("ip addr del 10.0.0.1/24 dev w0");
	NETNS_WAIT(netns, netns_addresses_on(netns, "w0") == 1);
	assert_int_equal(netns_entries(netns, "10.0.0.0/24"), 0);
}

static uint16_t neighbour_state(struct netns *netns, const char *text)
{
	struct tp_addr address = netns_address(text);
	const struct netlink_neighbour *neighbour = netlink_find_neighbour(
		netns->netlink, netns_index_of(netns, "w0"), &address);

	return neighbour ? neighbour->state : NUD_NONE;
}

static void test_neighbours(void **state)
{
	struct netns *netns = netns_of(state);
	struct tp_addr address = netns_address("10.0.0.2");
	const struct netlink_neighbour *neighbour;

	netns_two_uplinks(netns);
	netns_run("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev w0 "
		  "nud reachable");
	NETNS_WAIT(netns, neighbour_state(netns, "10.0.0.2") == NUD_REACHABLE);
	assert_true(netns->changes & NETLINK_NEIGHBOURS);
	neighbour = netlink_find_neighbour(
		netns->netlink, netns_index_of(netns, "w0"), &address);
	assert_memory_equal(neighbour->mac, "\x02\0\0\0\0\x02", 6);
	assert_null(netlink_find_neighbour(
		netns->netlink, netns_index_of(netns, "w1"), &address));
	netns_run("ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:03 dev w0");
	NETNS_WAIT(netns,
		   netlink_find_neighbour(netns->netlink,
					  netns_index_of(netns, "w0"), &address)
				   ->mac[5] == 3);
	netns_run("ip neigh del 10.0.0.2 dev w0");
	NETNS_WAIT(netns, !(neighbour_state(netns, "10.0.0.2") &
			    (NUD_PERMANENT | NUD_REACHABLE)));

	/* Nobody answers, but the kernel has begun to ask; and does so anew. */
	address = netns_address("10.0.0.77");
	assert_int_equal(netlink_neighbour_probe(netns->netlink,
						 netns_index_of(netns, "w0"),
						 &address),
			 0);
	NETNS_WAIT(netns, neighbour_state(netns, "10.0.0.77") &
				  (NUD_INCOMPLETE | NUD_FAILED));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(netlink_neighbour_ask_anew(
					 netns->netlink,
					 netns_index_of(netns, "w0"), &address),
				 0);
	NETNS_WAIT(netns, neighbour_state(netns, "10.0.0.77") &
				  (NUD_INCOMPLETE | NUD_FAILED));
}

/* ---- losses and masses ----------------------------------------------------------------- */

/* The one of our sockets that is in a multicast group. */
static int listening_socket(void)
{
	uint32_t groups[8] = { 0 };
	int fd;

	for (fd = 3; fd < 64; fd++) {
		socklen_t size = sizeof(groups);

		if (!getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS,
				groups, &size) &&
		    (groups[0] & 1U << (RTNLGRP_LINK - 1)))
			return fd;
	}
	fail_msg("no socket listens");
	return -1;
}

static void batch(const char *verb, unsigned first, unsigned count)
{
	FILE *pipe = popen("ip -batch -", "we");
	unsigned i;

	assert_non_null(pipe);
	for (i = first; i < first + count; i++)
		fprintf(pipe, "route %s 100.%u.%u.%u/32 via 10.0.0.2\n", verb,
			i >> 16, i >> 8 & 255, i & 255);
	assert_int_equal(pclose(pipe), 0);
}

static void test_overrun(void **state)
{
	struct netns *netns = netns_of(state);
	struct netlink_statistics before, after;
	int size = 4096;

	netns_two_uplinks(netns);
	before = netlink_statistics(netns->netlink);
	assert_int_equal(setsockopt(listening_socket(), SOL_SOCKET, SO_RCVBUF,
				    &size, sizeof(size)),
			 0);
	batch("add", 0, 2000); /* and nobody reads */
	netns_run("ip link set w1 down && ip addr add 10.7.0.1/24 dev w0");
	NETNS_WAIT(netns, netns_all_routes(netns) == 2002);
	after = netlink_statistics(netns->netlink);
	assert_true(after.overruns > before.overruns);
	assert_true(after.resyncs > before.resyncs);
	assert_int_equal(netns_entries(netns, "10.0.1.0/24"), 0);
	assert_int_equal(netns_addresses_on(netns, "w0"), 2);
	assert_int_equal(netns->changes,
			 NETLINK_LINKS | NETLINK_ADDRESSES | NETLINK_ROUTES |
				 (netns->changes & NETLINK_NEIGHBOURS));
}

static void test_one_call_for_many(void **state)
{
	struct netns *netns = netns_of(state);

	netns_two_uplinks(netns);
	netns->calls = 0;
	batch("add", 0, 500);
	NETNS_WAIT(netns, netns_all_routes(netns) == 502);
	assert_int_equal(netns->calls, 1);
}

static void test_many_routes(void **state)
{
	struct netns *netns = netns_of(state);
	const unsigned many = 100000;

	netns_two_uplinks(netns);
	batch("add", 0, many);
	NETNS_WAIT(netns, netns_all_routes(netns) == many + 2);
	netlink_close(netns->netlink);
	assert_int_equal(netlink_open(&netns->netlink, netns->loop.base,
				      netns_changed, netns),
			 0);
	assert_int_equal(netns_all_routes(netns), many + 2);
	batch("replace", 7, 1000); /* the same again: nothing */
	batch("del", 0, 1000);
	NETNS_WAIT(netns, netns_all_routes(netns) == many + 2 - 1000);
	assert_int_equal(netns_entries(netns, "100.0.3.231/32"), 0);
	assert_int_equal(netns_entries(netns, "100.0.3.232/32"), 1);
	/* The last ones have taken the places of the first. */
	batch("del", many - 1000, 1000);
	NETNS_WAIT(netns, netns_all_routes(netns) == many + 2 - 2000);
	assert_int_equal(netns_entries(netns, "100.1.134.159/32"), 0);
	assert_int_equal(netns_entries(netns, "100.0.195.80/32"), 1);
	netns_run("ip link set w0 down"); /* all at once, without a word */
	NETNS_WAIT(netns, netns_all_routes(netns) == 1);
}

static void disturb(void *arg, struct nlmsghdr *message)
{
	unsigned *seen = arg;

	(void)message;
	if (!(*seen)++)
		netns_run("ip addr add 10.66.0.1/24 dev w0");
}

static void test_interrupted_dump(void **state)
{
	struct netns *netns = netns_of(state);
	const struct ifaddrmsg header = { .ifa_family = AF_INET };
	struct netlink_requests requests;
	FILE *pipe = popen("ip -batch -", "we");
	unsigned i, seen = 0;

	netns_two_uplinks(netns);
	assert_non_null(pipe);
	for (i = 0; i < 4000; i++)
		fprintf(pipe, "addr add 10.77.%u.%u/32 dev w0\n", i >> 8,
			i & 255);
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(netlink_requests_open(&requests), 0);
	assert_int_equal(netlink_dump(&requests,
				      netlink_message(RTM_GETADDR, NLM_F_DUMP,
						      &header, sizeof(header)),
				      disturb, &seen),
			 -EAGAIN);
	/* Undisturbed, and nothing is left over from the other. */
	assert_int_equal(netlink_dump(&requests,
				      netlink_message(RTM_GETADDR, NLM_F_DUMP,
						      &header, sizeof(header)),
				      disturb, &seen),
			 0);
	netlink_requests_close(&requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_links),
		NETNS_TEST(test_point_to_point),
		NETNS_TEST(test_link_comes_back),
		NETNS_TEST(test_addresses),
		NETNS_TEST(test_neighbours),
		NETNS_TEST(test_overrun),
		NETNS_TEST(test_one_call_for_many),
		NETNS_TEST(test_many_routes),
		NETNS_TEST(test_interrupted_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
