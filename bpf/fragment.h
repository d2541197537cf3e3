/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fragment.h - a datagram's later fragments follow its first.
 *
 * Owns: fragment_records.  Ports are in the first fragment alone: it goes the
 * ordinary way, and what was done with it is written down for the others, which
 * get the same (addresses, not ports: the only checksum that covers both is in
 * the first).  A record is a cache of seconds and no state of NAT: the oldest of
 * a bucket gives way, and the datagram that loses its record is sent again.
 *
 * Races: a line is claimed by compare-and-swap and is busy until it is filled.
 * Two CPUs that write the same record may leave it twice: no harm, the first of
 * them is read and written from then on.  A reader copies and then looks at the
 * control word again, by a compare-and-swap, which is a full barrier: what
 * changed meanwhile is not there.
 */
#ifndef TWINPATH_FRAGMENT_H
#define TWINPATH_FRAGMENT_H

#include "hash.h"
#include "hit.h"
#include "link.h"
#include "lock.h"

#define FRAGMENT_LIFE (10 * TP_TICKS_PER_SECOND)

static __always_inline __u8 fragment_way(__u32 hook, __u32 kind)
{
	if (hook == TP_HOOK_tc_out)
		return TP_FRAGMENT_OUT;
	if (hook == TP_HOOK_tc_wan)
		return TP_FRAGMENT_OUTSIDE;
	if (kind == TP_KIND_HOST)
		return TP_FRAGMENT_HOST;
	return kind == TP_KIND_RETURNED ? TP_FRAGMENT_RETURNED :
					  TP_FRAGMENT_ASKED;
}

static __always_inline void fragment_key(const struct hook *hook,
					 const struct packet *p,
					 struct tp_fragment_key *key)
{
	key->source = p->sender;
	key->destination = p->flow.destination;
	key->id = p->id;
	key->proto = p->flow.proto;
	key->way = fragment_way(hook->id, p->kind);
	/* Translated for one uplink, it must not leave by another. */
	key->ifindex = key->way == TP_FRAGMENT_OUT ? hook->ifindex : 0;
}

static __always_inline int fragment_same(const struct tp_fragment_key *one,
					 const struct tp_fragment_key *other)
{
	const __u64 *a = (const __u64 *)one, *b = (const __u64 *)other;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] &&
	       a[4] == b[4];
}

static __always_inline __u64 fragment_hash(const struct tp_fragment_key *key,
					   const struct tp_seed *seed)
{
	return hash_session((const struct tp_session_key *)key, seed);
}

static __always_inline struct tp_fragments *fragment_bucket(__u64 hash)
{
	__u32 slot = hash % TP_FRAGMENT_BUCKETS;

	return bpf_map_lookup_elem(&fragment_records, &slot);
}

/* Does the line say it?  Then the reason, and the edit in `edit`. */
static __always_inline __u32 fragment_read(struct tp_fragment *line,
					   const struct tp_fragment_key *key,
					   struct edit *edit, __u32 now)
{
	__u64 control = *(volatile __u64 *)&line->control;
	__u32 reason = line->reason;

	if (!session_live(control, now) || !fragment_same(&line->key, key))
		return GO_ON;
	edit->address = line->address;
	edit->ifindex = line->ifindex;
	edit->mark = line->mark;
	__builtin_memcpy(edit->macs, line->macs, sizeof(edit->macs));
	edit->id_mask = line->id_mask;
	edit->side = line->side;
	edit->flags = line->flags;
	if (__sync_val_compare_and_swap(&line->control, control, control) !=
	    control)
		return GO_ON;
	return reason;
}

/* What was done with the first of this datagram; GO_ON: not known. */
__noinline __u32 fragment_recall(const struct tp_fragment_key *key,
				 struct edit *edit, __u32 now)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_fragments *bucket;
	__u32 i, reason;

	if (!key || !edit || !keys)
		return GO_ON;
	bucket = fragment_bucket(fragment_hash(key, keys));
	if (!bucket)
		return GO_ON;
	for (i = 0; i < TP_FRAGMENT_LINES; i++) {
		reason = fragment_read(&bucket->line[i], key, edit, now);
		if (reason != GO_ON)
			return reason;
	}
	return GO_ON;
}

/* How dear is a line to others than this key?  The cheapest is taken. */
static __always_inline __s32 fragment_price(const struct tp_fragment *line,
					    const struct tp_fragment_key *key,
					    __u32 now)
{
	__u64 control = *(volatile const __u64 *)&line->control;

	if (TP_CONTROL_LINE(control) == TP_LINE_BUSY)
		return 0x7fffffff;
	if (!session_live(control, now))
		return 0;
	if (fragment_same(&line->key, key))
		return -1;
	return TP_CONTROL_EXPIRY(control) - now;
}

static __always_inline struct tp_fragment *
fragment_choose(struct tp_fragments *bucket, const struct tp_fragment_key *key,
		__u32 now)
{
	__s32 least = fragment_price(&bucket->line[0], key, now);
	__u32 i, choice = 0;

	for (i = 1; i < TP_FRAGMENT_LINES; i++) {
		__s32 price = fragment_price(&bucket->line[i], key, now);

		if (price < least) {
			least = price;
			choice = i;
		}
	}
	return &bucket->line[choice % TP_FRAGMENT_LINES];
}

static __always_inline void fragment_fill(struct tp_fragment *line,
					  const struct tp_fragment_key *key,
					  const struct edit *edit, __u32 reason)
{
	line->key = *key;
	line->address = edit->address;
	line->ifindex = edit->ifindex;
	line->mark = edit->mark;
	__builtin_memcpy(line->macs, edit->macs, sizeof(line->macs));
	line->id_mask = edit->id_mask;
	line->side = edit->side;
	line->flags = edit->flags & ~EDIT_MSS; /* of the first alone */
	line->reason = reason;
}

/* Write it down.  Global, so that the verifier walks it once. */
__noinline int fragment_write(const struct tp_fragment_key *key,
			      const struct edit *edit, __u32 reason, __u32 now)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_fragments *bucket;
	struct tp_fragment *line;
	__u64 old;
	__u8 next;

	if (!key || !edit || !keys)
		return 0;
	bucket = fragment_bucket(fragment_hash(key, keys));
	if (!bucket)
		return 0;
	line = fragment_choose(bucket, key, now);
	old = *(volatile __u64 *)&line->control;
	next = TP_CONTROL_INCARNATION(old) + 1;
	if (TP_CONTROL_LINE(old) == TP_LINE_BUSY ||
	    __sync_val_compare_and_swap(&line->control, old,
					TP_CONTROL(0, TP_LINE_BUSY, next, 0)) !=
		    old)
		return 0;
	fragment_fill(line, key, edit, reason);
	__sync_lock_test_and_set(&line->control,
				 TP_CONTROL(now + FRAGMENT_LIFE, TP_LINE_LIVE,
					    next, 0));
	return 1;
}

/*
 * Write down what is done with a first fragment.  One that the partner gives
 * back changes what is done with those that the host still sends (ownership, 5).
 */
static __noinline int fragment_record(const struct hook *hook,
				      const struct packet *p,
				      const struct edit *edit, __u32 reason)
{
	struct tp_fragment_key key = {};
	struct edit hosts = *edit;

	fragment_key(hook, p, &key);
	fragment_write(&key, edit, reason, hook->now);
	if (key.way != TP_FRAGMENT_RETURNED)
		return 0;
	key.way = TP_FRAGMENT_HOST;
	hosts.mark &= ~TP_MARK_FROM_PARTNER;
	fragment_write(&key, &hosts, reason, hook->now);
	return 0;
}

static __always_inline void fragment_count(const struct hook *hook,
					   const struct edit *edit)
{
	const struct tp_link *link = link_find(hook->ifindex);

	if (edit->side == SIDE_SOURCE)
		count_out(link && link->exit ?
				  link->exit :
				  (edit->mark & TP_MARK_MASK) >> 16 & 0x7f,
			  hook->bytes);
	else if (edit->side && link)
		count_in(link->exit, hook->bytes, 0, hook->now);
}

/* Done with a fragment as was done with its first, where that can be. */
static __noinline __u32 fragment_follow(const struct hook *hook,
					const struct packet *p, __u32 reason,
					struct edit *edit)
{
	__u32 size = p->size;

	if (edit->flags & EDIT_TTL && p->ttl <= 1) {
		edit->side = SIDE_NONE;
		edit->flags = 0;
		return TP_REASON_ttl;
	}
	/* Senders make no fragment larger than the first. */
	if (edit->flags & EDIT_REDIRECT &&
	    bpf_check_mtu(hook->ctx, edit->ifindex, &size, 0, 0))
		return TP_REASON_fragment;
	fragment_count(hook, edit);
	return reason;
}

/* What comes of a later fragment: what came of its first, or it waits. */
static __noinline __u32 fragment_later(const struct hook *hook,
				       const struct packet *p,
				       struct edit *edit)
{
	struct tp_fragment_key key = {};
	__u32 reason;

	fragment_key(hook, p, &key);
	reason = fragment_recall(&key, edit, hook->now);
	if (reason != GO_ON)
		return fragment_follow(hook, p, reason, edit);
	/* The kernel sends them in order: there is no first to wait for. */
	return key.way == TP_FRAGMENT_OUT ? TP_REASON_fragment :
					    TP_REASON_fragment_held;
}

#endif
