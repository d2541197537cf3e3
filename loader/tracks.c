// SPDX-License-Identifier: GPL-2.0-or-later
/* tracks.c - see tracks.h. */
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "log.h"
#include "site.h"
#include "track_list.h"
#include "tracks.h"

static const struct uplink_config *uplink_of(const struct tracks *tracks,
					     unsigned uplink)
{
	return &tracks->site->config.uplinks[uplink];
}

/* ---- what became of a track, in words ------------------------------------ */

static void log_delay(const char *what, const struct track *track,
		      const char *because, msec_t now)
{
	const struct damp_config *damp = &track->config->damp;
	msec_t suppressed = track_damp_until(&track->damp, damp, now);
	char text[DURATION_TEXT], penalty[48] = "";

	if (track->raw == TRACK_UP && suppressed >= track->due)
		snprintf(penalty, sizeof(penalty),
			 ": it flaps, its penalty is %u",
			 track_damp_penalty(&track->damp, damp, now));
	log_info("%s: %s; %s: change delayed for %s%s", what, because,
		 track_state_name(track->raw),
		 duration_print(track->due - now, text), penalty);
}

/* Returns whether its state has changed. */
static bool note(struct tracks *tracks, unsigned uplink, unsigned t,
		 enum track_event event, enum track_state before,
		 const char *because, msec_t now)
{
	const struct track *track = &tracks->site->tracks[uplink][t];
	char what[2 * MODEL_NAME + 8];

	snprintf(what, sizeof(what), "track %s/%s",
		 uplink_of(tracks, uplink)->name, track->config->name);
	switch (event) {
	case TRACK_SAME:
		break;
	case TRACK_DELAYED:
		snprintf(tracks->why[uplink][t], TRACKS_WHY, "%s", because);
		log_delay(what, track, because, now);
		break;
	case TRACK_CANCELLED:
		log_info("%s: %s; still %s: change delay cancelled", what,
			 because, track_state_name(track->state));
		break;
	case TRACK_CHANGED:
		log_change(0, what, track_state_name(before),
			   track_state_name(track->state), because);
		return true;
	}
	return false;
}

/* "core up, anchor down", or "weight 20 of 60: core up, anchor down" */
static void explain_list(const struct uplink_config *uplink,
			 const struct track_config *list,
			 const struct track tracks[], char because[TRACKS_WHY])
{
	struct track_weights weights = track_list_weights(list, tracks);
	size_t used = 0;

	if (list->kind == TRACK_WEIGHT)
		used = (size_t)snprintf(because, TRACKS_WHY, "weight %u of %u",
					weights.up, weights.total);
	for (unsigned i = 0; i < list->members_count && used < TRACKS_WHY;
	     i++) {
		unsigned track = list->members[i].track;

		used += (size_t)snprintf(because + used, TRACKS_WHY - used,
					 "%s%s %s",
					 !used ? "" :
					 !i    ? ": " :
						 ", ",
					 uplink->tracks[track].name,
					 track_state_name(tracks[track].state));
	}
}

/* ---- urgent -------------------------------------------------------------- */

bool tracks_serve(const struct site *site, unsigned i)
{
	const struct uplink_config *uplink = &site->config.uplinks[i];
	const struct uplink_facts *facts = &site->facts.uplinks[i];

	if (!facts->attached || !facts->next_hop)
		return false;
	if (site->tracks[i][uplink->track].state == TRACK_UP)
		return true;
	for (unsigned n = 0; n < uplink->fallbacks_count; n++) {
		unsigned track = uplink->fallbacks[n].track;

		if (track_proves(uplink, track) &&
		    site->tracks[i][track].state == TRACK_UP)
			return true;
	}
	return false;
}

/* Would traffic have nowhere to go without this uplink? */
static bool urgent(const struct tracks *tracks, unsigned uplink)
{
	const struct site *site = tracks->site;
	const struct partner_facts *partner = &site->facts.partner;

	if (site->config.partner.type != TP_PARTNER_NONE &&
	    decide_partner_offers(partner) &&
	    (!partner->told || partner->told_proved))
		return false;
	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		if (i != uplink && tracks_serve(site, i))
			return false;
	return true;
}

/* ---- news ---------------------------------------------------------------- */

bool tracks_result(struct tracks *tracks, unsigned uplink, unsigned t, bool ok,
		   const char *because, msec_t now)
{
	struct track *track = &tracks->site->tracks[uplink][t];
	enum track_state before = track->state;
	enum track_event event =
		track_result(track, ok, urgent(tracks, uplink), now);

	return note(tracks, uplink, t, event, before, because, now);
}

bool tracks_force(struct tracks *tracks, unsigned uplink, unsigned t,
		  enum track_state state, const char *because, msec_t now)
{
	struct track *track = &tracks->site->tracks[uplink][t];
	enum track_state before = track->state;
	enum track_event event =
		track_force(track, state, urgent(tracks, uplink), now);

	return note(tracks, uplink, t, event, before, because, now);
}

bool tracks_follow(struct tracks *tracks, unsigned uplink, unsigned t,
		   enum track_state state, const char *because, msec_t now)
{
	struct track *track = &tracks->site->tracks[uplink][t];
	enum track_state before = track->state;
	enum track_event event =
		track_follow(track, state, urgent(tracks, uplink), now);

	return note(tracks, uplink, t, event, before, because, now);
}

bool tracks_tick(struct tracks *tracks, unsigned uplink, unsigned t, msec_t now)
{
	struct track *track = &tracks->site->tracks[uplink][t];
	enum track_state before = track->state;
	bool early = track->due > now;
	enum track_event event = track_tick(track, urgent(tracks, uplink), now);
	char because[TRACKS_WHY + 48];

	if (event == TRACK_SAME)
		return false;
	snprintf(because, sizeof(because), "%s, %s", tracks->why[uplink][t],
		 early ? "and no other exit is up" : "and the delay is over");
	return note(tracks, uplink, t, event, before, because, now);
}

/* ---- what follows -------------------------------------------------------- */

/* Without its interface nothing is waited for. */
static bool update_list(struct tracks *tracks, unsigned uplink, unsigned t,
			msec_t now)
{
	struct track *all = tracks->site->tracks[uplink], *track = &all[t];
	const struct track_config *list = track->config;
	enum track_state before = track->state;
	enum track_state verdict = track_list_verdict(list, all, track->raw);
	bool at_once = all[0].raw == TRACK_DOWN && verdict == TRACK_DOWN;
	bool hurry = urgent(tracks, uplink);
	enum track_event event =
		at_once ? track_force(track, verdict, hurry, now) :
			  track_follow(track, verdict, hurry, now);
	char because[TRACKS_WHY];

	if (event == TRACK_SAME)
		return false;
	explain_list(uplink_of(tracks, uplink), list, all, because);
	return note(tracks, uplink, t, event, before, because, now);
}

static bool settle_uplink(struct tracks *tracks, unsigned uplink, msec_t now)
{
	const struct uplink_config *config = uplink_of(tracks, uplink);
	bool changed = false;

	for (unsigned t = 0; t < config->tracks_count; t++) {
		changed |= tracks_tick(tracks, uplink, t, now);
		if (track_is_list(config->tracks[t].kind))
			changed |= update_list(tracks, uplink, t, now);
	}
	return changed;
}

/* No list contains itself, and a track changes once an instant: it ends. */
bool tracks_settle(struct tracks *tracks, msec_t now)
{
	bool changed = false, again = true;

	while (again) {
		again = false;
		for (unsigned i = 0; i < tracks->site->config.uplinks_count;
		     i++)
			again |= settle_uplink(tracks, i, now);
		changed |= again;
	}
	return changed;
}

msec_t tracks_due(const struct tracks *tracks)
{
	const struct config *config = &tracks->site->config;
	msec_t first = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		for (unsigned t = 0; t < config->uplinks[i].tracks_count; t++) {
			msec_t due = tracks->site->tracks[i][t].due;

			if (due && (!first || due < first))
				first = due;
		}
	return first;
}

/* ---- the rest ------------------------------------------------------------ */

msec_t tracks_window(const struct uplink_config *uplink, unsigned track,
		     unsigned spared)
{
	const struct track_config *config = &uplink->tracks[track];
	msec_t most = (msec_t)(config->misses - spared) * config->interval +
		      config->timeout;

	for (unsigned i = 0; i < config->members_count; i++) {
		msec_t one =
			tracks_window(uplink, config->members[i].track, spared);

		if (one > most)
			most = one;
	}
	return most;
}

void tracks_init(struct tracks *tracks, struct site *site)
{
	tracks->site = site;
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_config *uplink = &site->config.uplinks[i];

		for (unsigned t = 0; t < uplink->tracks_count; t++)
			track_init(&site->tracks[i][t], &uplink->tracks[t]);
	}
}
