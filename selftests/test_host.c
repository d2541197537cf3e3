// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_host.c - host.h: neighbouring hosts get different bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "twinpath/host.h"

/* A /24 must not fall on a handful of bits: one phone is not everybody. */
static void a_subnet_spreads(void **state)
{
	struct tp_addr host = { .byte = { [10] = 0xff, 0xff, 192, 168, 0, 0 } };
	unsigned hosts[TP_HOSTS] = { 0 }, bits = 0;

	(void)state;
	for (unsigned last = 0; last < 256; last++) {
		host.byte[15] = (uint8_t)last;
		assert_true(tp_host(&host) < TP_HOSTS);
		hosts[tp_host(&host)]++;
	}
	for (unsigned bit = 0; bit < TP_HOSTS; bit++)
		bits += hosts[bit] > 0;
	/* At random it would be 162. */
	assert_true(bits > 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subnet_spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
