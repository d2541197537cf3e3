// SPDX-License-Identifier: GPL-2.0-or-later
/* track_damp.c - see track_damp.h. */
#include <math.h>

#include "track_damp.h"

static double decayed(const struct track_damp *damp,
		      const struct damp_config *config, msec_t now)
{
	double age = (double)(now - damp->at);

	if (!config->half_life || age <= 0)
		return damp->penalty;
	return damp->penalty * exp2(-age / (double)config->half_life);
}

static double ceiling(const struct damp_config *config)
{
	return config->reuse *
	       exp2((double)config->most / (double)config->half_life);
}

void track_damp_flap(struct track_damp *damp, const struct damp_config *config,
		     msec_t now)
{
	if (!config->half_life)
		return;
	/* Before the penalty grows: it may have been forgiven meanwhile. */
	damp->suppressed = track_damp_until(damp, config, now);
	damp->penalty = decayed(damp, config, now) + TRACK_DAMP_FLAP;
	if (damp->penalty > ceiling(config))
		damp->penalty = ceiling(config);
	damp->at = now;
	if (damp->penalty > config->suppress)
		damp->suppressed = true;
}

unsigned track_damp_penalty(const struct track_damp *damp,
			    const struct damp_config *config, msec_t now)
{
	return (unsigned)lround(decayed(damp, config, now));
}

msec_t track_damp_until(const struct track_damp *damp,
			const struct damp_config *config, msec_t now)
{
	double halvings;
	msec_t until;

	if (!damp->suppressed || damp->penalty <= config->reuse)
		return 0;
	halvings = log2(damp->penalty / config->reuse);
	until = damp->at + (msec_t)ceil(halvings * (double)config->half_life);
	return until > now ? until : 0;
}

unsigned track_damp_ceiling(const struct damp_config *config)
{
	double most = ceiling(config);

	return most < UINT32_MAX ? (unsigned)most : UINT32_MAX;
}
