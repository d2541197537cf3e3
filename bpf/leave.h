/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * leave.h - an endpoint that has to leave a dead exit.
 *
 * Owns: the mark on the binding that it leaves behind.  Before the exit comes
 * back the endpoint may be bound elsewhere, here or at the partner, and this
 * gateway cannot know: so from then on the old binding attracts nothing, answers
 * no question (K2) and proves nothing, until the endpoint is bound here again,
 * which finds it and uses its port.  What is under way on it goes on.
 *
 * The mark is a confirm number half the range behind: no field, and no line of
 * its own in a binding's life.
 */
#ifndef TWINPATH_LEAVE_H
#define TWINPATH_LEAVE_H

#include "endpoint.h"
#include "hit.h"

#define LEAVE_LAG 0x8000U

static __always_inline int leave_has(const struct tp_binding *binding,
				     const struct tp_settings *set)
{
	/* What is published has no confirm number, and is not left. */
	return (__u16)(set->confirm - binding->confirm) >= LEAVE_LAG &&
	       TP_CONTROL_LINE(binding->control) != TP_LINE_STATIC;
}

struct leaving {
	const struct tp_settings *set;
	struct endpoint end;
	__u32 now;
};

static long leave_step(__u32 id, void *arg)
{
	struct leaving *leaving = arg;
	const struct tp_address *address;
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_binding *binding;
	__u32 index;

	if (!(leaving->set->dead & 1U << (id & 31)) || !keys)
		return 0;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!address || exit_live(exit_at(address->exit)))
		return 0;
	leaving->end.address = id;
	endpoint_hash(&leaving->end, keys);
	index = binding_find(&leaving->end, leaving->now);
	binding = index == BINDING_NONE ? 0 : binding_at(index);
	if (binding && TP_CONTROL_LINE(binding->control) != TP_LINE_STATIC)
		binding->confirm = leaving->set->confirm - LEAVE_LAG;
	return 0;
}

__noinline int leave_dead(const struct endpoint *end, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	struct leaving leaving = { .set = set, .now = now };

	if (!end || !set)
		return 0;
	leaving.end = *end;
	bpf_loop(set->addresses_used, leave_step, &leaving, 0);
	return 0;
}

/* A packet of the endpoint could open a session.  Nearly always nothing is dead. */
static __always_inline void leave(const struct endpoint *end,
				  const struct tp_settings *set, __u32 now)
{
	if (set->dead && end->plane != TP_PLANE_NONE)
		leave_dead(end, now);
}

#endif
