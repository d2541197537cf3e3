/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * endpoint.h - which port has this inside endpoint?
 *
 * Owns: the endpoint index, which is asked only when an endpoint did not get
 * its own port.  A word of it is a hint; the binding that it leads to is the
 * truth.  Global functions are walked once by the verifier, not at each caller.
 */
#ifndef TWINPATH_ENDPOINT_H
#define TWINPATH_ENDPOINT_H

#include "binding.h"
#include "twinpath/host.h"

static __always_inline void endpoint_hash(struct endpoint *end,
					  const struct tp_seed *seed)
{
	end->hash = hash_endpoint(
		&end->inside,
		(__u64)end->port << 32 | end->plane << 8 | end->address, seed);
}

static __always_inline __u32 endpoint_tag(const struct endpoint *end)
{
	__u32 tag = end->hash >> 32;

	return tag ? tag : 1;
}

/*
 * One of the endpoint's two buckets.  There are twice as many words as session
 * lines: with two choices, the emptier first, buckets of eight serve to 73 %.
 */
static __always_inline struct tp_endpoints *
endpoint_bucket(const struct endpoint *end, __u32 which)
{
	__u32 slot = (which ? end->hash >> 16 : end->hash) &
		     (TP_INDEX_BUCKETS * (bucket_mask + 1) - 1);

	return bpf_map_lookup_elem(&endpoints, &slot);
}

/* Which word of the bucket is the endpoint's; TP_INDEX_WORDS: none. */
static __always_inline __u32 endpoint_word(const struct tp_endpoints *bucket,
					   const struct endpoint *end)
{
	__u32 i, found = TP_INDEX_WORDS;

#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++)
		if (bucket->word[i] >> 32 == endpoint_tag(end))
			found = i;
	return found;
}

/* Where the index says that the endpoint is bound. */
static __always_inline __u32 endpoint_find(const struct endpoint *end,
					   __u32 which)
{
	struct tp_endpoints *bucket = endpoint_bucket(end, which);
	__u32 i = bucket ? endpoint_word(bucket, end) : TP_INDEX_WORDS;

	if (!bucket || i >= TP_INDEX_WORDS)
		return BINDING_NONE;
	return (__u32)bucket->word[i];
}

/*
 * Where the index says.  Global, so that the verifier walks it once and not at
 * each of its callers.
 */
__noinline __u32 binding_search(const struct endpoint *end, __u32 now)
{
	struct tp_binding *binding;
	__u32 index, which;

	if (!end)
		return BINDING_NONE;
#pragma unroll
	for (which = 0; which < 2; which++) {
		index = endpoint_find(end, which);
		binding = index == BINDING_NONE ? 0 : binding_at(index);
		if (binding && binding_is(binding, end, now))
			return index;
	}
	return BINDING_NONE;
}

/*
 * The endpoint's binding: at its own port, or where the index says.  Two lines of
 * memory for the index, which nearly nobody is in: so the line of the own port
 * says whether to look.
 */
static __always_inline __u32 binding_find(const struct endpoint *end, __u32 now)
{
	__u32 index = TP_BINDING_INDEX(end->address, end->plane,
				       bpf_ntohs(end->port));
	struct tp_binding *binding = binding_at(index);

	if (!binding)
		return BINDING_NONE;
	if (binding_is(binding, end, now))
		return index;
	/* Of these the index knows nothing. */
	return binding->moved ? binding_search(end, now) : BINDING_NONE;
}

/* Does the word still lead to the endpoint that it was written for? */
static __always_inline int endpoint_current(__u64 word, __u32 now)
{
	__u32 index = word, id = index / 65536 / TP_PLANES;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_binding *binding = binding_at(index);
	struct endpoint end;

	if (!binding || !address || !keys ||
	    !binding_live(binding->control, now) ||
	    !binding_current(binding, binding->control, address))
		return 0;
	end.inside = binding->inside;
	end.port = binding->inside_port;
	end.plane = index / 65536 % TP_PLANES;
	end.address = id;
	endpoint_hash(&end, keys);
	return endpoint_tag(&end) == word >> 32;
}

/* Over the endpoint's own old word: it must not stand there twice. */
static __always_inline int endpoint_replace(const struct endpoint *end,
					    __u32 which, __u64 word)
{
	struct tp_endpoints *bucket = endpoint_bucket(end, which);
	__u32 i = bucket ? endpoint_word(bucket, end) : TP_INDEX_WORDS;

	if (!bucket || i >= TP_INDEX_WORDS)
		return 0;
	__sync_lock_test_and_set(&bucket->word[i], word);
	return 1;
}

/*
 * How many words of a bucket lead to no live binding, or did never; global for
 * the same reason.  Whose binding it is, is not asked: it costs too much here.
 */
__noinline __u32 endpoint_room(const struct endpoint *end, __u32 which,
			       __u32 now)
{
	struct tp_endpoints *bucket;
	__u32 i, used = 0;

	if (!end)
		return 0;
	bucket = endpoint_bucket(end, which);
	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++) {
		struct tp_binding *binding = binding_at(bucket->word[i]);

		used += binding && binding_live(binding->control, now);
	}
	return TP_INDEX_WORDS - used;
}

/* Into a word that is empty, or whose endpoint is gone. */
__noinline int endpoint_put(const struct endpoint *end, __u32 which, __u64 word,
			    __u32 now)
{
	struct tp_endpoints *bucket;
	int i;

	if (!end)
		return 0;
	bucket = endpoint_bucket(end, which);
	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++) {
		__u64 old = *(volatile __u64 *)&bucket->word[i];

		if (old && endpoint_current(old, now))
			continue;
		if (__sync_val_compare_and_swap(&bucket->word[i], old, word) ==
		    old)
			return 1;
	}
	return 0;
}

/*
 * Remember where the endpoint went, under its lock.  Endpoints of other locks
 * may write the same word in between; the binding is the truth, so the loser is
 * merely not found again, which is why a full pair of buckets refuses the claim
 * instead of guessing.
 */
__noinline int endpoint_remember(const struct endpoint *end, __u32 index,
				 __u32 now)
{
	struct tp_binding *own;
	__u32 emptier;
	__u64 word;

	if (!end)
		return 0;
	own = binding_at(TP_BINDING_INDEX(end->address, end->plane,
					  bpf_ntohs(end->port)));
	if (own && !own->moved)
		own->moved = 1; /* before the word: see binding_find */
	word = (__u64)endpoint_tag(end) << 32 | index;
	if (endpoint_replace(end, 0, word) || endpoint_replace(end, 1, word))
		return 1;
	emptier = endpoint_room(end, 1, now) > endpoint_room(end, 0, now);
	return endpoint_put(end, emptier, word, now) ||
	       endpoint_put(end, !emptier, word, now);
}

/* The partner is told which hosts have bindings here, by the daemon. */
static __always_inline void endpoint_note(const struct tp_addr *inside,
					  __u32 now)
{
	__u32 host = tp_host(inside);
	struct tp_host_bound *bound = bpf_map_lookup_elem(&host_bound, &host);

	if (bound && bound->tick != now)
		bound->tick = now;
}

#endif
