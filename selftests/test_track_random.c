// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_track_random.c - from probe results to the exit, in simulated time.
 *
 * Real tracks.c and decide.c over random uplinks with random probes, lists, delays
 * and dampening, fed with random outages.  What must hold is said in other words
 * than theirs.  And the one script that everybody fears: a line that comes and goes
 * every second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide.h"
#include "log.h"
#include "random/dice.h"
#include "site.h"
#include "track_list.h"
#include "tracks.h"

#define SITES 250
#define STEP 50 /* ms of simulated time between two looks */
#define S ((msec_t)1000)

static unsigned number;
static struct site site;
static struct tracks tracks;

/* What the test remembers of each track, to check it by. */
static struct memory {
	enum track_state raw, state;
	msec_t raw_since;
	unsigned changes;
	bool forced; /* in this step */
} memories[MODEL_UPLINKS][MODEL_TRACKS];

static bool urgent_before[MODEL_UPLINKS];

/* The way to what a probe asks. */
static struct path {
	bool works;
	msec_t until; /* then it changes */
	msec_t next;  /* probe */
} paths[MODEL_UPLINKS][MODEL_TRACKS];

#define HOLDS(condition)                                                 \
	do {                                                             \
		if (!(condition))                                        \
			fail_msg("site %u at %lld: not so: %s", number,  \
				 (long long)site.facts.now, #condition); \
	} while (0)

msec_t site_now(void)
{
	return site.facts.now;
}

/* ---- random uplinks ------------------------------------------------------ */

static void new_damp(struct damp_config *damp)
{
	if (dice_chance(60))
		return;
	damp->half_life = (1 + dice_below(60)) * S;
	damp->reuse = 500 + dice_below(500);
	damp->suppress = damp->reuse + 1 + dice_below(1500);
	damp->most = damp->half_life * (2 + dice_below(4));
}

static void new_members(struct track_config *list, unsigned before)
{
	unsigned total = 0;

	for (unsigned i = 0; i < before; i++) {
		if (list->kind == TRACK_NOT ? list->members_count :
					      dice_chance(40))
			continue;
		list->members[list->members_count++] = (struct track_member){
			i, list->kind == TRACK_WEIGHT ? 1 + dice_below(9) : 1
		};
	}
	if (!list->members_count)
		list->members[list->members_count++] =
			(struct track_member){ 0, 1 };
	for (unsigned i = 0; i < list->members_count; i++)
		total += list->members[i].weight;
	list->weight_up = 1 + dice_below(total);
	list->weight_down = dice_below(list->weight_up);
}

static void new_uplink(struct uplink_config *uplink, unsigned i)
{
	unsigned probes = 1 + dice_below(4);

	snprintf(uplink->name, MODEL_NAME, "isp-%u", i);
	uplink->level = 1 + i;
	uplink->tracks_count = 1 + probes + dice_below(6);
	for (unsigned t = 0; t < uplink->tracks_count; t++) {
		struct track_config *track = &uplink->tracks[t];

		snprintf(track->name, MODEL_NAME, "t%u", t);
		track->kind = !t	  ? TRACK_INTERFACE :
			      t <= probes ? TRACK_ICMP :
					    TRACK_ANY + dice_below(4);
		track->misses = 1 + dice_below(4);
		track->hits = 1 + dice_below(4);
		track->interval = 50 + 50 * dice_below(20);
		track->delay_down = dice_chance(50) ? 0 : dice_below(5000);
		track->delay_up = dice_chance(30) ? 0 : dice_below(20000);
		new_damp(&track->damp);
		if (t > probes)
			new_members(track, t);
	}
	uplink->track = uplink->tracks_count - 1;
	uplink->fallbacks_count = dice_below(3);
	for (unsigned n = 0; n < uplink->fallbacks_count; n++)
		uplink->fallbacks[n] = (struct fallback_config){
			.level = 10 + 2 * n + i,
			.track = dice_below(uplink->tracks_count),
			.announce = dice_chance(80),
		};
}

static void begin(void)
{
	memset(&tracks, 0, sizeof(tracks));
	memset(memories, 0, sizeof(memories));
	memset(paths, 0, sizeof(paths));
	memset(&site.tracks, 0, sizeof(site.tracks));
	memset(&site.facts, 0, sizeof(site.facts));
	memset(&site.desired, 0, sizeof(site.desired));
	site.desired.selector = MODEL_NOBODY;
	site.facts.now = 1000 * S;
	site.facts.ready = true;
	tracks_init(&tracks, &site);
}

static void new_site(void)
{
	memset(&site.config, 0, sizeof(site.config));
	site.config.uplinks_count = 1 + dice_below(3);
	for (unsigned i = 0; i < site.config.uplinks_count; i++)
		new_uplink(&site.config.uplinks[i], i);
	site.config.settle = dice_chance(50) ? 0 : 1 + dice_below(3000);
	begin();
}

/* ---- a step of time -------------------------------------------------------- */

/* Outages of any length, short ones more often. */
static void weather(struct path *path, bool interface)
{
	if (site.facts.now < path->until)
		return;
	path->works = !path->works;
	path->until = site.facts.now +
		      dice_below(dice_chance(70) ? 2000 : 60000) +
		      (interface ? 20000 : 0);
}

static void probe(unsigned i, unsigned t)
{
	const struct track_config *config = &site.config.uplinks[i].tracks[t];
	struct path *path = &paths[i][t];

	if (site.facts.now < path->next)
		return;
	path->next = site.facts.now + config->interval;
	tracks_tick(&tracks, i, t, site.facts.now);
	tracks_result(&tracks, i, t, path->works, "of the weather",
		      site.facts.now);
}

static void force(unsigned i, enum track_state state)
{
	const struct uplink_config *uplink = &site.config.uplinks[i];

	for (unsigned t = 0; t < uplink->tracks_count; t++) {
		if (track_is_list(uplink->tracks[t].kind))
			continue;
		if (t && state == TRACK_UP)
			continue;
		memories[i][t].forced = state == TRACK_DOWN;
		tracks_force(&tracks, i, t, state, "of the cable",
			     site.facts.now);
	}
}

static void step(void)
{
	for (unsigned i = 0; i < site.config.uplinks_count; i++) {
		const struct uplink_config *uplink = &site.config.uplinks[i];
		struct uplink_facts *facts = &site.facts.uplinks[i];
		bool cable = paths[i][0].works;

		for (unsigned t = 0; t < uplink->tracks_count; t++)
			weather(&paths[i][t], !t);
		cable = paths[i][0].works;
		facts->present = facts->admin_up = facts->has_address = true;
		facts->next_hop = facts->attached = true;
		facts->carrier = cable;
		for (unsigned t = 1; cable && t < uplink->tracks_count; t++)
			if (!track_is_list(uplink->tracks[t].kind))
				probe(i, t);
		force(i, cable ? TRACK_UP : TRACK_DOWN);
	}
	tracks_settle(&tracks, site.facts.now);
}

static void choose(void)
{
	const struct intent intent = { 0 };

	for (unsigned i = 0; i < site.config.uplinks_count; i++) {
		const struct uplink_config *uplink = &site.config.uplinks[i];
		struct uplink_facts *facts = &site.facts.uplinks[i];
		const struct track *track = &site.tracks[i][uplink->track];

		facts->track = track->state;
		facts->beyond = track->state == TRACK_DOWN &&
				track->raw == TRACK_UP;
		for (unsigned n = 0; n < uplink->fallbacks_count; n++)
			facts->fallbacks[n] =
				site.tracks[i][uplink->fallbacks[n].track].state;
	}
	site.desired =
		decide(&site.config, &site.facts, &intent, &site.desired);
}

/* ---- what must hold -------------------------------------------------------- */

static bool was_urgent(unsigned i)
{
	for (unsigned n = 0; n < site.config.uplinks_count; n++)
		if (n != i && tracks_serve(&site, n))
			return false;
	return true;
}

/* Another uplink has changed in this very step: it may have been urgent. */
static bool others_moved(unsigned i)
{
	for (unsigned n = 0; n < site.config.uplinks_count; n++)
		for (unsigned t = 0; t < site.config.uplinks[n].tracks_count;
		     t++)
			if (n != i &&
			    site.tracks[n][t].changed == site.facts.now)
				return true;
	return false;
}

/* A change of state: was it time? */
static void check_change(unsigned i, unsigned t, const struct memory *before)
{
	const struct track *track = &site.tracks[i][t];
	const struct track_config *config = track->config;
	msec_t now = site.facts.now;
	/* What was due comes before what is new. */
	msec_t settled = track->state == before->raw ? now - before->raw_since :
						       0;
	bool carrier = memories[i][0].forced;

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
	const struct track *track = &site.tracks[i][t];
	struct memory *memory = &memories[i][t];

	if (track->state != memory->state)
		check_change(i, t, memory);
	else
		HOLDS(track->changes - memory->changes != 1);
	HOLDS(!track->due || track->raw != track->state);
	HOLDS(!track->due || track->due > site.facts.now);
	HOLDS(track->raw == track->state || track->due);
	HOLDS(track_damp_penalty(&track->damp, &track->config->damp,
				 site.facts.now) <=
	      (track->config->damp.half_life ?
		       track_damp_ceiling(&track->config->damp) + 1 :
		       0));
	if (track->raw != memory->raw)
		memory->raw_since = site.facts.now;
	memory->raw = track->raw;
	memory->state = track->state;
	memory->changes = track->changes;
}

/* A list is what its members make of it; only its delays come in between. */
static void check_list(unsigned i, unsigned t)
{
	const struct track_config *list = &site.config.uplinks[i].tracks[t];
	const struct track *all = site.tracks[i];
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
	const struct desired *now = &site.desired;
	bool lives = false;

	for (unsigned i = 0; i < site.config.uplinks_count; i++)
		lives |= now->levels[i] != 0;
	if (lives) {
		HOLDS(now->selector >= 0);
		HOLDS(now->states[now->selector] == TP_EXIT_UP);
		HOLDS(site.facts.uplinks[now->selector].carrier);
	}
	if (now->selector != before->selector && before->selector >= 0 &&
	    now->levels[before->selector])
		HOLDS(site.facts.now - before->switched >= site.config.settle);
}

static void check(const struct desired *before)
{
	for (unsigned i = 0; i < site.config.uplinks_count; i++)
		for (unsigned t = 0; t < site.config.uplinks[i].tracks_count;
		     t++) {
			check_track(i, t);
			if (track_is_list(
				    site.config.uplinks[i].tracks[t].kind))
				check_list(i, t);
		}
	check_exit(before);
}

/* All that was decided, as one number. */
static uint64_t live(msec_t length)
{
	uint64_t story = 0;
	msec_t end;

	for (end = site.facts.now + length; site.facts.now < end;
	     site.facts.now += STEP) {
		struct desired before = site.desired;

		for (unsigned i = 0; i < site.config.uplinks_count; i++)
			urgent_before[i] = was_urgent(i);
		step();
		choose();
		check(&before);
		story = story * 31 + (uint64_t)(site.desired.selector + 3);
		for (unsigned i = 0; i < site.config.uplinks_count; i++)
			story = story * 31 + site.desired.states[i];
	}
	return story;
}

static void invariants(void **state)
{
	(void)state;
	for (number = 0; number < SITES; number++) {
		uint64_t first, seed;

		dice_set(DICE_SEED + number * 0x9e3779b97f4a7c15ULL);
		new_site();
		seed = dice_state();
		first = live(120 * S);
		/* The same weather, the same decisions. */
		dice_set(seed);
		begin();
		assert_true(live(120 * S) == first);
	}
}

/* ---- a line that comes and goes --------------------------------------------- */

static void two_uplinks(msec_t interval, msec_t delay_down, msec_t delay_up,
			msec_t half_life)
{
	memset(&site.config, 0, sizeof(site.config));
	site.config.uplinks_count = 2;
	site.config.settle = S;
	for (unsigned i = 0; i < 2; i++) {
		struct uplink_config *uplink = &site.config.uplinks[i];

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
	begin();
}

/* period: of the first uplink's coming and going; 0: it works. */
static void run(msec_t length, msec_t period, unsigned *over, unsigned *back)
{
	msec_t end = site.facts.now + length;

	for (; site.facts.now < end; site.facts.now += STEP) {
		int was = site.desired.selector;

		for (unsigned i = 0; i < 2; i++)
			for (unsigned t = 0; t < 2; t++) {
				paths[i][t].until = INT64_MAX;
				paths[i][t].works = i || !t || !period ||
						    site.facts.now / period % 2;
			}
		step();
		choose();
		*over += was == 0 && site.desired.selector == 1;
		*back += was == 1 && site.desired.selector == 0;
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

		number = (unsigned)i;
		two_uplinks(rows[i].interval, rows[i].delay_down,
			    rows[i].delay_up, rows[i].half_life);
		run(60 * S, 0, &over, &back);
		HOLDS(site.desired.selector == 0 && !over);
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
		HOLDS(over == late && site.desired.selector == 0);
		HOLDS(back <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
		cmocka_unit_test(flapping),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("tracks, at random", tests, NULL,
					   NULL);
}
