/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes_private.h - what the probes*.c files share: a track and what feeds it.
 */
#ifndef TWINPATH_PROBES_PRIVATE_H
#define TWINPATH_PROBES_PRIVATE_H

#include "prober.h"
#include "probes.h"
#include "site.h"
#include "tracks.h"

/* A track, and what feeds it. */
struct feed {
	struct prober prober; /* first: see on_found */
	struct probes *probes;
};

struct probes {
	struct site *site;
	struct tracks tracks;
	struct event *timer;
	bool beyond[MODEL_UPLINKS]; /* as the site was told */
	/* Each at the place of its track in site->config, for good. */
	struct feed feeds[MODEL_UPLINKS][MODEL_TRACKS];
};

/* Its prober knows its place, and nothing else.  It is not closed. */
void probes_vacate(struct probes *probes, unsigned uplink, unsigned track);

/* Is it dead, by more than the want of a verdict? */
bool probes_dead(const struct desired *desired, unsigned uplink);

#endif
