// SPDX-License-Identifier: GPL-2.0-or-later
/* dice.c - see dice.h. */
#include "dice.h"

static uint64_t dice = DICE_SEED;

unsigned dice_below(unsigned bound)
{
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return (unsigned)((dice * 0x2545f4914f6cdd1dULL) >> 33) % bound;
}

bool dice_chance(unsigned percent)
{
	return dice_below(100) < percent;
}

uint64_t dice_state(void)
{
	return dice;
}

void dice_set(uint64_t state)
{
	dice = state;
}
