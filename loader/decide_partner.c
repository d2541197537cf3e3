// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_partner.c - the partner as a candidate.
 *
 * Its heartbeat says at once what its routes say at a pace: they lag behind in both
 * directions.  Without one, levels beyond "mine is the best, or it is not" cannot
 * be compared.
 */
#include "decide_private.h"

bool decide_partner_offers(const struct partner_facts *partner)
{
	bool routes = partner->offers_default || partner->marker;

	if (!partner->told)
		return routes;
	return partner->told_level || (partner->told_self && routes);
}

static bool partner_was_chosen(const struct view *view)
{
	return view->previous && view->previous->selector == MODEL_PARTNER;
}

/*
 * Its routes outlive it.  While its answers are missing it may keep what it has,
 * a second at most, for they may be late; but nothing of mine is turned to it.
 */
static bool partner_serves(const struct view *view)
{
	return view->partner_known &&
	       (!view->facts->partner.failing || partner_was_chosen(view));
}

/* It says that it carries new sessions, by a level as good as mine. */
bool decide_partner_is_equal(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	return partner_serves(view) && partner->told && partner->told_self &&
	       partner->told_level == decide_level(view, mine);
}

/*
 * Does the partner carry new sessions by a better level than my best?  Its
 * heartbeat says so at once; routes are announced at a pace, and lag behind in
 * both directions.  Of two equal gateways the one that carries goes on; when both
 * do, the one with the higher address, as with VRRP.
 */
bool decide_partner_is_better(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	if (!partner_serves(view) || decide_shares_with_partner(view, mine))
		return false;
	if (decide_partner_is_equal(view, mine))
		return partner_was_chosen(view) || partner->first;
	if (partner->told)
		return partner->told_self && partner->told_level &&
		       partner->told_level < decide_level(view, mine);
	/* Not to leave for a moment what a drain or a lease goes by. */
	if (partner->awaited && view->previous &&
	    view->previous->selector != MODEL_NOBODY)
		return partner_was_chosen(view);
	/* What others shall not know of is for when there is nobody else. */
	if (!view->standings[mine].announce)
		return true;
	return decide_level(view, mine) > 1 && partner->offers_default;
}

const char *decide_partner_words(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	if (decide_partner_is_equal(view, mine))
		return partner->first ? "has one, too, and the higher address" :
					"has one, too, and carries already";
	if (partner->told)
		return "has a better one";
	return partner->offers_default ? "offers a default" : "has an uplink";
}

/*
 * Is the partner, for certain, not the site's exit?  It says so, or it is gone.
 * Its default is not to be waited for then, and one that it announced before is
 * not to be believed: when a gateway boots, OSPF brings back its old one.
 */
bool decide_partner_is_no_exit(const struct view *view)
{
	const struct partner_facts *partner = &view->facts->partner;

	return partner->gone || (partner->told && !partner->told_self);
}
