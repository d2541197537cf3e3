// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes.c - all probes of the site, and the tracks they feed.
 *
 * Every event passes the same three steps: tracks.c hears of it, settle() carries
 * out what is due everywhere, and one timer waits for whatever falls due next.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe_words.h"
#include "probes_private.h"
#include "track_list.h"

/* ---- what falls due ---------------------------------------------------- */

/* The last answer from beyond this uplink's next hop; 0: none. */
static msec_t heard(const struct site *site, unsigned uplink)
{
	const struct uplink_config *config = &site->config.uplinks[uplink];
	msec_t last = 0;

	for (unsigned t = 0; t < config->tracks_count; t++) {
		const struct feed *feed = &site->probes->feeds[uplink][t];
		msec_t when = prober_heard(&feed->prober);

		if (when > last)
			last = when;
	}
	return last;
}

/* When what was heard last counts no longer; 0: nothing was heard. */
static msec_t beyond_until(const struct site *site, unsigned uplink)
{
	const struct uplink_config *config = &site->config.uplinks[uplink];
	msec_t last = heard(site, uplink);

	/* By the link that there was before its carrier went and came. */
	if (!last || last < site->facts.uplinks[uplink].linked)
		return 0;
	return last + tracks_window(config, config->track, 0);
}

bool probes_beyond(const struct site *site, unsigned uplink)
{
	return beyond_until(site, uplink) > site_now();
}

static bool beyond_changed(struct probes *probes)
{
	bool changed = false;

	for (unsigned i = 0; i < probes->site->config.uplinks_count; i++) {
		bool beyond = probes_beyond(probes->site, i);

		changed |= beyond != probes->beyond[i];
		probes->beyond[i] = beyond;
	}
	return changed;
}

static void arm(struct probes *probes, msec_t now)
{
	const struct config *config = &probes->site->config;
	msec_t first = tracks_due(&probes->tracks);
	struct timeval tv;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		msec_t due = beyond_until(probes->site, i);

		if (due > now && (!first || due < first))
			first = due;
	}
	evtimer_del(probes->timer);
	if (!first)
		return;
	/* A millisecond more: the loop's clock may be behind ours. */
	first = first > now ? first - now + 1 : 1;
	tv.tv_sec = first / 1000;
	tv.tv_usec = first % 1000 * 1000;
	evtimer_add(probes->timer, &tv);
}

static void settle(struct probes *probes, bool changed)
{
	msec_t now = site_now();

	changed |= tracks_settle(&probes->tracks, now);
	changed |= beyond_changed(probes);
	arm(probes, now);
	if (changed)
		site_changed(probes->site);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	settle(arg, false);
}

/* ---- results ----------------------------------------------------------- */

static void count(struct track *track, const struct prober *prober,
		  const struct probe_result *result)
{
	struct probe_statistics statistics = probe_statistics(prober->probe);

	track->sent = statistics.sent;
	track->late = statistics.late;
	if (result->fate == PROBE_ANSWERED)
		track->rtt_us_last = result->rtt_us;
}

static bool tell(struct feed *feed, enum prober_verdict verdict,
		 const char *because, msec_t now)
{
	struct tracks *tracks = &feed->probes->tracks;
	unsigned uplink = feed->prober.uplink_index;
	unsigned t = feed->prober.track_index;

	switch (verdict) {
	case PROBER_NOTHING:
		break;
	case PROBER_HIT:
		return tracks_result(tracks, uplink, t, true, because, now);
	case PROBER_MISS:
		return tracks_result(tracks, uplink, t, false, because, now);
	case PROBER_BAD:
		return tracks_follow(tracks, uplink, t, TRACK_DOWN, because,
				     now);
	case PROBER_USELESS:
		return tracks_force(tracks, uplink, t, TRACK_UP, because, now);
	}
	return false;
}

static void on_found(struct prober *prober, enum prober_verdict verdict,
		     const struct probe_result *result, const char *because)
{
	struct feed *feed = (struct feed *)prober;
	struct probes *probes = feed->probes;
	unsigned uplink = prober->uplink_index, t = prober->track_index;
	msec_t now = site_now();
	bool changed;

	/* First what is due, so that the result is to blame for the rest. */
	changed = tracks_tick(&probes->tracks, uplink, t, now);
	count(&probes->site->tracks[uplink][t], prober, result);
	changed |= tell(feed, verdict, because, now);
	settle(probes, changed);
}

/* ---- facts ------------------------------------------------------------- */

/* What the kernel says of an interface or of its routes needs no probe. */
static bool update_one(struct feed *feed, const struct uplink_facts *facts,
		       enum track_state interface, const char *because,
		       msec_t now)
{
	struct prober *prober = &feed->prober;
	struct tracks *tracks = &feed->probes->tracks;
	unsigned uplink = prober->uplink_index, t = prober->track_index;
	enum track_state route;
	char why[WORDS];

	/* Lists follow by themselves. */
	if (track_is_list(prober->config->kind))
		return false;
	/* A cable that is in does not prove an answer: only down is for all. */
	if (prober->config->kind == TRACK_INTERFACE || interface == TRACK_DOWN)
		return tracks_force(tracks, uplink, t, interface, because, now);
	if (prober->config->kind != TRACK_ROUTE)
		return false;
	route = prober_route(prober, facts, why);
	return tracks_follow(tracks, uplink, t, route, why, now);
}

static bool update_uplink(struct probes *probes, unsigned uplink, msec_t now)
{
	const struct uplink_config *config =
		&probes->site->config.uplinks[uplink];
	const struct uplink_facts *facts = &probes->site->facts.uplinks[uplink];
	char because[WORDS];
	enum track_state state = probe_words_interface(config, facts, because);
	bool changed = false;

	for (unsigned t = 0; t < config->tracks_count; t++)
		changed |= update_one(&probes->feeds[uplink][t], facts, state,
				      because, now);
	return changed;
}

void probes_update(struct site *site)
{
	msec_t now = site_now();
	bool changed = false;

	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		changed |= update_uplink(site->probes, i, now);
	settle(site->probes, changed);
}

static void follow_uplink(struct probes *probes, unsigned uplink)
{
	const struct site *site = probes->site;
	const struct uplink_config *config = &site->config.uplinks[uplink];
	const struct uplink_facts *facts = &site->facts.uplinks[uplink];
	char because[WORDS];
	enum track_state state = probe_words_interface(config, facts, because);

	for (unsigned t = 0; t < config->tracks_count; t++) {
		struct prober *prober = &probes->feeds[uplink][t].prober;

		prober_update(prober, facts, state == TRACK_UP);
		prober_busy(prober, site->desired.selector == (int)uplink);
	}
}

void probes_follow(struct site *site)
{
	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		follow_uplink(site->probes, i);
	settle(site->probes, false);
}

bool probes_view(const struct site *site, unsigned uplink, unsigned track,
		 struct probes_view *view)
{
	const struct prober *prober =
		&site->probes->feeds[uplink][track].prober;

	if (!prober->probe)
		return false;
	*view = (struct probes_view){
		.statistics = probe_statistics(prober->probe),
		.quality = probe_window_quality(&prober->window),
		.window = prober->window.size,
		.slow = prober->window.slow,
		.armed = prober->armed,
	};
	return true;
}

/* ---- open and close ---------------------------------------------------- */

bool probes_dead(const struct desired *desired, unsigned uplink)
{
	return desired->states[uplink] == TP_EXIT_DEAD &&
	       !(desired->unproven & (1U << uplink));
}

void probes_vacate(struct probes *probes, unsigned uplink, unsigned t)
{
	struct site *site = probes->site;
	const struct uplink_config *config = &site->config.uplinks[uplink];

	probes->feeds[uplink][t] = (struct feed){
		.probes = probes,
		.prober = {
			.uplink = config,
			.config = &config->tracks[t],
			.site = site,
			.uplink_index = uplink,
			.track_index = t,
			.found = on_found,
		},
	};
}

static int open_track(struct probes *probes, unsigned uplink, unsigned t)
{
	struct prober *prober = &probes->feeds[uplink][t].prober;
	struct probe *probe = NULL;
	int error = prober_probe(prober, &probe);

	if (!error)
		prober_begin(prober, probe,
			     probes_dead(&probes->site->desired, uplink));
	return error;
}

int probes_open(struct site *site)
{
	struct probes *probes = calloc(1, sizeof(*probes));
	int error = 0;

	if (!probes)
		return -ENOMEM;
	probes->site = site;
	tracks_init(&probes->tracks, site);
	probes->timer = evtimer_new(site->base, on_timer, probes);
	site->probes = probes;
	if (!probes->timer)
		error = -ENOMEM;
	for (unsigned n = 0; n < MODEL_UPLINKS * MODEL_TRACKS; n++)
		probes_vacate(probes, n / MODEL_TRACKS, n % MODEL_TRACKS);
	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		for (unsigned t = 0; t < site->config.uplinks[i].tracks_count;
		     t++)
			if (!error)
				error = open_track(probes, i, t);
	if (error)
		probes_close(site);
	return error;
}

void probes_close(struct site *site)
{
	struct probes *probes = site->probes;

	if (!probes)
		return;
	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		for (unsigned t = 0; t < MODEL_TRACKS; t++)
			prober_close(&probes->feeds[i][t].prober);
	if (probes->timer)
		event_free(probes->timer);
	free(probes);
	site->probes = NULL;
}
