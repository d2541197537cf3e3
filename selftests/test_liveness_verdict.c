// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_liveness_verdict.c - questions and answers, turn by turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "liveness_verdict.h"

static struct liveness_verdict verdict;
static struct liveness_turn here;

static int begin(void **state)
{
	(void)state;
	verdict = (struct liveness_verdict){ 0 };
	here = (struct liveness_turn){ .now = 5000, .probe = 77 };
	assert_int_equal(verdict.state, LIVENESS_NOBODY);
	liveness_verdict_begin(&verdict, &here);
	liveness_verdict_asked(&verdict, true);
	return 0;
}

static void turn(msec_t after, bool answered)
{
	here.now += after;
	here.probe += answered;
	liveness_verdict_turn(&verdict, &here);
	liveness_verdict_asked(&verdict, true);
}

static void turns(unsigned count, bool answered)
{
	while (count--)
		turn(LIVENESS_INTERVAL, answered);
}

#define STATE(wanted) assert_int_equal(verdict.state, wanted)
#define COUNTS(gone, returned)                                     \
	do {                                                       \
		assert_int_equal(verdict.counters.lost, gone);     \
		assert_int_equal(verdict.counters.back, returned); \
	} while (0)

static void it_answers(void **state)
{
	(void)state;
	STATE(LIVENESS_ALIVE);
	turns(50, true);
	STATE(LIVENESS_ALIVE);
	COUNTS(0, 0);
	assert_int_equal(verdict.counters.asked, 51);
	assert_int_equal(verdict.counters.answered, 50);
	assert_int_equal(verdict.counters.missed, 0);
}

static void three_misses(void **state)
{
	(void)state;
	turns(5, true);
	turns(2, false);
	STATE(LIVENESS_ALIVE);
	turns(1, true);
	turns(2, false);
	STATE(LIVENESS_ALIVE);
	turns(1, false);
	STATE(LIVENESS_GONE_BIND);
	COUNTS(1, 0);
}

static void a_second(void **state)
{
	(void)state;
	turns(5, true);
	turns(9, false);
	STATE(LIVENESS_GONE_BIND);
	turns(1, false); /* a second after the first unanswered question */
	STATE(LIVENESS_GONE_RESET);
	turns(100, false);
	STATE(LIVENESS_GONE_RESET);
	COUNTS(1, 0);
}

static void one_answer(void **state)
{
	(void)state;
	turns(3, false);
	STATE(LIVENESS_GONE_BIND);
	turns(1, true);
	STATE(LIVENESS_ALIVE);
	COUNTS(1, 1);
	turns(2, false);
	STATE(LIVENESS_ALIVE);
	turns(20, false);
	STATE(LIVENESS_GONE_RESET);
	COUNTS(2, 1);
	turns(3, true);
	STATE(LIVENESS_ALIVE);
	COUNTS(2, 2);
}

/* The stamp wraps, and one that was there before me is no answer. */
static void any_other_stamp(void **state)
{
	(void)state;
	here.probe = UINT32_MAX;
	liveness_verdict_begin(&verdict, &here);
	liveness_verdict_asked(&verdict, true);
	turns(3, false);
	STATE(LIVENESS_GONE_BIND);
	turns(1, true);
	assert_int_equal(here.probe, 0);
	STATE(LIVENESS_ALIVE);
}

static void a_late_turn_blames_nobody(void **state)
{
	msec_t late = LIVENESS_INTERVAL + LIVENESS_LAG + 1;

	(void)state;
	turns(2, false);
	turn(late, false);
	STATE(LIVENESS_ALIVE);
	turns(2, false);
	STATE(LIVENESS_ALIVE);
	turn(60000, false);
	turns(2, false);
	STATE(LIVENESS_ALIVE);
	assert_int_equal(verdict.counters.late, 2);
	turns(1, false);
	STATE(LIVENESS_GONE_BIND);
	/* Nor does it forget: gone stays gone, and its second begins anew. */
	turns(6, false);
	turn(late, false);
	STATE(LIVENESS_GONE_BIND);
	turns(9, false);
	STATE(LIVENESS_GONE_BIND);
	turns(1, false);
	STATE(LIVENESS_GONE_RESET);
	turn(late, false);
	STATE(LIVENESS_GONE_RESET);
	COUNTS(1, 0);
}

/* Just not late: counts. */
static void a_slow_turn(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		turn(LIVENESS_INTERVAL + LIVENESS_LAG, false);
	STATE(LIVENESS_GONE_BIND);
	assert_int_equal(verdict.counters.late, 0);
}

/* An answer counts, however late I look. */
static void a_late_turn_with_an_answer(void **state)
{
	(void)state;
	turns(3, false);
	turn(60000, true);
	STATE(LIVENESS_ALIVE);
	assert_int_equal(verdict.counters.late, 0);
}

static void what_was_not_asked_is_not_missed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		here.now += LIVENESS_INTERVAL;
		liveness_verdict_turn(&verdict, &here);
		liveness_verdict_asked(&verdict, false);
	}
	STATE(LIVENESS_ALIVE);
	assert_int_equal(verdict.counters.missed, 1); /* set_up's */
	assert_int_equal(verdict.counters.asked, 1);
}

static void nobody_to_ask(void **state)
{
	(void)state;
	turns(5, true);
	liveness_verdict_end(&verdict);
	STATE(LIVENESS_NOBODY);
	COUNTS(1, 0); /* the data plane takes it for gone from now on */
	liveness_verdict_end(&verdict);
	COUNTS(1, 0);
	here.now += 10000;
	liveness_verdict_begin(&verdict, &here);
	liveness_verdict_asked(&verdict, true);
	STATE(LIVENESS_ALIVE);
	COUNTS(1, 0); /* not before it has answered */
	turns(1, true);
	COUNTS(1, 1);
	/* Gone already: counted once. */
	turns(4, false);
	liveness_verdict_end(&verdict);
	COUNTS(2, 1);
}

/* It boots: its kernel answers ARP, its data plane is not there yet. */
static void who_was_gone_stays_gone(void **state)
{
	(void)state;
	turns(20, false);
	STATE(LIVENESS_GONE_RESET);
	liveness_verdict_end(&verdict);
	liveness_verdict_end(&verdict);
	STATE(LIVENESS_NOBODY);
	assert_int_equal(liveness_verdict_believed(&verdict),
			 LIVENESS_GONE_RESET);
	here.now += 10000;
	liveness_verdict_begin(&verdict, &here);
	liveness_verdict_asked(&verdict, true);
	STATE(LIVENESS_GONE_RESET);
	turns(30, false);
	STATE(LIVENESS_GONE_RESET);
	COUNTS(1, 0);
	turns(1, true);
	STATE(LIVENESS_ALIVE);
	COUNTS(1, 1);
	/* That was then: who answered last is asked. */
	liveness_verdict_end(&verdict);
	assert_int_equal(liveness_verdict_believed(&verdict), LIVENESS_NOBODY);
	liveness_verdict_begin(&verdict, &here);
	STATE(LIVENESS_ALIVE);
}

/* So many turns: it asks, and does not answer. */
static void heard_turns(unsigned count)
{
	while (count--) {
		here.shown++;
		turn(LIVENESS_INTERVAL, false);
	}
}

static void heard_one_way(void **state)
{
	(void)state;
	turns(5, true);
	here.shown++;
	turns(1, true);
	heard_turns(2);
	assert_false(liveness_verdict_deaf(&verdict)); /* nor gone */
	heard_turns(2);
	STATE(LIVENESS_GONE_BIND);
	assert_true(liveness_verdict_deaf(&verdict));
	heard_turns(20);
	STATE(LIVENESS_GONE_RESET);
	assert_true(liveness_verdict_deaf(&verdict));
	here.shown++;
	turns(1, true);
	STATE(LIVENESS_ALIVE);
	assert_false(liveness_verdict_deaf(&verdict));
}

/* At the very turn that holds it for gone, however seldom it spoke. */
static void heard_once(void **state)
{
	(void)state;
	turns(5, true);
	heard_turns(1);
	turns(1, false);
	assert_false(liveness_verdict_deaf(&verdict));
	turns(1, false);
	STATE(LIVENESS_GONE_BIND);
	assert_true(liveness_verdict_deaf(&verdict));
	/* It has been silent since, for a second: now it is away. */
	turns(20, false);
	STATE(LIVENESS_GONE_RESET);
	assert_false(liveness_verdict_deaf(&verdict));
	heard_turns(1);
	assert_false(liveness_verdict_deaf(&verdict));
}

/* It was off, and boots: its first words are no one-way loss. */
static void heard_again(void **state)
{
	(void)state;
	turns(5, true);
	turns(20, false);
	STATE(LIVENESS_GONE_RESET);
	assert_false(liveness_verdict_deaf(&verdict));
	heard_turns(1);
	assert_false(liveness_verdict_deaf(&verdict));
	/* And what was heard long ago does not count. */
	turns(20, false);
	heard_turns(1);
	assert_false(liveness_verdict_deaf(&verdict));
	heard_turns(1);
	assert_true(liveness_verdict_deaf(&verdict));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(liveness_name(LIVENESS_ALIVE), "alive");
	assert_string_equal(liveness_name(LIVENESS_GONE_RESET), "gone");
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_answers),
		TEST(three_misses),
		TEST(a_second),
		TEST(one_answer),
		TEST(any_other_stamp),
		TEST(a_late_turn_blames_nobody),
		TEST(a_slow_turn),
		TEST(a_late_turn_with_an_answer),
		TEST(what_was_not_asked_is_not_missed),
		TEST(nobody_to_ask),
		TEST(who_was_gone_stays_gone),
		TEST(heard_one_way),
		TEST(heard_once),
		TEST(heard_again),
		TEST(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
