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

#include "address.h"
#include "log.h"
#include "probe_icmp.h"
#include "probe_words.h"
#include "probes.h"
#include "site.h"
#include "track_list.h"
#include "tracks.h"

struct prober {
	struct probes *probes;
	unsigned uplink, track;
	struct probe_icmp *icmp; /* NULL: an interface track */
	int error;		 /* of the last update, so as to say it once */
};

struct probes {
	struct site *site;
	struct tracks tracks;
	struct event *timer;
	bool beyond[MODEL_UPLINKS]; /* as the site was told */
	struct prober probers[MODEL_UPLINKS][MODEL_TRACKS];
};

static const struct uplink_config *uplink_of(const struct prober *prober)
{
	return &prober->probes->site->config.uplinks[prober->uplink];
}

static struct track *track_of(const struct prober *prober)
{
	return &prober->probes->site->tracks[prober->uplink][prober->track];
}

/* ---- what falls due ---------------------------------------------------- */

/* The last answer from beyond this uplink's next hop; 0: none. */
static msec_t heard(const struct site *site, unsigned uplink)
{
	const struct uplink_config *config = &site->config.uplinks[uplink];
	msec_t last = 0;

	for (unsigned t = 0; t < config->tracks_count; t++) {
		const struct prober *prober = &site->probes->probers[uplink][t];
		struct probe_icmp_statistics statistics;

		if (!prober->icmp ||
		    address_equal(&config->tracks[t].target, &config->next_hop))
			continue;
		statistics = probe_icmp_statistics(prober->icmp);
		if (statistics.heard > last)
			last = statistics.heard;
	}
	return last;
}

/* When what was heard last counts no longer; 0: nothing was heard. */
static msec_t beyond_until(const struct site *site, unsigned uplink)
{
	const struct uplink_config *config = &site->config.uplinks[uplink];
	msec_t last = heard(site, uplink);

	return last ? last + tracks_window(config, config->track, 0) : 0;
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

static void on_result(void *arg, const struct probe_icmp_result *result)
{
	struct prober *prober = arg;
	struct probe_icmp_statistics statistics =
		probe_icmp_statistics(prober->icmp);
	struct track *track = track_of(prober);
	bool ok = result->fate == PROBE_ICMP_ANSWERED;
	struct tracks *tracks = &prober->probes->tracks;
	msec_t now = site_now();
	char because[WORDS];
	bool changed;

	/* First what is due, so that the result is to blame for the rest. */
	changed = tracks_tick(tracks, prober->uplink, prober->track, now);
	track->sent = statistics.sent;
	track->late = statistics.late;
	if (ok)
		track->rtt_us_last = result->rtt_us;
	probe_words_result(uplink_of(prober), track->config, result, because);
	changed |= tracks_result(tracks, prober->uplink, prober->track, ok,
				 because, now);
	settle(prober->probes, changed);
}

static void on_resolve(void *arg)
{
	const struct prober *prober = arg;
	struct site *site = prober->probes->site;
	unsigned ifindex = site->facts.uplinks[prober->uplink].ifindex;

	/* A refusal has shown, or will show, as another fact. */
	if (ifindex)
		netlink_neighbour_probe(site->netlink, ifindex,
					&uplink_of(prober)->next_hop);
}

/* ---- facts ------------------------------------------------------------- */

static void move(struct prober *prober, const struct uplink_facts *facts,
		 bool up)
{
	struct probe_icmp_path path = {
		.ifindex = up ? facts->ifindex : 0,
		.address = facts->address,
		.next_hop_mac_known = facts->next_hop_mac_known,
	};
	int error;

	memcpy(path.next_hop_mac, facts->next_hop_mac,
	       sizeof(path.next_hop_mac));
	error = probe_icmp_update(prober->icmp, &path);
	if (error && error != prober->error)
		log_warning("track %s/%s: no packet socket on %s: %s%s",
			    uplink_of(prober)->name,
			    track_of(prober)->config->name,
			    uplink_of(prober)->interface, strerror(-error),
			    error == -EPERM ? ": give CAP_NET_RAW" : "");
	prober->error = error;
}

static bool update_uplink(struct probes *probes, unsigned uplink, msec_t now)
{
	const struct uplink_config *config =
		&probes->site->config.uplinks[uplink];
	const struct uplink_facts *facts = &probes->site->facts.uplinks[uplink];
	char because[WORDS];
	enum track_state state = probe_words_interface(config, facts, because);
	bool changed = false;

	for (unsigned t = 0; t < config->tracks_count; t++) {
		struct prober *prober = &probes->probers[uplink][t];

		if (prober->icmp)
			move(prober, facts, state == TRACK_UP);
		/* A cable that is in does not prove an answer: only down is
		 * for all.  Lists follow by themselves. */
		if (track_is_list(config->tracks[t].kind))
			continue;
		if (!prober->icmp || state == TRACK_DOWN)
			changed |= tracks_force(&probes->tracks, uplink, t,
						state, because, now);
	}
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

/* ---- open and close ---------------------------------------------------- */

/*
 * The gateway's own range, of which NAT takes nothing: an answer to a probe is
 * never an answer to a host.
 */
static uint16_t id_of(const struct config *config, unsigned uplink,
		      unsigned track)
{
	unsigned ids = config->local_max - config->local_min + 1U;

	return (uint16_t)(config->local_min +
			  (uplink * MODEL_TRACKS + track) % ids);
}

static int open_icmp(struct prober *prober)
{
	static const struct probe_icmp_calls calls = {
		.result = on_result,
		.resolve = on_resolve,
	};
	const struct site *site = prober->probes->site;
	const struct track_config *config =
		&uplink_of(prober)->tracks[prober->track];
	const struct probe_icmp_settings settings = {
		.target = config->target,
		.interval = config->interval,
		.timeout = config->timeout,
		.id = id_of(&site->config, prober->uplink, prober->track),
	};

	return probe_icmp_open(&prober->icmp, site->base, &settings, &calls,
			       prober);
}

static int open_track(struct probes *probes, unsigned uplink, unsigned t)
{
	const struct uplink_config *config =
		&probes->site->config.uplinks[uplink];
	struct prober *prober = &probes->probers[uplink][t];

	prober->probes = probes;
	prober->uplink = uplink;
	prober->track = t;
	return config->tracks[t].kind == TRACK_ICMP ? open_icmp(prober) : 0;
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
			probe_icmp_close(probes->probers[i][t].icmp);
	if (probes->timer)
		event_free(probes->timer);
	free(probes);
	site->probes = NULL;
}
