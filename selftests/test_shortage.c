// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_shortage.c - when somebody is told that new sessions are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "shortage.h"

static struct shortage shortage;
static struct shortage_change changes[SHORTAGES];

static unsigned look(msec_t now, uint64_t ports, uint64_t sessions)
{
	uint64_t counts[SHORTAGES] = {
		[SHORTAGE_PORTS] = ports, [SHORTAGE_SESSIONS] = sessions
	};

	return shortage_look(&shortage, counts, now, changes);
}

static int start(void **state)
{
	(void)state;
	memset(&shortage, 0, sizeof(shortage));
	return 0;
}

/* What was refused before this daemon came is no news. */
static void first_look(void **state)
{
	(void)state;
	assert_int_equal(look(0, 1000, 50), 0);
	assert_int_equal(look(1000, 1000, 50), 0);
}

static void begins_and_ends(void **state)
{
	(void)state;
	look(0, 1000, 0);
	assert_int_equal(look(1000, 1007, 0), 1);
	assert_int_equal(changes[0].kind, SHORTAGE_PORTS);
	assert_false(changes[0].over);
	assert_int_equal(changes[0].refused, 7);
	/* However many follow. */
	for (msec_t now = 2000; now < 30000; now += 1000)
		assert_int_equal(look(now, 1007 + (uint64_t)now, 0), 0);
	/* The last was at 29 s. */
	for (msec_t now = 30000; now < 89000; now += 1000)
		assert_int_equal(look(now, 1007 + 29000, 0), 0);
	assert_int_equal(look(89000, 1007 + 29000, 0), 1);
	assert_true(changes[0].over);
	assert_int_equal(changes[0].refused, 7 + 29000);
	assert_int_equal(look(90000, 1007 + 29000, 0), 0);
	/* And again. */
	assert_int_equal(look(91000, 1007 + 29001, 0), 1);
	assert_int_equal(changes[0].refused, 1);
}

static void each_apart(void **state)
{
	(void)state;
	look(0, 0, 0);
	assert_int_equal(look(1000, 1, 0), 1);
	assert_int_equal(look(2000, 1, 5), 1);
	assert_int_equal(changes[0].kind, SHORTAGE_SESSIONS);
	assert_int_equal(look(61000, 1, 6), 1);
	assert_int_equal(changes[0].kind, SHORTAGE_PORTS);
	assert_int_equal(look(121000, 1, 6), 1);
	assert_int_equal(changes[0].kind, SHORTAGE_SESSIONS);
	assert_int_equal(changes[0].refused, 6);
}

/* Maps made anew begin at 0: that is no shortage, nor 2^64 of them. */
static void made_anew(void **state)
{
	(void)state;
	look(0, 1000, 0);
	assert_int_equal(look(1000, 3, 0), 0);
	assert_int_equal(look(2000, 4, 0), 1);
	assert_int_equal(changes[0].refused, 1);
}

static void counters(void **state)
{
	struct tp_reasons all = { .ports_full = 1,
				  .sessions_full = 2,
				  .host_sessions = 3,
				  .host_ports = 4,
				  .host_rate = 5,
				  .host_questions = 6,
				  .contended = 7 };
	uint64_t counts[SHORTAGES];

	(void)state;
	shortage_counts(&all, counts);
	for (unsigned i = 0; i < SHORTAGES; i++) {
		assert_int_equal(counts[i], i + 1);
		assert_non_null(shortage_what((enum shortage_kind)i));
		assert_string_not_equal(
			shortage_state((enum shortage_kind)i, true),
			shortage_state((enum shortage_kind)i, false));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_look, start),
		cmocka_unit_test_setup(begins_and_ends, start),
		cmocka_unit_test_setup(each_apart, start),
		cmocka_unit_test_setup(made_anew, start),
		cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
