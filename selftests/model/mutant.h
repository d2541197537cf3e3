/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutant.h - the rules, switched off one at a time.
 *
 * Owns: what each leaves out: an answer of own_decide turned into another, or
 * one of the mechanisms around it (confirm numbers, leases).  A rule whose
 * absence nobody could see would be no rule.
 */
#ifndef TWINPATH_MODEL_MUTANT_H
#define TWINPATH_MODEL_MUTANT_H

#include "explore.h"

extern const struct explore_mutant mutant_table[];
extern const size_t mutant_count;

/*
 * One that nobody misses, but in a site of more faults than ours: when my uplink
 * dies the confirm number grows, although what leaves meanwhile is freed where
 * it is seen.  Kept for the packet that should have come by here, and was lost.
 */
extern const struct explore_mutant mutant_covered;

#endif
