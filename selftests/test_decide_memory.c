// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide_memory.c - what the last answer does to the next: it settles, and
 * it is all that a daemon knows that has just started.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/situation.h"

/* A better one waits a second, a necessity and the operator do not. */
static void settling(void **state)
{
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1u 2u", "", "");
	now.config.settle = 1000;
	now.facts.now = 50000;
	now.facts.uplinks[0].track = TRACK_DOWN;
	got = situation_decide(&now, NULL);
	assert_int_equal(got.selector, 1);
	now.facts.now += 999;
	now.facts.uplinks[0].track = TRACK_UP;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.switched, 50000);
	assert_int_equal(got.settled, 51000);
	assert_non_null(strstr(got.reason, "u1 was taken a moment ago"));
	now.facts.now += 1;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.switched, 51000);
	assert_int_equal(got.settled, 0);
	/* What is dead is left at once. */
	now.facts.uplinks[0].track = TRACK_DOWN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	/* And the operator is obeyed, also when he lets go. */
	now.facts.uplinks[0].track = TRACK_UP;
	now.intent.kind = INTENT_UPLINK;
	strcpy(now.intent.uplink, "u0");
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 0);
	now.intent.kind = INTENT_DRAIN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	now.intent.kind = INTENT_AUTO;
	assert_int_equal(situation_decide(&now, &got).selector, 1);
	now.intent.since = now.facts.now + 1;
	assert_int_equal(situation_decide(&now, &got).selector, 0);
}

/* Nor is a partner kept that sends by me. */
static void settling_with_a_partner(void **state)
{
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1u3u", "clams2", "");
	now.config.settle = 1000;
	now.facts.now = 50000;
	now.facts.uplinks[0].track = TRACK_DOWN;
	got = situation_decide(&now, NULL);
	assert_int_equal(got.selector, MODEL_PARTNER);
	now.facts.partner.told_level = 4;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, MODEL_PARTNER);
	now.facts.partner.told_self = false;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 0);
}

/* A standby that restarts must not take its marker away for a moment. */
static void restart_of_a_standby(void **state)
{
	struct desired before = situation_answer(MODEL_PARTNER);
	struct situation now;
	struct desired got;

	(void)state;
	before.states[0] = TP_EXIT_UP;
	situation_parse(&now, "2?", "clamo", "");
	got = situation_decide(&now, &before);
	assert_int_equal(got.selector, MODEL_PARTNER);
	assert_int_equal(got.states[0], TP_EXIT_UP);
	assert_int_equal(got.announce, 0);
	assert_true(got.marker);
	assert_int_equal(got.vrrp, 90);
}

/* One that was dead does not live by a new daemon; one that is new, perhaps. */
static void restart_beside_a_dead_one(void **state)
{
	struct desired before = situation_answer(1);
	struct situation now;
	struct desired got;

	(void)state;
	before.states[1] = TP_EXIT_UP;
	situation_parse(&now, "1? 2u", "", "");
	got = situation_decide(&now, &before);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.unproven, 0);
	before.unproven = 1U << 0;
	got = situation_decide(&now, &before);
	assert_int_equal(got.states[0], TP_EXIT_AVOID);
	assert_int_equal(got.unproven, 1U << 0);
	/* Also when it had no carrier meanwhile. */
	now.facts.uplinks[0].carrier = false;
	before = got = situation_decide(&now, &got);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	now.facts.uplinks[0].carrier = true;
	got = situation_decide(&now, &before);
	assert_int_equal(got.states[0], TP_EXIT_AVOID);
	/* A verdict ends it, once and for all. */
	now.facts.uplinks[0].track = TRACK_DOWN;
	before = situation_decide(&now, &got);
	assert_int_equal(before.unproven, 0);
	now.facts.uplinks[0].track = TRACK_UNKNOWN;
	got = situation_decide(&now, &before);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
}

/* One that drains is up underneath, for a daemon that has just started. */
static void restart_in_a_drain(void **state)
{
	struct desired before = situation_answer(0);
	struct situation now;
	struct desired got;

	(void)state;
	before.states[1] = TP_EXIT_DRAIN;
	situation_parse(&now, "1u 2?", "", "");
	got = situation_decide(&now, &before);
	assert_int_equal(got.states[1], TP_EXIT_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settling),
		cmocka_unit_test(settling_with_a_partner),
		cmocka_unit_test(restart_of_a_standby),
		cmocka_unit_test(restart_beside_a_dead_one),
		cmocka_unit_test(restart_in_a_drain),
	};

	return cmocka_run_group_tests_name("decide memory", tests, NULL, NULL);
}
