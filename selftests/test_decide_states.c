// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide_states.c - what decide.c says of each uplink, besides the answer:
 * its state, its level, its fault, its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/situation.h"

static void states(void **state)
{
	static const enum tp_exit_state expected[] = {
		TP_EXIT_UP,   TP_EXIT_AVOID, TP_EXIT_DEAD, TP_EXIT_AVOID,
		TP_EXIT_DEAD, TP_EXIT_DEAD,  TP_EXIT_DEAD, TP_EXIT_DEAD,
		TP_EXIT_DEAD, TP_EXIT_DEAD,
	};
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1u 1a 1d 1? 1i 1m 1c 1n 1h 1t", "", "");
	got = situation_decide(&now, NULL);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(got.states[i], expected[i]);
}

/* A fallback that is not taken is what its own track says it is. */
static void states_of_fallbacks(void **state)
{
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1d3u 1a3u 2u", "", "");
	got = situation_decide(&now, NULL);
	assert_int_equal(got.selector, 2);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.states[1], TP_EXIT_AVOID);
	assert_int_equal(got.levels[0], 3);
	assert_int_equal(got.levels[1], 3);
	assert_int_equal(got.levels[2], 2);
	now.facts.uplinks[2].track = TRACK_DOWN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.states[0], TP_EXIT_UP);
	assert_int_equal(got.levels[2], 0);
	now.facts.uplinks[0].fallbacks[0] = TRACK_DOWN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.states[1], TP_EXIT_UP);
	/* Maintenance: what only serves as a fallback is drained as well. */
	strcpy(now.intent.uplink, "u1");
	now.intent.kind = INTENT_DRAIN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.states[1], TP_EXIT_DRAIN);
	assert_int_equal(got.levels[1], 0);
}

/* What is forced counts as to be avoided; what is drained, as draining. */
static void states_the_operator_wants(void **state)
{
	static const struct {
		const char *uplinks, *intent;
		enum tp_exit_state expected;
		bool degraded;
	} wishes[] = {
		{ "1u 2d", "u1!", TP_EXIT_AVOID, true },
		{ "1u 2?", "u1!", TP_EXIT_AVOID, true },
		{ "1u 2c", "u1!", TP_EXIT_DEAD, true },
		{ "1u 2d", "u1", TP_EXIT_DEAD, false },
		{ "1u 2u", "u1!", TP_EXIT_UP, false },
		{ "1u 2u", "-u1", TP_EXIT_DRAIN, false },
		{ "1u 2a", "-u1", TP_EXIT_AVOID, false },
		{ "1u 2d", "-u1", TP_EXIT_DEAD, false },
		{ "1d 2u", "-u1", TP_EXIT_DRAIN, false },
	};
	struct situation now;
	struct desired got;

	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		situation_parse(&now, wishes[i].uplinks, "", wishes[i].intent);
		got = situation_decide(&now, NULL);
		if (got.states[1] != wishes[i].expected ||
		    got.degraded != wishes[i].degraded)
			fail_msg("%s, %s: %s, degraded %d", wishes[i].uplinks,
				 wishes[i].intent, decide_state(got.states[1]),
				 got.degraded);
	}
}

static void faults(void **state)
{
	static const char *const expected[] = {
		"track core up",
		"track core down",
		"track core down",
		"track core has no verdict yet",
		"no interface wan4",
		"wan5 is down",
		"no carrier on wan6",
		"no address on wan7",
		"next hop is on no subnet of wan8",
		"no program attached to wan9",
	};
	char fault[MODEL_REASON];
	struct situation now;

	(void)state;
	situation_parse(&now, "1u 1a 1d 1? 1i 1m 1c 1n 1h 1t", "", "");
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		decide_fault(&now.config, &now.facts, i, fault);
		assert_string_equal(fault, expected[i]);
	}
	now.facts.uplinks[8].stranded = true;
	decide_fault(&now.config, &now.facts, 8, fault);
	assert_string_equal(fault,
			    "next-hop = none, and wan8 is not point-to-point");
}

static void no_last_resort_unless_asked(void **state)
{
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1u", "clamo", "");
	now.config.last_resort = false;
	got = situation_decide(&now, NULL);
	assert_int_equal(got.last_resort, MODEL_NOBODY);
}

static void names(void **state)
{
	struct situation now;

	(void)state;
	situation_parse(&now, "1u", "clamo", "");
	assert_string_equal(decide_name(&now.config, 0), "u0");
	assert_string_equal(decide_name(&now.config, 1), "none");
	assert_string_equal(decide_name(&now.config, MODEL_NOBODY), "none");
	assert_string_equal(decide_name(&now.config, MODEL_PARTNER), "partner");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(states_of_fallbacks),
		cmocka_unit_test(states_the_operator_wants),
		cmocka_unit_test(faults),
		cmocka_unit_test(no_last_resort_unless_asked),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("decide states", tests, NULL, NULL);
}
