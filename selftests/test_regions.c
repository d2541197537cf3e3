// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_regions.c - regions.h: no address of a prefix lies in a clear region, and no
 * region is set that the prefix has no part in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "address.h"
#include "regions.h"
#include "twinpath/region.h"

#define TRIES 300
#define ADDRESSES 200

static struct tp_regions regions;

static bool is_set(uint32_t region)
{
	return regions.word[region / 64] >> region % 64 & 1;
}

static unsigned bits(void)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < TP_REGIONS; i++)
		count += is_set(i);
	return count;
}

static struct prefix add(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	regions_add(&regions, &prefix);
	return prefix;
}

struct row {
	const char *prefix;
	unsigned bits;
	const char *first, *last; /* addresses whose regions are set */
	const char *out;	  /* one whose is not */
};

static const struct row rows[] = {
	{ "192.168.1.0/24", 1, "192.168.0.0", "192.168.255.255",
	  "192.169.0.0" },
	{ "203.0.113.5", 1, "203.0.113.5", "203.0.0.1", "203.1.113.5" },
	{ "172.16.0.0/16", 1, "172.16.0.0", "172.16.0.0", "172.17.0.0" },
	{ "172.16.0.0/15", 2, "172.16.0.0", "172.17.9.9", "172.18.0.0" },
	{ "10.0.0.0/8", 256, "10.0.0.0", "10.255.255.255", "11.0.0.0" },
	{ "224.0.0.0/4", 4096, "224.0.0.0", "239.255.0.1", "240.0.0.0" },
	{ "0.0.0.0/1", 32768, "0.0.0.0", "127.255.0.0", "128.0.0.0" },
	{ "0.0.0.0/0", 65536, "0.0.0.0", "255.255.255.255", "::1" },
	{ "fd00:1::/32", 1, "fd00:1::5", "fd00:ffff::", "fd01::" },
	{ "fe80::/10", 64, "fe80::1", "febf:ffff::", "fec0::" },
	{ "2000::/3", 8192, "2000::", "3fff::1", "4000::" },
	/* IPv4 is a part of these, as a route is looked for. */
	{ "::/0", 131072, "255.255.0.1", "ffff::", NULL },
	{ "::/8", 256 + 65536, "10.0.0.1", "00ff::", "100::" },
	{ "::ff00:0:0/88", 1 + 65536, "10.0.0.1", "::1", "1::" },
};

static uint32_t region(const char *text)
{
	struct tp_addr address;

	assert_int_equal(address_parse(text, &address), 0);
	return tp_region(&address);
}

static void the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(&regions, 0, sizeof(regions));
		add(rows[i].prefix);
		assert_int_equal(bits(), rows[i].bits);
		assert_true(is_set(region(rows[i].first)));
		assert_true(is_set(region(rows[i].last)));
		if (rows[i].out)
			assert_false(is_set(region(rows[i].out)));
	}
}

static void what_is_there_stays(void **state)
{
	(void)state;
	memset(&regions, 0, sizeof(regions));
	add("10.0.0.0/8");
	add("10.1.0.0/16");
	add("fd00::/8");
	assert_int_equal(bits(), 256 + 256);
}

static struct tp_addr draw(bool v4)
{
	struct tp_addr address = { .byte = { [10] = 0xff, 0xff } };

	for (int i = v4 ? 12 : 0; i < 16; i++)
		address.byte[i] = (uint8_t)random();
	return address;
}

/* As a trie would find them: by the bits that the prefix asks for. */
static struct tp_addr inside(const struct prefix *prefix, struct tp_addr other)
{
	for (unsigned bit = 0; bit < prefix->length; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		other.byte[bit / 8] &= (uint8_t)~mask;
		other.byte[bit / 8] |= prefix->address.byte[bit / 8] & mask;
	}
	return other;
}

static void nothing_is_missed(void **state)
{
	(void)state;
	srandom(6);
	for (int try = 0; try < TRIES; try++) {
		bool v4 = try & 1;
		uint8_t length =
			(uint8_t)(v4 ? 96 + random() % 33 : random() % 129);
		struct prefix prefix =
			prefix_of(&(struct tp_addr[]){ draw(v4) }[0], length);

		memset(&regions, 0, sizeof(regions));
		regions_add(&regions, &prefix);
		for (int i = 0; i < ADDRESSES; i++) {
			struct tp_addr one = inside(&prefix, draw(i & 1));

			assert_true(is_set(tp_region(&one)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(nothing_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
