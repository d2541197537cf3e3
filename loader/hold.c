// SPDX-License-Identifier: GPL-2.0-or-later
/* hold.c - see hold.h. */
#include <string.h>

#include "hold.h"

struct hold hold_adopt(const struct config *config,
		       const struct desired *previous)
{
	struct hold hold = { 0 };

	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (previous->states[i] == TP_EXIT_DEAD)
			hold.until[i] = previous->wait_until[i];
	return hold;
}

/* Of an uplink that is dead now: is it given up? */
static bool lost(msec_t *until, bool died, msec_t length, msec_t now)
{
	if (died && length) {
		*until = now + length;
		return false;
	}
	if (!*until)
		return died;
	if (now < *until)
		return false;
	*until = 0;
	return true;
}

uint32_t hold_turn(struct hold *hold, const struct config *config, msec_t now,
		   uint32_t moved, const struct desired *previous,
		   struct desired *desired)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		msec_t *until = &hold->until[i];

		if (desired->states[i] != TP_EXIT_DEAD || moved & (1U << i))
			*until = 0;
		else if (lost(until, previous->states[i] != TP_EXIT_DEAD,
			      config->uplinks[i].hold, now))
			all |= 1U << i;
		desired->wait_until[i] = *until;
	}
	return all;
}

msec_t hold_due(const struct hold *hold)
{
	msec_t due = 0;

	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		if (hold->until[i] && (!due || hold->until[i] < due))
			due = hold->until[i];
	return due;
}
