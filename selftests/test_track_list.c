// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track_list.c - lists of tracks, whole truth tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "track_list.h"

/* The members' states, a letter each: u up, d down, ? unknown. */
struct row {
	enum track_kind kind;
	const char *weights; /* "321": of each */
	unsigned up, down;
	char was;
	const char *members;
	char verdict;
};

static const struct row rows[] = {
	{ TRACK_ANY, "111", 0, 0, '?', "ddd", 'd' },
	{ TRACK_ANY, "111", 0, 0, '?', "dud", 'u' },
	{ TRACK_ANY, "111", 0, 0, 'd', "d?d", '?' },
	{ TRACK_ANY, "111", 0, 0, 'd', "u?d", 'u' },
	{ TRACK_ANY, "1", 0, 0, '?', "?", '?' },
	{ TRACK_ALL, "111", 0, 0, '?', "uuu", 'u' },
	{ TRACK_ALL, "111", 0, 0, '?', "uud", 'd' },
	{ TRACK_ALL, "111", 0, 0, '?', "u?u", '?' },
	{ TRACK_ALL, "111", 0, 0, '?', "u?d", 'd' },
	{ TRACK_ALL, "1", 0, 0, '?', "d", 'd' },
	{ TRACK_NOT, "1", 0, 0, '?', "u", 'd' },
	{ TRACK_NOT, "1", 0, 0, '?', "d", 'u' },
	{ TRACK_NOT, "1", 0, 0, '?', "?", '?' },
	/* two of three */
	{ TRACK_WEIGHT, "111", 2, 1, '?', "uud", 'u' },
	{ TRACK_WEIGHT, "111", 2, 1, 'u', "udd", 'd' },
	{ TRACK_WEIGHT, "111", 2, 1, '?', "?dd", 'd' },
	{ TRACK_WEIGHT, "111", 2, 1, '?', "?ud", '?' },
	{ TRACK_WEIGHT, "111", 2, 1, '?', "?uu", 'u' },
	/* up from 4, down from 1 on, between as it was */
	{ TRACK_WEIGHT, "321", 4, 1, 'u', "dud", 'u' },
	{ TRACK_WEIGHT, "321", 4, 1, 'd', "dud", 'd' },
	{ TRACK_WEIGHT, "321", 4, 1, '?', "dud", 'd' },
	{ TRACK_WEIGHT, "321", 4, 1, 'u', "ddu", 'd' },
	{ TRACK_WEIGHT, "321", 4, 1, 'd', "udu", 'u' },
	{ TRACK_WEIGHT, "321", 4, 1, '?', "?ud", '?' },
	{ TRACK_WEIGHT, "321", 4, 1, 'u', "?dd", 'u' },
	{ TRACK_WEIGHT, "321", 3, 0, 'u', "ddu", 'u' },
};

static enum track_state parse(char letter)
{
	return letter == 'u' ? TRACK_UP :
	       letter == 'd' ? TRACK_DOWN :
			       TRACK_UNKNOWN;
}

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct track_config list = { .kind = row->kind,
					     .weight_up = row->up,
					     .weight_down = row->down };
		struct track tracks[4] = { 0 };
		enum track_state got;

		for (unsigned n = 0; row->members[n]; n++) {
			list.members[list.members_count++] =
				(struct track_member){
					n + 1, (unsigned)row->weights[n] - '0'
				};
			tracks[n + 1].state = parse(row->members[n]);
		}
		got = track_list_verdict(&list, tracks, parse(row->was));
		if (got != parse(row->verdict))
			fail_msg("row %zu, %s of %s, was %c: %s", i,
				 track_kind_name(row->kind), row->members,
				 row->was, track_state_name(got));
	}
}

static void weights(void **state)
{
	static const struct track_config list = {
		.kind = TRACK_WEIGHT,
		.members_count = 3,
		.members = { { 0, 30 }, { 1, 20 }, { 2, 10 } },
	};
	struct track tracks[3] = { { .state = TRACK_UP },
				   { .state = TRACK_UNKNOWN },
				   { .state = TRACK_DOWN } };
	struct track_weights got = track_list_weights(&list, tracks);

	(void)state;
	assert_int_equal(got.up, 30);
	assert_int_equal(got.possible, 50);
	assert_int_equal(got.total, 60);
}

/* A list proves what one of its members does. */
static void proof(void **state)
{
	struct uplink_config uplink = { .tracks_count = 4 };

	(void)state;
	uplink.tracks[1].kind = TRACK_NOT;
	uplink.tracks[1].members_count = 1;
	uplink.tracks[2].kind = TRACK_ALL;
	uplink.tracks[2].members_count = 2;
	uplink.tracks[2].members[1].track = 3;
	uplink.tracks[3].kind = TRACK_ICMP;
	assert_false(track_proves(&uplink, 0));
	assert_false(track_proves(&uplink, 1));
	assert_true(track_proves(&uplink, 2));
	assert_true(track_proves(&uplink, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(weights),
		cmocka_unit_test(proof),
	};

	return cmocka_run_group_tests_name("track_list", tests, NULL, NULL);
}
