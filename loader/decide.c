// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide.c - rank this gateway's exits.
 *
 * Owns: the one place where facts and intent become the desired state.  It must
 * never read a clock, allocate, log or touch anything but its arguments.
 */
#include <string.h>

#include "decide_private.h"

/* What becomes of each uplink, with this selector. */
static void describe(const struct view *view, struct desired *desired, int wish)
{
	const struct desired *previous = view->previous;

	for (unsigned i = 0; i < view->config->uplinks_count; i++) {
		const struct standing *standing = &view->standings[i];

		desired->states[i] =
			decide_exit_state(view, i, desired->selector);
		if (standing->merit == MERIT_UP)
			desired->levels[i] = standing->level;
		if (view->facts->uplinks[i].track == TRACK_UNKNOWN &&
		    (!previous || previous->unproven & (1U << i)))
			desired->unproven |= 1U << i;
	}
	/* Its sessions must not be told that it is dead: he says it is not. */
	if (desired->degraded && wish >= 0)
		desired->states[wish] = TP_EXIT_AVOID;
}

struct desired decide(const struct config *config, const struct facts *facts,
		      const struct intent *intent,
		      const struct desired *previous)
{
	struct view view = {
		.config = config,
		.facts = facts,
		.intent = intent,
		.previous = previous,
	};
	struct desired desired;
	int wish;

	/* Every byte: answers are compared, and printed from maps. */
	memset(&desired, 0, sizeof(desired));
	desired.announce = MODEL_NOBODY;
	desired.last_resort = MODEL_NOBODY;
	decide_look(&view);
	wish = decide_wanted(&view, &desired);
	desired.selector = decide_choose(&view, &desired, wish);
	decide_settle(&view, &desired, wish);
	decide_share(&view, &desired, wish);
	describe(&view, &desired, wish);
	/* Before the programs are in place nobody may send us anything, and
	 * no default of ours may let anything out. */
	if (facts->ready)
		decide_announce(&view, &desired, wish);
	return desired;
}
