// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * partner_talk.c - what the gateways tell each other: a heartbeat's content, and
 * what follows from the partner's.  See partner.h.
 */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "census.h"
#include "log.h"
#include "partner_private.h"
#include "tracks.h"
#include "twinpath/version.h"
#include "wish.h"

/* Walking the tables costs milliseconds; the figures are for people. */
#define COUNT_PACE 10000

/* Is its address the higher one? */
bool partner_is_first(const struct partner *partner)
{
	return memcmp(&partner->site->config.partner.address,
		      &partner->site->facts.partner.local,
		      sizeof(struct tp_addr)) > 0;
}

/* ---- what I say ------------------------------------------------------------------- */

static void count(struct partner *partner)
{
	const struct site *site = partner->site;
	msec_t now = site_now();

	if (partner->counted && now - partner->counted < COUNT_PACE)
		return;
	partner->counted = now;
	partner->sessions = partner->bindings = 0;
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct census_count *counts = site_census(site, i);

		if (!counts)
			continue;
		partner->sessions += counts->sessions;
		partner->bindings += counts->bindings;
	}
}

/* All that I bind is asked about, or the partner's own gift; see quiet.h. */
static bool is_idle(const struct partner *partner)
{
	const struct site *site = partner->site;
	struct liveness_view view;

	liveness_state(partner->liveness, &view);
	return site->desired.selector == MODEL_PARTNER && site->facts.ready &&
	       view.state == LIVENESS_ALIVE && view.counters.answered;
}

static void fill_hosts(struct partner *partner, struct heartbeat_report *mine)
{
	struct census_hosts hosts;

	if (site_census_hosts(partner->site, &hosts)) {
		memcpy(mine->hosts, hosts.bits, sizeof(mine->hosts));
		mine->quiet = quiet_say(&partner->quiet, is_idle(partner),
					site_now());
	} else {
		memset(mine->hosts, 0xff, sizeof(mine->hosts));
	}
}

static void fill_uplinks(const struct site *site, struct heartbeat_report *mine)
{
	mine->uplinks_count = site->config.uplinks_count;
	for (unsigned i = 0; i < mine->uplinks_count; i++) {
		const struct uplink_config *config = &site->config.uplinks[i];
		struct heartbeat_uplink *out = &mine->uplinks[i];

		snprintf(out->name, sizeof(out->name), "%s", config->name);
		out->level = (uint8_t)config->level;
		out->state = site->desired.states[i];
		out->track = site->facts.uplinks[i].track;
		out->draining = out->state == TP_EXIT_DRAIN;
		out->now = (uint8_t)site->desired.levels[i];
		out->share = (uint8_t)config->share;
		if (!site->facts.ready || !out->now)
			continue;
		if (!mine->best_level || out->now < mine->best_level)
			mine->best_level = out->now;
		mine->proved |= tracks_serve(site, i);
	}
}

static void fill(void *arg, struct heartbeat_report *mine)
{
	struct partner *partner = arg;
	const struct site *site = partner->site;
	struct liveness_view view;

	count(partner);
	liveness_state(partner->liveness, &view);
	mine->ready = site->facts.ready;
	mine->selector = site->desired.selector >= 0 ? HEARTBEAT_SELF :
			 site->desired.selector == MODEL_PARTNER ?
						       HEARTBEAT_PARTNER :
						       HEARTBEAT_NONE;
	mine->sessions = partner->sessions;
	mine->bindings = partner->bindings;
	mine->lost = view.counters.lost;
	mine->intent = intent_site_tell(&partner->intent, site_now());
	snprintf(mine->version, sizeof(mine->version), TWINPATH_VERSION);
	fill_hosts(partner, mine);
	fill_uplinks(site, mine);
}

/* ---- what I hear -------------------------------------------------------------------- */

static void partner_names(const struct heartbeat_report *theirs,
			  struct intent_names *names)
{
	names->count = theirs->uplinks_count;
	for (unsigned i = 0; i < names->count; i++)
		memcpy(names->name[i], theirs->uplinks[i].name, MODEL_NAME);
}

/* The site's intent is another one now: what it means here. */
static void adopt_intent(struct partner *partner,
			 const struct heartbeat_report *theirs,
			 enum intent_merged merged)
{
	struct site *site = partner->site;
	struct intent_names names;
	struct intent intent;
	char was[WISH_TEXT], is[WISH_TEXT], why[MODEL_REASON] = "";
	const char *before, *after;

	partner_names(theirs, &names);
	intent = intent_site_translate(&partner->intent, &site->config, &names,
				       why);
	intent.since = site_now();
	before = wish_print(&site->intent, was);
	after = wish_print(&intent, is);
	if (strcmp(before, after) != 0)
		log_change(0, "the operator's wish", before, after,
			   merged == INTENT_MERGED_CONFLICT_THEIRS ?
				   "it was asked for at the partner as well" :
				   "it was asked for at the partner");
	if (why[0])
		log_warning("%s", why);
	site_adopt_intent(site, &intent);
}

static void hear_intent(struct partner *partner,
			const struct heartbeat_report *theirs)
{
	struct intent_site heard =
		intent_site_hear(&theirs->intent, site_now());
	enum intent_merged merged = intent_site_merge(&partner->intent, &heard);

	if (merged == INTENT_MERGED_THEIRS ||
	    merged == INTENT_MERGED_CONFLICT_THEIRS)
		adopt_intent(partner, theirs, merged);
	else if (merged == INTENT_MERGED_CONFLICT_MINE)
		log_warning("both gateways were told to flip at the same time: "
			    "this one's wish stands");
}

/* It takes it back: that must hold before it learns that I know. */
static void on_heard(void *arg, const struct heartbeat_report *theirs)
{
	struct partner *partner = arg;

	if (!theirs->quiet || theirs->lost != partner->their_lost)
		site_unquiet(partner->site);
}

static unsigned best_level(const struct config *config)
{
	unsigned best = config->uplinks[0].level;

	for (unsigned i = 1; i < config->uplinks_count; i++)
		if (config->uplinks[i].level < best)
			best = config->uplinks[i].level;
	return best;
}

/* Not an error: the rule is as clear as any.  But rarely what is meant. */
static void say_equal(struct partner *partner,
		      const struct heartbeat_report *theirs)
{
	const struct config *config = &partner->site->config;
	unsigned mine = best_level(config), best = 0;
	char text[ADDRESS_TEXT];

	for (unsigned i = 0; i < theirs->uplinks_count; i++) {
		if (theirs->uplinks[i].share)
			return; /* on purpose */
		if (!best || theirs->uplinks[i].level < best)
			best = theirs->uplinks[i].level;
	}
	if (best == mine && !partner->equal)
		log_warning("both gateways' best uplink is of level %u: the "
			    "one that carries goes on; when both would, the "
			    "one with the higher address, %s",
			    mine,
			    address_print(partner_is_first(partner) ?
						  &config->partner.address :
						  &partner->local,
					  text));
	partner->equal = best == mine;
}

static void on_heartbeat(void *arg, const struct heartbeat_view *view)
{
	struct partner *partner = arg;

	if (!view->fresh) {
		log_warning("heartbeat: the partner is not heard; forwarding "
			    "goes on as it is");
		return;
	}
	say_equal(partner, &view->theirs);
	/* It took me for gone, and may hold what was mine. */
	if (partner->heard && view->theirs.lost != partner->their_lost)
		partner->overtaken = true;
	partner->their_lost = view->theirs.lost;
	partner->heard = true;
	hear_intent(partner, &view->theirs);
	site_changed(partner->site);
}

const struct heartbeat_callbacks partner_talk = { fill, on_heard,
						  on_heartbeat };
