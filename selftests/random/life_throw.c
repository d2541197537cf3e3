// SPDX-License-Identifier: GPL-2.0-or-later
/* life_throw.c - see life.h: uplinks of random shape. */
#include <stdio.h>
#include <string.h>

#include "dice.h"
#include "life.h"

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

void life_throw(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->uplinks_count = 1 + dice_below(3);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		new_uplink(&config->uplinks[i], i);
	config->settle = dice_chance(50) ? 0 : 1 + dice_below(3000);
}
