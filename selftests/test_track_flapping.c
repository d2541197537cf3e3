// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track_flapping.c - the one script that everybody fears: a line that comes and
 * goes every second, in simulated time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "random/life.h"

static void two_uplinks(msec_t interval, msec_t delay_down, msec_t delay_up,
			msec_t half_life)
{
	memset(&life.site.config, 0, sizeof(life.site.config));
	life.site.config.uplinks_count = 2;
	life.site.config.settle = S;
	for (unsigned i = 0; i < 2; i++) {
		struct uplink_config *uplink = &life.site.config.uplinks[i];

		snprintf(uplink->name, MODEL_NAME, "isp-%u", i);
		uplink->level = 1 + i;
		uplink->tracks_count = 2;
		uplink->track = 1;
		uplink->tracks[1] = (struct track_config){
			.kind = TRACK_ICMP,
			.name = "core",
			.interval = interval,
			.misses = 3,
			.hits = 3,
			.delay_down = delay_down,
			.delay_up = delay_up,
			.damp = { half_life, 2000, 1000, 4 * half_life },
		};
	}
	life_begin();
}

/* period: of the first uplink's coming and going; 0: it works. */
static void run(msec_t length, msec_t period, unsigned *over, unsigned *back)
{
	msec_t end = life.site.facts.now + length;

	for (; life.site.facts.now < end; life.site.facts.now += LIFE_STEP) {
		int was = life.site.desired.selector;

		for (unsigned i = 0; i < 2; i++)
			for (unsigned t = 0; t < 2; t++) {
				life.paths[i][t].until = INT64_MAX;
				life.paths[i][t].works =
					i || !t || !period ||
					life.site.facts.now / period % 2;
			}
		life_step();
		*over += was == 0 && life.site.desired.selector == 1;
		*back += was == 1 && life.site.desired.selector == 0;
	}
}

static void flapping(void **state)
{
	static const struct {
		msec_t interval, delay_down, delay_up, half_life;
		msec_t period; /* of the flapping, half of it */
		unsigned over; /* at most */
		msec_t home;   /* after that, when it is quiet, at most */
	} rows[] = {
		{ 50, 0, 20 * S, 0, S, 1, 21 * S },    /* echo */
		{ S, 5 * S, 20 * S, 0, S, 1, 24 * S }, /* the article's */
		{ 50, 0, 20 * S, 60 * S, S, 1, 262 * S },
		/* Longer than delay up: only dampening helps. */
		{ 50, 0, 2 * S, 60 * S, 10 * S, 3, 262 * S },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned over = 0, back = 0, late = 0;

		life.number = (unsigned)i;
		two_uplinks(rows[i].interval, rows[i].delay_down,
			    rows[i].delay_up, rows[i].half_life);
		run(60 * S, 0, &over, &back);
		HOLDS(life.site.desired.selector == 0 && !over);
		over = back = 0;
		run(300 * S, rows[i].period, &over, &back);
		HOLDS(over <= rows[i].over);
		HOLDS(back + 1 <= over || !over);
		/* With dampening all of that happened in the first minute. */
		late = over;
		run(120 * S, rows[i].period, &over, &back);
		HOLDS(over == late);
		back = 0;
		run(rows[i].home, 0, &over, &back);
		HOLDS(over == late && life.site.desired.selector == 0);
		HOLDS(back <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flapping),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
