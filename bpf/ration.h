/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ration.h - what an inside host holds, and how fast it asks for more.
 *
 * Owns: rations.  A line per inside address counts its session lines and its
 * external ports, so that one host cannot take them all (RFC 6888 REQ-4, REQ-5).
 * Touched when something is opened, asked, or swept away, never on a hit.
 *
 * A line is found within RATION_WINDOW of its hash.  One that counts nothing and
 * has not been looked for in a while is free; where none is, the host is not
 * counted: limits are for a few who overdo it, not for who comes late.
 *
 * Races: counts and incarnation are one word.  Taking is a compare-and-swap, and
 * fails if the line became another's; giving back cannot, for a line that counts
 * something stays its host's.  What is counted says so itself (`counted`), and is
 * given back once, by whoever takes its line out of use.
 */
#ifndef TWINPATH_RATION_H
#define TWINPATH_RATION_H

#include "clock.h"
#include "hash.h"
#include "lock.h"
#include "packet.h"
#include "pressure.h"

#define RATION_WINDOW 8
#define RATION_NONE 0xffffU
#define RATION_CAS_TRIES 8
#define RATION_IDLE (2 * TP_TICKS_PER_SECOND)
#define RATION_HASHED (~0ULL) /* in the place of an endpoint's port and plane */

enum ration_taken {
	RATION_REFUSED,
	RATION_COUNTED,
	RATION_UNCOUNTED,
	RATION_AGAIN,
};

static __always_inline struct tp_ration *ration_at(__u32 number)
{
	return bpf_map_lookup_elem(&rations, &number);
}

static __always_inline __u64 ration_hash(const struct tp_addr *address)
{
	const struct tp_seed *keys = ONLY(&seed);

	return keys ? hash_endpoint(address, RATION_HASHED, keys) : 0;
}

static __always_inline __u32 ration_number(__u64 hash, __u32 i)
{
	return (hash + i) % TP_RATION_LINES;
}

/* Counts and incarnation first, the address after. */
static __always_inline int ration_is(const struct tp_ration *ration, __u64 held,
				     const struct tp_addr *address)
{
	return !(held & TP_RATION_BUSY) &&
	       address_equal(&ration->address, address);
}

/* The number of the host's line, or RATION_NONE. */
static __always_inline __u32 ration_search(const struct tp_addr *address,
					   __u64 hash)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < RATION_WINDOW; i++) {
		struct tp_ration *ration = ration_at(ration_number(hash, i));

		if (ration &&
		    ration_is(ration, *(volatile __u64 *)&ration->held,
			      address))
			return ration_number(hash, i);
	}
	return RATION_NONE;
}

/* The same, for those that have the stack for a call. */
__noinline __u32 ration_find(const struct tp_addr *address, __u64 hash)
{
	return address ? ration_search(address, hash) : RATION_NONE;
}

/* Make a free line the host's: its number, or RATION_NONE.  Under its lock. */
__noinline __u32 ration_claim(const struct tp_addr *address, __u64 hash,
			      __u32 now)
{
	__u32 i;

	if (!address)
		return RATION_NONE;
#pragma unroll
	for (i = 0; i < RATION_WINDOW; i++) {
		struct tp_ration *ration = ration_at(ration_number(hash, i));
		__u64 old, next;

		if (!ration)
			continue;
		old = *(volatile __u64 *)&ration->held;
		next = (old + TP_RATION_INCARNATION) & TP_RATION_INCARNATIONS;
		if (old & ~TP_RATION_INCARNATIONS ||
		    !clock_passed(ration->used + RATION_IDLE, now) ||
		    __sync_val_compare_and_swap(&ration->held, old,
						next | TP_RATION_BUSY) != old)
			continue;
		ration->address = *address;
		ration->used = now;
		ration->inside = 0;
		__sync_lock_test_and_set(&ration->held, next);
		return ration_number(hash, i);
	}
	pressure_count(TP_PRESSURE_hosts_uncounted);
	return RATION_NONE;
}

/*
 * The number of the host's line, made if it has none.  It stays its own while
 * this packet is looked at: a line is free RATION_IDLE after it was looked for.
 */
__noinline __u32 ration_get(const struct tp_addr *address, __u32 now)
{
	struct tp_ration *ration;
	__u32 number;
	__u64 hash;

	if (!address)
		return RATION_NONE;
	hash = ration_hash(address);
	number = ration_search(address, hash);
	if (number == RATION_NONE && lock_take(hash)) {
		number = ration_find(address, hash);
		if (number == RATION_NONE)
			number = ration_claim(address, hash, now);
		lock_give(hash);
	}
	ration = ration_at(number);
	if (ration && ration->used != now)
		ration->used = now;
	return number;
}

static __always_inline __u32 ration_has(__u64 held, __u64 unit)
{
	return unit == TP_RATION_PORT ? TP_RATION_PORTS(held) :
					TP_RATION_SESSIONS(held);
}

/* Three quarters of what it may have: near a limit, see sweep.h. */
static __always_inline int ration_most(__u32 has, __u32 most)
{
	return most && has >= most - most / 4;
}

static __always_inline int ration_close(const struct tp_ration *ration,
					const struct tp_settings *set)
{
	__u64 held = ration->held;

	return ration_most(TP_RATION_SESSIONS(held), set->limits.sessions) ||
	       ration_most(TP_RATION_PORTS(held), set->limits.ports);
}

static __always_inline void ration_note(__u32 has, __u32 most)
{
	struct tp_sweeper *place = ONLY(&sweeper);

	if (place && ration_most(has, most) && !place->near)
		place->near = 1;
}

/* Is the host near one of its limits? */
__noinline int ration_is_near(const struct tp_addr *address)
{
	const struct tp_settings *set = ONLY(&settings);
	struct tp_ration *ration;

	if (!address || !set)
		return 0;
	ration = ration_at(ration_find(address, ration_hash(address)));
	if (!ration)
		return 0;
	return ration_close(ration, set);
}

/* One try; RATION_AGAIN: another CPU was faster. */
static __always_inline __u32 ration_try(struct tp_ration *ration,
					const struct tp_addr *address,
					__u64 unit, __u32 most)
{
	__u64 old = *(volatile __u64 *)&ration->held;
	__u32 has = ration_has(old, unit);

	if (!ration_is(ration, old, address))
		return RATION_UNCOUNTED;
	ration_note(has + 1, most);
	if ((most && has >= most) || has == TP_RATION_MOST)
		return RATION_REFUSED;
	return __sync_val_compare_and_swap(&ration->held, old, old + unit) ==
			       old ?
		       RATION_COUNTED :
		       RATION_AGAIN;
}

/* Tried again, out of the way. */
__noinline __u32 ration_retry(const struct tp_addr *address, __u32 number,
			      __u64 unit, __u32 most)
{
	struct tp_ration *ration = ration_at(number);
	__u32 taken, i;

	if (!ration || !address)
		return RATION_UNCOUNTED;
	for (i = 0; i < RATION_CAS_TRIES; i++) {
		taken = ration_try(ration, address, unit, most);
		if (taken != RATION_AGAIN)
			return taken;
	}
	return RATION_UNCOUNTED;
}

/*
 * Count one more of `unit` (TP_RATION_SESSION, TP_RATION_PORT), unless the host has
 * `most`; 0: any number.
 */
static __always_inline __u32 ration_take(const struct tp_addr *address,
					 __u32 number, __u64 unit, __u32 most)
{
	struct tp_ration *ration = ration_at(number);
	__u32 taken = ration ? ration_try(ration, address, unit, most) :
			       RATION_UNCOUNTED;

	return taken == RATION_AGAIN ?
		       ration_retry(address, number, unit, most) :
		       taken;
}

/* One less: what was counted is not there any more. */
__noinline int ration_give(const struct tp_addr *address, __u64 unit)
{
	struct tp_ration *ration;

	if (!address)
		return 0;
	ration = ration_at(ration_search(address, ration_hash(address)));
	if (ration && ration_has(ration->held, unit))
		__sync_fetch_and_add(&ration->held, -unit);
	return 0;
}

/* One more this second?  As with paces, two CPUs may both get the last one. */
static __always_inline int ration_paced(__u32 *second, __u32 *used, __u32 most,
					__u32 now)
{
	if (*second != now / TP_TICKS_PER_SECOND) {
		*second = now / TP_TICKS_PER_SECOND;
		*used = 0;
	}
	return __sync_fetch_and_add(used, 1) < most;
}

/* May the host open one more session this second? */
static __always_inline int ration_may_open(const struct tp_settings *set,
					   __u32 number, __u32 now)
{
	struct tp_ration *ration = ration_at(number);

	return !set->limits.rate || !ration ||
	       ration_paced(&ration->opened_at, &ration->opened,
			    set->limits.rate, now);
}

/* May one more flow of the host be asked about this second? */
static __noinline int ration_may_ask(const struct hook *hook,
				     const struct tp_addr *address)
{
	__u32 most = hook->set->limits.questions;
	struct tp_ration *ration;

	if (!most)
		return 1;
	ration = ration_at(ration_get(address, hook->now));
	return !ration ||
	       ration_paced(&ration->asked_at, &ration->asked, most, hook->now);
}

#endif
