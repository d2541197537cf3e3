// SPDX-License-Identifier: GPL-2.0-or-later
/* wish.c - see wish.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "heartbeat.h"
#include "liveness.h"
#include "site.h"
#include "wish.h"

/* Up, be it as a fallback, or draining: it can be had at any time. */
static bool lives(const struct site *site, unsigned i)
{
	return site->desired.states[i] >= TP_EXIT_DRAIN ||
	       site->desired.levels[i];
}

static bool partner_lives(const struct site *site)
{
	return decide_partner_offers(&site->facts.partner);
}

static int partner_possible(const struct site *site,
			    const struct intent *intent, char why[MODEL_REASON])
{
	bool configured = site->config.partner.type != TP_PARTNER_NONE;

	if (partner_lives(site) || (configured && intent->force))
		return 0;
	snprintf(why, MODEL_REASON, "the partner shows no exit: %s",
		 configured ? "neither its heartbeat nor a route by it says "
			      "that it has one" :
			      "none is configured");
	return -ENOTCONN;
}

static int uplink_possible(const struct site *site, const struct intent *intent,
			   unsigned i, char why[MODEL_REASON])
{
	char fault[MODEL_REASON];

	if (lives(site, i) || intent->force)
		return 0;
	decide_fault(&site->config, &site->facts, i, fault);
	snprintf(why, MODEL_REASON, "%s is %s, not up: %.80s", intent->uplink,
		 decide_state(site->desired.states[i]), fault);
	return -ENOTCONN;
}

/* Make before break: what is drained must have a successor. */
static int drain_possible(const struct site *site, const struct intent *intent,
			  unsigned i, char why[MODEL_REASON])
{
	bool other = partner_lives(site) || intent->force ||
		     site->desired.states[i] == TP_EXIT_DEAD;

	for (unsigned n = 0; n < site->config.uplinks_count; n++)
		other |= n != i && lives(site, n);
	if (other)
		return 0;
	snprintf(why, MODEL_REASON,
		 "no other exit is up: new sessions would "
		 "have nowhere to go");
	return -ENOTCONN;
}

bool wish_is_partners(const struct site *site, const char *uplink)
{
	struct liveness_view liveness;
	struct heartbeat_view heartbeat;

	site_partner_views(site, &liveness, &heartbeat);
	for (unsigned i = 0;
	     heartbeat.known && i < heartbeat.theirs.uplinks_count; i++)
		if (!strcmp(heartbeat.theirs.uplinks[i].name, uplink))
			return true;
	return false;
}

int wish_possible(const struct site *site, const struct intent *intent,
		  char why[MODEL_REASON])
{
	if (intent->kind == INTENT_AUTO)
		return 0;
	if (intent->kind == INTENT_PARTNER)
		return partner_possible(site, intent, why);
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		if (strcmp(site->config.uplinks[i].name, intent->uplink) != 0)
			continue;
		return intent->kind == INTENT_DRAIN ?
			       drain_possible(site, intent, i, why) :
			       uplink_possible(site, intent, i, why);
	}
	if (intent->kind == INTENT_UPLINK &&
	    wish_is_partners(site, intent->uplink))
		return partner_possible(site, intent, why);
	snprintf(why, MODEL_REASON, "no uplink is called %s%s", intent->uplink,
		 intent->kind == INTENT_DRAIN ? " here" : "");
	return -ENOENT;
}

const char *wish_print(const struct intent *intent, char text[WISH_TEXT])
{
	switch (intent->kind) {
	case INTENT_AUTO:
		return "auto";
	case INTENT_PARTNER:
		return "partner";
	case INTENT_DRAIN:
	case INTENT_UPLINK:
		break;
	}
	snprintf(text, WISH_TEXT, "%s%s",
		 intent->kind == INTENT_DRAIN ? "drain " : "", intent->uplink);
	return text;
}
