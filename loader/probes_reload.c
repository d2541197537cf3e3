// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes_reload.c - the probes of another configuration, with the history of
 * those before: see probes_reload in probes.h.
 *
 * Owns: which track is the same one.  It must never make anything half: what can
 * fail comes first, and leaves the old probes alone.
 */
#include <string.h>

#include "address.h"
#include "probes_private.h"

/* What a verdict is about: the same path, looked at in the same way. */
static bool same_track(const struct uplink_config *a, unsigned i,
		       const struct uplink_config *b, unsigned j)
{
	const struct track_config *x = &a->tracks[i], *y = &b->tracks[j];

	return !strcmp(a->name, b->name) &&
	       !strcmp(a->interface, b->interface) &&
	       address_equal(&a->next_hop, &b->next_hop) &&
	       !strcmp(x->name, y->name) && x->kind == y->kind &&
	       address_equal(&x->target, &y->target);
}

/* Its probe need not even notice: the same one, at the same place. */
static bool same_probe(const struct config *a, const struct config *b,
		       unsigned uplink, unsigned t)
{
	const struct uplink_config *was = &a->uplinks[uplink];
	const struct uplink_config *is = &b->uplinks[uplink];
	struct track_config x = was->tracks[t], y = is->tracks[t];

	if (uplink >= a->uplinks_count || t >= was->tracks_count ||
	    !same_track(was, t, is, t) || a->local_min != b->local_min ||
	    a->local_max != b->local_max)
		return false;
	x.line = y.line = 0;
	return !memcmp(&x, &y, sizeof(x));
}

/* The new probes, of the configuration in force; all of them or none. */
static int open_probes(struct probes *probes, const struct config *before,
		       struct probe_icmp *opened[MODEL_UPLINKS][4])
{
	const struct config *config = &probes->site->config;
	int error = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		for (unsigned t = 0; t < config->uplinks[i].tracks_count; t++) {
			probes_settle_in(probes, i, t);
			if (!error &&
			    config->uplinks[i].tracks[t].kind == TRACK_ICMP &&
			    !same_probe(before, config, i, t))
				error = probes_open_icmp(
					&opened[i][t], &probes->probers[i][t]);
		}
	for (unsigned n = 0; error && n < MODEL_UPLINKS * 4; n++)
		probe_icmp_close(opened[n / 4][n % 4]);
	return error;
}

static void replace_probe(struct prober *prober, struct probe_icmp *probe)
{
	probe_icmp_close(prober->icmp);
	prober->icmp = probe;
	prober->error = 0;
	prober->sent = prober->late = 0;
	prober->why[0] = '\0';
}

/* What was known of it, under whatever index; false: nothing. */
static bool remember(struct probes *probes, const struct config *before,
		     struct track was[MODEL_UPLINKS][4], unsigned i, unsigned t)
{
	const struct uplink_config *config = &probes->site->config.uplinks[i];

	for (unsigned u = 0; u < before->uplinks_count; u++)
		for (unsigned n = 0; n < before->uplinks[u].tracks_count; n++)
			if (same_track(&before->uplinks[u], n, config, t)) {
				probes->site->tracks[i][t] = was[u][n];
				return true;
			}
	return false;
}

static void take_over(struct probes *probes, const struct config *before,
		      struct track was[MODEL_UPLINKS][4], unsigned i,
		      unsigned t, struct probe_icmp *opened)
{
	const struct uplink_config *config = &probes->site->config.uplinks[i];
	struct prober *prober = &probes->probers[i][t];
	struct track *track = &probes->site->tracks[i][t];

	if (!remember(probes, before, was, i, t))
		track_init(track, &config->tracks[t], 0, 0);
	track->config = &config->tracks[t];
	track->delay_down = probes_delay(config, t, config->delay_down);
	track->delay_up = probes_delay(config, t, config->delay_up);
	if (same_probe(before, &probes->site->config, i, t))
		return;
	replace_probe(prober, opened);
	prober->sent = track->sent;
	prober->late = track->late;
}

int probes_reload(struct site *site, const struct config *before)
{
	struct probe_icmp *opened[MODEL_UPLINKS][4] = { 0 };
	struct probes *probes = site->probes;
	struct track was[MODEL_UPLINKS][4];
	int error = open_probes(probes, before, opened);

	if (error)
		return error;
	memcpy(was, site->tracks, sizeof(was));
	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		for (unsigned t = 0; t < 4; t++)
			if (i < site->config.uplinks_count &&
			    t < site->config.uplinks[i].tracks_count)
				take_over(probes, before, was, i, t,
					  opened[i][t]);
			else
				replace_probe(&probes->probers[i][t], NULL);
	return 0;
}
