// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_ownership_model.c - the rules of bpf/ownership.h over time.
 *
 * Every order of events at two gateways is tried, within the bounds of each
 * site below, and nothing of truth.h may be violated; then the same with each
 * rule switched off in turn, where something must be.  What is modelled, and
 * what is not, is told in model/world.h.
 *
 * TWINPATH_MODEL_MORE=N adds N packets to every site, for a longer run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/mutant.h"

/* Room for the largest site, with some to spare. */
#define WORLDS 1000000
#define MANY_WORLDS 60000000

/* How far the shortest trace to a rule switched off may be. */
#define STEPS 20

#define ALL (WORLD_UPLINKS | WORLD_POWER | WORLD_DAEMONS)

/* A is the primary.  The link breaks together with no other fault. */
static const struct world_site sites[] = {
	{ "udp, published, all faults", .published = true, .quiet = true,
	  .selects = { 1, 0 }, .flows = 1, .packets = 4, .faults = 2,
	  .flips = 1, .what = ALL },
	{ "udp, published, the link breaks", .published = true, .quiet = true,
	  .selects = { 1, 0 }, .flows = 1, .packets = 5, .faults = 1,
	  .flips = 2, .what = WORLD_LINK },
	{ "tcp, the link breaks", .tcp = true, .quiet = true,
	  .selects = { 1, 0 }, .flows = 1, .packets = 5, .faults = 1,
	  .flips = 2, .what = WORLD_LINK },
	{ "udp, two flows, the link breaks", .quiet = true, .selects = { 1, 0 },
	  .flows = 2, .packets = 4, .faults = 1, .flips = 1,
	  .what = WORLD_LINK },
	{ "udp, all faults", .quiet = true, .selects = { 1, 0 }, .flows = 1,
	  .packets = 4, .faults = 2, .flips = 2, .what = ALL },
	{ "tcp, all faults", .tcp = true, .quiet = true, .selects = { 1, 0 },
	  .flows = 1, .packets = 5, .faults = 2, .flips = 1, .what = ALL },
	{ "udp, two flows", .selects = { 1, 0 }, .flows = 2, .packets = 4,
	  .faults = 2, .flips = 1, .what = WORLD_UPLINKS },
	{ "udp, load sharing", .selects = { 1, 1 }, .flows = 2, .packets = 4,
	  .faults = 2, .flips = 0, .what = WORLD_UPLINKS | WORLD_POWER },
	{ "tcp, nobody selects itself", .tcp = true, .selects = { 0, 0 },
	  .flows = 2, .packets = 4, .faults = 2, .flips = 0,
	  .what = WORLD_UPLINKS | WORLD_POWER },
	{ "udp, three faults", .quiet = true, .selects = { 1, 0 }, .flows = 1,
	  .packets = 5, .faults = 3, .flips = 1, .what = WORLD_UPLINKS },
	{ "tcp, three faults", .tcp = true, .quiet = true, .selects = { 1, 0 },
	  .flows = 1, .packets = 5, .faults = 3, .flips = 1,
	  .what = WORLD_UPLINKS },
	{ "tcp, hold, all faults", .tcp = true, .quiet = true, .hold = true,
	  .selects = { 1, 0 }, .flows = 1, .packets = 5, .faults = 2,
	  .flips = 1, .what = ALL },
	{ "tcp, published, hold", .tcp = true, .published = true, .quiet = true,
	  .hold = true, .selects = { 1, 0 }, .flows = 2, .packets = 4,
	  .faults = 2, .flips = 1, .what = WORLD_UPLINKS | WORLD_POWER },
	{ "tcp, published, all faults", .tcp = true, .published = true,
	  .quiet = true, .selects = { 1, 0 }, .flows = 2, .packets = 4,
	  .faults = 2, .flips = 1, .what = ALL },
};

#define SITES (sizeof(sites) / sizeof(*sites))

static unsigned more(void)
{
	const char *text = getenv("TWINPATH_MODEL_MORE");

	return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static void test_rules_hold(void **state)
{
	struct explore_result result;
	size_t i;

	(void)state;
	for (i = 0; i < SITES; i++) {
		struct world_site site = sites[i];

		site.packets += more();
		assert_true(explore(&site, NULL, more() ? MANY_WORLDS : WORLDS,
				    &result));
		if (result.violation)
			fail_msg("%s: %s, after %u steps:\n%s", site.name,
				 result.violation, result.steps, result.trace);
		if (result.full)
			fail_msg("%s: more than %u worlds", site.name,
				 result.worlds);
	}
}

/* The number of steps to a violation at the first site that has one. */
static uint32_t steps_without(const struct explore_mutant *mutant)
{
	struct explore_result result;
	size_t i;

	for (i = 0; i < SITES; i++) {
		assert_true(explore(&sites[i], mutant, WORLDS, &result));
		free(result.trace);
		if (result.violation)
			return result.steps;
	}
	return 0;
}

static void test_each_rule_is_needed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < mutant_count; i++) {
		uint32_t steps = steps_without(&mutant_table[i]);

		if (!steps)
			fail_msg("nobody misses the rule: %s",
				 mutant_table[i].name);
		if (steps > STEPS)
			fail_msg("%s: found only after %u steps",
				 mutant_table[i].name, steps);
	}
}

static void test_what_others_cover(void **state)
{
	(void)state;
	if (steps_without(&mutant_covered))
		fail_msg("missed after all: %s", mutant_covered.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_hold),
		cmocka_unit_test(test_each_rule_is_needed),
		cmocka_unit_test(test_what_others_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
