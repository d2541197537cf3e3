// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide.c - decide.c against a table of situations, in the notation of
 * decide/situation.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide/situation.h"

#define BEST MODEL_METRIC_BEST
#define FLOATING MODEL_METRIC_FLOATING
#define NOBODY MODEL_NOBODY
#define PARTNER MODEL_PARTNER

#define NONE (-3)

struct row {
	const char *name;
	const char *uplinks, *partner, *intent;
	int before; /* the selector of the last answer, or NONE */
	int selector, announce;
	uint32_t metric;
	int last_resort;
	bool marker;
	int vrrp;
	const char *reason; /* a piece of it */
};

static const struct row rows[] = {
	/* The primary, level 1. */
	{ "good day", "1u", "clamo", "", NONE, 0, 0, BEST, 0, true, 100,
	  "u0 is the best uplink that is up (level 1)" },
	{ "good day, the partner is off", "1u", "cl", "", NONE, 0, 0, BEST, 0,
	  true, 100, "level 1" },
	{ "good day, no partner", "1u", "", "", NONE, 0, 0, BEST, 0, true, 100,
	  "level 1" },
	{ "S1: cable pulled", "1c", "clam", "", 0, PARTNER, NOBODY, 0, NOBODY,
	  false, 10, "u0: no carrier on wan0; partner has an uplink" },
	{ "S1: partner's default has come", "1c", "clao", "", PARTNER, PARTNER,
	  NOBODY, 0, NOBODY, false, 10, "partner offers a default" },
	{ "S2: black hole behind the next hop", "1d", "clam", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "u0: track core down" },
	{ "only the target died, partner lives", "1a", "clam", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "track core down" },
	{ "S22: the target died at both: stay", "1a", "cla", "", 0, 0, NOBODY,
	  0, 0, false, 100, "something still arrives" },
	{ "all dead, nothing known: hand over", "1d", "cla", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "handed over all the same" },
	{ "all dead, not even its MAC known", "1d", "cl", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "handed over all the same" },
	{ "all dead, partner on no LAN", "1d", "c", "", 0, NOBODY, NOBODY, 0, 0,
	  false, 10, "no partner" },
	{ "all dead, no partner", "1m", "", "", 0, NOBODY, NOBODY, 0, NOBODY,
	  false, 10, "u0: wan0 is down; no partner" },
	{ "no interface", "1i", "", "", 0, NOBODY, NOBODY, 0, NOBODY, false, 10,
	  "no interface wan0" },
	{ "lease lost", "1n", "", "", 0, NOBODY, NOBODY, 0, NOBODY, false, 10,
	  "no address on wan0" },
	{ "next hop on no subnet", "1h", "", "", 0, NOBODY, NOBODY, 0, NOBODY,
	  false, 10, "next hop is on no subnet of wan0" },
	{ "no program there: not even a last resort", "1t", "", "", 0, NOBODY,
	  NOBODY, 0, NOBODY, false, 10, "no program attached to wan0" },

	/* Starting. */
	{ "cold start, no verdict, partner lives", "1?", "clam", "", NONE,
	  PARTNER, NOBODY, 0, 0, false, 10, "no verdict yet" },
	{ "cold start, partner answers ARP", "1?", "cla", "", NONE, PARTNER,
	  NOBODY, 0, 0, false, 10, "no verdict yet" },
	{ "cold start, alone", "1?", "cl", "", NONE, 0, NOBODY, 0, 0, false,
	  100, "nothing better than u0" },
	{ "restart: adopted until the first verdict", "1?", "clam", "", 0, 0, 0,
	  BEST, 0, true, 100, "level 1" },

	/* The backup, level 2. */
	{ "backup, good day", "2u", "clamo", "", NONE, PARTNER, 0, FLOATING, 0,
	  true, 90, "my best uplink is of level 2; partner offers a default" },
	{ "backup, heard before its route comes", "2u", "clam1", "", NONE,
	  PARTNER, 0, FLOATING, 0, true, 90, "partner has a better one" },
	{ "backup, heard before its route goes", "2u", "clamo0", "", PARTNER, 0,
	  0, BEST, 0, true, 90, "level 2" },
	{ "backup, the primary is gone, its old route is not", "2u", "clamog",
	  "", PARTNER, 0, 0, BEST, 0, true, 90, "level 2" },
	{ "backup, the primary has not taken over yet", "2u", "clam0", "", 0, 0,
	  0, BEST, 0, true, 90, "level 2" },
	{ "backup, S15: the primary is off", "2u", "cl", "", PARTNER, 0, 0,
	  FLOATING, 0, true, 90, "level 2" },
	{ "backup, the primary has withdrawn", "2u", "clam", "", PARTNER, 0, 0,
	  FLOATING, 0, true, 90, "level 2" },
	{ "backup, its route stands but nobody answers ARP", "2u", "clmo", "",
	  PARTNER, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "S18: backup, the IGP is down, the primary is not", "2u", "cla1", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90, "has a better one" },
	{ "S18: no uplink of mine, and the IGP is down", "1d", "cla1", "", 0,
	  PARTNER, NOBODY, 0, 0, false, 10, "partner has an uplink" },
	{ "backup, the primary's route is there again, its answers are not",
	  "2u", "clamox", "", 0, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "backup, told of a better one that does not answer", "2u", "clamox1",
	  "", 0, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "backup, three answers of the primary are late", "2u", "clamox", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90,
	  "partner offers a default" },
	{ "backup without an uplink", "2d", "clao", "", 0, PARTNER, NOBODY, 0,
	  0, false, 10, "partner offers a default" },
	{ "backup without an uplink, the primary's answers are late", "2d",
	  "claox", "", 0, PARTNER, NOBODY, 0, 0, false, 10,
	  "partner offers a default" },
	{ "backup that is offered a default by one that has no exit", "2u",
	  "clamo0", "", PARTNER, 0, 0, BEST, 0, true, 90, "level 2" },
	{ "S21: an exit of mine that is only heard, before none at all", "1a",
	  "clamo0", "", 0, 0, NOBODY, 0, 0, false, 100,
	  "something still arrives" },

	/* Both of one level. */
	{ "equals: the higher address, when both carry", "1u", "clam1f", "", 0,
	  PARTNER, 0, FLOATING, 0, true, 95,
	  "partner has one, too, and the higher address" },
	{ "equals: the lower one gives way", "1u", "clam1", "", 0, 0, 0, BEST,
	  0, true, 100, "(level 1); partner has one, too, and shall give way" },
	{ "equals: mine is the lower, but it gave way", "1u", "clam0f", "", 0,
	  0, 0, BEST, 0, true, 100, "u0 is the best uplink that is up" },
	{ "equals: who carries goes on", "1u", "clam1", "", PARTNER, PARTNER, 0,
	  FLOATING, 0, true, 95, "has one, too, and carries already" },
	{ "equals: not heard, each for itself", "1u", "clamof", "", 0, 0, 0,
	  BEST, 0, true, 100, "u0 is the best" },
	{ "equals of a lower level, by what they say", "2u 3u", "clamo1f", "",
	  0, PARTNER, 0, FLOATING, 0, true, 90, "has a better one" },
	{ "equals: the operator's wish comes first", "1u", "clam1f", "u0", 0, 0,
	  0, BEST, 0, true, 100, "the operator asked for u0" },

	/* A new daemon, before it hears the partner's. */
	{ "restart of a backup: not for a moment by its own", "2u", "clamw", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90, "level 2; partner" },
	{ "restart of a backup that carries: nor away", "2u", "clamow", "", 0,
	  0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "first start of a backup", "2u", "clamow", "", NONE, PARTNER, 0,
	  FLOATING, 0, true, 90, "partner offers a default" },

	/* Several uplinks. */
	{ "two levels", "2u 1u", "", "", NONE, 1, 1, BEST, 1, true, 100, "u1" },
	{ "two levels, S10: the better one is back", "2u 1u", "", "", 0, 1, 1,
	  BEST, 1, true, 100, "u1" },
	{ "two levels, the better one is gone", "2u 1d", "", "", 1, 0, 0,
	  FLOATING, 0, true, 90, "u0 is the best uplink that is up (level 2)" },
	{ "equals: file order", "1u 1u", "", "", NONE, 0, 0, BEST, 0, true, 100,
	  "u0" },
	{ "equals: who has it keeps it", "1u 1u", "", "", 1, 1, 1, BEST, 1,
	  true, 100, "u1" },
	{ "equals: not when it is down", "1u 1d", "", "", 1, 0, 0, BEST, 0,
	  true, 100, "u0" },
	{ "S21: both ISPs down, last resort the one heard", "1d 2a", "clao", "",
	  0, PARTNER, NOBODY, 0, 1, false, 10, "u0: track core down" },
	{ "S21: last resort by level", "2d 1d", "clao", "", 0, PARTNER, NOBODY,
	  0, 1, false, 10, "u1: track core down" },
	/* The six levels of two gateways: A's and B's end-to-end track, A's and
	 * B's next hop, A's interface, B as a last resort. */
	{ "six levels, A: good day", "1u3u5u", "clamt2", "", 0, 0, 0, BEST, 0,
	  true, 100, "u0 is the best uplink that is up (level 1)" },
	{ "six levels, B: good day", "2u4u6u-", "clamos1", "", PARTNER, PARTNER,
	  0, FLOATING, 0, true, 90, "partner has a better one" },
	{ "A: dark beyond the next hop, before B has taken over", "1d3u5u",
	  "clamt2", "", 0, 0, 0, BEST, 0, true, 80,
	  "(level 3, by track router); u0: track core down" },
	{ "B: A has fallen to level 3", "2u4u6u-", "clamot3", "", PARTNER, 0, 0,
	  BEST, 0, true, 90, "u0 is the best uplink that is up (level 2)" },
	{ "A: B has taken over", "1d3u5u", "clamos2", "", 0, PARTNER, 0,
	  FLOATING, 0, true, 80,
	  "my best uplink is of level 3; partner has a better one" },
	{ "S22, A: the target died at both", "1d3u5u", "clamos4", "", PARTNER,
	  0, 0, FLOATING, 0, true, 80, "(level 3, by track router)" },
	{ "S22, A: and B follows", "1d3u5u", "clamot4", "", 0, 0, 0, BEST, 0,
	  true, 80, "(level 3, by track router)" },
	{ "S22, B", "2d4u6u-", "clamos3", "", 0, PARTNER, 0, FLOATING, 0, true,
	  70, "my best uplink is of level 4" },
	{ "S23, A: its next hop died, too", "1d3d5u", "clamos4", "", 0, PARTNER,
	  0, FLOATING, 0, true, 60, "my best uplink is of level 5" },
	{ "S23, B", "2d4u6u-", "clamot5", "", PARTNER, 0, 0, BEST, 0, true, 70,
	  "(level 4, by track router)" },
	{ "S21, A: both ISPs are down", "1d3d5u", "clamt6", "", PARTNER, 0, 0,
	  BEST, 0, true, 60, "(level 5, by track interface)" },
	{ "S21, B: has the last resort, and keeps it for itself", "2d4d6u-",
	  "clamos5", "", PARTNER, PARTNER, NOBODY, 0, 0, false, 50,
	  "my best uplink is of level 6" },
	{ "S21, B: A's cable is out as well", "2d4d6u-", "clat0", "", PARTNER,
	  0, NOBODY, 0, 0, false, 50, "(level 6, by track interface)" },
	{ "S21, A: its cable is out, B has its last resort", "1c3d5d", "clas6",
	  "", 0, PARTNER, NOBODY, 0, NOBODY, false, 10,
	  "no carrier on wan0; partner has an uplink" },
	{ "B, not hearing A: its marker is worth more than a last resort",
	  "2d4d6u-", "clam", "", 0, PARTNER, NOBODY, 0, 0, false, 50,
	  "partner has an uplink" },
	{ "what A says is newer than its routes", "2d4d6u-", "clamot0", "",
	  PARTNER, 0, NOBODY, 0, 0, false, 50, "level 6" },
	{ "a fallback has the operator's wish, too", "1d3u5u", "clamos2", "u0",
	  PARTNER, 0, 0, BEST, 0, true, 80, "the operator asked for u0" },
	{ "a candidate without a verdict hides those behind it", "1?3u5u", "cl",
	  "", NONE, 0, NOBODY, 0, 0, false, 100, "nothing better than u0" },
	{ "likewise a fallback's", "1d3?5u", "cla", "", 0, PARTNER, NOBODY, 0,
	  0, false, 10, "track core down" },
	{ "one gateway, six levels: B", "1d3u5u 2u4u6u-", "", "", 0, 1, 1,
	  FLOATING, 1, true, 90, "u1 is the best uplink that is up (level 2)" },
	{ "one gateway, six levels: A's next hop", "1d3u5u 2d4u6u-", "", "", 1,
	  0, 0, FLOATING, 0, true, 80, "(level 3, by track router)" },
	{ "one gateway, six levels: B's next hop", "1d3d5u 2d4u6u-", "", "", 0,
	  1, 1, FLOATING, 1, true, 70, "(level 4, by track router)" },
	{ "one gateway, six levels: A's cable", "1d3d5u 2d4d6u-", "", "", 1, 0,
	  0, FLOATING, 0, true, 60, "(level 5, by track interface)" },
	{ "one gateway, six levels: the last resort", "1c3d5d 2d4d6u-", "", "",
	  0, 1, NOBODY, 0, 1, false, 50, "(level 6, by track interface)" },
	{ "S48: one dies, one comes", "1u 2d", "", "", 1, 0, 0, BEST, 0, true,
	  100, "u0" },
	{ "level 12 attracts no less than the floor", "12u", "", "", NONE, 0, 0,
	  FLOATING, 0, true, 10, "level 12" },

	/* What the operator wants. */
	{ "flip to the lower level", "1u 2u", "clamo", "u1", 0, 1, 1, BEST, 1,
	  true, 90, "the operator asked for u1" },
	{ "S36: flip to a dead one", "1u 2d", "", "u1", 0, 0, 0, BEST, 0, true,
	  100, "the operator asked for u1: track core down; u0 is the best" },
	{ "flip to an avoided one", "1u 2a", "", "u1", 0, 0, 0, BEST, 0, true,
	  100, "u1: track core down" },
	{ "flip to a name that is gone", "1u", "", "isp-x", 0, 0, 0, BEST, 0,
	  true, 100, "isp-x, which is not configured; u0" },
	{ "flip to the partner", "1u", "clam", "partner", 0, PARTNER, NOBODY, 0,
	  0, true, 10, "the operator asked for partner" },
	{ "flip to the partner, its default is here", "1u", "clao", "partner",
	  PARTNER, PARTNER, NOBODY, 0, 0, true, 10, "operator" },
	{ "flip to a partner that offers nothing", "1u", "cla", "partner", 0, 0,
	  0, BEST, 0, true, 100, "partner, which offers no exit; u0" },
	{ "flip to a partner that is gone", "1u", "clmo", "partner", PARTNER, 0,
	  0, BEST, 0, true, 100, "cannot be reached; u0" },
	{ "flip to a partner there is none", "1u", "", "partner", 0, 0, 0, BEST,
	  0, true, 100, "is not configured" },
	{ "backup flipped to its own", "2u", "clamo", "u0", PARTNER, 0, 0, BEST,
	  0, true, 90, "the operator asked for u0" },
	{ "backup flipped to the partner", "2u", "clamo", "partner", PARTNER,
	  PARTNER, NOBODY, 0, 0, true, 10, "operator" },

	/* By force. */
	{ "S36: forced onto a dead one", "1u 2d", "", "u1!", 0, 1, NOBODY, 0, 1,
	  true, 90, "the operator forces u1: track core down" },
	{ "S36: forced where no packet leaves", "1u 2c", "", "u1!", 0, 0, 0,
	  BEST, 0, true, 100,
	  "the operator forces u1: no carrier on wan1; u0 is the best" },
	{ "forced onto one that is up: no force needed", "1u 2u", "", "u1!", 0,
	  1, 1, BEST, 1, true, 90, "the operator asked for u1" },
	{ "forced onto a name that is gone", "1u", "", "isp-x!", 0, 0, 0, BEST,
	  0, true, 100, "isp-x, which is not configured; u0" },
	{ "forced to a partner that offers nothing", "1u", "cla", "partner!", 0,
	  PARTNER, NOBODY, 0, 0, true, 10,
	  "the operator forces the partner, which offers no exit" },
	{ "forced to a partner that is gone", "1u", "cl", "partner!", 0, 0, 0,
	  BEST, 0, true, 100, "which cannot be reached; u0" },

	/* Maintenance. */
	{ "drain, another uplink", "1u 2u", "", "-u0", 0, 1, 1, FLOATING, 1,
	  true, 90, "the operator drains u0; u1 is the best" },
	{ "drain, the partner lives", "1u", "clam", "-u0", 0, PARTNER, NOBODY,
	  0, 0, false, 10, "u0: the operator drains it; partner has" },
	{ "drain, nothing else is up", "1u 2d", "cl", "-u0", 1, 0, 0, FLOATING,
	  0, false, 100, "nothing else is up: u0 is used all the same" },
	{ "drain, only its MAC is known", "1u", "cla", "-u0", 0, 0, 0, FLOATING,
	  0, false, 100, "nothing else is up: u0" },
	{ "drained before one only heard of", "1u 1a", "", "-u0", 0, 0, 0,
	  FLOATING, 0, false, 100, "nothing else is up: u0" },
	{ "drained and dead", "1d 2u", "", "-u0", 0, 1, 1, FLOATING, 1, true,
	  90, "u1 is the best" },
	{ "drain of a standby", "1u 2u", "", "-u1", 0, 0, 0, BEST, 0, true, 100,
	  "the operator drains u1; u0 is the best" },
};

static void check(const struct row *row, const struct desired *got)
{
	if (got->selector != row->selector)
		fail_msg("%s: selector %d: %s", row->name, got->selector,
			 got->reason);
	if (got->announce != row->announce ||
	    (got->announce != NOBODY && got->metric != row->metric))
		fail_msg("%s: announces %d, metric %u", row->name,
			 got->announce, got->metric);
	if (got->last_resort != row->last_resort)
		fail_msg("%s: last resort %d", row->name, got->last_resort);
	if (got->marker != row->marker)
		fail_msg("%s: marker %d", row->name, got->marker);
	if (got->vrrp != row->vrrp)
		fail_msg("%s: vrrp %d", row->name, got->vrrp);
	if (!strstr(got->reason, row->reason))
		fail_msg("%s: reason \"%s\"", row->name, got->reason);
}

static void situations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct desired before = situation_answer(row->before);
		struct situation now;
		struct desired got;

		situation_parse(&now, row->uplinks, row->partner, row->intent);
		got = situation_decide(&now,
				       row->before == NONE ? NULL : &before);
		check(row, &got);
	}
}

/* The same situations with the programs not in place: silence. */
static void not_ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct situation now;
		struct desired got;

		situation_parse(&now, row->uplinks, row->partner, row->intent);
		now.facts.ready = false;
		got = situation_decide(&now, NULL);
		assert_int_equal(got.announce, NOBODY);
		assert_int_equal(got.last_resort, NOBODY);
		assert_false(got.marker);
		assert_int_equal(got.vrrp, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(situations),
		cmocka_unit_test(not_ready),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
