// SPDX-License-Identifier: GPL-2.0-or-later
/* simulate.c - see simulate.h. */
#include <string.h>

#include "decide.h"
#include "simulate.h"
#include "site_private.h"

/* The cable, and with it all that hangs on it. */
static void kill_uplink(struct uplink_facts *facts)
{
	facts->carrier = false;
	facts->track = TRACK_DOWN;
	for (unsigned i = 0; i < MODEL_FALLBACKS; i++)
		facts->fallbacks[i] = TRACK_DOWN;
	facts->beyond = false;
	facts->next_hop_mac_known = false;
}

static void kill_partner(struct partner_facts *facts)
{
	facts->marker = false;
	facts->offers_default = false;
	facts->gone = true;
	facts->awaited = false;
	facts->told = false;
	facts->told_self = false;
	facts->told_level = 0;
	facts->mac_known = false;
}

void simulate_down(const struct site *site, int victim, struct simulation *out)
{
	struct failback failback = site->parts->failback;
	struct hold hold = site->parts->hold;
	struct facts facts = site->facts;

	if (victim == MODEL_PARTNER)
		kill_partner(&facts.partner);
	else
		kill_uplink(&facts.uplinks[victim]);
	facts.now = site_now();
	out->before = site->desired;
	out->after =
		decide(&site->config, &facts, &site->intent, &site->desired);
	out->cut = failback_turn(&failback, &site->config, &site->intent,
				 facts.now, &out->after);
	out->lost = hold_turn(&hold, &site->config, facts.now, 0,
			      &site->desired, &out->after);
}
