// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_publish.c - from the configuration to what is asked of the data plane;
 * what stands already, what nobody wants; and who listens on a port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "publish.h"

#define ITEMS 16

static struct config config;
static const struct publish_place places[MODEL_UPLINKS] = {
	{ .exit = 1, .address = 4 },
	{ .exit = 3, .address = 0 },
};

static void publish(unsigned i, enum publish_protocol protocol, uint16_t first,
		    uint16_t last, uint32_t uplinks)
{
	config.publishes[i] = (struct publish_config){
		.protocol = protocol,
		.first = first,
		.last = last,
		.to_first = (uint16_t)(first + 1000),
		.to_last = (uint16_t)(last + 1000),
		.uplinks = uplinks,
		.filtering = TP_FILTER_ENDPOINT,
	};
	address_parse("192.168.0.10", &config.publishes[i].to);
}

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.uplinks_count = 2;
	config.publishes_count = 3;
	publish(0, PUBLISH_TCP, 443, 443, 3);
	publish(1, PUBLISH_BOTH, 8000, 8099, 2);
	publish(2, PUBLISH_UDP, 443, 443, 1);
	return 0;
}

static void assert_item(const struct publish_item *item, unsigned publish,
			unsigned uplink, enum tp_plane plane, unsigned ports)
{
	assert_int_equal(item->publish, publish);
	assert_int_equal(item->uplink, uplink);
	assert_int_equal(item->plane, plane);
	assert_int_equal(item->ports, ports);
	assert_int_equal(item->open, 0);
}

static void one_for_each_uplink_and_protocol(void **state)
{
	struct publish_item items[ITEMS];

	(void)state;
	assert_int_equal(publish_expand(&config, NULL, 0), 5);
	assert_int_equal(publish_expand(&config, items, ITEMS), 5);
	assert_item(&items[0], 0, 0, TP_PLANE_TCP, 1);
	assert_item(&items[1], 0, 1, TP_PLANE_TCP, 1);
	assert_item(&items[2], 1, 1, TP_PLANE_TCP, 100);
	assert_item(&items[3], 1, 1, TP_PLANE_UDP, 100);
	assert_item(&items[4], 2, 0, TP_PLANE_UDP, 1);
}

static void all_ports_of_a_protocol(void **state)
{
	struct publish_item items[ITEMS];

	(void)state;
	config.publishes_count = 1;
	publish(0, PUBLISH_TCP, 1, 65535, 1);
	assert_int_equal(publish_expand(&config, items, ITEMS), 1);
	assert_int_equal(items[0].ports, 65535);
}

static void asked_port_by_port(void **state)
{
	struct publish_item items[ITEMS];
	struct tp_publish ask;

	(void)state;
	publish_expand(&config, items, ITEMS);
	ask = publish_ask(&config, &items[3], &places[1], 99);
	assert_true(address_equal(&ask.inside, &config.publishes[1].to));
	assert_int_equal(ntohs(ask.port), 8099);
	assert_int_equal(ntohs(ask.inside_port), 9099);
	assert_int_equal(ask.plane, TP_PLANE_UDP);
	assert_int_equal(ask.exit, 3);
	assert_int_equal(ask.address, 0);
	assert_int_equal(ask.filtering, TP_FILTER_ENDPOINT);
	ask = publish_ask(&config, &items[0], &places[0], 0);
	assert_int_equal(ask.exit, 1);
	assert_int_equal(ask.address, 4);
}

/* Each of its fields, wrong in turn. */
static void what_stands(void **state)
{
	struct publish_item items[ITEMS];
	struct tp_publish ask;
	struct tp_binding right, wrong[6];

	(void)state;
	publish_expand(&config, items, ITEMS);
	ask = publish_ask(&config, &items[0], &places[0], 0);
	memset(&right, 0, sizeof(right));
	right.control = TP_CONTROL(0, TP_LINE_STATIC, 7, 0);
	right.inside = ask.inside;
	right.inside_port = ask.inside_port;
	right.exit = ask.exit;
	right.filtering = ask.filtering;
	assert_true(publish_stands(&ask, &right));
	for (unsigned i = 0; i < 6; i++)
		wrong[i] = right;
	wrong[0].control = TP_CONTROL(0, TP_LINE_LIVE, 7, 0);
	wrong[1].control = TP_CONTROL(5000, TP_LINE_STATIC, 7, 0);
	wrong[2].inside.byte[15]++;
	wrong[3].inside_port++;
	wrong[4].exit = 2;
	wrong[5].filtering = TP_FILTER_ADDRESS;
	for (unsigned i = 0; i < 6; i++)
		assert_false(publish_stands(&ask, &wrong[i]));
}

static void what_nobody_wants(void **state)
{
	struct publish_item items[ITEMS];
	unsigned count;

	(void)state;
	count = publish_expand(&config, items, ITEMS);
#define WANTED(address, plane, port) \
	publish_wanted(&config, items, count, places, address, plane, port)
	assert_true(WANTED(4, TP_PLANE_TCP, 443));
	assert_true(WANTED(0, TP_PLANE_TCP, 443));
	assert_true(WANTED(4, TP_PLANE_UDP, 443));
	assert_false(WANTED(0, TP_PLANE_UDP, 443));
	assert_false(WANTED(1, TP_PLANE_TCP, 443)); /* of an uplink that left */
	assert_true(WANTED(0, TP_PLANE_TCP, 8000));
	assert_true(WANTED(0, TP_PLANE_UDP, 8099));
	assert_false(WANTED(0, TP_PLANE_TCP, 7999));
	assert_false(WANTED(0, TP_PLANE_TCP, 8100));
	assert_false(WANTED(4, TP_PLANE_TCP, 8000));
#undef WANTED
}

static void assert_state(unsigned ports, unsigned open,
			 enum publish_trouble trouble, const char *text)
{
	const struct publish_item item = {
		.ports = ports, .open = open, .trouble = trouble, .port = 8080
	};
	char buffer[PUBLISH_TEXT];

	assert_string_equal(publish_state(&item, buffer), text);
	assert_int_equal(!*publish_trouble(&item), trouble == PUBLISH_FINE);
}

static void how_it_is_said(void **state)
{
	(void)state;
	assert_state(1, 1, PUBLISH_FINE, "open");
	assert_state(1, 0, PUBLISH_FINE, "closed");
	assert_state(1, 0, PUBLISH_LISTENED, "closed");
	assert_state(100, 100, PUBLISH_FINE, "open");
	assert_state(100, 99, PUBLISH_HELD, "99 of 100 open, 8080 not");
	assert_state(100, 0, PUBLISH_FAILED, "closed from 8080 on");
	assert_state(100, 0, PUBLISH_NO_ADDRESS, "closed");
}

/* ---- sockets -------------------------------------------------------------- */

static int listen_on(int family, int type, uint16_t *port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct sockaddr *name = family == AF_INET ? (void *)&v4 : (void *)&v6;
	int fd = socket(family, type, 0), yes = 1;

	if (fd < 0)
		return -1;
	/* As servers do. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, name, size) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) < 0)) {
		close(fd);
		return -1;
	}
	getsockname(fd, name, &size);
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

static void assert_listened(int family, int type, enum tp_plane plane)
{
	const struct tp_addr here = address_from_v4(htonl(INADDR_LOOPBACK));
	enum tp_plane other = plane == TP_PLANE_TCP ? TP_PLANE_UDP :
						      TP_PLANE_TCP;
	uint16_t port = 0;
	int fd = listen_on(family, type, &port);

	if (fd < 0)
		skip(); /* no IPv6 on this machine */
	assert_true(publish_listened("lo", &here, plane, port));
	assert_false(publish_listened("lo", &here, other, port));
	close(fd);
	assert_false(publish_listened("lo", &here, plane, port));
}

static void a_tcp_listener(void **state)
{
	(void)state;
	assert_listened(AF_INET, SOCK_STREAM, TP_PLANE_TCP);
}

static void a_udp_socket(void **state)
{
	(void)state;
	assert_listened(AF_INET, SOCK_DGRAM, TP_PLANE_UDP);
}

static void an_ipv6_listener_for_both(void **state)
{
	(void)state;
	assert_listened(AF_INET6, SOCK_STREAM, TP_PLANE_TCP);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_for_each_uplink_and_protocol),
		TEST(all_ports_of_a_protocol),
		TEST(asked_port_by_port),
		TEST(what_stands),
		TEST(what_nobody_wants),
		TEST(how_it_is_said),
		TEST(a_tcp_listener),
		TEST(a_udp_socket),
		TEST(an_ipv6_listener_for_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
