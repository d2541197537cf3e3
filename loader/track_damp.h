/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track_damp.h - flap dampening: a track that goes down too often is kept down.
 *
 * Pure.  Each flap adds TRACK_DAMP_FLAP to a penalty that halves with every
 * half-life.  Above `suppress` the track is suppressed, until the penalty has
 * fallen to `reuse`; a ceiling keeps that from taking longer than `most`.
 */
#ifndef TWINPATH_TRACK_DAMP_H
#define TWINPATH_TRACK_DAMP_H

#include "model.h"

#define TRACK_DAMP_FLAP 1000

struct track_damp {
	double penalty; /* as of `at` */
	msec_t at;
	bool suppressed; /* as of the last flap */
};

/* The track has just gone down. */
void track_damp_flap(struct track_damp *damp, const struct damp_config *config,
		     msec_t now);

unsigned track_damp_penalty(const struct track_damp *damp,
			    const struct damp_config *config, msec_t now);

/* When it may be used again; 0: it may. */
msec_t track_damp_until(const struct track_damp *damp,
			const struct damp_config *config, msec_t now);

/* The most that the penalty can be: `most` above `reuse`. */
unsigned track_damp_ceiling(const struct damp_config *config);

#endif
