/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * miss_view.h - whose is a packet that no session of ours carries?
 *
 * Owns: struct miss, what is found out about such a packet, and the question to the
 * rules (ownership.h): its endpoint's binding, the exits, the partner.  Nothing is
 * written but `miss`; explain.h asks the same way.
 */
#ifndef TWINPATH_MISS_VIEW_H
#define TWINPATH_MISS_VIEW_H

#include "hit.h"
#include "leave.h"
#include "partner.h"

#define IKE_PORT 500

struct miss { /* in ROOM_MISS */
	struct endpoint end;
	__u64 hash;
	__u32 binding; /* of the endpoint, on a live exit of mine */
	struct own_view view;
	__u8 open; /* a session is to be opened, on end.exit */
	__u8 pad[2];
};
_Static_assert(sizeof(struct miss) <= sizeof(struct tp_room), "room for one");

static __always_inline struct miss *miss_room(__u64 hash)
{
	struct miss *miss = room(ROOM_MISS);

	if (miss) {
		__builtin_memset(miss, 0, sizeof(*miss));
		miss->hash = hash;
		miss->binding = BINDING_NONE;
	}
	return miss;
}

/*
 * Whose binding says where the packet's host is at home.  ESP follows the IKE
 * that negotiated it: both have to come from one address (RFC 7296 2.11).
 */
static __always_inline void miss_endpoint(const struct packet *p,
					  struct miss *miss)
{
	miss->end.inside = p->flow.source;
	miss->end.port = p->flow.source_port;
	miss->end.plane = p->plane;
	if (p->class == CLASS_PORTLESS && p->flow.proto == IPPROTO_ESP) {
		miss->end.port = bpf_htons(IKE_PORT);
		miss->end.plane = TP_PLANE_UDP;
	}
}

/*
 * Look for the endpoint's binding on one external address.  An exit that takes
 * nothing new keeps none of its endpoints either, unless it is the `chosen` one
 * for want of a better.
 */
static __noinline int miss_binding_on(const struct hook *hook,
				      struct miss *miss, __u32 id, int chosen)
{
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_exit *exit;
	struct tp_binding *binding;
	__u32 exit_id, index;

	if (!address || !address->exit || !keys)
		return 0;
	exit_id = address->exit;
	exit = exit_at(exit_id);
	if (!exit_live(exit) || (!chosen && exit->state != TP_EXIT_UP) ||
	    exit_is_left(exit, miss->end.plane == TP_PLANE_TCP, hook->now))
		return 0;
	miss->end.address = id;
	miss->end.exit = exit_id;
	endpoint_hash(&miss->end, keys);
	index = binding_find(&miss->end, hook->now);
	binding = index == BINDING_NONE ? 0 : binding_at(index);
	if (!binding || (miss->view.bindable && leave_has(binding, hook->set)))
		return 0;
	if (TP_CONTROL_LINE(binding->control) == TP_LINE_STATIC) {
		miss->view.published = 1;
		if (!chosen) /* it draws nothing to its exit */
			return 0;
	}
	miss->binding = index;
	miss->view.binding = binding->confirm == hook->set->confirm ?
				     OWN_CONFIRMED :
				     OWN_UNCONFIRMED;
	return 1;
}

struct search {
	const struct hook *hook;
	struct miss *miss;
	__u32 skip;
};

static long miss_binding_step(__u32 id, void *arg)
{
	struct search *search = arg;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	return id != search->skip && address && address->exit &&
	       miss_binding_on(search->hook, search->miss, id, 0);
}

/*
 * The selector's address first: nearly always the only one.  A TCP connection is
 * bound by the selector, so its port's binding elsewhere does not count: else a
 * host that uses a port again would be drawn back to the exit it had left.
 */
static __noinline void miss_binding(const struct hook *hook, struct miss *miss,
				    __u32 first)
{
	struct search search = { .hook = hook, .miss = miss, .skip = first };

	miss->binding = BINDING_NONE;
	if (miss->end.plane == TP_PLANE_NONE)
		return;
	if (first < TP_MAX_ADDRESSES && miss_binding_on(hook, miss, first, 1))
		return;
	if (miss->end.plane == TP_PLANE_TCP && miss->view.bindable)
		return;
	if (!first && hook->set->addresses_used <= 1)
		return; /* it was the only one */
	bpf_loop(hook->set->addresses_used, miss_binding_step, &search, 0);
}

/* An exit of mine that can take something: the lowest id that is up, or any. */
__noinline __u32 exit_any(void)
{
	__u32 id, found = 0;

#pragma unroll
	for (id = 1; id < TP_MAX_EXITS; id++) {
		const struct tp_exit *exit = exit_at(id);

		if (!exit_live(exit))
			continue;
		if (exit->state == TP_EXIT_UP)
			return id;
		if (!found)
			found = id;
	}
	return found;
}
/* What the rules are asked about. */
static __noinline void miss_view(const struct hook *hook,
				 const struct packet *p,
				 const struct tp_session *session,
				 const struct tp_partner *mate,
				 struct own_view *view)
{
	view->kind = p->kind;
	view->bindable = !!(p->flags & PACKET_BINDABLE);
	view->quiet = view->bindable && mate->type == TP_PARTNER_TWINPATH &&
		      partner_quiet(&p->flow.source, hook->now);
	if (session) {
		__u32 id = session->address;
		const struct tp_address *address =
			bpf_map_lookup_elem(&addresses, &id);

		/* lan_hit refused it: unconfirmed, or none. */
		if (session_valid(session, exit_at(session->exit), address,
				  hook->now))
			view->session = OWN_UNCONFIRMED;
		else if (!view->bindable && session_waits(session, hook->now))
			view->session = OWN_WAITING;
	}
	/* To serve what is mine takes no more certainty than to bind (H2). */
	view->partner = partner_state(
		mate, view->bindable || view->session == OWN_UNCONFIRMED,
		hook->now);
	/* Nor can one be asked whose MAC is not known. */
	if (view->session == OWN_UNCONFIRMED && !mate->reachable)
		view->partner = OWN_PARTNER_GONE;
}

/*
 * Look, and ask the rules: an enum own_action.  Nothing is written but `miss`;
 * explain.h asks the same way.
 */
static __always_inline __u32 miss_decide(const struct hook *hook,
					 const struct packet *p,
					 const struct tp_session *session,
					 const struct tp_partner *mate,
					 __u32 selected, struct miss *miss)
{
	const struct tp_exit *chosen = exit_at(selected);
	__u32 first = TP_MAX_ADDRESSES;

	miss_view(hook, p, session, mate, &miss->view);
	if (exit_live(chosen)) {
		miss->view.self = 1;
		first = chosen->address;
	}
	miss->view.live = miss->view.self || exit_any();
	miss_endpoint(p, miss);
	miss_binding(hook, miss, first);
	/* Or every way that led here walks the rest again: it is in a map, whose
	 * bytes the verifier knows nothing of, once clang reads them there. */
	asm volatile("" : : : "memory");
	return own_decide(&miss->view);
}

#endif
