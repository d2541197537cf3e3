/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explore.h - every world that a site can come to, nearest first.
 *
 * Owns: the breadth-first search, its memory, and the shortest trace to a
 * violation as text.
 */
#ifndef TWINPATH_MODEL_EXPLORE_H
#define TWINPATH_MODEL_EXPLORE_H

#include "world.h"

/* A rule that is switched off: another answer, or a mechanism less. */
struct explore_mutant {
	const char *name;
	uint32_t (*decide)(const struct own_view *view);
	unsigned off; /* WORLD_NO_* */
};

struct explore_result {
	uint32_t worlds;
	uint32_t steps;	       /* of the trace */
	const char *violation; /* NULL: none */
	char *trace;	       /* with a violation; to be freed */
	bool full;	       /* more worlds than there is room for */
};

/*
 * `mutant` may be NULL.  False: no memory.  At most `limit` worlds: `full`
 * says that the search did not reach the end.
 */
bool explore(const struct world_site *site, const struct explore_mutant *mutant,
	     uint32_t limit, struct explore_result *result);

#endif
