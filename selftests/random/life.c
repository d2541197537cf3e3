// SPDX-License-Identifier: GPL-2.0-or-later
/* life.c - see life.h. */
#include "life.h"

#include <string.h>

#include "decide.h"
#include "dice.h"
#include "track_list.h"

struct life life;

msec_t site_now(void)
{
	return life.site.facts.now;
}

void life_begin(void)
{
	memset(&life.tracks, 0, sizeof(life.tracks));
	memset(life.paths, 0, sizeof(life.paths));
	memset(&life.site.tracks, 0, sizeof(life.site.tracks));
	memset(&life.site.facts, 0, sizeof(life.site.facts));
	memset(&life.site.desired, 0, sizeof(life.site.desired));
	life.site.desired.selector = MODEL_NOBODY;
	life.site.facts.now = 1000 * S;
	life.site.facts.ready = true;
	tracks_init(&life.tracks, &life.site);
}

/* Outages of any length, short ones more often. */
static void weather(struct path *path, bool interface)
{
	if (life.site.facts.now < path->until)
		return;
	path->works = !path->works;
	path->until = life.site.facts.now +
		      dice_below(dice_chance(70) ? 2000 : 60000) +
		      (interface ? 20000 : 0);
}

static void probe(unsigned i, unsigned t)
{
	const struct track_config *config =
		&life.site.config.uplinks[i].tracks[t];
	struct path *path = &life.paths[i][t];

	if (life.site.facts.now < path->next)
		return;
	path->next = life.site.facts.now + config->interval;
	tracks_tick(&life.tracks, i, t, life.site.facts.now);
	tracks_result(&life.tracks, i, t, path->works, "of the weather",
		      life.site.facts.now);
}

static void force(unsigned i, enum track_state state)
{
	const struct uplink_config *uplink = &life.site.config.uplinks[i];

	for (unsigned t = 0; t < uplink->tracks_count; t++) {
		if (track_is_list(uplink->tracks[t].kind))
			continue;
		if (t && state == TRACK_UP)
			continue;
		tracks_force(&life.tracks, i, t, state, "of the cable",
			     life.site.facts.now);
	}
}

static void choose(void)
{
	const struct intent intent = { 0 };

	for (unsigned i = 0; i < life.site.config.uplinks_count; i++) {
		const struct uplink_config *uplink =
			&life.site.config.uplinks[i];
		struct uplink_facts *facts = &life.site.facts.uplinks[i];
		const struct track *track = &life.site.tracks[i][uplink->track];

		facts->track = track->state;
		facts->beyond = track->state == TRACK_DOWN &&
				track->raw == TRACK_UP;
		for (unsigned n = 0; n < uplink->fallbacks_count; n++)
			facts->fallbacks[n] =
				life.site.tracks[i][uplink->fallbacks[n].track]
					.state;
	}
	life.site.desired = decide(&life.site.config, &life.site.facts, &intent,
				   &life.site.desired);
}

void life_step(void)
{
	for (unsigned i = 0; i < life.site.config.uplinks_count; i++) {
		const struct uplink_config *uplink =
			&life.site.config.uplinks[i];
		struct uplink_facts *facts = &life.site.facts.uplinks[i];
		bool cable;

		for (unsigned t = 0; t < uplink->tracks_count; t++)
			weather(&life.paths[i][t], !t);
		cable = life.paths[i][0].works;
		facts->present = facts->admin_up = facts->has_address = true;
		facts->next_hop = facts->attached = true;
		facts->carrier = cable;
		for (unsigned t = 1; cable && t < uplink->tracks_count; t++)
			if (!track_is_list(uplink->tracks[t].kind))
				probe(i, t);
		force(i, cable ? TRACK_UP : TRACK_DOWN);
	}
	tracks_settle(&life.tracks, life.site.facts.now);
	choose();
}
