/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claim.h - a port for an inside endpoint: found, or claimed now.
 *
 * Owns: the search for a free line and the compare-and-swap that reserves it,
 * under the endpoint's lock.  Ports that the gateway itself listens on are never
 * claimed.
 */
#ifndef TWINPATH_CLAIM_H
#define TWINPATH_CLAIM_H

#include "endpoint.h"
#include "lock.h"
#include "socket.h"
#include "twinpath/host.h"

/* Ports tried for a new binding, in this order. */
#define CLAIM_DERIVED 16 /* a list made from the endpoint */
#define CLAIM_RANDOM 64
#define CLAIM_WALK 256
#define CLAIM_TRIES (1 + CLAIM_DERIVED + CLAIM_RANDOM + CLAIM_WALK)

/*
 * May this line be claimed for another endpoint?  A freed port stays away from
 * other hosts for a while (RFC 6888 REQ-8), unless its connections were seen
 * to close.
 */
static __always_inline int binding_claimable(__u64 control, __u32 hold,
					     __u32 now)
{
	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_FREE:
		return 1;
	case TP_LINE_LIVE:
		return clock_passed(
			TP_CONTROL_EXPIRY(control) + BINDING_GRACE + hold, now);
	case TP_LINE_CLOSED:
		return clock_passed(TP_CONTROL_EXPIRY(control) + BINDING_GRACE,
				    now);
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
	__u16 pad;
};

/* The i-th port to try; 0: skip.  Parity is kept (RFC 4787 REQ-4). */
static __always_inline __u32 claim_port(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 own = bpf_ntohs(claim->end->port);
	__u32 span = set->port_max - set->port_min + 1;
	__u32 port;

	if (!i)
		port = own;
	else if (i <= CLAIM_DERIVED)
		port = set->port_min +
		       (((claim->end->hash >> 8) + i * 0x9e3779b1U) & 0xffff) %
			       span;
	else if (i <= CLAIM_DERIVED + CLAIM_RANDOM)
		port = set->port_min + bpf_get_prandom_u32() % span;
	else
		port = set->port_min + (claim->start + i) % span;
	if (claim->end->plane == TP_PLANE_UDP &&
	    i <= CLAIM_DERIVED + CLAIM_RANDOM)
		port = (port & ~1U) | (own & 1);
	if (port < set->port_min || port > set->port_max)
		return 0;
	return port;
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
	return binding_claimable(control, hold, claim->hook->now);
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
	if (!claim_free(claim, binding, old) || claim_wanted(claim, port))
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

/* The partner is told which hosts have bindings here, by the daemon. */
__noinline int claim_note(const struct endpoint *end, __u32 now)
{
	struct tp_host_bound *bound;
	__u32 host;

	if (!end)
		return 0;
	host = tp_host(&end->inside);
	bound = bpf_map_lookup_elem(&host_bound, &host);
	if (bound && bound->tick != now)
		bound->tick = now;
	return 0;
}

/*
 * The endpoint's binding, claimed now if it has none: its index, or
 * BINDING_NONE with the reason.  `until`: first expiry.
 */
static __noinline __u32 binding_claim(const struct hook *hook,
				      const struct endpoint *end,
				      const struct tuple *flow, __u32 until,
				      __u32 *reason)
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
	__u32 own;

	*reason = TP_REASON_no_exit;
	if (!address || !address->exit)
		return BINDING_NONE;
	socket_ask(&claim.ask, &flow->destination, &address->address,
		   flow->destination_port, 0);
	claim.generation = address->generation;
	claim.start = bpf_get_prandom_u32();
	*reason = TP_REASON_contended;
	if (!lock_take(end->hash))
		return BINDING_NONE;
	claim.index = binding_find(end, hook->now);
	*reason = TP_REASON_translated_out;
	if (claim.index == BINDING_NONE) {
		*reason = TP_REASON_ports_full;
		bpf_loop(CLAIM_TRIES, claim_try, &claim, 0);
		own = TP_BINDING_INDEX(end->address, end->plane,
				       bpf_ntohs(end->port));
		if (claim.index != BINDING_NONE && claim.index != own &&
		    !endpoint_remember(end, claim.index, hook->now)) {
			binding_free(claim.index);
			claim.index = BINDING_NONE;
		} else if (claim.index != BINDING_NONE) {
			*reason = GO_ON; /* made for this very packet */
			claim_note(end, hook->now);
		}
	}
	lock_give(end->hash);
	return claim.index;
}

#endif
