/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * permission.h - whom has this endpoint sent to?  (RFC 4787 section 5,
 * address-dependent filtering)
 *
 * Owns: permits.  The binding names the remote address that was sent to last, and
 * nearly every endpoint has no other.  One that is left for another gets a word,
 * with the lifetime of a session since it was last sent to; packets from outside
 * renew nothing.  It opens nothing and counts for nothing.  While it has no room,
 * the old one stays in the binding: the new remote is let in by its session alone.
 *
 * A word is no address, but 37 bits of a keyed hash of the remote and of the
 * binding's life, in one of two buckets: of strangers not one in 2^33 is taken for
 * somebody, and which one nobody can know.
 *
 * Races: a word is changed by compare-and-swap alone, and holds all there is.  Two
 * CPUs may write one permission into two words: it is there until both expire.
 */
#ifndef TWINPATH_PERMISSION_H
#define TWINPATH_PERMISSION_H

#include "session_open.h"

/*
 * A word: bits 0..25 the second in which it expires, modulo half of that, which is
 * more than the year that a timer may have; bits 26..63 the tag.  0: empty.
 */
#define PERMIT_UNTIL_BITS 26
#define PERMIT_UNTIL ((1ULL << PERMIT_UNTIL_BITS) - 1)

static __always_inline __u64 permit_tag(__u64 hash)
{
	return (hash | 1ULL << 63) & ~PERMIT_UNTIL;
}

static __always_inline __u64 permit_word(__u64 hash, __u32 until)
{
	__u32 second = until / TP_TICKS_PER_SECOND + 1;

	return permit_tag(hash) | (second & PERMIT_UNTIL);
}

static __always_inline int permit_lives(__u64 word, __u32 now)
{
	__u32 left = (__u32)word - now / TP_TICKS_PER_SECOND;

	return word && (__s32)(left << (32 - PERMIT_UNTIL_BITS)) > 0;
}

static __always_inline int permit_is(__u64 word, __u64 hash)
{
	return (word & ~PERMIT_UNTIL) == permit_tag(hash);
}

/*
 * Both by bits that are not in the tag: where they were, all words with a tag
 * would lie in one bucket, and a stranger be as near as the table is large.
 */
static __always_inline struct tp_permits *permit_bucket(__u64 hash, __u32 which)
{
	__u32 low = hash & PERMIT_UNTIL;
	__u32 slot = (which ? low * 0x9e3779b1U >> 6 : low) &
		     (TP_PERMIT_BUCKETS * (bucket_mask + 1) - 1);

	return bpf_map_lookup_elem(&permits, &slot);
}

/*
 * Of a remote, and of the binding's life: another incarnation, or another address
 * behind the external one, has permitted nothing.
 */
static __always_inline __u64 permission_hash(const struct tp_binding *binding,
					     __u32 index,
					     const struct tp_addr *remote,
					     const struct tp_seed *keys)
{
	__u64 life = index |
		     (__u64)TP_CONTROL_INCARNATION(binding->control) << 24 |
		     (__u64)binding_generation(binding, index) << 32 |
		     (__u64)binding->made << 48;

	return hash_endpoint(remote, life, keys);
}

/* Global, as all here: the verifier walks it once. */
__noinline int permission_holds(const struct tp_addr *remote, __u32 index,
				__u32 now)
{
	struct tp_binding *binding = binding_at(index);
	const struct tp_seed *keys = ONLY(&seed);
	__u32 which, i;
	__u64 hash;

	if (!remote || !binding || !keys)
		return 0;
	hash = permission_hash(binding, index, remote, keys);
#pragma unroll
	for (which = 0; which < 2; which++) {
		const struct tp_permits *bucket = permit_bucket(hash, which);

		if (!bucket)
			return 0;
#pragma unroll
		for (i = 0; i < TP_PERMIT_WORDS; i++) {
			__u64 word = *(volatile __u64 *)&bucket->word[i];

			if (permit_is(word, hash) && permit_lives(word, now))
				return 1;
		}
	}
	return 0;
}

/*
 * Into a bucket: over its own word, whose life goes on and never back, else into
 * one that is empty or has expired.  0: there is none.
 */
__noinline int permission_write(__u64 hash, __u32 which, __u32 until, __u32 now)
{
	struct tp_permits *bucket = permit_bucket(hash, which);
	__u32 i, place = TP_PERMIT_WORDS;
	__u64 old;

	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < TP_PERMIT_WORDS; i++) {
		old = *(volatile __u64 *)&bucket->word[i];
		if (permit_is(old, hash)) {
			place = i;
			break;
		}
		if (!permit_lives(old, now))
			place = i;
	}
	if (place >= TP_PERMIT_WORDS)
		return 0;
	old = *(volatile __u64 *)&bucket->word[place];
	if (permit_is(old, hash) && permit_lives(old, until))
		return 1;
	return (permit_is(old, hash) || !permit_lives(old, now)) &&
	       __sync_val_compare_and_swap(&bucket->word[place], old,
					   permit_word(hash, until)) == old;
}

/* The binding is about to name another remote: a word for the one before. */
static __always_inline int permission_keep(const struct tp_session *session,
					   const struct tp_binding *binding,
					   __u32 index, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_addr left = binding->remote;
	__u32 until;
	__u64 hash;

	if (!set || !keys)
		return 0;
	/* A host takes a port again for another server before long. */
	until = binding->used + (session->key.proto == IPPROTO_TCP ?
					 set->timers.tcp_closing :
					 set->timers.udp);
	if (clock_passed(until, now))
		return 1;
	hash = permission_hash(binding, index, &left, keys);
	/* Where the first has room, the second is not looked at: at worst it
	 * stands there as well. */
	return permission_write(hash, 0, until, now) ||
	       permission_write(hash, 1, until, now);
}

/*
 * The endpoint sends by this session: in its first packet, and about once a
 * second.  While all that it sent went to one address, nothing need be written.
 */
__noinline int permission_note(struct tp_session *session, __u32 now)
{
	const struct tp_address *address;
	struct tp_binding *binding;
	__u32 index, id;

	if (!session)
		return 0;
	index = session->binding;
	id = session->address;
	binding = binding_at(index);
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!binding || !address || !session_on(session, binding, index))
		return 0;
	/* A query's session has no remote port anyway. */
	if (!address_equal(&binding->remote, &session->key.remote) &&
	    !address_is_none(&binding->remote) &&
	    session->key.proto != IPPROTO_ICMP &&
	    binding_filtering(binding, binding->control, address) ==
		    TP_FILTER_ADDRESS &&
	    !permission_keep(session, binding, index, now))
		return 0;
	binding->remote = session->key.remote;
	binding->used = now;
	return 0;
}

#endif
