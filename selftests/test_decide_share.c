// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide_share.c - who shares a level, at one gateway and between two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/situation.h"

static void assert_shares(const struct desired *got, unsigned count,
			  const int candidates[])
{
	assert_int_equal(got->shares_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(got->shares[i].candidate, candidates[i]);
}

/* Those of the best level, as long as they are up, and nobody has a wish. */
static void sharing(void **state)
{
	struct situation now;
	struct desired got;

	(void)state;
	situation_parse(&now, "1u 1u 2u 1d3u", "", "");
	got = situation_decide(&now, NULL);
	assert_int_equal(got.shares_count, 0);
	for (unsigned i = 0; i < 4; i++)
		now.config.uplinks[i].share = 10 + i;
	got = situation_decide(&now, NULL);
	assert_shares(&got, 2, (const int[]){ 0, 1 });
	assert_int_equal(got.shares[1].weight, 11);
	assert_true(got.shares[0].id != got.shares[1].id);
	assert_non_null(strstr(got.reason, "2 share this level"));
	/* One of them: it has all, and so nothing is shared. */
	now.facts.uplinks[0].track = TRACK_DOWN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.shares_count, 0);
	/* It comes back, and shares at once: nothing settles here. */
	now.config.settle = 1000;
	now.facts.uplinks[0].track = TRACK_UP;
	got = situation_decide(&now, &got);
	assert_shares(&got, 2, (const int[]){ 0, 1 });
	assert_int_equal(got.selector, 1);
	/* A fallback does not share, also not of its own level. */
	now.facts.uplinks[0].track = now.facts.uplinks[1].track = TRACK_DOWN;
	now.config.uplinks[2].level = 3;
	got = situation_decide(&now, &got);
	assert_int_equal(got.shares_count, 0);
	now.facts.uplinks[0].track = now.facts.uplinks[1].track = TRACK_UP;
	now.intent.kind = INTENT_UPLINK;
	strcpy(now.intent.uplink, "u0");
	got = situation_decide(&now, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.shares_count, 0);
	now.intent.kind = INTENT_DRAIN;
	got = situation_decide(&now, &got);
	assert_int_equal(got.shares_count, 0);
}

/* Both gateways, each from its side, come to the same shares. */
static void sharing_with_a_partner(void **state)
{
	struct situation now;
	struct desired a, b;

	(void)state;
	situation_parse(&now, "1u", "clamo1f", "");
	now.config.uplinks[0].share = 3;
	now.facts.partner.local.byte[15] = 3;
	now.config.partner.address.byte[15] = 4;
	now.facts.partner.told_shares[0] =
		(struct told_share){ .name = "u1", .level = 1, .weight = 2 };
	a = situation_decide(&now, NULL);
	assert_int_equal(a.selector, 0); /* no matter who has which address */
	assert_shares(&a, 2, (const int[]){ 0, MODEL_PARTNER });
	assert_int_equal(a.metric, MODEL_METRIC_BEST);
	/* While it does not answer it has no share, and all is mine. */
	now.facts.partner.failing = true;
	b = situation_decide(&now, &a);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	now.facts.partner.failing = false;
	/* The other side of the same. */
	strcpy(now.config.uplinks[0].name, "u1");
	now.config.uplinks[0].share = 2;
	now.facts.partner.local.byte[15] = 4;
	now.config.partner.address.byte[15] = 3;
	now.facts.partner.told_shares[0] =
		(struct told_share){ .name = "u0", .level = 1, .weight = 3 };
	b = situation_decide(&now, NULL);
	assert_shares(&b, 2, (const int[]){ 0, MODEL_PARTNER });
	assert_true(a.shares[0].id == b.shares[1].id);
	assert_true(a.shares[1].id == b.shares[0].id);
	assert_int_equal(a.shares[0].weight, b.shares[1].weight);
	/* It has fallen to a worse level, or is not heard: all is mine. */
	now.facts.partner.told_shares[0].level = 2;
	now.facts.partner.told_level = 2;
	b = situation_decide(&now, &b);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	now.facts.partner.told_shares[0].level = 1;
	now.facts.partner.told = false;
	b = situation_decide(&now, &b);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	/* Mine has: all is the partner's. */
	now.facts.partner.told = true;
	now.facts.partner.told_level = 1;
	now.facts.uplinks[0].track = TRACK_DOWN;
	b = situation_decide(&now, &b);
	assert_int_equal(b.selector, MODEL_PARTNER);
	assert_int_equal(b.shares_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sharing),
		cmocka_unit_test(sharing_with_a_partner),
	};

	return cmocka_run_group_tests_name("decide share", tests, NULL, NULL);
}
