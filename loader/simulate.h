/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simulate.h - what would happen now if an exit died.
 *
 * Owns: the changed facts.  The same decide, failback and hold as in a turn are
 * asked, on copies; nothing is carried out.
 */
#ifndef TWINPATH_SIMULATE_H
#define TWINPATH_SIMULATE_H

#include "model.h"

struct site;

struct simulation {
	struct desired before, after;
	uint32_t lost; /* uplinks whose sessions would be told, a bit each */
	uint32_t cut;
};

/* @victim: an uplink's index, or MODEL_PARTNER */
void simulate_down(const struct site *site, int victim, struct simulation *out);

#endif
