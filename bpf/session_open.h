/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session_open.h - a line for a new session.
 *
 * Owns: the choice of the line, the sweep of expired ones, and the publishing of
 * a filled one; the races are told in session.h.
 */
#ifndef TWINPATH_SESSION_OPEN_H
#define TWINPATH_SESSION_OPEN_H

#include "lock.h"
#include "ration.h"
#include "session.h"

#define SESSION_SPARE 5 /* lines left that send a key to its second bucket */
#define SESSION_TIGHT 4 /* lines left after a sweep: room is short */
#define SESSION_RIPE (10 * TP_TICKS_PER_SECOND)
#define SESSION_REFUSED(reason) (0xffffff00U | (reason))
#define SESSION_IS_REFUSED(number) ((number) >= 0xffffff00U)

/* What a new session is made of, in one word, so that it fits a register. */
#define SESSION_NEW(now, bits, exit, address)               \
	((__u64)(__u32)(now) | (__u64)(__u16)(bits) << 32 | \
	 (__u64)(__u8)(exit) << 48 | (__u64)(address) << 56)

/* The bits of a session that begins outside; see tcp_next(). */
static __always_inline __u16 session_inward(const struct packet *p,
					    const struct tp_binding *binding)
{
	if (p->class != CLASS_TCP)
		return TP_SESSION_INWARD;
	return TP_SESSION_INWARD | TP_TCP_SYN_IN |
	       (TP_CONTROL_LINE(binding->control) == TP_LINE_STATIC ?
			TP_TCP_INCOMING :
			0);
}

/* Of an exit that died or an address that was lost: no session any more. */
static __always_inline int session_void(const struct tp_session *line,
					__u32 now)
{
	__u32 exit_id = line->exit, address_id = line->address;
	const struct tp_exit *exit = bpf_map_lookup_elem(&exits, &exit_id);
	const struct tp_address *address =
		bpf_map_lookup_elem(&addresses, &address_id);

	return !exit || !address || address->generation != line->generation ||
	       (exit->state == TP_EXIT_DEAD && !exit_waits(exit, now));
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
		    (!clock_passed(TP_CONTROL_EXPIRY(old) + SESSION_GRACE,
				   now) &&
		     !session_void(line, now)))
			continue;
		if (__sync_val_compare_and_swap(&line->control, old,
						free | (__u64)TP_LINE_BUSY
								<< 32) != old)
			continue;
		((volatile __u8 *)bytes)[i] = 0;
		if (line->counted)
			ration_give(&line->key.inside, TP_RATION_SESSION);
		line->counted = 0;
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

/* Claim a line, if its tag is clear and it is free. */
static __always_inline int session_claim_line(struct tp_session *line,
					      volatile __u8 *tag, __u64 hash)
{
	__u64 old = *(volatile __u64 *)&line->control;

	if (*tag || TP_CONTROL_LINE(old) != TP_LINE_FREE ||
	    __sync_val_compare_and_swap(
		    &line->control, old,
		    TP_CONTROL(0, TP_LINE_BUSY, TP_CONTROL_INCARNATION(old) + 1,
			       0)) != old)
		return 0;
	*tag = session_tag(hash);
	return 1;
}

/* Claim any line of a bucket; -1: none. */
__noinline int session_claim(__u32 slot, __u64 hash)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);
	__u32 i;

	if (!bucket || !bytes)
		return -1;
	for (i = 0; i < TP_BUCKET_LINES; i++)
		if (session_claim_line(&bucket->line[i],
				       (volatile __u8 *)bytes + i, hash))
			return i;
	return -1;
}

/* How long ago did the session come into the state that it is in? */
static __always_inline __u32 session_age(const struct tp_settings *set,
					 __u64 control, __u32 now)
{
	return now + tcp_timeout(&set->timers, TP_CONTROL_EXTRA(control)) -
	       TP_CONTROL_EXPIRY(control);
}

/*
 * May a TCP session go before its time, for want of room?  One that finished a
 * while ago, and one from outside whose sender has not shown itself: else a flood
 * of SYNs to a published port would fill the table.
 */
static __always_inline int session_ripe(const struct tp_settings *set,
					__u64 control, __u32 now)
{
	__u16 bits = TP_CONTROL_EXTRA(control);

	if (tcp_finished(bits))
		return session_age(set, control, now) >= SESSION_RIPE;
	return bits & TP_TCP_INCOMING &&
	       session_age(set, control, now) >= set->timers.tcp_incoming;
}

static __always_inline void session_cut(struct tp_session *line, __u64 control,
					__u32 now)
{
	if (__sync_val_compare_and_swap(&line->control, control,
					(control & ~0xffffffffULL) | now) ==
	    control)
		pressure_count(TP_PRESSURE_sessions_ripened);
}

/* End the life of the ripe lines of a bucket: room for whoever comes later. */
__noinline int session_ripen(__u32 slot, __u32 now)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	const struct tp_settings *set = ONLY(&settings);
	__u32 i;

	if (!bucket || !set)
		return 0;
	for (i = 0; i < TP_BUCKET_LINES; i++) {
		struct tp_session *line = &bucket->line[i];
		__u64 old = *(volatile __u64 *)&line->control;

		if (session_live(old, now) && session_ripe(set, old, now))
			session_cut(line, old, now);
	}
	return 0;
}

/*
 * Few lines of a key's buckets are clear: sweep them, and where that does not
 * help, ripen them.  Before the last one is gone, for what ripens now is room only
 * after the grace.
 */
__noinline int session_make_room(__u64 hash, __u32 now)
{
	__u32 first = session_bucket(hash, 0), second = session_bucket(hash, 1);
	__u32 last = session_bucket(hash, 2);

	if (session_room(first) + session_room(second) >= SESSION_TIGHT)
		return 0;
	session_sweep(first, now);
	session_sweep(second, now);
	if (session_room(first) + session_room(second) >= SESSION_TIGHT)
		return 0;
	session_ripen(first, now);
	session_ripen(second, now);
	if (session_room(last) < SESSION_TIGHT) {
		session_sweep(last, now);
		session_ripen(last, now);
	}
	return 0;
}

/*
 * Not at home: in the emptier of the two buckets, else in the overflow.  Its
 * number, or SESSION_NONE.  Global, see above.
 */
__noinline __u32 session_place_away(__u64 hash)
{
	__u32 first = session_bucket(hash, 0), second = session_bucket(hash, 1);
	__u32 slot = first;
	int n;

	if (session_room(first) < SESSION_SPARE &&
	    session_room(second) > session_room(first))
		slot = second;
	n = session_claim(slot, hash);
	if (n < 0) {
		slot = session_bucket(hash, 2);
		n = session_claim(slot, hash);
	}
	return n < 0 ? SESSION_NONE : slot * TP_BUCKET_LINES + n;
}

/*
 * A busy line for a new key, its home line while its bucket has room to spare.
 * Its number, or SESSION_NONE.
 */
static __always_inline __u32 session_place(__u64 hash)
{
	__u32 slot = session_bucket(hash, 0), n = session_home(hash);
	struct tp_session *home = session_line(session_at_home(hash));
	struct tp_tags *bytes = bpf_map_lookup_elem(&tags, &slot);

	if (!home || !bytes)
		return SESSION_NONE;
	APART(n);
	if (session_room(slot) >= SESSION_SPARE &&
	    session_claim_line(
		    home, (volatile __u8 *)bytes + n % TP_BUCKET_LINES, hash))
		return session_at_home(hash);
	return session_place_away(hash);
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

/*
 * Fill a busy line that has its key already, and publish it; its binding lives at
 * least as long.
 */
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
	until = now + session_timeout(set, key->proto, key->remote_port, bits);
	if (key->proto == IPPROTO_TCP && !(bits & TP_TCP_SYN_OUT) &&
	    clock_passed(binding_cap(binding, now), until))
		until = binding_cap(binding, now);
	incarnation = TP_CONTROL_INCARNATION(binding->control);
	line->generation = binding_generation(binding, index);
	line->confirm = set->confirm;
	line->lease = now;
	line->exit = new >> 48;
	line->address = new >> 56;
	line->binding = index;
	line->port = binding->portless ? 0 : bpf_htons((__u16)index);
	line->incarnation = incarnation;
	if (!binding_lasts(binding, incarnation, until) &&
	    !binding_renew(binding, incarnation, until, BINDING_JOINED, now))
		return 0;
	__sync_lock_test_and_set(
		&line->control, TP_CONTROL(until, TP_LINE_LIVE,
					   TP_CONTROL_INCARNATION(busy), bits));
	return 1;
}

/* Leave an expired line behind, tag and all: it is swept later. */
static __always_inline void session_spoil(struct tp_session *line, __u32 now)
{
	__sync_lock_test_and_set(
		&line->control,
		TP_CONTROL(now, TP_LINE_LIVE,
			   TP_CONTROL_INCARNATION(line->control), 0));
}

/* Publish a busy line, or leave it behind.  Its number, or why not. */
static __always_inline __u32 session_finish(struct tp_session *line,
					    __u32 number,
					    const struct tp_session_key *key,
					    __u32 index, __u64 new)
{
	if (session_fill(line, key, index, new))
		return number;
	session_spoil(line, new);
	return SESSION_REFUSED(TP_REASON_contended);
}

static __always_inline __u32 session_ration(const struct tp_session_key *key,
					    __u32 ration)
{
	const struct tp_settings *set = ONLY(&settings);

	return ration_take(&key->inside, ration, TP_RATION_SESSION,
			   set ? set->limits.sessions : 0);
}

/*
 * In the line that the key had already: another CPU has opened the very session,
 * or it expired.  Its host is counted for it still, unless it could not be.
 */
static __always_inline __u32 session_again(__u32 number,
					   const struct tp_session_key *key,
					   __u32 index, __u64 new, __u32 ration)
{
	struct tp_session *line = session_line(number);
	struct tp_binding *binding = binding_at(index);
	__u32 taken;

	if (!line || !binding)
		return SESSION_REFUSED(TP_REASON_program);
	if (session_live(line->control, new) &&
	    session_on(line, binding, index))
		return number;
	if (!session_reclaim(line))
		return SESSION_REFUSED(TP_REASON_contended);
	if (!line->counted) {
		taken = session_ration(key, ration);
		if (taken == RATION_REFUSED) {
			session_spoil(line, new);
			return SESSION_REFUSED(TP_REASON_host_sessions);
		}
		line->counted = taken == RATION_COUNTED;
	}
	return session_finish(line, number, key, index, new);
}

/* In a line of its own, if its host may have one more. */
static __always_inline __u32 session_first(const struct tp_session_key *key,
					   __u64 hash, __u32 index, __u64 new,
					   __u32 ration)
{
	__u32 taken = session_ration(key, ration), number;
	struct tp_session *line;

	if (taken == RATION_REFUSED)
		return SESSION_REFUSED(TP_REASON_host_sessions);
	number = session_place(hash);
	line = number == SESSION_NONE ? 0 : session_line(number);
	if (!line) {
		if (taken == RATION_COUNTED)
			ration_give(&key->inside, TP_RATION_SESSION);
		return SESSION_REFUSED(TP_REASON_sessions_full);
	}
	line->counted = taken == RATION_COUNTED;
	line->key = *key; /* whose it is counted for, also if it is left */
	return session_finish(line, number, key, index, new);
}

/* Where there is room.  Global, see session_search. */
__noinline __u32 session_insert(const struct tp_session_key *key, __u64 hash,
				__u32 index, __u64 new, __u32 ration)
{
	__u32 number;

	if (!key)
		return SESSION_REFUSED(TP_REASON_program);
	if (!lock_take(hash))
		return SESSION_REFUSED(TP_REASON_contended);
	number = session_number(key, hash);
	number = number == SESSION_NONE ?
			 session_first(key, hash, index, new, ration) :
			 session_again(number, key, index, new, ration);
	lock_give(hash);
	return number;
}

/*
 * Open a session on a binding, or find the one that another CPU opened just
 * now.  `ration`: its host's line.  Its number, or SESSION_REFUSED(reason).  Room
 * is made outside the lock: buckets are not one lock's, and the two are not on
 * the stack at once.
 */
static __always_inline __u32 session_open(const struct tp_session_key *key,
					  __u64 hash, __u32 index, __u64 new,
					  __u32 ration)
{
	if (session_room(session_bucket(hash, 0)) < SESSION_TIGHT)
		session_make_room(hash, (__u32) new);
	return session_insert(key, hash, index, new, ration);
}

#endif
