/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hash.h - the keyed hash of session keys and endpoints.
 *
 * Owns: one function.  It is the NH construction (sums of products of 32-bit
 * halves, each masked with a secret) with a multiplying finish: the products
 * do not wait for each other, so that 40 bytes cost some 12 cycles.  The secret
 * is made with the tables and pinned beside them: a new one would lose every
 * session.
 */
#ifndef TWINPATH_HASH_H
#define TWINPATH_HASH_H

#include <bpf/bpf_helpers.h>

#include "twinpath/maps.h"

static __always_inline __u64 hash_pair(__u64 word, __u32 low, __u32 high)
{
	return (__u64)((__u32)word + low) * (__u32)((__u32)(word >> 32) + high);
}

static __always_inline __u64 hash_finish(__u64 sum, const struct tp_seed *seed)
{
	sum = (sum ^ (sum >> 29)) * seed->finish;
	return sum ^ (sum >> 32);
}

static __always_inline __u64 hash_session(const struct tp_session_key *key,
					  const struct tp_seed *seed)
{
	const __u64 *word = (const __u64 *)key;
	const __u32 *k = seed->key;
	__u64 sum = hash_pair(word[0], k[0], k[1]) +
		    hash_pair(word[1], k[2], k[3]) +
		    hash_pair(word[2], k[4], k[5]) +
		    hash_pair(word[3], k[6], k[7]) +
		    hash_pair(word[4], k[8], k[9]);

	return hash_finish(sum, seed);
}

/* Of an inside endpoint: `what` holds its port, plane and address id. */
static __always_inline __u64 hash_endpoint(const struct tp_addr *address,
					   __u64 what,
					   const struct tp_seed *seed)
{
	const __u64 *word = (const __u64 *)address;
	const __u32 *k = seed->key;
	__u64 sum = hash_pair(word[0], k[10], k[11]) +
		    hash_pair(word[1], k[12], k[13]) +
		    hash_pair(what, k[14], k[15]);

	return hash_finish(sum, seed);
}

#endif
