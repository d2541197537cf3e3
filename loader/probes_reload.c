// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probes_reload.c - the probes of another configuration, with the history of
 * those before: see probes_reload in probes.h.
 *
 * Owns: which track is the same one.  It must never make anything half: what can
 * fail comes first, and leaves the old probes alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "probes_private.h"

struct past {
	const struct config *config;
	struct track tracks[MODEL_UPLINKS][MODEL_TRACKS];
	char why[MODEL_UPLINKS][MODEL_TRACKS][TRACKS_WHY];
	struct prober probers[MODEL_UPLINKS][MODEL_TRACKS];
	struct probe *opened[MODEL_UPLINKS][MODEL_TRACKS];
};

/* ---- which is the same ----------------------------------------------------- */

/* Asked in the same way of the same one; a list asks nothing. */
static bool same_question(const struct track_config *x,
			  const struct track_config *y)
{
	return !strcmp(x->name, y->name) && x->kind == y->kind &&
	       address_equal(&x->target, &y->target) && x->port == y->port &&
	       !strcmp(x->ask, y->ask) && !strcmp(x->host, y->host) &&
	       x->status == y->status && prefix_equal(&x->route, &y->route) &&
	       address_equal(&x->via, &y->via);
}

/*
 * What a verdict is about: the same path, looked at in the same way; for a list,
 * what its members say.  (No list contains itself.)
 */
static bool same_verdict(const struct uplink_config *a, unsigned i,
			 const struct uplink_config *b, unsigned j)
{
	const struct track_config *x = &a->tracks[i], *y = &b->tracks[j];

	if (!same_question(x, y) || x->members_count != y->members_count ||
	    x->weight_up != y->weight_up || x->weight_down != y->weight_down)
		return false;
	for (unsigned n = 0; n < x->members_count; n++)
		if (x->members[n].weight != y->members[n].weight ||
		    !same_verdict(a, x->members[n].track, b,
				  y->members[n].track))
			return false;
	return true;
}

static bool same_track(const struct uplink_config *a, unsigned i,
		       const struct uplink_config *b, unsigned j)
{
	return !strcmp(a->name, b->name) &&
	       !strcmp(a->interface, b->interface) &&
	       address_equal(&a->next_hop, &b->next_hop) &&
	       a->dhcp == b->dhcp && same_verdict(a, i, b, j);
}

/*
 * Its probe need not even notice: the same one, at the same place.  (What a
 * result is worth is not the probe's affair.)
 */
static bool same_probe(const struct config *a, const struct config *b,
		       unsigned uplink, unsigned t)
{
	const struct uplink_config *was = &a->uplinks[uplink];
	const struct uplink_config *is = &b->uplinks[uplink];
	const struct track_config *x = &was->tracks[t], *y = &is->tracks[t];

	return uplink < a->uplinks_count && t < was->tracks_count &&
	       same_track(was, t, is, t) && a->local_min == b->local_min &&
	       a->local_max == b->local_max && x->interval == y->interval &&
	       x->standby_interval == y->standby_interval &&
	       x->timeout == y->timeout;
}

/* ---- beside what is at work ------------------------------------------------ */

/* The new probes, of the configuration in force; all of them or none. */
static int open_probes(struct probes *probes, struct past *past)
{
	const struct config *config = &probes->site->config;
	int error = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		for (unsigned t = 0; t < config->uplinks[i].tracks_count; t++)
			if (!error && !same_probe(past->config, config, i, t))
				error = prober_probe(
					&probes->feeds[i][t].prober,
					&past->opened[i][t]);
	for (unsigned n = 0; error && n < MODEL_UPLINKS * MODEL_TRACKS; n++)
		probe_close(past->opened[n / MODEL_TRACKS][n % MODEL_TRACKS]);
	return error;
}

static void remember(const struct probes *probes, struct past *past)
{
	memcpy(past->tracks, probes->site->tracks, sizeof(past->tracks));
	memcpy(past->why, probes->tracks.why, sizeof(past->why));
	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		for (unsigned t = 0; t < MODEL_TRACKS; t++)
			past->probers[i][t] = probes->feeds[i][t].prober;
}

/* ---- the swap -------------------------------------------------------------- */

static bool find(const struct config *was, const struct uplink_config *uplink,
		 unsigned t, unsigned *i, unsigned *n)
{
	for (*i = 0; *i < was->uplinks_count; ++*i)
		for (*n = 0; *n < was->uplinks[*i].tracks_count; ++*n)
			if (same_track(&was->uplinks[*i], *n, uplink, t))
				return true;
	return false;
}

/* The decision is still in the order of the configuration before. */
static bool was_dead(const struct probes *probes, const struct config *before,
		     const char *name)
{
	for (unsigned i = 0; i < before->uplinks_count; i++)
		if (!strcmp(before->uplinks[i].name, name))
			return probes_dead(&probes->site->desired, i);
	return false;
}

static void take_over(struct probes *probes, struct past *past, unsigned i,
		      unsigned t)
{
	const struct uplink_config *uplink = &probes->site->config.uplinks[i];
	struct prober *prober = &probes->feeds[i][t].prober;
	struct track *track = &probes->site->tracks[i][t];
	struct probe *probe = past->opened[i][t];
	unsigned u, n;

	/* Whoever keeps it is not to find it closed. */
	if (same_probe(past->config, &probes->site->config, i, t))
		probe = past->probers[i][t].probe;
	if (!find(past->config, uplink, t, &u, &n)) {
		track_init(track, &uplink->tracks[t]);
		prober_begin(prober, probe,
			     was_dead(probes, past->config, uplink->name));
		return;
	}
	*track = past->tracks[u][n];
	track->config = &uplink->tracks[t];
	memcpy(probes->tracks.why[i][t], past->why[u][n], TRACKS_WHY);
	prober_go_on(prober, probe, &past->probers[u][n]);
}

static void swap(struct probes *probes, struct past *past)
{
	const struct config *config = &probes->site->config;

	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		for (unsigned t = 0; t < MODEL_TRACKS; t++) {
			probes_vacate(probes, i, t);
			if (i < config->uplinks_count &&
			    t < config->uplinks[i].tracks_count)
				take_over(probes, past, i, t);
		}
	for (unsigned i = 0; i < MODEL_UPLINKS; i++)
		for (unsigned t = 0; t < MODEL_TRACKS; t++)
			if (past->probers[i][t].probe !=
			    probes->feeds[i][t].prober.probe)
				prober_close(&past->probers[i][t]);
}

int probes_reload(struct site *site, const struct config *before)
{
	struct past *past = calloc(1, sizeof(*past));
	int error = -ENOMEM;

	if (!past)
		return error;
	past->config = before;
	error = open_probes(site->probes, past);
	if (!error) {
		remember(site->probes, past);
		swap(site->probes, past);
	}
	free(past);
	return error;
}
