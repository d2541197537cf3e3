// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_settle.c - one change at a time.
 *
 * After a change of exit a merely better one waits for `settle`, as long as the one
 * in use can go on.  Two gateways that learn of an outage one after the other come
 * to rest so, instead of passing the site to and fro.  What is dead is left at once,
 * and the operator is never made to wait.
 */
#include <string.h>

#include "decide_private.h"

/* Can what was chosen last go on? */
static bool goes_on(const struct view *view, int selector)
{
	const struct partner_facts *partner = &view->facts->partner;

	if (selector >= 0)
		return selector < (int)view->config->uplinks_count &&
		       view->standings[selector].merit == MERIT_UP;
	/* A partner that sends by me is no exit. */
	return selector == MODEL_PARTNER && view->partner_known &&
	       (!partner->told || partner->told_self);
}

void decide_settle(const struct view *view, struct desired *desired, int wish)
{
	const struct desired *previous = view->previous;
	msec_t until;

	desired->switched = view->facts->now;
	if (!previous)
		return;
	if (desired->selector == previous->selector) {
		desired->switched = previous->switched;
		return;
	}
	until = previous->switched + view->config->settle;
	if (wish != MODEL_NOBODY || view->facts->now >= until ||
	    view->intent->since > previous->switched ||
	    !goes_on(view, previous->selector))
		return;
	desired->selector = previous->selector;
	desired->switched = previous->switched;
	desired->settled = until;
	memset(desired->reason, 0, sizeof(desired->reason));
	decide_say(desired, "%s was taken a moment ago: a change waits",
		   decide_name(view->config, previous->selector));
}
