/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock.h - short locks around the inserts of one key.
 *
 * Owns: the locks map.  bpf_spin_lock cannot live in an mmapable map and
 * forbids calls while it is held (6.1), so a lock is a word taken by
 * compare-and-swap and given back by exchange; both are full barriers.  A
 * softirq may have interrupted the holder on its own CPU, so tries are bounded:
 * who gives up drops one packet and counts it.  Never hold two.
 */
#ifndef TWINPATH_LOCK_H
#define TWINPATH_LOCK_H

#include "maps.bpf.h"

#define LOCK_TRIES 512

static __always_inline __u32 *lock_word(__u64 hash)
{
	__u32 slot = (hash >> 20) % LOCKS;

	return bpf_map_lookup_elem(&locks, &slot);
}

/*
 * It was not free.  A function of its own, so that its frame is gone while it is;
 * a plain loop, for bpf_loop would need a frame for each try.
 */
__noinline __u32 lock_wait(__u64 hash)
{
	__u32 *word = lock_word(hash), i;

	if (!word)
		return 0;
#pragma clang loop unroll(disable)
	for (i = 0; i < LOCK_TRIES; i++)
		if (!__sync_val_compare_and_swap(word, 0, 1))
			return 1;
	return 0;
}

/* 1: held. */
static __always_inline __u32 lock_take(__u64 hash)
{
	__u32 *word = lock_word(hash);

	return (word && !__sync_val_compare_and_swap(word, 0, 1)) ||
	       lock_wait(hash);
}

static __always_inline void lock_give(__u64 hash)
{
	__u32 *word = lock_word(hash);

	if (word)
		__sync_lock_test_and_set(word, 0);
}

#endif
