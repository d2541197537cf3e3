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

#endif
