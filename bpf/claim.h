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

#include "lock.h"
#include "port.h"
#include "ration.h"

/*
 * Ports run short when the list made from the endpoint has none.  From then on
 * the search frees what it passes: ports whose connections all finished so long
 * ago, the sooner the longer it takes.  They go to whoever comes later.
 */
#define CLAIM_RIPE (30 * TP_TICKS_PER_SECOND)
#define CLAIM_RIPE_DEEP (10 * TP_TICKS_PER_SECOND)
#define CLAIM_DEEP (1 + PORT_DERIVED + PORT_DRAWN / 4)
/* A session that goes on looks at its binding once a second (session_renew). */
#define CLAIM_LEASE (TP_TICKS_PER_SECOND + BINDING_GRACE)

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
	case TP_LINE_HELD:
		return clock_passed(free + hold, now);
	case TP_LINE_CLOSED:
		return clock_passed(free, now) &&
		       clock_passed(binding->used + CLAIM_LEASE, now);
	default:
		return 0;
	}
}

/* Whoever took a line out of use gives back what its host is counted for. */
static __always_inline void claim_release(const struct tp_binding *binding,
					  __u64 old)
{
	if ((TP_CONTROL_LINE(old) == TP_LINE_LIVE ||
	     TP_CONTROL_LINE(old) == TP_LINE_CLOSED) &&
	    binding->counted)
		ration_give(&binding->inside, TP_RATION_PORT);
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
	binding->counted = claim->counted;
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

	if ((line == TP_LINE_LIVE || line == TP_LINE_CLOSED ||
	     line == TP_LINE_HELD) &&
	    binding->generation != claim->generation)
		return 1;
	if (address_equal(&binding->inside, &claim->end->inside))
		hold = 0;
	return binding_claimable(binding, control, hold, claim->hook->now);
}

/* Ticks since the last connection of a live line finished; -1: not all have. */
static __always_inline __s32 claim_age(__u64 control, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);

	if (!set || TP_CONTROL_LINE(control) != TP_LINE_CLOSED ||
	    !binding_live(control, now))
		return -1;
	return binding_last(now + set->timers.tcp_closing, now) -
	       TP_CONTROL_EXPIRY(control);
}

/*
 * End the life of such a line.  It is not claimed at once: grace and lease are as
 * for any that expires.
 */
static __always_inline void claim_cut(struct tp_binding *binding, __u64 control,
				      __u32 now)
{
	if (__sync_val_compare_and_swap(&binding->control, control,
					(control & ~0xffffffffULL) | now) ==
	    control)
		pressure_count(TP_PRESSURE_ports_ripened);
}

static __always_inline __s32 claim_ripe(__u32 i)
{
	return i < CLAIM_DEEP ? CLAIM_RIPE : CLAIM_RIPE_DEEP;
}

static long claim_try(__u32 i, void *arg)
{
	struct claim *claim = arg;
	const struct endpoint *end = claim->end;
	__u32 port = port_nth(claim, i);
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
		if (i > PORT_DERIVED &&
		    claim_age(old, claim->hook->now) >= claim_ripe(i))
			claim_cut(binding, old, claim->hook->now);
		return 0;
	}
	if (claim_reserved(index) || claim_wanted(claim, port))
		return 0;
	next = TP_CONTROL_INCARNATION(old) + 1;
	if (__sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_BUSY, next, 0)) !=
	    old)
		return 0;
	claim_release(binding, old);
	claim_fill(binding, claim);
	__sync_lock_test_and_set(&binding->control,
				 TP_CONTROL(claim->until, TP_LINE_LIVE, next,
					    0));
	claim->index = index;
	return 1;
}

/* Take a line out of use that was claimed for this endpoint, while it is so. */
static __always_inline void binding_drop(const struct endpoint *end,
					 struct tp_binding *binding, __u64 old)
{
	__u32 counted = binding->counted;

	if (__sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_FREE,
						   TP_CONTROL_INCARNATION(old),
						   0)) == old &&
	    counted)
		ration_give(&end->inside, TP_RATION_PORT);
}

/* Its session found no room: the port is free again. */
static __always_inline void binding_unclaim(const struct endpoint *end,
					    __u32 index, __u32 until)
{
	struct tp_binding *binding = binding_at(index);
	__u64 old;

	if (!binding)
		return;
	old = *(volatile __u64 *)&binding->control;
	if (TP_CONTROL_LINE(old) == TP_LINE_LIVE &&
	    TP_CONTROL_EXPIRY(old) == until && !TP_CONTROL_EXTRA(old))
		binding_drop(end, binding, old);
}

/* Give back a line that we just claimed and nobody can have used. */
static __always_inline void binding_free(const struct endpoint *end,
					 __u32 index)
{
	struct tp_binding *binding = binding_at(index);

	if (binding)
		binding_drop(end, binding,
			     *(volatile __u64 *)&binding->control);
}

/*
 * A line for an endpoint that has none: its index, or BINDING_NONE.  A function
 * of its own, so that the search is off the stack when the index is written.
 */
static __noinline __u32 claim_line(const struct hook *hook,
				   const struct endpoint *end,
				   const struct tuple *flow, __u32 until,
				   __u32 counted)
{
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct claim claim = {
		.hook = hook,
		.end = end,
		.flow = flow,
		.index = BINDING_NONE,
		.until = until,
		.counted = counted,
	};

	if (!address)
		return BINDING_NONE;
	socket_ask(&claim.ask, &flow->destination, &address->address,
		   flow->destination_port, 0);
	claim.generation = address->generation;
	port_class(&claim);
	/* Nearly everybody may keep his port: no draw, and no loop. */
	if (!claim_try(0, &claim)) {
		claim.start = port_draw(&claim, 0);
		bpf_loop(PORT_TRIES, claim_try, &claim, 0);
	}
	if (claim.index == BINDING_NONE && counted)
		ration_give(&end->inside, TP_RATION_PORT);
	return claim.index;
}

/*
 * With the endpoint's lock held: claim, if its host may have one more, and see
 * that it is found again.
 */
static __always_inline __u32 claim_locked(const struct hook *hook,
					  const struct endpoint *end,
					  const struct tuple *flow, __u32 until,
					  __u32 *reason)
{
	__u32 own = TP_BINDING_INDEX(end->address, end->plane,
				     bpf_ntohs(end->port));
	__u32 taken = ration_take(&end->inside, end->ration, TP_RATION_PORT,
				  hook->set->limits.ports);
	__u32 index;

	*reason = TP_REASON_host_ports;
	if (taken == RATION_REFUSED)
		return BINDING_NONE;
	*reason = TP_REASON_ports_full;
	index = claim_line(hook, end, flow, until, taken == RATION_COUNTED);
	if (index != BINDING_NONE && index != own &&
	    !endpoint_remember(end, index, hook->now)) {
		binding_free(end, index);
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
		index = claim_locked(hook, end, flow, until, reason);
		if (index != BINDING_NONE) {
			*reason = GO_ON; /* made for this very packet */
			endpoint_note(&end->inside, hook->now);
		}
	}
	lock_give(end->hash);
	return index;
}

#endif
