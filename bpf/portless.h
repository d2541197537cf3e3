/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * portless.h - bindings of protocols that have no ports: GRE, ESP, SCTP, ...
 *
 * Owns: the lines behind those of the last external address.  One stands for
 * (external address, protocol, remote) and holds the one inside host that may
 * use them; nothing else could tell two hosts' answers apart.  The gateway's own
 * tunnels hold lines too, with the external address as the inside one: what the
 * gateway needs it takes, from a host if it must.
 *
 * A line is looked for in PORTLESS_TRIES places; claims of one key are
 * serialised by its lock, claims of one line by compare-and-swap, and life and
 * grace are those of binding.h.  Global functions: each is verified once.
 */
#ifndef TWINPATH_PORTLESS_H
#define TWINPATH_PORTLESS_H

#include "claim.h"

#define PORTLESS_TRIES 8
/* What portless_claim answers in place of an index. */
#define PORTLESS_REFUSED(reason) (0xffffff00U | (reason))
#define PORTLESS_IS_REFUSED(index) ((index) >= 0xffffff00U)
#define PORTLESS_MADE 0x40000000U /* or-ed in: claimed just now */
/* A claimer's plane: the gateway itself, which yields to nobody. */
#define PORTLESS_OWN 0xff
#define PORTLESS_HASHED 0x10000U /* in the place of an endpoint's port */

static __always_inline __u64 portless_hash(const struct tp_addr *remote,
					   __u32 key)
{
	const struct tp_seed *keys = ONLY(&seed);

	return keys ? hash_endpoint(remote, PORTLESS_HASHED | key, keys) : 0;
}

static __always_inline __u32 portless_place(__u64 hash, __u32 i)
{
	return TP_BINDING_INDEX(address_count, 0, 0) +
	       (__u32)((hash + i) % TP_PORTLESS);
}

/* Made for the address that the external one of its key still is? */
static __always_inline int portless_current(const struct tp_binding *binding)
{
	__u32 id = binding->portless & 0xff;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	return address && binding->generation == address->generation;
}

/* Is the line this key's, and live?  Control word first, fields after. */
static __always_inline int portless_is(const struct tp_binding *binding,
				       const struct tp_addr *remote, __u32 key,
				       __u32 now)
{
	__u64 control = *(volatile const __u64 *)&binding->control;

	return binding_live(control, now) && binding->portless == key &&
	       address_equal(&binding->remote, remote) &&
	       portless_current(binding);
}

/* The live line of a TP_PORTLESS_KEY and a remote, or BINDING_NONE. */
__noinline __u32 portless_find(const struct tp_addr *remote, __u32 key,
			       __u32 now)
{
	__u32 i;
	__u64 hash;

	if (!remote)
		return BINDING_NONE;
	hash = portless_hash(remote, key);
#pragma unroll
	for (i = 0; i < PORTLESS_TRIES; i++) {
		__u32 index = portless_place(hash, i);
		struct tp_binding *binding = binding_at(index);

		if (binding && portless_is(binding, remote, key, now))
			return index;
	}
	return BINDING_NONE;
}

/* Expired long enough, or of an address that is lost. */
static __always_inline int portless_claimable(const struct tp_binding *binding,
					      __u64 control, __u32 now)
{
	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_FREE:
		return 1;
	case TP_LINE_LIVE:
		return !portless_current(binding) ||
		       clock_passed(TP_CONTROL_EXPIRY(control) + BINDING_GRACE,
				    now);
	default:
		return 0;
	}
}

__noinline __u32 portless_room(__u64 hash, __u32 now)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < PORTLESS_TRIES; i++) {
		__u32 index = portless_place(hash, i);
		struct tp_binding *binding = binding_at(index);

		if (binding &&
		    portless_claimable(binding, binding->control, now))
			return index;
	}
	return BINDING_NONE;
}

/* Make the line this one's, if it is still as it was when it was looked at. */
static __always_inline int portless_take(const struct endpoint *end,
					 const struct tuple *flow,
					 struct tp_binding *binding, __u64 old,
					 __u32 until, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	__u8 next = TP_CONTROL_INCARNATION(old) + 1;

	if (!set || !address ||
	    __sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_BUSY, next, 0)) !=
		    old)
		return 0;
	binding->inside = end->inside;
	binding->remote = flow->destination;
	binding->inside_port = 0;
	binding->generation = address->generation;
	binding->confirm = set->confirm;
	binding->neighbour = 0;
	binding->exit = end->exit;
	binding->made = now;
	binding->used = now;
	binding->portless = TP_PORTLESS_KEY(id, flow->proto);
	__sync_lock_test_and_set(&binding->control,
				 TP_CONTROL(until, TP_LINE_LIVE, next, 0));
	return 1;
}

/* Under the key's lock. */
static __always_inline __u32 portless_locked(const struct endpoint *end,
					     const struct tuple *flow,
					     __u64 hash, __u32 until, __u32 now)
{
	__u32 key = TP_PORTLESS_KEY(end->address, flow->proto);
	__u32 index = portless_find(&flow->destination, key, now);
	struct tp_binding *binding;
	__u64 old;

	if (index == BINDING_NONE)
		index = portless_room(hash, now);
	binding = binding_at(index);
	if (!binding)
		return PORTLESS_REFUSED(TP_REASON_sessions_full);
	/* First of all: another key may claim the line meanwhile. */
	old = *(volatile __u64 *)&binding->control;
	if (portless_is(binding, &flow->destination, key, now)) {
		if (address_equal(&binding->inside, &end->inside))
			return index;
		if (end->plane != PORTLESS_OWN)
			return PORTLESS_REFUSED(TP_REASON_remote_taken);
	} else if (!portless_claimable(binding, old, now)) {
		return PORTLESS_REFUSED(TP_REASON_contended);
	}
	if (!portless_take(end, flow, binding, old, until, now))
		return PORTLESS_REFUSED(TP_REASON_contended);
	if (end->plane != PORTLESS_OWN)
		endpoint_note(&end->inside, now);
	return index | PORTLESS_MADE;
}

/*
 * The line of the host `end` for the remote of `flow`, claimed now if there is
 * none: its index, with PORTLESS_MADE if it was, or PORTLESS_REFUSED(reason).
 */
__noinline __u32 portless_claim(const struct endpoint *end,
				const struct tuple *flow, __u32 until,
				__u32 now)
{
	__u64 hash;
	__u32 index;

	if (!end || !flow)
		return PORTLESS_REFUSED(TP_REASON_program);
	hash = portless_hash(&flow->destination,
			     TP_PORTLESS_KEY(end->address, flow->proto));
	if (!lock_take(hash))
		return PORTLESS_REFUSED(TP_REASON_contended);
	index = portless_locked(end, flow, hash, until, now);
	lock_give(hash);
	return index;
}

/*
 * The gateway's own packet: the line is the gateway's from now on.  Looked at
 * once a second for each of its tunnels.
 */
__noinline int portless_own(const struct tuple *flow, __u32 address, __u32 exit,
			    __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	struct endpoint end = { .plane = PORTLESS_OWN,
				.address = address,
				.exit = exit };
	struct tp_binding *binding;
	__u32 index;

	if (!flow || !set)
		return 0;
	index = portless_find(&flow->destination,
			      TP_PORTLESS_KEY(end.address, flow->proto), now);
	binding = index == BINDING_NONE ? 0 : binding_at(index);
	if (binding && address_equal(&binding->inside, &flow->source)) {
		if (now - binding->used < TP_TICKS_PER_SECOND)
			return 1;
		binding->used = now;
		return binding_renew(binding,
				     TP_CONTROL_INCARNATION(binding->control),
				     now + set->timers.udp, 0, now);
	}
	end.inside = flow->source;
	return !PORTLESS_IS_REFUSED(
		portless_claim(&end, flow, now + set->timers.udp, now));
}

#endif
