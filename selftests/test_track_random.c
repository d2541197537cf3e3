// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track_random.c - from probe results to the exit, in simulated time.
 *
 * Real tracks.c and decide.c over random uplinks with random probes, lists, delays
 * and dampening, fed with random outages.  What must hold is said in other words
 * than theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"
#include "random/dice.h"
#include "random/life.h"
#include "track_list.h"

#define SITES 250

/* What the test remembers of each track, to check it by. */
static struct memory {
	enum track_state raw, state;
	msec_t raw_since;
	unsigned changes;
} memories[MODEL_UPLINKS][MODEL_TRACKS];

static bool urgent_before[MODEL_UPLINKS];

static void begin(void)
{
	memset(memories, 0, sizeof(memories));
	life_begin();
}

static bool was_urgent(unsigned i)
{
	for (unsigned n = 0; n < life.site.config.uplinks_count; n++)
		if (n != i && tracks_serve(&life.site, n))
			return false;
	return true;
}

/* Another uplink has changed in this very step: it may have been urgent. */
static bool others_moved(unsigned i)
{
	for (unsigned n = 0; n < life.site.config.uplinks_count; n++)
		for (unsigned t = 0;
		     t < life.site.config.uplinks[n].tracks_count; t++)
			if (n != i && life.site.tracks[n][t].changed ==
					      life.site.facts.now)
				return true;
	return false;
}

/* A change of state: was it time? */
static void check_change(unsigned i, unsigned t, const struct memory *before)
{
	const struct track *track = &life.site.tracks[i][t];
	const struct track_config *config = track->config;
	msec_t now = life.site.facts.now;
	/* What was due comes before what is new. */
	msec_t settled = track->state == before->raw ? now - before->raw_since :
						       0;
	bool carrier = !life.site.facts.uplinks[i].carrier;

	HOLDS(track->changes > before->changes);
	HOLDS(track->changed == now);
	if (before->state == TRACK_UNKNOWN)
		return;
	if (track->state == TRACK_DOWN)
		HOLDS(carrier || settled >= config->delay_down);
	else
		HOLDS(urgent_before[i] || was_urgent(i) || others_moved(i) ||
		      settled >= config->delay_up);
}

static void check_track(unsigned i, unsigned t)
{
	const struct track *track = &life.site.tracks[i][t];
	struct memory *memory = &memories[i][t];

	if (track->state != memory->state)
		check_change(i, t, memory);
	else
		HOLDS(track->changes - memory->changes != 1);
	HOLDS(!track->due || track->raw != track->state);
	HOLDS(!track->due || track->due > life.site.facts.now);
	HOLDS(track->raw == track->state || track->due);
	HOLDS(track_damp_penalty(&track->damp, &track->config->damp,
				 life.site.facts.now) <=
	      (track->config->damp.half_life ?
		       track_damp_ceiling(&track->config->damp) + 1 :
		       0));
	if (track->raw != memory->raw)
		memory->raw_since = life.site.facts.now;
	memory->raw = track->raw;
	memory->state = track->state;
	memory->changes = track->changes;
}

/* A list is what its members make of it; only its delays come in between. */
static void check_list(unsigned i, unsigned t)
{
	const struct track_config *list =
		&life.site.config.uplinks[i].tracks[t];
	const struct track *all = life.site.tracks[i];
	unsigned up = 0, down = 0, unknown = 0;

	for (unsigned n = 0; n < list->members_count; n++) {
		const struct track_member *member = &list->members[n];
		enum track_state state = all[member->track].state;

		up += state == TRACK_UP ? member->weight : 0;
		down += state == TRACK_DOWN ? member->weight : 0;
		unknown += state == TRACK_UNKNOWN;
	}
	if (unknown)
		return;
	switch (list->kind) {
	case TRACK_ANY:
		HOLDS(all[t].raw == (up ? TRACK_UP : TRACK_DOWN));
		break;
	case TRACK_ALL:
		HOLDS(all[t].raw == (down ? TRACK_DOWN : TRACK_UP));
		break;
	case TRACK_NOT:
		HOLDS(all[t].raw == (up ? TRACK_DOWN : TRACK_UP));
		break;
	default:
		HOLDS(up < list->weight_up || all[t].raw == TRACK_UP);
		HOLDS(up > list->weight_down || all[t].raw == TRACK_DOWN);
	}
}

/* The exit: never a dead one, and not a new one all the time. */
static void check_exit(const struct desired *before)
{
	const struct desired *now = &life.site.desired;
	bool lives = false;

	for (unsigned i = 0; i < life.site.config.uplinks_count; i++)
		lives |= now->levels[i] != 0;
	if (lives) {
		HOLDS(now->selector >= 0);
		HOLDS(now->states[now->selector] == TP_EXIT_UP);
		HOLDS(life.site.facts.uplinks[now->selector].carrier);
	}
	if (now->selector != before->selector && before->selector >= 0 &&
	    now->levels[before->selector])
		HOLDS(life.site.facts.now - before->switched >=
		      life.site.config.settle);
}

static void check(const struct desired *before)
{
	for (unsigned i = 0; i < life.site.config.uplinks_count; i++)
		for (unsigned t = 0;
		     t < life.site.config.uplinks[i].tracks_count; t++) {
			check_track(i, t);
			if (track_is_list(
				    life.site.config.uplinks[i].tracks[t].kind))
				check_list(i, t);
		}
	check_exit(before);
}

/* All that was decided, as one number. */
static uint64_t live(msec_t length)
{
	uint64_t story = 0;
	msec_t end;

	for (end = life.site.facts.now + length; life.site.facts.now < end;
	     life.site.facts.now += LIFE_STEP) {
		struct desired before = life.site.desired;

		for (unsigned i = 0; i < life.site.config.uplinks_count; i++)
			urgent_before[i] = was_urgent(i);
		life_step();
		check(&before);
		story = story * 31 + (uint64_t)(life.site.desired.selector + 3);
		for (unsigned i = 0; i < life.site.config.uplinks_count; i++)
			story = story * 31 + life.site.desired.states[i];
	}
	return story;
}

static void invariants(void **state)
{
	(void)state;
	for (life.number = 0; life.number < SITES; life.number++) {
		uint64_t first, seed;

		dice_set(DICE_SEED + life.number * 0x9e3779b97f4a7c15ULL);
		life_throw(&life.site.config);
		begin();
		seed = dice_state();
		first = live(120 * S);
		/* The same weather, the same decisions. */
		dice_set(seed);
		begin();
		assert_true(live(120 * S) == first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("tracks, at random", tests, NULL,
					   NULL);
}
