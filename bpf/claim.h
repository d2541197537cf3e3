/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim.h - a port for an inside endpoint: found, or claimed now.
 *
 * Owns: the search for a free line and the compare-and-swap that reserves it,
 * under the endpoint's lock.  Ports that the gateway itself listens on, or is
 * told to keep, are never claimed.
 */
#ifndef TWINPATH_CLAIM_H
#define TWINPATH_CLAIM_H

#include "endpoint.h"
#include "lock.h"
#include "pressure.h"
#include "socket.h"

/* Ports tried for a new binding, in this order. */
#define CLAIM_DERIVED 16 /* a list made from the endpoint */
#define CLAIM_RANDOM 64
#define CLAIM_WALK 256
#define CLAIM_DRAWN (1 + CLAIM_DERIVED + CLAIM_RANDOM)
#define CLAIM_TRIES (CLAIM_DRAWN + CLAIM_WALK)

/*
 * Ports run short when the list made from the endpoint has none.  From then on
 * the search frees what it passes: ports whose connections all finished so long
 * ago, the sooner the longer it takes.  They go to whoever comes later.
 */
#define CLAIM_RIPE (30 * TP_TICKS_PER_SECOND)
#define CLAIM_RIPE_DEEP (10 * TP_TICKS_PER_SECOND)
#define CLAIM_DEEP (1 + CLAIM_DERIVED + CLAIM_RANDOM / 4)
/* A session that goes on looks at its binding once a second (session_renew). */
#define CLAIM_LEASE (TP_TICKS_PER_SECOND + BINDING_GRACE)
#define CLAIM_WELL_KNOWN 1024 /* ports below are a class of their own */

/*
 * May this line be claimed for another endpoint?  A freed port stays away from
 * other hosts for a while (RFC 6888 REQ-8), unless its connections were seen
 * to close.  Those may have been cut short while their sessions still had life
 * left: `used` says that none of them is in the lease of its last look.
 */
static __always_inline int binding_claimable(const struct tp_binding *binding,
					     __u64 control, __u32 hold,
					     __u32 now)
{
	__u32 free = TP_CONTROL_EXPIRY(control) + BINDING_GRACE;

	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_FREE:
		return 1;
	case TP_LINE_LIVE:
		return clock_passed(free + hold, now);
	case TP_LINE_CLOSED:
		return clock_passed(free, now) &&
		       clock_passed(binding->used + CLAIM_LEASE, now);
	default:
		return 0;
	}
}

struct claim {
	const struct hook *hook;
	const struct endpoint *end;
	const struct tuple *flow; /* of the packet: remote is its destination */
	struct socket_ask ask;	  /* but for the port */
	__u32 start;		  /* of the walk */
	__u32 index;		  /* out, or BINDING_NONE */
	__u32 until;
	__u16 generation;
	__u16 low; /* ports of the endpoint's class: the first */
	__u16 high;
	__u16 pad[3];
};

/*
 * Ports below 1024 for ports below 1024, others for others (RFC 4787 REQ-3a), as
 * far as NAT's range has both.  An ICMP identifier is of no class.
 */
static __always_inline void claim_class(struct claim *claim)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 own = bpf_ntohs(claim->end->port);

	claim->low = set->port_min;
	claim->high = set->port_max;
	if (claim->end->plane == TP_PLANE_ICMP ||
	    set->port_min >= CLAIM_WELL_KNOWN ||
	    set->port_max < CLAIM_WELL_KNOWN)
		return;
	if (own < CLAIM_WELL_KNOWN)
		claim->high = CLAIM_WELL_KNOWN - 1;
	else
		claim->low = CLAIM_WELL_KNOWN;
}

/*
 * A draw that nobody outside can foresee (RFC 6056 3.1): the kernel's generator
 * is a linear one, so what it gives is mixed with the endpoint and the secret.
 */
static __always_inline __u32 claim_draw(const struct claim *claim, __u32 i)
{
	const struct tp_seed *keys = ONLY(&seed);
	__u64 word = (__u64)bpf_get_prandom_u32() << 32 | i;

	return keys ? hash_finish(word ^ claim->end->hash, keys) : 0;
}

/* Its own port; a list made from the endpoint; then wherever there is one. */
static __always_inline __u32 claim_preserving(const struct claim *claim,
					      __u32 i)
{
	__u32 span = claim->high - claim->low + 1;

	if (!i)
		return bpf_ntohs(claim->end->port);
	if (i <= CLAIM_DERIVED)
		return claim->low +
		       (((claim->end->hash >> 8) + i * 0x9e3779b1U) & 0xffff) %
			       span;
	return claim->low + claim_draw(claim, i) % span;
}

/*
 * The walk, through the endpoint's class.  A low port is better served by a high
 * one than not at all; the low ones are not for the others.
 */
static __always_inline __u32 claim_walked(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 high = claim->high;

	if (high == CLAIM_WELL_KNOWN - 1)
		high = set->port_max;
	return claim->low + (claim->start + i) % (high - claim->low + 1);
}

/* The i-th port to try; 0: skip.  Parity is kept (RFC 4787 REQ-4). */
static __always_inline __u32 claim_port(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 port;

	if (i >= CLAIM_DRAWN)
		return claim_walked(claim, i);
	if (set->port_choice == TP_PORTS_RANDOM)
		port = claim->low +
		       claim_draw(claim, i) % (claim->high - claim->low + 1);
	else
		port = claim_preserving(claim, i);
	if (claim->end->plane == TP_PLANE_UDP && set->port_parity)
		port = (port & ~1U) | (bpf_ntohs(claim->end->port) & 1);
	return port < claim->low || port > claim->high ? 0 : port;
}

static __always_inline void claim_fill(struct tp_binding *binding,
				       const struct claim *claim)
{
	const struct tp_settings *set = claim->hook->set;

	binding->inside = claim->end->inside;
	binding->remote = claim->flow->destination;
	binding->inside_port = claim->end->port;
	binding->generation = claim->generation;
	binding->confirm = set->confirm;
	binding->neighbour = 0;
	binding->exit = claim->end->exit;
	binding->made = claim->hook->now;
	binding->used = claim->hook->now;
}

/* Does the gateway keep the port for itself, whether it listens now or not? */
static __always_inline int claim_reserved(__u32 index)
{
	__u32 row = index / 65536, port = index % 65536;
	const struct tp_ports *ports = bpf_map_lookup_elem(&reserved, &row);

	return !ports || ports->word[port / 64] >> port % 64 & 1;
}

/* Would the gateway itself answer on that port? */
static __always_inline int claim_wanted(struct claim *claim, __u32 port)
{
	claim->ask.destination_port = bpf_htons(port);
	return socket_wants(claim->hook, &claim->ask, claim->end->plane);
}

/*
 * Is the line free for this claim?  A host may have its own port back at once;
 * a line of an earlier address is nobody's, whatever its expiry says.
 */
static __always_inline int claim_free(const struct claim *claim,
				      const struct tp_binding *binding,
				      __u64 control)
{
	__u32 hold = claim->hook->set->timers.hold;
	__u32 line = TP_CONTROL_LINE(control);

	if ((line == TP_LINE_LIVE || line == TP_LINE_CLOSED) &&
	    binding->generation != claim->generation)
		return 1;
	if (address_equal(&binding->inside, &claim->end->inside))
		hold = 0;
	return binding_claimable(binding, control, hold, claim->hook->now);
}

/*
 * End the life of a line whose connections finished long enough ago.  It is not
 * claimed at once: grace and lease are as for any that expires.
 */
static __always_inline void claim_ripen(const struct claim *claim, __u32 i,
					struct tp_binding *binding,
					__u64 control)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 now = claim->hook->now, age;

	age = binding_last(now + set->timers.tcp_closing, now) -
	      TP_CONTROL_EXPIRY(control);
	if (TP_CONTROL_LINE(control) != TP_LINE_CLOSED ||
	    !binding_live(control, now) ||
	    (__s32)age < (i < CLAIM_DEEP ? CLAIM_RIPE : CLAIM_RIPE_DEEP))
		return;
	if (__sync_val_compare_and_swap(&binding->control, control,
					(control & ~0xffffffffULL) | now) ==
	    control)
		pressure_count(TP_PRESSURE_ports_ripened);
}

static long claim_try(__u32 i, void *arg)
{
	struct claim *claim = arg;
	const struct endpoint *end = claim->end;
	__u32 port = claim_port(claim, i);
	struct tp_binding *binding;
	__u32 index;
	__u64 old;
	__u8 next;

	if (!port)
		return 0;
	index = TP_BINDING_INDEX(end->address, end->plane, port);
	binding = binding_at(index);
	if (!binding)
		return 0;
	old = *(volatile __u64 *)&binding->control;
	if (!claim_free(claim, binding, old)) {
		if (i > CLAIM_DERIVED)
			claim_ripen(claim, i, binding, old);
		return 0;
	}
	if (claim_reserved(index) || claim_wanted(claim, port))
		return 0;
	next = TP_CONTROL_INCARNATION(old) + 1;
	if (__sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_BUSY, next, 0)) !=
	    old)
		return 0;
	claim_fill(binding, claim);
	__sync_lock_test_and_set(&binding->control,
				 TP_CONTROL(claim->until, TP_LINE_LIVE, next,
					    0));
	claim->index = index;
	return 1;
}

/* Its session found no room: the port is free again. */
static __always_inline void binding_unclaim(__u32 index, __u32 until)
{
	struct tp_binding *binding = binding_at(index);
	__u64 old;

	if (!binding)
		return;
	old = *(volatile __u64 *)&binding->control;
	if (TP_CONTROL_LINE(old) == TP_LINE_LIVE &&
	    TP_CONTROL_EXPIRY(old) == until && !TP_CONTROL_EXTRA(old))
		__sync_val_compare_and_swap(
			&binding->control, old,
			TP_CONTROL(0, TP_LINE_FREE, TP_CONTROL_INCARNATION(old),
				   0));
}

/* Give back a line that we just claimed and nobody can have used. */
static __always_inline void binding_free(__u32 index)
{
	struct tp_binding *binding = binding_at(index);
	__u64 old;

	if (!binding)
		return;
	old = *(volatile __u64 *)&binding->control;
	__sync_val_compare_and_swap(&binding->control, old,
				    TP_CONTROL(0, TP_LINE_FREE,
					       TP_CONTROL_INCARNATION(old), 0));
}

/*
 * A line for an endpoint that has none: its index, or BINDING_NONE.  A function
 * of its own, so that the search is off the stack when the index is written.
 */
static __noinline __u32 claim_line(const struct hook *hook,
				   const struct endpoint *end,
				   const struct tuple *flow, __u32 until)
{
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct claim claim = {
		.hook = hook,
		.end = end,
		.flow = flow,
		.index = BINDING_NONE,
		.until = until,
	};

	if (!address)
		return BINDING_NONE;
	socket_ask(&claim.ask, &flow->destination, &address->address,
		   flow->destination_port, 0);
	claim.generation = address->generation;
	claim_class(&claim);
	claim.start = claim_draw(&claim, 0);
	bpf_loop(CLAIM_TRIES, claim_try, &claim, 0);
	return claim.index;
}

/* With the endpoint's lock held: claim, and see that it is found again. */
static __always_inline __u32 claim_locked(const struct hook *hook,
					  const struct endpoint *end,
					  const struct tuple *flow, __u32 until)
{
	__u32 own = TP_BINDING_INDEX(end->address, end->plane,
				     bpf_ntohs(end->port));
	__u32 index = claim_line(hook, end, flow, until);

	if (index != BINDING_NONE && index != own &&
	    !endpoint_remember(end, index, hook->now)) {
		binding_free(index);
		return BINDING_NONE;
	}
	return index;
}

/*
 * The endpoint's binding, claimed now if it has none: its index, or
 * BINDING_NONE with the reason.  `until`: first expiry.
 */
static __always_inline __u32 binding_claim(const struct hook *hook,
					   const struct endpoint *end,
					   const struct tuple *flow,
					   __u32 until, __u32 *reason)
{
	__u32 id = end->address, index;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	*reason = TP_REASON_no_exit;
	if (!address || !address->exit)
		return BINDING_NONE;
	*reason = TP_REASON_contended;
	if (!lock_take(end->hash))
		return BINDING_NONE;
	index = binding_find(end, hook->now);
	*reason = TP_REASON_translated_out;
	if (index == BINDING_NONE) {
		*reason = TP_REASON_ports_full;
		index = claim_locked(hook, end, flow, until);
		if (index != BINDING_NONE) {
			*reason = GO_ON; /* made for this very packet */
			endpoint_note(&end->inside, hook->now);
		}
	}
	lock_give(end->hash);
	return index;
}

#endif
