/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.h - the table of sessions: one line of 64 bytes each, in buckets of 16.
 *
 * Owns: session_table and tags.  A key has two candidate buckets and a home
 * line in the first; the hit path loads home line and tags together and
 * compares one key.  A full pair of buckets falls back on a small overflow
 * region; there is no unbounded probe and no eviction (RFC 6888 REQ-11d).
 *
 * Races:
 *  - two CPUs insert one 5-tuple: the key's lock serialises them, and the
 *    second finds the first's line.
 *  - two keys want one line: claimed by compare-and-swap of the control word,
 *    free or expired to busy.  A swept line is claimed the same way before its
 *    tag is cleared, so no live line can lose its tag.
 *  - a half-written line: busy until its control word is exchanged, last of
 *    all; readers read the control word before the key.
 *  - expiry beside renewal: both are compare-and-swaps of the control word.
 */
#ifndef TWINPATH_SESSION_H
#define TWINPATH_SESSION_H

#include "binding.h"
#include "tcp_state.h"

#define SESSION_GRACE 2 /* ticks between expiry and another use of a line */
#define SESSION_CAS_TRIES 8
#define SESSION_NONE (~0U)
#define DNS_PORT 53
#define BYTES_1 0x0101010101010101ULL
#define BYTES_7F 0x7f7f7f7f7f7f7f7fULL

static __always_inline __u8 session_tag(__u64 hash)
{
	return hash >> 56 ? hash >> 56 : 1;
}

static __always_inline __u32 session_home(__u64 hash)
{
	return (hash >> 24) % TP_BUCKET_LINES;
}

/* Bucket 0 and 1 of a key, and its overflow bucket as 2. */
static __always_inline __u32 session_bucket(__u64 hash, __u32 which)
{
	__u32 first = hash & bucket_mask;
	__u32 second = (hash >> 30) & bucket_mask;

	if (!which)
		return first;
	if (which == 1)
		return second != first ? second : first ^ (bucket_mask & 1);
	return bucket_mask + 1 + ((hash >> 48) & overflow_mask);
}

/* 0x80 in each byte of `word` that is `tag`, exactly. */
static __always_inline __u64 session_matches(__u64 word, __u8 tag)
{
	__u64 x = word ^ (BYTES_1 * tag);

	return ~(((x & BYTES_7F) + BYTES_7F) | x | BYTES_7F);
}

/* Which byte is the lowest set one of a mask of 0x80s. */
static __always_inline __u32 session_lowest(__u64 mask)
{
	__u64 below = ((mask & -mask) >> 7) - 1;

	return ((below & BYTES_1) * BYTES_1) >> 56;
}

static __always_inline int session_same(const struct tp_session *session,
					const struct tp_session_key *key)
{
	const __u64 *a = (const __u64 *)&session->key;
	const __u64 *b = (const __u64 *)key;

	/* The words that differ most come first. */
	return a[4] == b[4] && a[1] == b[1] && a[3] == b[3] && a[0] == b[0] &&
	       a[2] == b[2];
}

static __always_inline int session_live(__u64 control, __u32 now)
{
	return TP_CONTROL_LINE(control) == TP_LINE_LIVE &&
	       !clock_passed(TP_CONTROL_EXPIRY(control), now);
}

/* Has the line this key, live or expired?  Busy and free ones have none. */
static __always_inline int session_is(const struct tp_session *session,
				      const struct tp_session_key *key)
{
	__u64 control = *(volatile const __u64 *)&session->control;

	return TP_CONTROL_LINE(control) == TP_LINE_LIVE &&
	       session_same(session, key);
}

/* A line of the table by its number, as the global functions give it. */
static __always_inline struct tp_session *session_line(__u32 number)
{
	__u32 slot = number / TP_BUCKET_LINES, n = number % TP_BUCKET_LINES;
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);

	if (!bucket)
		return 0;
	/* Keeps clang from adding to the pointer before it is checked. */
	asm volatile("" : "+r"(n));
	return &bucket->line[n % TP_BUCKET_LINES];
}

static __always_inline __u32 session_in_bucket(__u32 slot,
					       const struct tp_session_key *key,
					       __u8 tag)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);
	__u32 half, i;

	if (!bucket || !bytes)
		return SESSION_NONE;
	for (half = 0; half < TP_BUCKET_LINES / 8; half++) {
		__u64 mask = session_matches(
			*(volatile __u64 *)&bytes->word[half], tag);

		for (i = 0; i < 8 && mask; i++) {
			__u32 n = (half * 8 + session_lowest(mask)) %
				  TP_BUCKET_LINES;

			if (session_is(&bucket->line[n], key))
				return slot * TP_BUCKET_LINES + n;
			mask &= mask - 1;
		}
	}
	return SESSION_NONE;
}

/*
 * Not at home: by tags, in the two buckets and the overflow.  Global, so that
 * the verifier walks it once and not at each of its callers.
 */
__noinline __u32 session_search(const struct tp_session_key *key, __u64 hash)
{
	__u8 tag = session_tag(hash);
	__u32 which, number;

	if (!key)
		return SESSION_NONE;
		/* Or the verifier loses count, of what clang 19 keeps on the stack. */
#pragma unroll
	for (which = 0; which < 3; which++) {
		number = session_in_bucket(session_bucket(hash, which), key,
					   tag);
		if (number != SESSION_NONE)
			return number;
	}
	return SESSION_NONE;
}

/* Does no line of a bucket have the tag? */
static __always_inline int session_untagged(__u32 slot, __u8 tag)
{
	const struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);

	return bytes &&
	       !(session_matches(*(const volatile __u64 *)&bytes->word[0],
				 tag) |
		 session_matches(*(const volatile __u64 *)&bytes->word[1],
				 tag));
}

/* The same of all its buckets: nearly every new key's search ends here. */
static __always_inline int session_unknown(__u64 hash)
{
	__u8 tag = session_tag(hash);

	return session_untagged(session_bucket(hash, 0), tag) &&
	       session_untagged(session_bucket(hash, 1), tag) &&
	       session_untagged(session_bucket(hash, 2), tag);
}

static __always_inline __u32 session_at_home(__u64 hash)
{
	return (hash & bucket_mask) * TP_BUCKET_LINES + session_home(hash);
}

/* The number of the line with this key, live or expired. */
static __always_inline __u32 session_number(const struct tp_session_key *key,
					    __u64 hash)
{
	return session_unknown(hash) ? SESSION_NONE : session_search(key, hash);
}

/*
 * Live when its control word was read, and of this key after that.  It stays so
 * while this packet is looked at: lines are swept SESSION_GRACE after expiry.
 */
static __always_inline int session_is_live(const struct tp_session *session,
					   const struct tp_session_key *key,
					   __u32 now)
{
	__u64 control = *(volatile const __u64 *)&session->control;

	return session_live(control, now) && session_same(session, key);
}

/* Is its tag at its home line?  Else that line is another's, or nobody's. */
static __always_inline int session_tagged(__u64 hash)
{
	__u32 slot = session_bucket(hash, 0), n = session_home(hash);
	const struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);

	if (!bytes)
		return 0;
	APART(n);
	return ((const volatile __u8 *)bytes)[n % TP_BUCKET_LINES] ==
	       session_tag(hash);
}

/* The live line of this key. */
static __always_inline struct tp_session *
session_find(const struct tp_session_key *key, __u64 hash, __u32 now)
{
	struct tp_session *line;
	__u32 number;

	if (session_tagged(hash)) {
		line = session_line(session_at_home(hash));
		if (line && session_is_live(line, key, now))
			return line;
	}
	number = session_number(key, hash);
	if (number == SESSION_NONE)
		return 0;
	line = session_line(number);
	return line && session_is_live(line, key, now) ? line : 0;
}

static __always_inline __u32 session_timeout(const struct tp_settings *set,
					     __u8 proto, __be16 remote_port,
					     __u16 bits)
{
	if (proto == IPPROTO_TCP)
		return tcp_timeout(&set->timers, bits);
	if (proto == IPPROTO_ICMP)
		return set->timers.icmp;
	/* Protocols without ports idle like UDP. */
	return remote_port == bpf_htons(DNS_PORT) && set->timers.dns ?
		       set->timers.dns :
		       set->timers.udp;
}

/* Was the line made on this very binding, and not on one before it? */
static __always_inline int session_on(const struct tp_session *session,
				      const struct tp_binding *binding,
				      __u32 index)
{
	return session->binding == index &&
	       session->generation == binding_generation(binding, index) &&
	       session->incarnation == TP_CONTROL_INCARNATION(binding->control);
}

/* ---- a packet of a live session ------------------------------------------- */

/*
 * Time for this exit's sessions to come home?  TCP stays until it ends; phones
 * and tunnels would stay for ever, so UDP and ICMP re-bind after a while.
 */
static __always_inline int exit_is_left(const struct tp_exit *exit, int tcp,
					__u32 now)
{
	return exit && !tcp && exit->home_after &&
	       clock_passed(exit->home_after, now);
}

/* Dead, but "hold" gives it time to come back. */
static __always_inline int exit_waits(const struct tp_exit *exit, __u32 now)
{
	return exit && exit->kind == TP_EXIT_UPLINK &&
	       exit->state == TP_EXIT_DEAD && exit->wait_until &&
	       !clock_passed(exit->wait_until, now);
}

/*
 * Does the session wait for its dead exit?  TCP's alone: it cannot move, while
 * the rest is served by another exit at once.
 */
__noinline int session_waits(const struct tp_session *session, __u32 now)
{
	const struct tp_address *address;
	__u32 exit_id, address_id;

	if (!session)
		return 0;
	exit_id = session->exit;
	address_id = session->address;
	address = bpf_map_lookup_elem(&addresses, &address_id);
	return session->key.proto == IPPROTO_TCP &&
	       session_live(session->control, now) &&
	       exit_waits(bpf_map_lookup_elem(&exits, &exit_id), now) &&
	       address && session->generation == address->generation;
}

/*
 * Move the session's life on, its binding's first: a session never outlives
 * its binding.  0: the binding is no longer ours, so the session is none.
 */
__noinline int session_renew(struct tp_session *session, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	struct tp_binding *binding;
	__u32 exit_id, until;
	__u64 old;
	__u16 bits;

	if (!session || !set)
		return 0;
	old = *(volatile __u64 *)&session->control;
	bits = TP_CONTROL_EXTRA(old);
	until = now + session_timeout(set, session->key.proto,
				      session->key.remote_port, bits);
	binding = binding_at(session->binding);
	exit_id = session->exit;
	/* What came from outside is answered by the way it came. */
	if (!(bits & TP_SESSION_INWARD) &&
	    exit_is_left(bpf_map_lookup_elem(&exits, &exit_id),
			 session->key.proto == IPPROTO_TCP, now))
		return 0;
	if (!binding ||
	    !address_equal(&binding->inside, &session->key.inside) ||
	    binding->inside_port != session->key.inside_port)
		return 0;
	/* Closing ones age from their last transition (RFC 6146 S13). */
	if (session->key.proto == IPPROTO_TCP && tcp_closed(bits))
		until = TP_CONTROL_EXPIRY(old);
	if (!binding_renew(binding, session->incarnation, until, BINDING_USED,
			   now))
		return 0;
	binding->used = now; /* no lease on it is younger: see claim.h */
	session->lease = now;
	if (session_live(old, now))
		__sync_val_compare_and_swap(
			&session->control, old,
			TP_CONTROL(until, TP_LINE_LIVE,
				   TP_CONTROL_INCARNATION(old), bits));
	return 1;
}

/* The line is none from now on, if it is still as it was seen. */
static __always_inline int session_end(struct tp_session *session, __u64 seen,
				       __u32 now)
{
	return session_live(seen, now) &&
	       __sync_val_compare_and_swap(
		       &session->control, seen,
		       TP_CONTROL(now, TP_LINE_LIVE,
				  TP_CONTROL_INCARNATION(seen), 0)) == seen;
}

/* Its binding is no longer its own: the line is none from now on. */
static __always_inline void session_retire(struct tp_session *session,
					   __u32 now)
{
	session_end(session, *(volatile __u64 *)&session->control, now);
}

/*
 * The control word after a TCP segment.  Nothing that only the outside sends
 * makes it outlive `cap`.  A function of its own for the sake of the stack.
 */
__noinline __u64 session_next(__u64 old, __u8 flags, int outward, __u32 cap,
			      __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	__u16 was = TP_CONTROL_EXTRA(old), bits = tcp_next(was, flags, outward);
	__u32 until = TP_CONTROL_EXPIRY(old);

	if (!set)
		return old;
	/* From outside, what changes nothing moves no life on, but one that is
	 * capped: the inside has not spoken yet. */
	if (tcp_moves(was, bits) &&
	    (outward || bits != was || !(bits & TP_TCP_SYN_OUT)))
		until = now + tcp_timeout(&set->timers, bits);
	if (!(bits & TP_TCP_SYN_OUT) && clock_passed(cap, until))
		until = cap;
	if (tcp_established(bits))
		bits |= TP_TCP_OPEN;
	else if (tcp_closed(bits))
		bits &= ~TP_TCP_OPEN;
	return TP_CONTROL(until, TP_LINE_LIVE, TP_CONTROL_INCARNATION(old),
			  bits);
}

/* What the step from one state to the next is to the binding. */
static __always_inline __u32 session_event(__u64 old, __u64 new)
{
	__u16 was = TP_CONTROL_EXTRA(old), bits = TP_CONTROL_EXTRA(new);

	if (!((was ^ bits) & TP_TCP_OPEN))
		return BINDING_USED;
	if (bits & TP_TCP_OPEN)
		return BINDING_OPENED;
	return tcp_finished(bits) ? BINDING_FINISHED : BINDING_LEFT;
}

/* Show a TCP segment to the state machine; the winner of the swap counts. */
__noinline int session_tcp(struct tp_session *session, __u8 flags, int outward,
			   __u32 now)
{
	struct tp_binding *binding;
	__u64 old, new;
	int i;

	if (!session)
		return 0;
	binding = binding_at(session->binding);
	if (!binding)
		return 0;
	for (i = 0; i < SESSION_CAS_TRIES; i++) {
		old = *(volatile __u64 *)&session->control;
		if (!session_live(old, now))
			return 0;
		new = session_next(old, flags, outward,
				   binding_cap(binding, now), now);
		if (__sync_val_compare_and_swap(&session->control, old, new) ==
		    old)
			return binding_renew(binding, session->incarnation,
					     TP_CONTROL_EXPIRY(new),
					     session_event(old, new), now);
	}
	return 1;
}

#endif
