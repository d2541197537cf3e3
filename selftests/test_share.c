// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_share.c - share.c: weights are met, both gateways agree, and who leaves
 * takes only his own hosts with him.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "share.h"
#include "twinpath/host.h"

static const struct tp_addr gateways[2] = {
	{ .byte = { [12] = 192, 168, 0, 3 } },
	{ .byte = { [12] = 192, 168, 0, 4 } }
};

static struct share share(unsigned gateway, const char *name, unsigned weight)
{
	return (struct share){ 0, weight, share_id(&gateways[gateway], name) };
}

static struct tp_addr host(unsigned n)
{
	return (struct tp_addr){ .byte = { [10] = 0xff,
					   0xff,
					   10,
					   (uint8_t)(n >> 16),
					   (uint8_t)(n >> 8),
					   (uint8_t)n } };
}

/* How many of a hundred thousand neighbouring hosts go where. */
static void count(const struct share shares[], unsigned number,
		  unsigned hosts[])
{
	static uint8_t owner[TP_SHARE_SLOTS];

	share_fill(shares, number, owner);
	memset(hosts, 0, number * sizeof(*hosts));
	for (unsigned n = 0; n < 100000; n++) {
		struct tp_addr address = host(n);

		hosts[owner[tp_share_slot(&address)]]++;
	}
}

static void weights(void **state)
{
	static const unsigned rows[][4] = {
		{ 1, 1 },    { 3, 1 },	  { 100, 1 },	     { 9, 1 },
		{ 1, 1, 1 }, { 5, 3, 2 }, { 50, 30, 15, 5 }, { 70, 30 },
	};

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct share shares[4];
		unsigned hosts[4], number = 0, total = 0;

		for (unsigned i = 0; i < 4 && rows[row][i]; i++) {
			char name[] = { 'i', 's', 'p', '-', (char)('a' + i), 0 };

			total += rows[row][i];
			shares[number++] = share(i % 2, name, rows[row][i]);
		}
		count(shares, number, hosts);
		for (unsigned i = 0; i < number; i++) {
			double is = hosts[i] / 100000.0;
			double should = (double)rows[row][i] / total;

			if (is - should > 0.02 || should - is > 0.02)
				fail_msg("row %zu: %u gets %.3f, not %.3f", row,
					 i, is, should);
		}
	}
}

/* Each gateway lists its own first. */
static void agreement(void **state)
{
	const struct share at_a[] = { share(0, "isp-a", 3),
				      share(1, "isp-b", 2),
				      share(1, "isp-c", 4) };
	const struct share at_b[] = { at_a[1], at_a[2], at_a[0] };
	static const uint8_t same[] = { 1, 2, 0 };
	static uint8_t a[TP_SHARE_SLOTS], b[TP_SHARE_SLOTS];

	(void)state;
	share_fill(at_a, 3, a);
	share_fill(at_b, 3, b);
	for (unsigned slot = 0; slot < TP_SHARE_SLOTS; slot++)
		assert_int_equal(a[slot], same[b[slot]]);
}

static void only_its_own(void **state)
{
	const struct share all[] = { share(0, "isp-a", 3), share(0, "isp-b", 2),
				     share(1, "isp-c", 4) };
	static uint8_t before[TP_SHARE_SLOTS], after[TP_SHARE_SLOTS];
	unsigned moved = 0, kept[3] = { 0 };

	(void)state;
	share_fill(all, 3, before);
	share_fill(all, 2, after); /* isp-c is dead */
	for (unsigned slot = 0; slot < TP_SHARE_SLOTS; slot++) {
		if (before[slot] == 2)
			moved++;
		else
			assert_int_equal(after[slot], before[slot]);
		kept[after[slot]]++;
	}
	assert_true(moved > TP_SHARE_SLOTS / 3);
	/* And the two others take it over by their weights. */
	assert_in_range(kept[0], TP_SHARE_SLOTS * 57 / 100,
			TP_SHARE_SLOTS * 63 / 100);
	assert_int_equal(kept[2], 0);
}

/* Two uplinks of one name, at two gateways, are two. */
static void names(void **state)
{
	(void)state;
	assert_true(share_id(&gateways[0], "isp") !=
		    share_id(&gateways[1], "isp"));
	assert_true(share_id(&gateways[0], "isp-a") !=
		    share_id(&gateways[0], "isp-b"));
}

/* A /24 of hosts falls on as many slots as chance would have it. */
static void slots(void **state)
{
	static uint8_t taken[TP_SHARE_SLOTS];
	unsigned different = 0;

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		struct tp_addr address = host(n);
		uint32_t slot = tp_share_slot(&address);

		different += !taken[slot];
		taken[slot] = 1;
	}
	assert_true(different > 245);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights),	cmocka_unit_test(agreement),
		cmocka_unit_test(only_its_own), cmocka_unit_test(names),
		cmocka_unit_test(slots),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
