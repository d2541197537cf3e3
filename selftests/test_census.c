// SPDX-License-Identifier: GPL-2.0-or-later
/* test_census.c - which lines of the tables count, and for whom. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "census.h"

#define BUCKETS 3
#define ADDRESSES 3
#define NOW 5000U
#define BOTH_SYN (TP_TCP_SYN_OUT | TP_TCP_SYN_IN)

static struct tp_bucket buckets[BUCKETS];
static struct tp_binding *bindings;
static struct tp_address addresses[ADDRESSES];
static struct census_count counts[TP_MAX_EXITS];
static struct census_hosts hosts;
static unsigned used;

static int setup(void **state)
{
	(void)state;
	memset(buckets, 0, sizeof(buckets));
	memset(addresses, 0, sizeof(addresses));
	bindings = calloc(TP_BINDINGS(ADDRESSES), sizeof(*bindings));
	assert_non_null(bindings);
	/* Address 0 is exit 1's, 1 is exit 2's, 2 is nobody's. */
	addresses[0] = (struct tp_address){ .exit = 1, .generation = 7 };
	addresses[1] = (struct tp_address){ .exit = 2, .generation = 65535 };
	used = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bindings);
	return 0;
}

static void take(uint32_t now)
{
	const struct census_tables tables = {
		.buckets = buckets,
		.buckets_count = BUCKETS,
		.bindings = bindings,
		.addresses = addresses,
		.addresses_count = ADDRESSES,
	};

	memset(counts, 0xff, sizeof(counts));
	memset(&hosts, 0xff, sizeof(hosts));
	census_take(&tables, now, counts, &hosts);
}

/* A session of exit 1, as it counts; the next line, so that all are used. */
static struct tp_session *session(uint8_t proto, uint32_t expiry,
				  enum tp_line line, uint16_t bits)
{
	struct tp_session *to =
		&buckets[used / TP_BUCKET_LINES].line[used % TP_BUCKET_LINES];

	assert_true(used++ < BUCKETS * TP_BUCKET_LINES);
	to->control = TP_CONTROL(expiry, line, 3, bits);
	to->key.proto = proto;
	to->exit = 1;
	to->address = 0;
	to->generation = 7;
	return to;
}

static void assert_counts(unsigned exit, unsigned sessions, unsigned tcp,
			  unsigned held)
{
	assert_int_equal(counts[exit].sessions, sessions);
	assert_int_equal(counts[exit].tcp, tcp);
	assert_int_equal(counts[exit].bindings, held);
}

static void empty_tables(void **state)
{
	(void)state;
	take(NOW);
	for (unsigned exit = 0; exit < TP_MAX_EXITS; exit++)
		assert_counts(exit, 0, 0, 0);
}

static void sessions_that_live(void **state)
{
	struct tp_session *other;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		session(IPPROTO_TCP, NOW + 1 + i, TP_LINE_LIVE, BOTH_SYN);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_LIVE, TP_TCP_SYN_OUT);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_LIVE, BOTH_SYN | TP_TCP_FIN_IN);
	session(IPPROTO_UDP, NOW + 9, TP_LINE_LIVE, 0);
	session(IPPROTO_ICMP, NOW + 9, TP_LINE_LIVE, 0);
	other = session(IPPROTO_UDP, NOW + 9, TP_LINE_LIVE, 0);
	other->exit = 2;
	other->address = 1;
	other->generation = 65535;
	take(NOW);
	assert_counts(1, 24, 22, 0);
	assert_counts(2, 1, 0, 0);
}

static void sessions_that_are_none(void **state)
{
	(void)state;
	session(IPPROTO_TCP, NOW, TP_LINE_LIVE, BOTH_SYN); /* this very tick */
	session(IPPROTO_UDP, NOW - 1, TP_LINE_LIVE, 0);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_FREE, BOTH_SYN);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_BUSY, BOTH_SYN);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_LIVE, BOTH_SYN | TP_TCP_RST);
	session(IPPROTO_TCP, NOW + 9, TP_LINE_LIVE,
		BOTH_SYN | TP_TCP_FIN_OUT | TP_TCP_FIN_IN);
	/* Cut, or of an address that is gone. */
	session(IPPROTO_TCP, NOW + 9, TP_LINE_LIVE, BOTH_SYN)->generation = 6;
	/* What a damaged table may hold. */
	session(IPPROTO_UDP, NOW + 9, TP_LINE_LIVE, 0)->exit = TP_MAX_EXITS;
	session(IPPROTO_UDP, NOW + 9, TP_LINE_LIVE, 0)->address = ADDRESSES;
	take(NOW);
	assert_counts(1, 0, 0, 0);
}

/* The clock is 32 bits of ticks: it passes through 0. */
static void around_zero(void **state)
{
	(void)state;
	session(IPPROTO_UDP, 5, TP_LINE_LIVE, 0);
	session(IPPROTO_UDP, UINT32_MAX - 20, TP_LINE_LIVE, 0);
	take(UINT32_MAX - 10);
	assert_counts(1, 1, 0, 0);
	take(6);
	assert_counts(1, 0, 0, 0);
}

static void binding(unsigned address, enum tp_plane plane, uint16_t port,
		    uint64_t control, uint16_t generation)
{
	struct tp_binding *to =
		&bindings[TP_BINDING_INDEX(address, plane, port)];

	to->control = control;
	to->generation = generation;
}

static void held(void **state)
{
	const uint64_t live = TP_CONTROL(NOW + 9, TP_LINE_LIVE, 1, 2);

	(void)state;
	binding(0, TP_PLANE_TCP, 0, live, 7);
	binding(0, TP_PLANE_UDP, 5000, live, 7);
	binding(0, TP_PLANE_ICMP, 65535, live, 7);
	binding(0, TP_PLANE_TCP, 1, live, 6); /* stale */
	binding(0, TP_PLANE_TCP, 2, TP_CONTROL(NOW, TP_LINE_LIVE, 1, 0), 7);
	binding(0, TP_PLANE_TCP, 3, TP_CONTROL(NOW + 9, TP_LINE_CLOSED, 1, 0),
		7);
	binding(0, TP_PLANE_TCP, 4, TP_CONTROL(0, TP_LINE_STATIC, 1, 0), 7);
	binding(1, TP_PLANE_TCP, 0, live, 65535);
	binding(2, TP_PLANE_TCP, 0, live, 0); /* of an address nobody has */
	take(NOW);
	assert_counts(1, 0, 0, 3);
	assert_counts(2, 0, 0, 1);
	assert_counts(0, 0, 0, 0);
}

/* ---- whose they are ------------------------------------------------------- */

/* FNV-1a of ::ffff:192.168.0.N, folded; worked out elsewhere. */
#define BIT_10 221
#define BIT_20 137

static void binding_of(unsigned host, uint16_t port, uint64_t control,
		       uint16_t generation)
{
	struct tp_addr inside = {
		.byte = { [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 168 }
	};

	inside.byte[15] = (uint8_t)host;
	binding(0, TP_PLANE_UDP, port, control, generation);
	bindings[TP_BINDING_INDEX(0, TP_PLANE_UDP, port)].inside = inside;
}

static void assert_hosts(unsigned count, const unsigned *bits)
{
	struct census_hosts wanted = { { 0 } };

	while (count--)
		wanted.bits[bits[count] / 8] |=
			(uint8_t)(1U << bits[count] % 8);
	assert_memory_equal(&hosts, &wanted, sizeof(wanted));
}

static void hosts_with_bindings(void **state)
{
	const uint64_t live = TP_CONTROL(NOW + 9, TP_LINE_LIVE, 1, 0);

	(void)state;
	take(NOW);
	assert_hosts(0, NULL);
	binding_of(10, 5000, live, 7);
	take(NOW);
	assert_hosts(1, (unsigned[]){ BIT_10 });
	take(NOW + 9); /* expired */
	assert_hosts(0, NULL);
	/* One that its connections' ends have closed can be used again. */
	binding_of(10, 5000, TP_CONTROL(NOW + 9, TP_LINE_CLOSED, 1, 0), 7);
	binding_of(20, 5001, live, 6); /* stale */
	take(NOW);
	assert_hosts(1, (unsigned[]){ BIT_10 });
	/* What is published never expires, nor becomes stale. */
	binding_of(20, 5001, TP_CONTROL(0, TP_LINE_STATIC, 1, 0), 6);
	take(NOW);
	assert_hosts(2, (unsigned[]){ BIT_10, BIT_20 });
	assert_int_equal(counts[1].bindings, 0);
}

/* The data plane says what came after the walk. */
static void hosts_since(void **state)
{
	static struct tp_host_bound bound[TP_HOSTS];

	(void)state;
	take(NOW);
	bound[BIT_10].tick = NOW - 1;
	bound[BIT_20].tick = NOW;
	census_bound(bound, NOW, &hosts);
	assert_hosts(1, (unsigned[]){ BIT_20 });
	census_bound(bound, NOW - 1, &hosts);
	assert_hosts(2, (unsigned[]){ BIT_10, BIT_20 });
	/* Never is not long ago. */
	take(NOW);
	memset(bound, 0, sizeof(bound));
	census_bound(bound, UINT32_MAX - 5, &hosts);
	assert_hosts(0, NULL);
}

static struct tp_binding *portless(unsigned i, unsigned address,
				   uint64_t control)
{
	struct tp_binding *to = &bindings[TP_BINDING_INDEX(ADDRESSES, 0, i)];

	to->control = control;
	to->generation = addresses[address].generation;
	to->portless = TP_PORTLESS_KEY(address, IPPROTO_GRE);
	to->inside.byte[15] = 10;
	return to;
}

static void held_without_ports(void **state)
{
	const uint64_t live = TP_CONTROL(NOW + 9, TP_LINE_LIVE, 1, 0);

	(void)state;
	addresses[0].address.byte[15] = 5;
	portless(0, 0, live);
	portless(TP_PORTLESS - 1, 0, live);
	portless(1, 1, live);
	portless(2, 0, TP_CONTROL(NOW, TP_LINE_LIVE, 1, 0));
	portless(3, 0, live)->generation = 6;
	portless(4, 2, live); /* of an address nobody has */
	portless(5, 0, live)->portless = TP_PORTLESS_KEY(ADDRESSES, 1);
	/* The gateway's own tunnel is no host's. */
	portless(6, 0, live)->inside = addresses[0].address;
	take(NOW);
	assert_counts(1, 0, 0, 2);
	assert_counts(2, 0, 0, 1);
	assert_counts(0, 0, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_tables),
		TEST(sessions_that_live),
		TEST(sessions_that_are_none),
		TEST(around_zero),
		TEST(held),
		TEST(hosts_with_bindings),
		TEST(hosts_since),
		TEST(held_without_ports),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
