// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_duration.c - durations to and from text.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "duration.h"

#define SECOND ((msec_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static const struct {
	const char *text;
	int result;
	msec_t duration;
	const char *printed; /* NULL: as it was written */
} rows[] = {
	{ "0s", 0, 0, NULL },
	{ "1ms", 0, 1, NULL },
	{ "200ms", 0, 200, NULL },
	{ "5s", 0, 5 * SECOND, NULL },
	{ "1m", 0, MINUTE, NULL },
	{ "2h4m", 0, 2 * HOUR + 4 * MINUTE, NULL },
	{ "1h2m3s4ms", 0, HOUR + 2 * MINUTE + 3 * SECOND + 4, NULL },
	{ "1s500ms", 0, 1500, NULL },
	{ "8760h", 0, DURATION_MAX, NULL },
	{ "0h0m0s0ms", 0, 0, "0s" },
	{ "90s", 0, 90 * SECOND, "1m30s" },
	{ "7440s", 0, 7440 * SECOND, "2h4m" },
	{ "1500ms", 0, 1500, "1s500ms" },
	{ "007s", 0, 7 * SECOND, "7s" },
	{ "1h90m", 0, HOUR + 90 * MINUTE, "2h30m" },
	{ "0", -EDOM, 0, NULL },
	{ "5", -EDOM, 0, NULL },
	{ "99999999999999999999999", -EDOM, 0, NULL },
	{ "8760h1ms", -ERANGE, 0, NULL },
	{ "8761h", -ERANGE, 0, NULL },
	{ "31536000001ms", -ERANGE, 0, NULL },
	{ "9223372036854775807ms", -ERANGE, 0, NULL },
	{ "9223372036854775808h", -ERANGE, 0, NULL },
	{ "18446744073709551616s", -ERANGE, 0, NULL },
	{ "", -EINVAL, 0, NULL },
	{ "s", -EINVAL, 0, NULL },
	{ "-1s", -EINVAL, 0, NULL },
	{ "+1s", -EINVAL, 0, NULL },
	{ "1.5s", -EINVAL, 0, NULL },
	{ "1d", -EINVAL, 0, NULL },
	{ "1S", -EINVAL, 0, NULL },
	{ "1sec", -EINVAL, 0, NULL },
	{ "1 s", -EINVAL, 0, NULL },
	{ " 1s", -EINVAL, 0, NULL },
	{ "1s ", -EINVAL, 0, NULL },
	{ "2h 4m", -EINVAL, 0, NULL },
	{ "4m2h", -EINVAL, 0, NULL },
	{ "1ms1s", -EINVAL, 0, NULL },
	{ "1s1s", -EINVAL, 0, NULL },
	{ "2h4", -EINVAL, 0, NULL },
	{ "2hm", -EINVAL, 0, NULL },
	{ "0x10s", -EINVAL, 0, NULL },
};

static void test_rows(void **state)
{
	char text[DURATION_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		msec_t duration = 4711;
		int result = duration_parse(rows[i].text, &duration);

		if (result != rows[i].result)
			fail_msg("'%s': %d", rows[i].text, result);
		if (result < 0) {
			assert_int_equal(duration, 4711);
			continue;
		}
		assert_int_equal(duration, rows[i].duration);
		assert_string_equal(duration_print(duration, text),
				    rows[i].printed != NULL ? rows[i].printed :
							      rows[i].text);
	}
}

static void assert_round_trip(msec_t duration)
{
	char text[DURATION_TEXT];
	msec_t again = -1;

	duration_print(duration, text);
	if (duration_parse(text, &again) < 0 || again != duration)
		fail_msg("%s is not %lld", text, (long long)duration);
}

static void test_round_trip(void **state)
{
	msec_t duration;

	(void)state;
	for (duration = 0; duration < 3 * MINUTE; duration += 7)
		assert_round_trip(duration);
	/* about 40,000 of them, up to a year */
	for (duration = 1; duration < DURATION_MAX;
	     duration += 1 + duration / 2048)
		assert_round_trip(duration);
	assert_round_trip(DURATION_MAX);
}

/* No file holds these; a log line may. */
static void test_print_extremes(void **state)
{
	char text[DURATION_TEXT];

	(void)state;
	assert_string_equal(duration_print(-1500, text), "-1s500ms");
	assert_string_equal(duration_print(INT64_MAX, text),
			    "2562047788015h12m55s807ms");
	assert_string_equal(duration_print(INT64_MIN, text),
			    "-2562047788015h12m55s808ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_print_extremes),
	};

	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
