// SPDX-License-Identifier: GPL-2.0-or-later
/* share.c - see share.h. */
#include "share.h"

uint64_t share_id(const struct tp_addr *owner, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (unsigned i = 0; i < sizeof(owner->byte); i++)
		hash = (hash ^ owner->byte[i]) * 0x100000001b3ULL;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3ULL;
	return hash;
}

/* The finish of splitmix64, by S. Vigna. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* The best of its tickets. */
static uint64_t drawn(const struct share *share, unsigned slot)
{
	uint64_t best = 0, one;

	for (unsigned ticket = 0; ticket < share->weight; ticket++) {
		one = mix(share->id + (slot * (uint64_t)SHARE_MAX + ticket +
				       1) * 0x9e3779b97f4a7c15ULL);
		if (one > best)
			best = one;
	}
	return best;
}

void share_fill(const struct share shares[], unsigned count,
		uint8_t owner[TP_SHARE_SLOTS])
{
	for (unsigned slot = 0; slot < TP_SHARE_SLOTS; slot++) {
		uint64_t best = 0;

		owner[slot] = 0;
		for (unsigned i = 0; i < count; i++) {
			uint64_t one = drawn(&shares[i], slot);

			if (one <= best)
				continue;
			best = one;
			owner[slot] = (uint8_t)i;
		}
	}
}
