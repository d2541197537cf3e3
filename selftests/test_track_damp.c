// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track_damp.c - track_damp.c against figures worked out by hand, and what it
 * makes of a track.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "track.h"

#define S ((msec_t)1000)

/* A penalty of 2000 is gone to 1000 in a minute. */
static struct track_config config = {
	.name = "core",
	.kind = TRACK_ICMP,
	.misses = 1,
	.hits = 1,
	.damp = { .half_life = 60 * S,
		  .suppress = 2000,
		  .reuse = 1000,
		  .most = 240 * S },
};

static void decay(void **state)
{
	struct track_damp damp = { 0 };

	(void)state;
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 5 * S), 0);
	track_damp_flap(&damp, &config.damp, 0);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 0), 1000);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 60 * S), 500);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 30 * S), 707);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 300 * S), 31);
	/* 1000 * 2^-0.5 + 1000 */
	track_damp_flap(&damp, &config.damp, 30 * S);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 30 * S), 1707);
	assert_int_equal(track_damp_until(&damp, &config.damp, 30 * S), 0);
}

static void suppress_and_reuse(void **state)
{
	struct track_damp damp = { 0 };

	(void)state;
	for (msec_t at = 0; at < 3; at++)
		track_damp_flap(&damp, &config.damp, at);
	/* 3000 is 1000 after log2(3) half-lives: 95.1 s. */
	assert_in_range(track_damp_until(&damp, &config.damp, 3), 95000, 95200);
	assert_int_not_equal(track_damp_until(&damp, &config.damp, 95000), 0);
	assert_int_equal(track_damp_until(&damp, &config.damp, 95200), 0);
	/* Between reuse and suppress: what is suppressed stays so. */
	track_damp_flap(&damp, &config.damp, 95000);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 95000), 2001);
	track_damp_flap(&damp, &config.damp, 300 * S);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 300 * S),
			 1187);
	assert_int_equal(track_damp_until(&damp, &config.damp, 300 * S), 0);
}

static void at_most(void **state)
{
	struct track_damp damp = { 0 };
	msec_t until;

	(void)state;
	assert_int_equal(track_damp_ceiling(&config.damp), 16000);
	for (msec_t at = 0; at < 300 * S; at += 2 * S)
		track_damp_flap(&damp, &config.damp, at);
	assert_int_equal(track_damp_penalty(&damp, &config.damp, 298 * S),
			 16000);
	until = track_damp_until(&damp, &config.damp, 298 * S);
	assert_in_range(until - 298 * S, 239990, 240001);
}

static void none(void **state)
{
	static const struct damp_config off;
	struct track_damp damp = { 0 };

	(void)state;
	for (msec_t at = 0; at < 100; at++)
		track_damp_flap(&damp, &off, at);
	assert_int_equal(track_damp_penalty(&damp, &off, 100), 0);
	assert_int_equal(track_damp_until(&damp, &off, 100), 0);
}

/* A track that flaps three times stays down, and comes up at its time. */
static void a_track(void **state)
{
	struct track track;
	msec_t now = 0, until;

	(void)state;
	config.delay_up = 5 * S;
	track_init(&track, &config);
	track_result(&track, true, false, now);
	for (int i = 0; i < 3; i++) {
		now += S;
		track_result(&track, false, false, now);
		now += S;
		assert_int_equal(track_result(&track, true, false, now),
				 TRACK_DELAYED);
	}
	until = track_damp_until(&track.damp, &config.damp, now);
	assert_true(until > now + 60 * S);
	assert_int_equal(track.due, until);
	assert_int_equal(track_tick(&track, false, until - 1), TRACK_SAME);
	assert_int_equal(track.state, TRACK_DOWN);
	assert_int_equal(track_tick(&track, false, until), TRACK_CHANGED);
	assert_int_equal(track.state, TRACK_UP);
	assert_int_equal(track.changes, 3);
}

/* A flapping uplink is better than none. */
static void urgent(void **state)
{
	struct track track;

	(void)state;
	config.delay_up = 0;
	track_init(&track, &config);
	track_result(&track, true, false, 0);
	for (msec_t at = 1; at < 10; at += 2) {
		track_result(&track, false, false, at * S);
		track_result(&track, true, false, (at + 1) * S);
	}
	assert_int_equal(track.state, TRACK_DOWN);
	assert_int_equal(track_tick(&track, true, 10 * S), TRACK_CHANGED);
	assert_int_equal(track.state, TRACK_UP);
}

/* What delay down rides out still counts; what carrier loss does, too. */
static void hidden_flaps(void **state)
{
	struct track track;

	(void)state;
	config.delay_down = 5 * S;
	config.delay_up = 0;
	track_init(&track, &config);
	track_result(&track, true, false, 0);
	track_result(&track, false, false, 1 * S);
	track_result(&track, true, false, 2 * S);
	assert_int_equal(track.changes, 1);
	assert_in_range(track_damp_penalty(&track.damp, &config.damp, 2 * S),
			980, 1000);
	track_force(&track, TRACK_DOWN, false, 3 * S);
	track_force(&track, TRACK_DOWN, false, 4 * S);
	assert_in_range(track_damp_penalty(&track.damp, &config.damp, 4 * S),
			1950, 2000);
	config.delay_down = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decay),
		cmocka_unit_test(suppress_and_reuse),
		cmocka_unit_test(at_most),
		cmocka_unit_test(none),
		cmocka_unit_test(a_track),
		cmocka_unit_test(urgent),
		cmocka_unit_test(hidden_flaps),
	};

	return cmocka_run_group_tests_name("track_damp", tests, NULL, NULL);
}
