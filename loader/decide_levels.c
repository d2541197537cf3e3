// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_levels.c - how good each uplink is now, and at which level.
 *
 * An uplink is several candidates: by its own track at its own level, and by the
 * track of each fallback at a worse one.  The first that is up is what it is.  A
 * candidate without a verdict hides those behind it: a daemon that has just
 * started must not take the cable for the Internet.
 */
#include <string.h>

#include "decide_private.h"

static bool connected(const struct uplink_facts *uplink)
{
	return uplink->present && uplink->admin_up && uplink->carrier &&
	       uplink->has_address && uplink->next_hop && uplink->attached;
}

/*
 * A daemon that has just started knows nothing yet, but the data plane it
 * adopted is at work: what was up before stays up until the first verdict.
 * Being the selector is not enough, for want of better it can be an uplink
 * that never had a verdict.
 */
static bool was_up(const struct desired *previous, unsigned index)
{
	return previous && (previous->states[index] == TP_EXIT_UP ||
			    previous->states[index] == TP_EXIT_DRAIN);
}

/* Nor does what was dead come back by a new daemon: its sessions may wait. */
static bool was_dead(const struct desired *previous, unsigned index)
{
	return previous && previous->states[index] == TP_EXIT_DEAD &&
	       !(previous->unproven & (1U << index));
}

static bool drained(const struct view *view, unsigned index)
{
	return view->intent->kind == INTENT_DRAIN &&
	       !strcmp(view->intent->uplink, view->config->uplinks[index].name);
}

static enum merit merit_of_track(const struct view *view, unsigned index,
				 enum track_state track)
{
	enum merit up = drained(view, index) ? MERIT_DRAINED : MERIT_UP;

	switch (track) {
	case TRACK_UP:
		return up;
	case TRACK_DOWN:
		return view->facts->uplinks[index].beyond ? MERIT_HEARD :
							    MERIT_CONNECTED;
	case TRACK_UNKNOWN:
		break;
	}
	if (was_up(view->previous, index))
		return up;
	return was_dead(view->previous, index) ? MERIT_CONNECTED :
						 MERIT_UNPROVEN;
}

static struct standing standing_of(const struct view *view, unsigned index)
{
	const struct uplink_config *config = &view->config->uplinks[index];
	const struct uplink_facts *facts = &view->facts->uplinks[index];
	struct standing standing = {
		.level = config->level,
		.track = config->track,
		.announce = true,
	};

	if (!connected(facts))
		return standing;
	standing.merit = merit_of_track(view, index, facts->track);
	if (facts->track != TRACK_DOWN)
		return standing;
	for (unsigned i = 0; i < config->fallbacks_count; i++) {
		const struct fallback_config *fallback = &config->fallbacks[i];

		if (facts->fallbacks[i] == TRACK_DOWN)
			continue;
		if (facts->fallbacks[i] == TRACK_UP)
			return (struct standing){
				.merit = merit_of_track(view, index, TRACK_UP),
				.level = fallback->level,
				.track = fallback->track,
				.fallback = true,
				.announce = fallback->announce,
			};
		break;
	}
	return standing;
}

static enum tp_exit_state state_of(enum merit merit)
{
	switch (merit) {
	case MERIT_UP:
		return TP_EXIT_UP;
	case MERIT_DRAINED:
		return TP_EXIT_DRAIN;
	case MERIT_HEARD:
	case MERIT_UNPROVEN:
		return TP_EXIT_AVOID;
	case MERIT_CONNECTED:
	case MERIT_NONE:
		break;
	}
	return TP_EXIT_DEAD;
}

/*
 * A fallback is better than nothing.  As long as something else is taken, what
 * the uplink's own track said about it holds.
 */
enum tp_exit_state decide_exit_state(const struct view *view, unsigned index,
				     int selector)
{
	const struct standing *standing = &view->standings[index];

	if (standing->fallback && selector != (int)index)
		return view->facts->uplinks[index].beyond ? TP_EXIT_AVOID :
							    TP_EXIT_DEAD;
	return state_of(standing->merit);
}

/* By level; then what others may know of; then what is in use; file order. */
static bool is_better(const struct view *view, unsigned i, unsigned other)
{
	const struct standing *a = &view->standings[i];
	const struct standing *b = &view->standings[other];

	if (a->level != b->level)
		return a->level < b->level;
	if (a->announce != b->announce)
		return a->announce;
	return (int)i == view->keep;
}

static int best_of(const struct view *view, enum merit merit, bool announced)
{
	int found = MODEL_NOBODY;

	for (unsigned i = 0; i < view->config->uplinks_count; i++) {
		const struct standing *standing = &view->standings[i];

		if (standing->merit != merit ||
		    (announced && !standing->announce))
			continue;
		if (found == MODEL_NOBODY ||
		    is_better(view, i, (unsigned)found))
			found = (int)i;
	}
	return found;
}

int decide_best(const struct view *view, enum merit merit)
{
	return best_of(view, merit, false);
}

int decide_best_announced(const struct view *view)
{
	return best_of(view, MERIT_UP, true);
}

unsigned decide_level(const struct view *view, int index)
{
	return view->standings[index].level;
}

const char *decide_uplink_name(const struct view *view, int index)
{
	return view->config->uplinks[index].name;
}

static int in_use(const struct desired *previous)
{
	if (!previous)
		return MODEL_NOBODY;
	if (previous->selector >= 0)
		return previous->selector;
	if (previous->announce >= 0)
		return previous->announce;
	return previous->last_resort;
}

void decide_look(struct view *view)
{
	const struct partner_facts *partner = &view->facts->partner;

	for (unsigned i = 0; i < view->config->uplinks_count; i++)
		view->standings[i] = standing_of(view, i);
	view->keep = in_use(view->previous);
	view->partner_reachable = view->config->partner.type !=
					  TP_PARTNER_NONE &&
				  partner->address_on_lan && partner->mac_known;
	view->partner_known = view->partner_reachable && !partner->gone &&
			      decide_partner_offers(partner);
}
