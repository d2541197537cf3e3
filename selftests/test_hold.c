// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hold.c - how long the sessions of a dead uplink wait.
 *
 * A site of two uplinks, the first with hold, lives through turns; a state each is
 * written as a letter: u(p), a(void) or d(ead).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hold.h"

#define SECOND ((msec_t)1000)
#define START (1000 * SECOND)
#define FIRST 1U
#define SECOND_ONE 2U

static struct config config;
static struct hold hold;
static struct desired desired;
static msec_t now;

static struct desired states(const char *letters)
{
	struct desired wanted = { 0 };

	for (unsigned i = 0; letters[i]; i++)
		wanted.states[i] = letters[i] == 'u' ? TP_EXIT_UP :
				   letters[i] == 'a' ? TP_EXIT_AVOID :
						       TP_EXIT_DEAD;
	return wanted;
}

/* Returns whose sessions are lost. */
static uint32_t turn_moved(const char *letters, uint32_t moved)
{
	struct desired next = states(letters);
	uint32_t lost = hold_turn(&hold, &config, now, moved, &desired, &next);

	desired = next;
	return lost;
}

static uint32_t turn(const char *letters)
{
	return turn_moved(letters, 0);
}

static int setup(void **state)
{
	(void)state;
	config.uplinks_count = 2;
	config.uplinks[0].hold = 10 * SECOND;
	config.uplinks[1].hold = 0;
	memset(&desired, 0, sizeof(desired));
	hold = hold_adopt(&config, &desired);
	now = START;
	assert_int_equal(turn("uu"), 0);
	return 0;
}

static void test_told_at_once_without(void **state)
{
	(void)state;
	assert_int_equal(turn("ud"), SECOND_ONE);
	assert_int_equal(desired.wait_until[1], 0);
	assert_int_equal(hold_due(&hold), 0);
	assert_int_equal(turn("ud"), 0); /* once */
}

static void test_waits_and_goes_on(void **state)
{
	(void)state;
	assert_int_equal(turn("du"), 0);
	assert_int_equal(desired.wait_until[0], START + 10 * SECOND);
	assert_int_equal(hold_due(&hold), START + 10 * SECOND);
	now += 9 * SECOND;
	assert_int_equal(turn("du"), 0);
	/* The end does not move with the turns. */
	assert_int_equal(desired.wait_until[0], START + 10 * SECOND);
	assert_int_equal(turn("au"), 0);
	assert_int_equal(desired.wait_until[0], 0);
	assert_int_equal(hold_due(&hold), 0);
}

static void test_not_for_ever(void **state)
{
	(void)state;
	turn("du");
	now += 10 * SECOND;
	assert_int_equal(turn("du"), FIRST);
	assert_int_equal(desired.wait_until[0], 0);
	now += SECOND;
	assert_int_equal(turn("du"), 0);
	assert_int_equal(turn("uu"), 0);
	/* The next death is another wait. */
	assert_int_equal(turn("du"), 0);
	assert_int_equal(desired.wait_until[0], now + 10 * SECOND);
}

/* Another address while it is dead: there is nothing left to wait for. */
static void test_moved(void **state)
{
	(void)state;
	turn("du");
	assert_int_equal(turn_moved("du", SECOND_ONE), 0);
	assert_int_equal(desired.wait_until[0], START + 10 * SECOND);
	assert_int_equal(turn_moved("du", FIRST), 0);
	assert_int_equal(desired.wait_until[0], 0);
	assert_int_equal(hold_due(&hold), 0);
	assert_int_equal(turn("du"), 0);
	/* And with its death itself. */
	turn("uu");
	assert_int_equal(turn_moved("du", FIRST), 0);
	assert_int_equal(hold_due(&hold), 0);
}

static void test_both(void **state)
{
	(void)state;
	assert_int_equal(turn("dd"), SECOND_ONE);
	now += 11 * SECOND;
	assert_int_equal(turn("dd"), FIRST);
}

static void test_dead_from_the_start(void **state)
{
	(void)state;
	memset(&desired, 0, sizeof(desired));
	hold = hold_adopt(&config, &desired);
	assert_int_equal(turn("dd"), 0);
	assert_int_equal(hold_due(&hold), 0);
}

/* The daemon's death is no part of the wait: it ends when it would have. */
static void test_adopted(void **state)
{
	(void)state;
	turn("du");
	hold = hold_adopt(&config, &desired);
	now += 4 * SECOND;
	assert_int_equal(turn("du"), 0);
	assert_int_equal(desired.wait_until[0], START + 10 * SECOND);
	hold = hold_adopt(&config, &desired);
	now += 7 * SECOND;
	assert_int_equal(turn("du"), FIRST);
	/* An uplink that lives has another instant there. */
	turn("uu");
	desired.home_after[0] = now + SECOND;
	hold = hold_adopt(&config, &desired);
	assert_int_equal(hold_due(&hold), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_told_at_once_without, setup),
		cmocka_unit_test_setup(test_waits_and_goes_on, setup),
		cmocka_unit_test_setup(test_not_for_ever, setup),
		cmocka_unit_test_setup(test_moved, setup),
		cmocka_unit_test_setup(test_both, setup),
		cmocka_unit_test_setup(test_dead_from_the_start, setup),
		cmocka_unit_test_setup(test_adopted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
