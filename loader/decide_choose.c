// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_choose.c - the exit of new sessions.
 *
 * The order in which an exit is chosen, with no wish of the operator's:
 *
 *   1. an uplink of level 1 that is up;
 *   2. the partner, when it has an exit of a better level than the best of mine
 *      that is up, or offers a default without saying of which;
 *   3. whatever uplink of mine is up, be it as a fallback (decide_levels.c);
 *   4. the partner, known by its heartbeat, its marker or its default;
 *   5. an uplink that is up, but that the operator drains: better than none;
 *   6. an uplink whose track is down, but from beyond whose next hop something
 *      still arrives: a probe target that died must not take a working site
 *      down with it, and no sign of life came from the partner;
 *   7. the partner, of whom nothing is known but a MAC address (the data plane
 *      hands back what it cannot serve);
 *   8. an uplink without a verdict yet;
 *   9. the partner, whose MAC is not even known yet;
 *  10. nobody.
 *
 * By force the operator gets an exit that is not up, as long as a packet can
 * leave there at all.
 *
 * An uplink that failback.c drains, because a better one is back, is up here: it
 * is taken again whenever it is the best.
 */
#include <string.h>

#include "decide_private.h"

static int find_uplink(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (!strcmp(config->uplinks[i].name, name))
			return (int)i;
	return MODEL_NOBODY;
}

/* What he asked for by name, be it up or not. */
static int wanted_uplink(const struct view *view, struct desired *desired)
{
	const struct intent *intent = view->intent;
	int uplink = find_uplink(view->config, intent->uplink);

	if (uplink == MODEL_NOBODY) {
		decide_say(
			desired,
			"the operator asked for %s, which is not configured; ",
			intent->uplink);
		return MODEL_NOBODY;
	}
	if (view->standings[uplink].merit == MERIT_UP) {
		decide_say(desired, "the operator asked for %s",
			   decide_uplink_name(view, uplink));
		return uplink;
	}
	desired->degraded = intent->force;
	decide_say(desired, "the operator %s ",
		   intent->force ? "forces" : "asked for");
	decide_say_fault(view, desired, uplink);
	if (intent->force && view->standings[uplink].merit > MERIT_NONE)
		return uplink;
	decide_say(desired, "; ");
	return MODEL_NOBODY;
}

static int wanted_partner(const struct view *view, struct desired *desired)
{
	bool force = view->intent->force;

	if (view->partner_known) {
		decide_say(desired, "the operator asked for partner");
		return MODEL_PARTNER;
	}
	desired->degraded = force;
	decide_say(desired, "the operator %s the partner, which %s",
		   force ? "forces" : "asked for",
		   view->config->partner.type == TP_PARTNER_NONE ?
			   "is not configured" :
		   view->partner_reachable ? "offers no exit" :
					     "cannot be reached");
	if (force && view->partner_reachable)
		return MODEL_PARTNER;
	decide_say(desired, "; ");
	return MODEL_NOBODY;
}

int decide_wanted(const struct view *view, struct desired *desired)
{
	switch (view->intent->kind) {
	case INTENT_UPLINK:
		return wanted_uplink(view, desired);
	case INTENT_PARTNER:
		return wanted_partner(view, desired);
	case INTENT_DRAIN:
	case INTENT_AUTO:
		break;
	}
	return MODEL_NOBODY;
}

/* Steps 4 to 10 of the order above: no uplink of mine is up. */
static int choose_lesser(const struct view *view, struct desired *desired)
{
	bool on_lan = view->config->partner.type != TP_PARTNER_NONE &&
		      view->facts->partner.address_on_lan;
	int heard = decide_best(view, MERIT_HEARD);
	int unproven = decide_best(view, MERIT_UNPROVEN);
	int spared = decide_best(view, MERIT_DRAINED);

	decide_say_best_fault(view, desired);
	if (view->partner_known) {
		decide_say(desired, "; partner %s",
			   view->facts->partner.offers_default ?
				   "offers a default" :
				   "has an uplink");
		return MODEL_PARTNER;
	}
	if (spared != MODEL_NOBODY) {
		decide_say(desired,
			   "; nothing else is up: %s is used all the same",
			   decide_uplink_name(view, spared));
		return spared;
	}
	if (heard != MODEL_NOBODY) {
		decide_say(desired,
			   "; partner offers nothing, and from beyond %s's "
			   "next hop something still arrives",
			   decide_uplink_name(view, heard));
		return heard;
	}
	if (unproven != MODEL_NOBODY && !view->partner_reachable) {
		decide_say(desired, "; nothing better than %s",
			   decide_uplink_name(view, unproven));
		return unproven;
	}
	if (on_lan) {
		decide_say(desired,
			   "; nothing is known of the partner's uplinks, "
			   "handed over all the same");
		return MODEL_PARTNER;
	}
	decide_say(desired, "; no partner");
	return MODEL_NOBODY;
}

int decide_choose(const struct view *view, struct desired *desired, int wish)
{
	int mine = decide_best(view, MERIT_UP);

	if (wish != MODEL_NOBODY)
		return wish;
	if (mine == MODEL_NOBODY)
		return choose_lesser(view, desired);
	if (view->intent->kind == INTENT_DRAIN)
		decide_say(desired, "the operator drains %s; ",
			   view->intent->uplink);
	if (decide_partner_is_better(view, mine)) {
		decide_say(desired, "my best uplink is of level %u; partner %s",
			   decide_level(view, mine),
			   decide_partner_words(view, mine));
		return MODEL_PARTNER;
	}
	decide_say_best(view, desired, mine);
	decide_say_missing(view, desired, mine);
	if (decide_partner_is_equal(view, mine) &&
	    !decide_shares_with_partner(view, mine))
		decide_say(desired,
			   "; partner has one, too, and shall give way");
	return mine;
}
