// SPDX-License-Identifier: GPL-2.0-or-later
/* test_quiet.c - when the partner need not ask, and who waits for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quiet.h"

#define START 1000000
#define BEAT 100

static struct quiet quiet;
static msec_t now;

static int setup(void **state)
{
	(void)state;
	quiet = (struct quiet){ 0 };
	now = START;
	return 0;
}

/* So many beats, all idle; what the last one says. */
static bool beats(unsigned count)
{
	bool said = false;

	while (count--) {
		now += BEAT;
		said = quiet_say(&quiet, true, now);
	}
	return said;
}

static void granted_after_a_pause(void **state)
{
	(void)state;
	assert_false(beats(1));
	assert_false(beats(QUIET_PAUSE / BEAT - 1));
	assert_true(beats(1));
	assert_true(beats(50));
	/* The pause begins anew with each moment of another kind. */
	assert_false(quiet_say(&quiet, false, now));
	assert_false(beats(QUIET_PAUSE / BEAT));
	assert_true(beats(1));
}

static void nothing_to_take_back(void **state)
{
	(void)state;
	assert_int_equal(quiet_leave(&quiet, 0, true, now), QUIET_GO);
	beats(3);
	assert_int_equal(quiet_leave(&quiet, 0, true, now), QUIET_GO);
}

static void taken_back_and_heard(void **state)
{
	(void)state;
	beats(30);
	assert_int_equal(quiet_leave(&quiet, 29, true, now), QUIET_TELL);
	/* The message itself says so. */
	assert_false(quiet_say(&quiet, true, now));
	quiet_told(&quiet, 31, now);
	assert_int_equal(quiet_leave(&quiet, 30, true, now), QUIET_WAIT);
	now += 1;
	assert_int_equal(quiet_leave(&quiet, 31, true, now), QUIET_GO);
	assert_int_equal(quiet_leave(&quiet, 31, true, now), QUIET_GO);
}

static void not_heard(void **state)
{
	(void)state;
	beats(30);
	assert_int_equal(quiet_leave(&quiet, 29, true, now), QUIET_TELL);
	quiet_told(&quiet, 31, now);
	now += QUIET_PATIENCE - 1;
	assert_int_equal(quiet_leave(&quiet, 30, true, now), QUIET_WAIT);
	now += 1;
	assert_int_equal(quiet_leave(&quiet, 30, true, now), QUIET_GO);
	/* Or it was known before; or its lease is over. */
	beats(30);
	assert_int_equal(quiet_leave(&quiet, 60, false, now), QUIET_GO);
	beats(30);
	now += QUIET_LEASE;
	assert_int_equal(quiet_leave(&quiet, 60, true, now), QUIET_GO);
}

/* The message could not be sent: there is nothing to wait for. */
static void not_sent(void **state)
{
	(void)state;
	beats(30);
	assert_int_equal(quiet_leave(&quiet, 29, true, now), QUIET_TELL);
	quiet_told(&quiet, 0, now);
	assert_int_equal(quiet_leave(&quiet, 29, true, now), QUIET_GO);
}

static void stays_after_all(void **state)
{
	(void)state;
	beats(30);
	assert_int_equal(quiet_leave(&quiet, 29, true, now), QUIET_TELL);
	assert_false(quiet_say(&quiet, true, now));
	quiet_told(&quiet, 31, now);
	quiet_stay(&quiet);
	assert_false(beats(QUIET_PAUSE / BEAT));
	assert_true(beats(2));
	assert_int_equal(quiet_leave(&quiet, 50, true, now), QUIET_TELL);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(granted_after_a_pause),
		TEST(nothing_to_take_back),
		TEST(taken_back_and_heard),
		TEST(not_heard),
		TEST(not_sent),
		TEST(stays_after_all),
	};

	return cmocka_run_group_tests_name("quiet", tests, NULL, NULL);
}
