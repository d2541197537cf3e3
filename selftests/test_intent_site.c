// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_intent_site.c - two gateways and the operator's intent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "intent_site.h"

#define NOW 1000000

static struct intent_site to(const char *uplink, uint64_t serial)
{
	struct intent_site intent = { .serial = serial };

	if (uplink) {
		intent.kind = INTENT_SITE_UPLINK;
		snprintf(intent.uplink, MODEL_NAME, "%s", uplink);
	}
	return intent;
}

static void assert_same(const struct intent_site *a,
			const struct intent_site *b)
{
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->uplink, b->uplink);
	assert_int_equal(a->drain, b->drain);
	assert_int_equal(a->force, b->force);
	assert_int_equal(!a->until, !b->until);
}

/* What `from` is for one who hears of it `delay` later. */
static struct intent_site across(const struct intent_site *from, msec_t now,
				 msec_t delay)
{
	struct intent_told told = intent_site_tell(from, now);

	return intent_site_hear(&told, now + delay);
}

/* ---- two become one ---------------------------------------------------- */

static void the_higher_serial_wins(void **state)
{
	struct intent_site a = to("isp-a", 4), b = to("isp-b", 6);
	struct intent_site nobody = to(NULL, 0);
	struct intent_site mine = a;

	(void)state;
	assert_int_equal(intent_site_merge(&mine, &b), INTENT_MERGED_THEIRS);
	assert_same(&mine, &b);
	assert_int_equal(intent_site_merge(&mine, &a), INTENT_MERGED_MINE);
	assert_same(&mine, &b);
	assert_int_equal(intent_site_merge(&mine, &b), INTENT_MERGED_SAME);
	assert_int_equal(intent_site_merge(&nobody, &a), INTENT_MERGED_THEIRS);
	assert_same(&nobody, &a);
}

/* A row stands before all below it; both gateways must agree on that. */
static void at_once(void **state)
{
	struct intent_site order[] = {
		to(NULL, 8), /* auto */
		to("b", 8),  /* [1]: with an end, drain, force below */
		to("b", 8),  to("b", 8),     to("b", 8),
		to("b", 8),  to("isp-a", 8), to("isp-ab", 8),
	};
	size_t count = sizeof(order) / sizeof(order[0]);

	(void)state;
	order[1].until = NOW + 60000;
	order[2].drain = 1;
	order[3].drain = 60;
	order[4].drain = 0;
	order[5].force = true;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			struct intent_site mine = order[i];
			enum intent_merged merged =
				intent_site_merge(&mine, &order[j]);

			assert_same(&mine, &order[i < j ? i : j]);
			assert_int_equal(merged,
					 i == j ? INTENT_MERGED_SAME :
					 i < j	? INTENT_MERGED_CONFLICT_MINE :
						  INTENT_MERGED_CONFLICT_THEIRS);
		}
	}
}

static void a_command_follows_all_seen(void **state)
{
	struct intent_site mine = to(NULL, 0), wish = to("isp-b", 0);
	struct intent_site heard = to("isp-a", 41);

	(void)state;
	mine = intent_site_command(&mine, &wish);
	assert_int_equal(mine.serial, 2);
	assert_string_equal(mine.uplink, "isp-b");
	intent_site_merge(&mine, &heard);
	mine = intent_site_command(&mine, &wish);
	assert_int_equal(mine.serial, 42);
	mine = intent_site_command(&mine, &wish);
	assert_int_equal(mine.serial, 44);
}

/* ---- for a while ------------------------------------------------------- */

static void it_ends(void **state)
{
	struct intent_site mine = to("isp-b", 4), forever = to("isp-b", 4);

	(void)state;
	assert_false(intent_site_expire(&forever, NOW * 1000LL));
	mine.until = NOW;
	mine.drain = 5;
	mine.force = true;
	assert_false(intent_site_expire(&mine, NOW - 1));
	assert_string_equal(mine.uplink, "isp-b");
	assert_true(intent_site_expire(&mine, NOW));
	assert_int_equal(mine.kind, INTENT_SITE_AUTO);
	assert_string_equal(mine.uplink, "");
	assert_int_equal(mine.serial, 5);
	assert_int_equal(mine.drain, 0);
	assert_false(mine.force);
	assert_false(intent_site_expire(&mine, NOW + 1));
}

/* One ends it before the other does: neither revives it, nobody disagrees. */
static void it_ends_here_first(void **state)
{
	struct intent_site a = to("isp-b", 4), b, heard;

	(void)state;
	a.until = NOW;
	b = a;
	b.until = NOW + 900;
	assert_true(intent_site_expire(&a, NOW));
	heard = across(&b, NOW, 1);
	assert_int_equal(intent_site_merge(&a, &heard), INTENT_MERGED_MINE);
	heard = across(&a, NOW, 1);
	assert_int_equal(intent_site_merge(&b, &heard), INTENT_MERGED_THEIRS);
	assert_same(&a, &b);
	assert_int_equal(b.kind, INTENT_SITE_AUTO);
}

/* A command that is given where the old one has not ended yet is the last. */
static void a_command_beats_an_end(void **state)
{
	struct intent_site a = to("isp-b", 4), b, wish = to("zzz", 0);

	(void)state;
	a.until = NOW;
	b = a;
	assert_true(intent_site_expire(&a, NOW));
	b = intent_site_command(&b, &wish);
	assert_int_equal(intent_site_merge(&a, &b), INTENT_MERGED_THEIRS);
	assert_string_equal(a.uplink, "zzz");
}

/* Heard of ten times a second for an hour, the end stays where it is. */
static void the_end_does_not_creep(void **state)
{
	struct intent_site a = to("isp-b", 4), b = to(NULL, 0), heard;
	msec_t now = NOW, end = NOW + 3600000;

	(void)state;
	a.until = end;
	for (; now < end - 1000; now += 100) {
		heard = across(&a, now, 3);
		intent_site_merge(&b, &heard);
		heard = across(&b, now + 50, 3);
		assert_int_equal(intent_site_merge(&a, &heard),
				 INTENT_MERGED_SAME);
		assert_int_equal(a.until, end);
		assert_in_range(b.until, end, end + 1100);
	}
}

static void the_end_travels(void **state)
{
	struct intent_site mine = to("isp-b", 4);
	struct intent_told told;

	(void)state;
	assert_int_equal(intent_site_tell(&mine, NOW).remaining, 0);
	mine.until = NOW + 1;
	assert_int_equal(intent_site_tell(&mine, NOW).remaining, 1);
	mine.until = NOW + 1001;
	assert_int_equal(intent_site_tell(&mine, NOW).remaining, 2);
	/* due, though nobody has ended it here yet: still not for ever */
	mine.until = NOW;
	assert_int_equal(intent_site_tell(&mine, NOW + 70000).remaining, 1);
	mine.until = INT64_MAX;
	told = intent_site_tell(&mine, 0);
	assert_int_equal(told.remaining, UINT32_MAX);
	mine = intent_site_hear(&told, NOW);
	assert_true(mine.until > NOW);
	told.remaining = 0;
	assert_int_equal(intent_site_hear(&told, NOW).until, 0);
}

/* ---- for one gateway --------------------------------------------------- */

static void translated(void **state)
{
	static const struct {
		const char *wanted;
		enum intent_kind kind;
		const char *uplink;
		const char *why;
	} rows[] = {
		{ NULL, INTENT_AUTO, "", "" },
		{ "isp-a", INTENT_UPLINK, "isp-a", "" },
		{ "lte", INTENT_UPLINK, "lte", "" },
		{ "isp-b", INTENT_PARTNER, "", "" },
		{ "both", INTENT_UPLINK, "both", "both gateways" },
		{ "isp", INTENT_AUTO, "", "neither gateway" },
		{ "isp-c", INTENT_AUTO, "", "isp-c is wanted" },
	};
	struct config config = {
		.uplinks_count = 3,
		.uplinks = { { .name = "isp-a" },
			     { .name = "lte" },
			     { .name = "both" },
			     { .name = "isp-c" } /* beyond the count */ },
	};
	struct intent_names partner = { 2, { "both", "isp-b", "isp-c" } };
	char why[MODEL_REASON];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct intent_site wanted = to(rows[i].wanted, 4);
		struct intent got;

		wanted.until = NOW;
		wanted.drain = 7;
		wanted.force = true;
		got = intent_site_translate(&wanted, &config, &partner, why);
		assert_int_equal(got.kind, rows[i].kind);
		assert_string_equal(got.uplink, rows[i].uplink);
		if (*rows[i].why)
			assert_non_null(strstr(why, rows[i].why));
		else
			assert_string_equal(why, "");
		assert_int_equal(got.until, got.kind ? NOW : 0);
		assert_int_equal(got.drain, got.kind ? 7000 : 0);
		assert_int_equal(got.force, got.kind != INTENT_AUTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_higher_serial_wins),
		cmocka_unit_test(at_once),
		cmocka_unit_test(a_command_follows_all_seen),
		cmocka_unit_test(it_ends),
		cmocka_unit_test(it_ends_here_first),
		cmocka_unit_test(a_command_beats_an_end),
		cmocka_unit_test(the_end_does_not_creep),
		cmocka_unit_test(the_end_travels),
		cmocka_unit_test(translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
