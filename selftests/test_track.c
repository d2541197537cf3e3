// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track.c - track.c against written-down sequences of results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "track.h"

static struct track_config config = {
	.name = "core",
	.kind = TRACK_ICMP,
	.misses = 3,
	.hits = 2,
};

#define DELAY_DOWN 5000
#define DELAY_UP 20000

/*
 * A script, one character a second from second 1 on:
 *   o answer, x miss, d forced down, u forced up, . time passes
 * in capitals the same with nothing else being up (urgent).
 */
static enum track_event play(struct track *track, char step, msec_t now)
{
	switch (step) {
	case 'o':
	case 'O':
		return track_result(track, true, step == 'O', now);
	case 'x':
	case 'X':
		return track_result(track, false, step == 'X', now);
	case 'd':
		return track_force(track, TRACK_DOWN, false, now);
	case 'u':
	case 'U':
		return track_force(track, TRACK_UP, step == 'U', now);
	default:
		return track_tick(track, step == ':', now);
	}
}

/* One letter for each answer: = same, + delayed, - cancelled, ! changed. */
static char letter(enum track_event event)
{
	return "=+-!"[event];
}

struct row {
	const char *name;
	msec_t delay_down, delay_up;
	const char *script, *events;
	enum track_state state;
	unsigned changes;
};

static const struct row rows[] = {
	{ "nothing happened", 0, 0, "...", "===", TRACK_UNKNOWN, 0 },
	{ "first verdict up needs hits, no delay", DELAY_DOWN, DELAY_UP, "oo",
	  "=!", TRACK_UP, 1 },
	{ "first verdict down needs misses, no delay", DELAY_DOWN, DELAY_UP,
	  "xxx", "==!", TRACK_DOWN, 1 },
	{ "a mixed start gives no verdict", 0, 0, "oxoxxo",
	  "======", TRACK_UNKNOWN, 0 },
	{ "a mixed start, then a row", 0, 0, "oxoxxoo", "======!", TRACK_UP,
	  1 },
	{ "two misses are not three", 0, 0, "ooxxoxxo", "=!======", TRACK_UP,
	  1 },
	{ "three misses", 0, 0, "ooxxx", "=!==!", TRACK_DOWN, 2 },
	{ "one answer is not two", 0, 0, "xxxoxo", "==!===", TRACK_DOWN, 1 },
	{ "down and up again", 0, 0, "ooxxxoo", "=!==!=!", TRACK_UP, 3 },
	{ "delay down", DELAY_DOWN, 0, "ooxxx.....", "=!==+====!", TRACK_DOWN,
	  2 },
	{ "delay down, not a moment early", DELAY_DOWN, 0, "ooxxx....",
	  "=!==+====", TRACK_UP, 1 },
	{ "delay down cancelled", DELAY_DOWN, 0, "ooxxxxoo......",
	  "=!==+==-======", TRACK_UP, 1 },
	{ "one answer does not cancel when two make it up", DELAY_DOWN, 0,
	  "ooxxxoxxxx", "=!==+====!", TRACK_DOWN, 2 },
	{ "the delay is not started anew by more misses", DELAY_DOWN, 0,
	  "ooxxxxxxxx", "=!==+====!", TRACK_DOWN, 2 },
	{ "delay up", 0, 6000, "xxxoo......", "==!=+=====!", TRACK_UP, 2 },
	{ "delay up cancelled: it answered while booting", 0, 6000,
	  "xxxooooxxx......", "==!=+====-======", TRACK_DOWN, 1 },
	{ "delayed again after a cancellation: a full delay", 0, 6000,
	  "xxxooxxxoo.....", "==!=+==-=+=====", TRACK_DOWN, 1 },
	{ "urgent: no delay up", 0, DELAY_UP, "xxxOO", "==!=!", TRACK_UP, 2 },
	{ "urgent: still needs its hits", 0, DELAY_UP, "xxxO",
	  "==!=", TRACK_DOWN, 1 },
	{ "urgent does not shorten delay down", DELAY_DOWN, 0, "ooXXX", "=!==+",
	  TRACK_UP, 1 },
	{ "becomes urgent while delayed", 0, DELAY_UP, "xxxoo.:", "==!=+=!",
	  TRACK_UP, 2 },
	{ "urgent does not hasten a delayed down", DELAY_DOWN, 0,
	  "ooxxx:", "=!==+=", TRACK_UP, 1 },
	{ "a result carries out what is due", 0, 3000, "xxxooooo", "==!=+==!",
	  TRACK_UP, 2 },
	{ "forced down: no row, no delay", DELAY_DOWN, DELAY_UP, "ood", "=!!",
	  TRACK_DOWN, 2 },
	{ "forced down twice is one change", 0, 0, "oodd", "=!!=", TRACK_DOWN,
	  2 },
	{ "forced down while down is delayed", DELAY_DOWN, 0, "ooxxx.d",
	  "=!==+=!", TRACK_DOWN, 2 },
	{ "forced down cancels a delayed up", 0, DELAY_UP, "xxxood", "==!=+-",
	  TRACK_DOWN, 1 },
	{ "forced up: first verdict at once", 0, DELAY_UP, "u", "!", TRACK_UP,
	  1 },
	{ "forced up waits for delay up", 0, 3000, "udu...", "!!+==!", TRACK_UP,
	  3 },
	{ "forced up again does not start the delay anew", 0, 3000, "uduuuu",
	  "!!+==!", TRACK_UP, 3 },
	{ "forced up, urgent", 0, 3000, "udU", "!!!", TRACK_UP, 3 },
	{ "forced down first", 0, 0, "d", "!", TRACK_DOWN, 1 },
	{ "forcing down wipes a row of answers", 0, 0, "xxxodo",
	  "==!===", TRACK_DOWN, 1 },
};

static void sequences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char events[64] = "";
		struct track track;

		config.delay_down = row->delay_down;
		config.delay_up = row->delay_up;
		track_init(&track, &config);
		for (size_t n = 0; row->script[n]; n++)
			events[n] = letter(play(&track, row->script[n],
						(msec_t)(n + 1) * 1000));
		if (strcmp(events, row->events))
			fail_msg("%s: %s gave %s, not %s", row->name,
				 row->script, events, row->events);
		if (track.state != row->state || track.changes != row->changes)
			fail_msg("%s: ends %s after %u changes", row->name,
				 track_state_name(track.state), track.changes);
	}
}

static void counters(void **state)
{
	struct track track;

	(void)state;
	config.delay_down = config.delay_up = 0;
	track_init(&track, &config);
	assert_int_equal(track.rtt_us_last, -1);
	for (const char *step = "ooxox"; *step; step++)
		play(&track, *step, 7000);
	assert_int_equal(track.answered, 3);
	assert_int_equal(track.lost, 2);
	assert_int_equal(track.changed, 7000);
	assert_int_equal(track.row, 1);
}

static void rows_of_zero_mean_one(void **state)
{
	static const struct track_config bare = { .kind = TRACK_ICMP };
	struct track track;

	(void)state;
	track_init(&track, &bare);
	assert_int_equal(track_result(&track, true, false, 1), TRACK_CHANGED);
	assert_int_equal(track_result(&track, false, false, 2), TRACK_CHANGED);
	assert_int_equal(track.state, TRACK_DOWN);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(track_state_name(TRACK_UP), "up");
	assert_string_equal(track_state_name(TRACK_DOWN), "down");
	assert_string_equal(track_state_name(TRACK_UNKNOWN), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),
		cmocka_unit_test(counters),
		cmocka_unit_test(rows_of_zero_mean_one),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
