// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_share.c - who shares the new sessions, and by which weight.
 *
 * Those of the best level share it: mine by what I know, the partner's by what its
 * heartbeat says.  Both gateways come to the same list, each from its own side; for
 * as long as they do not, a host's sessions are asked about like any others.  A
 * fallback does not share, and a wish of the operator's ends it.
 */
#include <string.h>

#include "decide_private.h"
#include "share.h"

static void add(struct desired *desired, int candidate, unsigned weight,
		uint64_t id)
{
	desired->shares[desired->shares_count++] =
		(struct share){ candidate, weight, id };
}

static void add_mine(const struct view *view, struct desired *desired,
		     unsigned level)
{
	const struct tp_addr *owner = &view->facts->partner.local;

	for (unsigned i = 0; i < view->config->uplinks_count; i++) {
		const struct uplink_config *uplink = &view->config->uplinks[i];
		const struct standing *standing = &view->standings[i];

		if (uplink->share && standing->merit == MERIT_UP &&
		    !standing->fallback && standing->level == level)
			add(desired, (int)i, uplink->share,
			    share_id(owner, uplink->name));
	}
}

static bool tells_share(const struct view *view, unsigned i, unsigned level)
{
	const struct told_share *told = &view->facts->partner.told_shares[i];

	return told->weight && told->level == level;
}

bool decide_shares_with_partner(const struct view *view, int mine)
{
	if (!view->partner_known || !view->facts->partner.told ||
	    !view->config->uplinks[mine].share ||
	    view->standings[mine].fallback)
		return false;
	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		if (tells_share(view, i, decide_level(view, mine)))
			return true;
	return false;
}

static void add_theirs(const struct view *view, struct desired *desired,
		       unsigned level)
{
	const struct told_share *told = view->facts->partner.told_shares;

	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		if (tells_share(view, i, level))
			add(desired, MODEL_PARTNER, told[i].weight,
			    share_id(&view->config->partner.address,
				     told[i].name));
}

void decide_share(const struct view *view, struct desired *desired, int wish)
{
	int mine = desired->selector;

	if (wish != MODEL_NOBODY || mine < 0 ||
	    !view->config->uplinks[mine].share ||
	    view->standings[mine].merit != MERIT_UP ||
	    view->standings[mine].fallback)
		return;
	add_mine(view, desired, decide_level(view, mine));
	/* Its share comes out of what is mine: not while it does not answer. */
	if (decide_shares_with_partner(view, mine) &&
	    !view->facts->partner.failing)
		add_theirs(view, desired, decide_level(view, mine));
	if (desired->shares_count >= 2) {
		decide_say(desired, "; %u share this level",
			   desired->shares_count);
		return;
	}
	memset(desired->shares, 0, sizeof(desired->shares));
	desired->shares_count = 0;
}
