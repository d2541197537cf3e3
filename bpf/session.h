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
#define SESSION_SPARE 5 /* lines left that send a key to its second bucket */
#define SESSION_CAS_TRIES 8
#define SESSION_NONE (~0U)
#define SESSION_REFUSED(reason) (0xffffff00U | (reason))
#define SESSION_IS_REFUSED(number) ((number) >= 0xffffff00U)
#define BYTES_1 0x0101010101010101ULL
#define BYTES_7F 0x7f7f7f7f7f7f7f7fULL
#define BYTES_80 0x8080808080808080ULL

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
	for (which = 0; which < 3; which++) {
		number = session_in_bucket(session_bucket(hash, which), key,
					   tag);
		if (number != SESSION_NONE)
			return number;
	}
	return SESSION_NONE;
}

static __always_inline __u32 session_at_home(__u64 hash)
{
	return (hash & bucket_mask) * TP_BUCKET_LINES + session_home(hash);
}

/* The number of the line with this key, live or expired. */
static __always_inline __u32 session_number(const struct tp_session_key *key,
					    __u64 hash)
{
	struct tp_session *home = session_line(session_at_home(hash));

	if (home && session_is(home, key))
		return session_at_home(hash);
	return session_search(key, hash);
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

/* The live line of this key. */
static __always_inline struct tp_session *
session_find(const struct tp_session_key *key, __u64 hash, __u32 now)
{
	struct tp_session *line = session_line(session_at_home(hash));
	__u32 number;

	if (line && session_is_live(line, key, now))
		return line;
	number = session_search(key, hash);
	if (number == SESSION_NONE)
		return 0;
	line = session_line(number);
	return line && session_is_live(line, key, now) ? line : 0;
}

static __always_inline __u32 session_timeout(const struct tp_settings *set,
					     __u8 proto, __u16 bits)
{
	if (proto == IPPROTO_TCP)
		return tcp_established(bits) ? set->timers.tcp_established :
					       set->timers.tcp_transitory;
	return proto == IPPROTO_UDP ? set->timers.udp : set->timers.icmp;
}

/* Was the line made on this very binding, and not on one before it? */
static __always_inline int session_on(const struct tp_session *session,
				      const struct tp_binding *binding,
				      __u32 index)
{
	return session->binding == index &&
	       session->generation == binding->generation &&
	       session->incarnation ==
		       TP_CONTROL_INCARNATION(binding->control);
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
	until = now + session_timeout(set, session->key.proto, bits);
	binding = binding_at(session->binding);
	exit_id = session->exit;
	if (exit_is_left(bpf_map_lookup_elem(&exits, &exit_id),
			 session->key.proto == IPPROTO_TCP, now))
		return 0;
	if (!binding ||
	    !address_equal(&binding->inside, &session->key.inside) ||
	    binding->inside_port != session->key.inside_port)
		return 0;
	/* Closing ones age from their last transition (RFC 6146 S13). */
	if (session->key.proto == IPPROTO_TCP && tcp_closed(bits))
		until = TP_CONTROL_EXPIRY(old);
	if (!binding_renew(binding, session->incarnation, until, 0, now))
		return 0;
	binding->used = now;
	binding->remote = session->key.remote;
	session->lease = now;
	if (session_live(old, now))
		__sync_val_compare_and_swap(
			&session->control, old,
			TP_CONTROL(until, TP_LINE_LIVE,
				   TP_CONTROL_INCARNATION(old), bits));
	return 1;
}

/* Its binding is no longer its own: the line is none from now on. */
static __always_inline void session_retire(struct tp_session *session, __u32 now)
{
	__u64 old = *(volatile __u64 *)&session->control;

	if (session_live(old, now))
		__sync_val_compare_and_swap(
			&session->control, old,
			TP_CONTROL(now, TP_LINE_LIVE,
				   TP_CONTROL_INCARNATION(old), 0));
}

/* Show a TCP segment to the state machine; the winner of the swap counts. */
__noinline int session_tcp(struct tp_session *session, __u8 flags, int outward,
			   __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	int i;

	if (!session || !set)
		return 0;

	for (i = 0; i < SESSION_CAS_TRIES; i++) {
		__u64 old = *(volatile __u64 *)&session->control;
		__u16 was = TP_CONTROL_EXTRA(old);
		__u16 bits = tcp_next(was, flags, outward);
		__u32 until = now + session_timeout(set, IPPROTO_TCP, bits);
		int delta;

		if (tcp_established(bits))
			bits |= TP_TCP_OPEN;
		else if (tcp_closed(bits))
			bits &= ~TP_TCP_OPEN;
		if (!session_live(old, now))
			return 0;
		if (__sync_val_compare_and_swap(
			    &session->control, old,
			    TP_CONTROL(until, TP_LINE_LIVE,
				       TP_CONTROL_INCARNATION(old), bits)) !=
		    old)
			continue;
		delta = !!(bits & TP_TCP_OPEN) - !!(was & TP_TCP_OPEN);
		return binding_renew(binding_at(session->binding),
				     session->incarnation, until, delta, now);
	}
	return 1;
}

/* ---- a new session ----------------------------------------------------------- */

/* What a new session is made of, in one word, so that it fits a register. */
#define SESSION_NEW(now, bits, exit, address)                  \
	((__u64)(__u32)(now) | (__u64)(__u16)(bits) << 32 | \
	 (__u64)(__u8)(exit) << 48 | (__u64)(address) << 56)

/* Of an exit that died or an address that was lost: no session any more. */
static __always_inline int session_void(const struct tp_session *line)
{
	__u32 exit_id = line->exit, address_id = line->address;
	const struct tp_exit *exit = bpf_map_lookup_elem(&exits, &exit_id);
	const struct tp_address *address =
		bpf_map_lookup_elem(&addresses, &address_id);

	return !exit || exit->state == TP_EXIT_DEAD || !address ||
	       address->generation != line->generation;
}

/* Take expired lines out of a bucket. */
__noinline int session_sweep(__u32 slot, __u32 now)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);
	__u32 i;

	if (!bucket || !bytes)
		return 0;
	for (i = 0; i < TP_BUCKET_LINES; i++) {
		struct tp_session *line = &bucket->line[i];
		__u64 old = *(volatile __u64 *)&line->control;
		__u64 free = TP_CONTROL(0, TP_LINE_FREE,
					TP_CONTROL_INCARNATION(old), 0);

		if (TP_CONTROL_LINE(old) != TP_LINE_LIVE ||
		    (!clock_passed(TP_CONTROL_EXPIRY(old) + SESSION_GRACE, now) &&
		     !session_void(line)))
			continue;
		if (__sync_val_compare_and_swap(&line->control, old,
						free | (__u64)TP_LINE_BUSY
							       << 32) != old)
			continue;
		((volatile __u8 *)bytes)[i] = 0;
		__sync_lock_test_and_set(&line->control, free);
	}
	return 0;
}

/* 0x80 for each line of a bucket whose tag is clear; how many. */
static __always_inline __u32 session_room(__u32 slot)
{
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);

	if (!bytes)
		return 0;
	return ((session_matches(bytes->word[0], 0) >> 7) * BYTES_1 >> 56) +
	       ((session_matches(bytes->word[1], 0) >> 7) * BYTES_1 >> 56);
}

/* Claim a line whose tag is clear, the home line if it may be; -1: none. */
static __always_inline int session_claim(__u32 slot, __u32 home, __u8 tag)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);
	__u32 i;

	if (!bucket || !bytes)
		return -1;
	for (i = 0; i <= TP_BUCKET_LINES; i++) { /* home, then all in order */
		__u32 n = (i ? i - 1 : home) % TP_BUCKET_LINES;
		struct tp_session *line = &bucket->line[n];
		__u64 old = *(volatile __u64 *)&line->control;

		if (((volatile __u8 *)bytes)[n] ||
		    TP_CONTROL_LINE(old) != TP_LINE_FREE)
			continue;
		if (__sync_val_compare_and_swap(
			    &line->control, old,
			    TP_CONTROL(0, TP_LINE_BUSY,
				       TP_CONTROL_INCARNATION(old) + 1, 0)) !=
		    old)
			continue;
		((volatile __u8 *)bytes)[n] = tag;
		return n;
	}
	return -1;
}

/*
 * A busy line for a new key: in the emptier of its two buckets, else in the
 * overflow; swept when full.  Its number, or SESSION_NONE.  Global, see above.
 */
__noinline __u32 session_place(__u64 hash, __u32 now)
{
	__u32 first = session_bucket(hash, 0), second = session_bucket(hash, 1);
	__u32 home = session_home(hash), slot, i;
	__u8 tag = session_tag(hash);
	int n;

	if (!session_room(first) && !session_room(second)) {
		session_sweep(first, now);
		session_sweep(second, now);
	}
	slot = first;
	if (session_room(first) < SESSION_SPARE &&
	    session_room(second) > session_room(first))
		slot = second;
	for (i = 0; i < 3; i++) {
		n = session_claim(slot, home, tag);
		if (n >= 0)
			return slot * TP_BUCKET_LINES + n;
		slot = session_bucket(hash, 2);
		if (i)
			session_sweep(slot, now);
	}
	return SESSION_NONE;
}

/*
 * Make the line of an expired session busy, to use it again for the same key.
 * Nobody else's packets can be translated by it meanwhile: the key is the same.
 */
static __always_inline int session_reclaim(struct tp_session *line)
{
	__u64 old = *(volatile __u64 *)&line->control;

	return TP_CONTROL_LINE(old) == TP_LINE_LIVE &&
	       __sync_val_compare_and_swap(
		       &line->control, old,
		       TP_CONTROL(0, TP_LINE_BUSY,
				  TP_CONTROL_INCARNATION(old) + 1, 0)) == old;
}

/* Fill a busy line and publish it; its binding lives at least as long. */
static __always_inline int session_fill(struct tp_session *line,
					const struct tp_session_key *key,
					__u32 index, __u64 new)
{
	struct tp_binding *binding = binding_at(index);
	const struct tp_settings *set = ONLY(&settings);
	__u64 busy = *(volatile __u64 *)&line->control;
	__u32 now = new;
	__u16 bits = new >> 32;
	__u8 incarnation;
	__u32 until;

	if (!binding || !set)
		return 0;
	until = now + session_timeout(set, key->proto, bits);
	incarnation = TP_CONTROL_INCARNATION(binding->control);
	line->key = *key;
	line->generation = binding->generation;
	line->confirm = set->confirm;
	line->lease = now;
	line->exit = new >> 48;
	line->address = new >> 56;
	line->binding = index;
	line->port = bpf_htons((__u16)index);
	line->incarnation = incarnation;
	binding->remote = key->remote;
	binding->used = now;
	if (!binding_renew(binding, incarnation, until, 0, now))
		return 0;
	__sync_lock_test_and_set(&line->control,
				 TP_CONTROL(until, TP_LINE_LIVE,
					    TP_CONTROL_INCARNATION(busy),
					    bits));
	return 1;
}

/* Leave an expired line behind, tag and all: it is swept later. */
static __always_inline void session_spoil(struct tp_session *line, __u32 now)
{
	__sync_lock_test_and_set(&line->control,
				 TP_CONTROL(now, TP_LINE_LIVE,
					    TP_CONTROL_INCARNATION(
						    line->control), 0));
}

/*
 * The key's line, made busy for us; or its number with `theirs` set when
 * another CPU has opened the very session.  SESSION_NONE: no room.
 */
static __always_inline __u32 session_room_for(const struct tp_session_key *key,
					      __u64 hash, __u32 index,
					      __u64 new, int *theirs)
{
	__u32 number = session_number(key, hash), now = new;
	struct tp_binding *binding = binding_at(index);
	struct tp_session *line;

	*theirs = 0;
	if (number == SESSION_NONE)
		return session_place(hash, now);
	line = session_line(number);
	if (!line || !binding)
		return SESSION_NONE;
	*theirs = session_live(line->control, now) &&
		  session_on(line, binding, index);
	return *theirs || session_reclaim(line) ? number : SESSION_NONE;
}

/*
 * Open a session on a binding, or find the one that another CPU opened just
 * now.  Its number, or SESSION_REFUSED(reason).  Global, see session_search.
 */
__noinline __u32 session_open(const struct tp_session_key *key, __u64 hash,
			      __u32 index, __u64 new)
{
	struct tp_session *line;
	__u32 number;
	int theirs;

	if (!key)
		return SESSION_REFUSED(TP_REASON_program);
	if (!lock_take(hash))
		return SESSION_REFUSED(TP_REASON_contended);
	number = session_room_for(key, hash, index, new, &theirs);
	line = number == SESSION_NONE ? 0 : session_line(number);
	if (!line) {
		number = SESSION_REFUSED(TP_REASON_sessions_full);
	} else if (!theirs && !session_fill(line, key, index, new)) {
		session_spoil(line, new);
		number = SESSION_REFUSED(TP_REASON_contended);
	}
	lock_give(hash);
	return number;
}

#endif
