// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_announce.c - what others see: routes, marker, VRRP.
 *
 * What is announced is stricter than what is used: only an uplink that is up.  A last
 * resort that reaches the IGP keeps the site on it: the partner would see a
 * default and withdraw its own.
 */
#include "decide_private.h"

/*
 * The default route in main.  An operator who asked for the partner gets none:
 * a floating default of ours would go on being originated, and the partner
 * would defer to it.  Without it the partner's own floating one takes over.
 */
static void announce(const struct view *view, struct desired *desired, int wish)
{
	int uplink = desired->selector;

	if (wish == MODEL_PARTNER)
		return;
	if (uplink == MODEL_PARTNER)
		uplink = decide_best_announced(view);
	/* One that the operator drains is in use only while nothing else is. */
	if (uplink < 0 || view->standings[uplink].merit < MERIT_DRAINED ||
	    !view->standings[uplink].announce)
		return;
	desired->announce = uplink;
	desired->metric = MODEL_METRIC_FLOATING;
	if (desired->selector == uplink &&
	    view->standings[uplink].merit == MERIT_UP &&
	    (decide_level(view, uplink) == 1 || wish == uplink ||
	     decide_partner_is_no_exit(view)))
		desired->metric = MODEL_METRIC_BEST;
}

/*
 * The default in table 253 serves the gateway itself while main has none.  It
 * takes any uplink that a packet can leave by: nobody else sees it.
 */
static int last_resort(const struct view *view, const struct desired *desired)
{
	int found = MODEL_NOBODY;

	if (!view->config->last_resort)
		return MODEL_NOBODY;
	if (desired->announce != MODEL_NOBODY)
		return desired->announce;
	if (desired->selector >= 0)
		return desired->selector;
	for (enum merit merit = MERIT_UP;
	     merit > MERIT_NONE && found == MODEL_NOBODY; merit--)
		found = decide_best(view, merit);
	return found;
}

/*
 * Added by keepalived to a low base priority.  A backup of level 2 with a live
 * uplink (90) is below a primary (100), and above a primary that has none or
 * was flipped away (10).
 */
static int vrrp_weight(const struct view *view, const struct desired *desired,
		       int wish)
{
	int uplink = desired->selector;
	int weight;

	if (uplink < 0 && wish == MODEL_NOBODY)
		uplink = decide_best(view, MERIT_UP);
	if (uplink < 0 || decide_level(view, uplink) > 9)
		return 10;
	weight = 100 - 10 * ((int)decide_level(view, uplink) - 1);
	/* Of two equals the hosts shall use the one that carries. */
	if (desired->selector == MODEL_PARTNER &&
	    decide_partner_is_equal(view, uplink))
		weight -= 5;
	return weight > 100 ? 100 : weight;
}

void decide_announce(const struct view *view, struct desired *desired, int wish)
{
	announce(view, desired, wish);
	desired->last_resort = last_resort(view, desired);
	desired->marker = decide_best_announced(view) != MODEL_NOBODY;
	desired->vrrp = vrrp_weight(view, desired, wish);
}
