/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * happen.h - sites of random shape, and what may happen to one: all that decide.c
 * decides from, thrown with dice.h.
 *
 * Owns: how likely each thing is.  It must never know what ought to be decided.
 */
#ifndef RANDOM_HAPPEN_H
#define RANDOM_HAPPEN_H

#include "decide.h"

void happen_site(struct config *config);

/* A turn changes a little, as it is in life; sometimes everything. */
void happen_facts(const struct config *config, struct facts *facts);

/* Mostly the operator leaves the wish as it is. */
void happen_intent(struct intent *intent);

#endif
