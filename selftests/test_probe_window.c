// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_probe_window.c - loss, RTT and jitter of the last probes, and when they
 * are no longer, or again, good enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe_window.h"

#define LOST (-1)

static struct probe_window window;

static void begin(unsigned size)
{
	memset(&window, 0xa5, sizeof(window));
	window.slow = 0;
	probe_window_init(&window, size);
}

static void add(const int64_t *rtts, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		probe_window_add(&window, rtts[i]);
}

#define ADD(...)                              \
	add((const int64_t[]){ __VA_ARGS__ }, \
	    sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static void assert_quality(unsigned count, unsigned lost, int64_t rtt,
			   int64_t jitter)
{
	struct probe_quality quality = probe_window_quality(&window);

	assert_int_equal(quality.count, count);
	assert_int_equal(quality.lost, lost);
	assert_int_equal(quality.rtt_us, rtt);
	assert_int_equal(quality.jitter_us, jitter);
}

static void figures(void **state)
{
	(void)state;
	begin(4);
	assert_quality(0, 0, -1, -1);
	ADD(LOST);
	assert_quality(1, 1, -1, -1);
	ADD(1000);
	assert_quality(2, 1, 1000, -1);
	ADD(3000);
	assert_quality(3, 1, 2000, 2000);
	/* A lost one between two is no difference. */
	ADD(LOST);
	assert_quality(4, 2, 2000, 2000);
	/* The first one is forgotten: 1000 3000 - 2000. */
	ADD(2000);
	assert_quality(4, 1, 2000, 1500);
	ADD(LOST, LOST, LOST, LOST);
	assert_quality(4, 4, -1, -1);
}

static void no_window(void **state)
{
	(void)state;
	begin(0);
	ADD(1000, LOST);
	assert_quality(0, 0, -1, -1);
}

static void larger_than_there_is(void **state)
{
	(void)state;
	begin(100000);
	for (unsigned i = 0; i < 1000; i++)
		ADD(i % 2 ? 3000 : 1000);
	assert_quality(PROBE_WINDOW, 0, 2000, 2000);
}

/* Down from 30 % on, up at 10 %. */
static const struct track_config loss = { .loss_down = 30, .loss_up = 10 };

static bool lost_of_ten(unsigned lost)
{
	for (unsigned i = 0; i < 10; i++)
		ADD(i < lost ? LOST : 1000);
	return probe_window_judge(&window, &loss);
}

static void loss_has_two_limits(void **state)
{
	(void)state;
	begin(10);
	assert_true(lost_of_ten(2));
	assert_false(lost_of_ten(3));
	assert_false(lost_of_ten(2)); /* between the two: as it was */
	assert_true(lost_of_ten(1));
	assert_true(lost_of_ten(2));
	assert_false(lost_of_ten(10));
	assert_true(lost_of_ten(0));
}

/* The first probe of a path is lost: that is not 100 % of it. */
static void few_probes_are_not_the_window(void **state)
{
	(void)state;
	begin(10);
	ADD(LOST, LOST);
	assert_true(probe_window_judge(&window, &loss));
	ADD(LOST);
	assert_false(probe_window_judge(&window, &loss));
}

/* S5: thirty of a hundred lost, for as long as one likes: one change. */
static void a_lossy_hour_is_one_change(void **state)
{
	const struct track_config limits = { .loss_down = 20, .loss_up = 5 };
	unsigned changes = 0;
	bool good = true;

	(void)state;
	srandom(5);
	begin(50);
	for (unsigned i = 0; i < 3600; i++) {
		bool now;

		ADD(random() % 100 < 30 ? LOST : 1000);
		now = probe_window_judge(&window, &limits);
		changes += now != good;
		good = now;
	}
	assert_int_equal(changes, 1);
	assert_false(good);
}

static void rtt_has_two_limits(void **state)
{
	const struct track_config limits = { .rtt_down = 500, .rtt_up = 300 };

	(void)state;
	begin(4);
	ADD(900000); /* one is no average */
	assert_true(probe_window_judge(&window, &limits));
	ADD(100000, 500000, 500000);
	assert_false(probe_window_judge(&window, &limits));
	ADD(100000, 500000, 500000, 400000);
	assert_false(probe_window_judge(&window, &limits));
	ADD(300000, 300000, 300000, 300000);
	assert_true(probe_window_judge(&window, &limits));
	/* Where nothing is answered, time says nothing: that is loss. */
	ADD(LOST, LOST, LOST, LOST);
	assert_true(probe_window_judge(&window, &limits));
}

static void no_limits(void **state)
{
	const struct track_config none = { .misses = 3 };

	(void)state;
	begin(4);
	ADD(LOST, LOST, LOST, LOST);
	assert_true(probe_window_judge(&window, &none));
	ADD(900000000, 900000000, 900000000, 900000000);
	assert_true(probe_window_judge(&window, &none));
}

/* Another path: its past is not this one's, but slow answers go on counting. */
static void a_new_path_begins_anew(void **state)
{
	(void)state;
	begin(10);
	window.slow = 7;
	assert_false(lost_of_ten(10));
	probe_window_init(&window, 10);
	assert_quality(0, 0, -1, -1);
	assert_true(probe_window_judge(&window, &loss));
	assert_int_equal(window.slow, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures),
		cmocka_unit_test(no_window),
		cmocka_unit_test(larger_than_there_is),
		cmocka_unit_test(loss_has_two_limits),
		cmocka_unit_test(few_probes_are_not_the_window),
		cmocka_unit_test(a_lossy_hour_is_one_change),
		cmocka_unit_test(rtt_has_two_limits),
		cmocka_unit_test(no_limits),
		cmocka_unit_test(a_new_path_begins_anew),
	};

	return cmocka_run_group_tests_name("probe_window", tests, NULL, NULL);
}
