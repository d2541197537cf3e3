// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_failback.c - what becomes of the sessions of an uplink that is left.
 *
 * A site of three uplinks lives through turns: who is the selector, in which
 * states decide has them, what the operator wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failback.h"

#define SECOND ((msec_t)1000)
#define HOME (30 * 60 * SECOND)
#define LEAD 1000 /* UDP leaves so long before the cut */
#define DRAIN (60 * SECOND)
#define START (1000 * SECOND)

enum {
	STICKY,
	DRAINED,
	NOW
};

static struct config config;
static struct failback failback;
static struct intent intent;
static struct desired desired;
static msec_t now;
static uint32_t cut;

/* One turn; what is not set stays as decide had it. */
static void turn(int selector, const char *states)
{
	memset(&desired, 0, sizeof(desired));
	desired.selector = selector;
	for (unsigned i = 0; states[i]; i++)
		desired.states[i] = states[i] == 'u' ? TP_EXIT_UP :
				    states[i] == 'r' ? TP_EXIT_DRAIN :
				    states[i] == 'a' ? TP_EXIT_AVOID :
						       TP_EXIT_DEAD;
	cut = failback_turn(&failback, &config, &intent, now, &desired);
}

static void order(enum intent_kind kind, const char *uplink, msec_t drain)
{
	memset(&intent, 0, sizeof(intent));
	intent.kind = kind;
	intent.drain = drain;
	intent.since = now;
	strcpy(intent.uplink, uplink);
}

static int setup(void **state)
{
	static const char *const names[] = { "sticky", "drained", "now" };

	(void)state;
	memset(&config, 0, sizeof(config));
	memset(&failback, 0, sizeof(failback));
	memset(&intent, 0, sizeof(intent));
	failback.selector = MODEL_NOBODY;
	now = START;
	config.uplinks_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		strcpy(config.uplinks[i].name, names[i]);
		config.uplinks[i].level = i + 1;
	}
	config.uplinks[DRAINED].failback = FAILBACK_DRAIN;
	config.uplinks[DRAINED].drain = DRAIN;
	config.uplinks[NOW].failback = FAILBACK_NOW;
	return 0;
}

static void assert_all_plain(void)
{
	assert_int_equal(cut, 0);
	assert_int_equal(failback_due(&failback), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(desired.home_after[i], 0);
}

/* ---- the policies ----------------------------------------------------------- */

static void nothing_left_nothing_done(void **state)
{
	(void)state;
	turn(MODEL_NOBODY, "ddd");
	assert_all_plain();
	turn(MODEL_PARTNER, "uuu");
	assert_all_plain();
	turn(STICKY, "uuu");
	assert_all_plain();
	now += 2 * HOME;
	turn(STICKY, "uuu");
	assert_all_plain();
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
}

static void sticky(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	turn(MODEL_PARTNER, "uuu");
	assert_int_equal(cut, 0);
	assert_int_equal(desired.states[STICKY], TP_EXIT_UP);
	assert_int_equal(desired.home_after[STICKY], START + HOME);
	/* It does not move on. */
	now += HOME - 1;
	turn(MODEL_PARTNER, "uuu");
	assert_int_equal(desired.home_after[STICKY], START + HOME);
	now += 2 * HOME;
	turn(MODEL_PARTNER, "uuu");
	assert_int_equal(desired.home_after[STICKY], START + HOME);
	assert_int_equal(cut, 0);
	turn(STICKY, "uuu");
	assert_all_plain();
}

static void drain(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	assert_int_equal(cut, 0);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	assert_int_equal(desired.home_after[DRAINED], START + DRAIN - LEAD);
	assert_int_equal(failback_due(&failback), START + DRAIN);
	now += DRAIN - 1;
	turn(STICKY, "uuu");
	assert_int_equal(cut, 0);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	now += 1;
	turn(STICKY, "uuu");
	assert_int_equal(cut, 1U << DRAINED);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
	assert_int_equal(desired.home_after[DRAINED], 0);
	assert_int_equal(failback_due(&failback), 0);
	now += DRAIN;
	turn(STICKY, "uuu");
	assert_all_plain(); /* once */
}

static void at_once(void **state)
{
	(void)state;
	turn(NOW, "ddu");
	turn(STICKY, "uuu");
	assert_int_equal(cut, 1U << NOW);
	assert_int_equal(desired.states[NOW], TP_EXIT_UP);
	turn(STICKY, "uuu");
	assert_all_plain();
}

static void the_selector_returns_in_time(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	now += DRAIN / 2;
	turn(DRAINED, "duu");
	assert_all_plain();
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
	now += DRAIN;
	turn(DRAINED, "duu");
	assert_all_plain();
	/* And the time begins anew. */
	turn(STICKY, "uuu");
	assert_int_equal(failback_due(&failback), now + DRAIN);
}

static void the_dead_win(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	turn(STICKY, "udu");
	assert_all_plain();
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DEAD);
	now += 2 * DRAIN;
	turn(STICKY, "uuu");
	assert_all_plain();
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
}

static void one_that_died_is_not_left(void **state)
{
	(void)state;
	turn(NOW, "ddu");
	turn(STICKY, "udd");
	assert_all_plain();
	turn(STICKY, "uuu");
	assert_all_plain();
}

/* Its track is down, and yet it works: nobody is reset. */
static void one_to_avoid_is_left_alone(void **state)
{
	(void)state;
	turn(DRAINED, "dud");
	turn(STICKY, "uad");
	assert_int_equal(cut, 0);
	assert_int_equal(failback_due(&failback), 0);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_AVOID);
	assert_int_equal(desired.home_after[DRAINED], START + HOME);
	turn(NOW, "dda");
	turn(STICKY, "uda");
	assert_int_equal(cut, 0);
}

static void a_drain_goes_on_while_it_is_avoided(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	turn(STICKY, "uau");
	assert_int_equal(desired.states[DRAINED], TP_EXIT_AVOID);
	now += DRAIN;
	turn(STICKY, "uau");
	assert_int_equal(cut, 1U << DRAINED);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_AVOID);
}

static void two_at_a_time(void **state)
{
	(void)state;
	config.uplinks[STICKY].failback = FAILBACK_DRAIN;
	config.uplinks[STICKY].drain = 10 * SECOND;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	now += SECOND;
	turn(NOW, "uuu");
	assert_int_equal(failback_due(&failback), START + 11 * SECOND);
	now = START + DRAIN;
	turn(NOW, "uuu");
	assert_int_equal(cut, 1U << DRAINED | 1U << STICKY);
}

/* ---- what the operator wants --------------------------------------------------- */

static void a_flip_with_its_own_drain(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	order(INTENT_UPLINK, "drained", 5 * SECOND);
	turn(DRAINED, "uuu");
	assert_int_equal(desired.states[STICKY], TP_EXIT_DRAIN);
	assert_int_equal(failback_due(&failback), START + 5 * SECOND);
	now += 5 * SECOND;
	turn(DRAINED, "uuu");
	assert_int_equal(cut, 1U << STICKY);
	/* On the way back it is each uplink's own policy again. */
	order(INTENT_AUTO, "", 0);
	turn(STICKY, "uuu");
	assert_int_equal(failback_due(&failback), now + DRAIN);
}

/* decide shows the uplink as 'r'. */
static void a_drain_for_maintenance(void **state)
{
	(void)state;
	turn(DRAINED, "uuu");
	order(INTENT_DRAIN, "drained", 5 * SECOND);
	turn(STICKY, "uru");
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	assert_int_equal(failback_due(&failback), START + 5 * SECOND);
	now += 5 * SECOND;
	turn(STICKY, "uru");
	assert_int_equal(cut, 1U << DRAINED);
	assert_true(failback.uplinks[DRAINED].cut);
	assert_true(failback.uplinks[DRAINED].draining);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	now += HOME;
	turn(STICKY, "uru");
	assert_all_plain(); /* it stays out, and is not cut again */
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	/* Another order, another time. */
	order(INTENT_DRAIN, "drained", 7 * SECOND);
	turn(STICKY, "uru");
	assert_int_equal(failback_due(&failback), now + 7 * SECOND);
	assert_false(failback.uplinks[DRAINED].cut);
	order(INTENT_AUTO, "", 0);
	turn(DRAINED, "uuu");
	assert_int_equal(cut, 0);
	assert_int_equal(failback_due(&failback), 0);
	assert_int_equal(desired.home_after[DRAINED], 0);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
}

static void maintenance_by_the_uplinks_own_policy(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	order(INTENT_DRAIN, "sticky", 0);
	turn(DRAINED, "ruu");
	assert_int_equal(failback_due(&failback), 0);
	assert_int_equal(desired.home_after[STICKY], START + HOME);
	now += 2 * HOME;
	turn(DRAINED, "ruu");
	assert_int_equal(cut, 0);
	order(INTENT_DRAIN, "now", 0);
	turn(DRAINED, "uur");
	assert_int_equal(cut, 1U << NOW);
	assert_int_equal(desired.states[NOW], TP_EXIT_DRAIN);
}

static void maintenance_of_a_standby(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	order(INTENT_DRAIN, "drained", 0);
	turn(STICKY, "uru");
	assert_int_equal(failback_due(&failback), START + DRAIN);
	/* Withdrawn before its time: it had been cut at another's. */
	now += SECOND;
	order(INTENT_AUTO, "", 0);
	turn(STICKY, "uuu");
	assert_int_equal(failback_due(&failback), now + DRAIN);
	assert_int_equal(cut, 0);
}

/* Nothing else is up: it is used, and its time stands still. */
static void maintenance_gives_way_to_need(void **state)
{
	(void)state;
	turn(DRAINED, "uuu");
	order(INTENT_DRAIN, "drained", 5 * SECOND);
	turn(STICKY, "urd");
	turn(DRAINED, "drd");
	now += HOME;
	turn(DRAINED, "drd");
	assert_all_plain();
	turn(STICKY, "urd");
	assert_int_equal(failback_due(&failback), now + 5 * SECOND);
}

/* ---- a daemon that takes over -------------------------------------------------- */

/* As the maps have it: states and home_after of the last turn. */
static void restart(void)
{
	struct desired maps = desired;

	failback = failback_adopt(&config, &intent, &maps);
}

static void adopts_a_sticky_one(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	turn(MODEL_PARTNER, "uuu");
	restart();
	now += HOME / 2;
	turn(MODEL_PARTNER, "uuu");
	assert_int_equal(desired.home_after[STICKY], START + HOME);
	assert_int_equal(cut, 0);
}

static void adopts_a_drain(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	turn(STICKY, "uuu");
	restart();
	now += SECOND;
	turn(STICKY, "uuu");
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
	assert_int_equal(failback_due(&failback), START + DRAIN);
	/* Its end came while no daemon was there. */
	restart();
	now += HOME;
	turn(STICKY, "uuu");
	assert_int_equal(cut, 1U << DRAINED);
	assert_int_equal(desired.states[DRAINED], TP_EXIT_UP);
}

static void adopts_what_was_left_meanwhile(void **state)
{
	(void)state;
	turn(DRAINED, "duu");
	restart();
	turn(STICKY, "uuu");
	assert_int_equal(desired.states[DRAINED], TP_EXIT_DRAIN);
}

static void adopts_a_maintenance(void **state)
{
	(void)state;
	turn(STICKY, "uuu");
	order(INTENT_DRAIN, "sticky", 0);
	turn(DRAINED, "ruu");
	restart();
	now += 2 * HOME;
	turn(DRAINED, "ruu");
	assert_int_equal(cut, 0); /* without an end there is no deadline */
	order(INTENT_DRAIN, "sticky", 5 * SECOND);
	turn(DRAINED, "ruu");
	now += 5 * SECOND;
	turn(DRAINED, "ruu");
	assert_int_equal(cut, 1U << STICKY);
	restart();
	assert_true(failback.uplinks[STICKY].cut);
	turn(DRAINED, "ruu");
	assert_int_equal(cut, 0); /* it was, before the restart */
	assert_int_equal(desired.states[STICKY], TP_EXIT_DRAIN);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_left_nothing_done),
		TEST(sticky),
		TEST(drain),
		TEST(at_once),
		TEST(the_selector_returns_in_time),
		TEST(the_dead_win),
		TEST(one_that_died_is_not_left),
		TEST(one_to_avoid_is_left_alone),
		TEST(a_drain_goes_on_while_it_is_avoided),
		TEST(two_at_a_time),
		TEST(a_flip_with_its_own_drain),
		TEST(a_drain_for_maintenance),
		TEST(maintenance_by_the_uplinks_own_policy),
		TEST(maintenance_of_a_standby),
		TEST(maintenance_gives_way_to_need),
		TEST(adopts_a_sticky_one),
		TEST(adopts_a_drain),
		TEST(adopts_what_was_left_meanwhile),
		TEST(adopts_a_maintenance),
	};

	return cmocka_run_group_tests_name("failback", tests, NULL, NULL);
}
