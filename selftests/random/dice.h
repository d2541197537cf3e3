/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dice.h - chance for the tests that throw for what happens: xorshift64*, by
 * G. Marsaglia and S. Vigna.
 *
 * Owns: the one state.  It begins the same in every run: what failed fails again.
 */
#ifndef RANDOM_DICE_H
#define RANDOM_DICE_H

#include <stdbool.h>
#include <stdint.h>

/* Where every run begins. */
#define DICE_SEED 0x2545f4914f6cdd1dULL

/* 0 <= result < bound. */
unsigned dice_below(unsigned bound);
bool dice_chance(unsigned percent);

/* To throw the same again: what dice_state() was before.  Never 0. */
uint64_t dice_state(void);
void dice_set(uint64_t state);

#endif
