// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * duration.c - durations to and from text.
 *
 * Owns: the spelling of a duration, for the configuration, the log and the
 * command line alike.  It must never guess a unit that was not written.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"

static const struct unit {
	const char *name;
	msec_t length;
} units[] = {
	{ "h", 3600 * 1000 },
	{ "m", 60 * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* Reads digits; -1 where there are none or far too many. */
static msec_t read_number(const char **text)
{
	const char *at = *text;
	msec_t number = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (*at - '0');
		if (number > DURATION_MAX)
			number = DURATION_MAX + 1;
	}
	if (at == *text)
		return -1;
	*text = at;
	return number;
}

/* The index of the unit whose name is the letters at `text`, or -1. */
static int read_unit(const char **text)
{
	size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyz");
	size_t i;

	for (i = 0; i < UNITS; i++) {
		if (strlen(units[i].name) != length ||
		    strncmp(units[i].name, *text, length) != 0)
			continue;
		*text += length;
		return (int)i;
	}
	return -1;
}

int duration_parse(const char *text, msec_t *out)
{
	const char *at = text;
	msec_t sum = 0;
	int last = -1;

	do {
		msec_t number = read_number(&at);
		int unit;

		if (number < 0)
			return -EINVAL;
		if (*at == '\0')
			return last < 0 ? -EDOM : -EINVAL;
		unit = read_unit(&at);
		if (unit <= last)
			return -EINVAL;
		last = unit;
		/* read_number stops above the maximum: no overflow here */
		sum += number * units[unit].length;
		if (sum > DURATION_MAX)
			return -ERANGE;
	} while (*at != '\0');
	*out = sum;
	return 0;
}

const char *duration_print(msec_t duration, char text[DURATION_TEXT])
{
	uint64_t rest = (uint64_t)duration;
	size_t used = 0;
	size_t i;

	text[0] = '\0';
	if (duration < 0) {
		rest = -rest;
		used = (size_t)snprintf(text, DURATION_TEXT, "-");
	}
	for (i = 0; i < UNITS; i++) {
		uint64_t number = rest / (uint64_t)units[i].length;

		rest %= (uint64_t)units[i].length;
		if (number > 0)
			used += (size_t)snprintf(text + used,
						 DURATION_TEXT - used,
						 "%" PRIu64 "%s", number,
						 units[i].name);
	}
	if (duration == 0)
		snprintf(text, DURATION_TEXT, "0s");
	return text;
}
