/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * miss.h - a packet from inside that no session of ours carries.
 *
 * Owns: where is the destination, who owns the packet (ownership.h), which exit,
 * which port; then it is bound and sent, handed to the partner, told, or left
 * to the kernel.
 */
#ifndef TWINPATH_MISS_H
#define TWINPATH_MISS_H

#include "answer.h"
#include "claim.h"
#include "forget.h"
#include "fragment.h"
#include "hit.h"
#include "leave.h"
#include "martian.h"
#include "partner.h"
#include "portless.h"
#include "reset.h"
#include "route.h"
#include "share.h"
#include "sweep.h"

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

/*
 * The exit that a new session gets: its endpoint's, so that mapping stays
 * endpoint-independent (RFC 4787 REQ-1); a TCP connection goes by the selector.
 */
static __always_inline __u32 bind_exit(const struct packet *p,
				       const struct miss *miss, __u32 selected)
{
	const struct tp_exit *exit;

	if (miss->binding != BINDING_NONE &&
	    (p->class != CLASS_TCP || !selected))
		return miss->end.exit;
	exit = exit_at(selected);
	if (exit_live(exit))
		return selected;
	return exit_any();
}

/* The line of a protocol without ports; see binding_claim. */
static __always_inline __u32 bind_portless(const struct hook *hook,
					   const struct packet *p,
					   const struct miss *miss, __u32 until,
					   __u32 *reason)
{
	__u32 index = portless_claim(&miss->end, &p->flow, until, hook->now);

	if (PORTLESS_IS_REFUSED(index)) {
		*reason = index & 0xff;
		return BINDING_NONE;
	}
	*reason = index & PORTLESS_MADE ? GO_ON : TP_REASON_translated_out;
	return index & ~PORTLESS_MADE;
}

/*
 * The endpoint's binding on the address that its session is opened on, where the
 * decision has found it: no lock is needed to go on using it.
 */
static __always_inline __u32 bind_known(const struct miss *miss,
					const struct tp_exit *exit,
					__u32 exit_id)
{
	return miss->end.exit == exit_id && miss->end.address == exit->address ?
		       miss->binding :
		       BINDING_NONE;
}

/*
 * Open the session of a packet that missed, on an exit: its number, or
 * SESSION_REFUSED(reason).  A step beside the decision and the sending, not in
 * them: the search for a port needs the stack.
 */
static __noinline __u32 lan_bind(const struct hook *hook,
				 const struct packet *p, __u32 exit_id)
{
	struct miss *miss = room(ROOM_MISS);
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_exit *exit = exit_at(exit_id);
	__u16 bits = p->class == CLASS_TCP ? TP_TCP_SYN_OUT : 0;
	__u32 until = hook->now + session_timeout(hook->set, p->flow.proto,
						  p->flow.destination_port,
						  bits);
	__u32 index, number, reason = TP_REASON_translated_out;

	if (!exit_live(exit) || !keys || !miss)
		return SESSION_REFUSED(TP_REASON_no_exit);
	index = bind_known(miss, exit, exit_id);
	miss->end.address = exit->address;
	miss->end.exit = exit_id;
	miss->end.ration = ration_get(&miss->end.inside, hook->now);
	if (!ration_may_open(hook->set, miss->end.ration, hook->now))
		return SESSION_REFUSED(TP_REASON_host_rate);
	if (p->class == CLASS_PORTLESS) {
		index = bind_portless(hook, p, miss, until, &reason);
	} else if (index == BINDING_NONE) {
		endpoint_hash(&miss->end, keys);
		index = binding_claim(hook, &miss->end, &p->flow, until,
				      &reason);
	}
	if (index == BINDING_NONE)
		return SESSION_REFUSED(reason);
	number = session_open(lan_key(p), miss->hash, index,
			      SESSION_NEW(hook->now, bits, miss->end.exit,
					  miss->end.address),
			      miss->end.ration);
	/* Contended: another CPU opens a session, which may be of this binding. */
	if (SESSION_IS_REFUSED(number) && reason == GO_ON &&
	    number != SESSION_REFUSED(TP_REASON_contended))
		binding_unclaim(&miss->end, index, until);
	return number;
}

/* The same: its line, or none and the reason. */
static __always_inline struct tp_session *lan_open(const struct hook *hook,
						   const struct packet *p,
						   __u32 exit_id, __u32 *reason)
{
	__u32 number = lan_bind(hook, p, exit_id);

	*reason = number & 0xff;
	return SESSION_IS_REFUSED(number) ? 0 : session_line(number);
}

/* Nothing is opened for a packet that cannot leave. */
static __always_inline __u32 miss_bind(const struct hook *hook,
				       const struct packet *p,
				       struct miss *miss, __u32 selected,
				       struct edit *edit)
{
	__u32 exit_id = bind_exit(p, miss, selected);
	const struct tp_exit *exit = exit_at(exit_id);

	if (!exit_live(exit))
		return TP_REASON_no_exit;
	edit->mark |= exit->mark;
	if (p->ttl <= 1)
		return TP_REASON_ttl;
	if (p->size > exit->mtu)
		return TP_REASON_too_big;
	if (hook->set->rules &
	    TP_RULES_FIRST) /* tc_out opens it, if it gets there */
		return TP_REASON_firewall;
	miss->end.exit = exit_id;
	miss->open = 1;
	return GO_ON;
}

/*
 * It is ours, by the session that is there, or by one that is opened now: the end
 * of H2, K1 and R1, and of H4, H6, H8, K2, K4 and F for a new session.
 */
static __always_inline __u32 miss_carry(const struct hook *hook,
					const struct packet *p,
					struct tp_session *session,
					struct edit *edit)
{
	const struct miss *miss = room(ROOM_MISS);
	__u32 reason = TP_REASON_no_session, served;
	struct tp_binding *binding;
	int noted = 0;

	if (miss && miss->open) {
		session = lan_open(hook, p, miss->end.exit, &reason);
		if (!session)
			return reason;
		binding = binding_at(session->binding);
		if (binding) {
			binding->confirm = hook->set->confirm;
			/* Made for this packet: it names its remote. */
			noted = binding->made == hook->now &&
				address_equal(&binding->remote,
					      &p->flow.destination);
		}
		reason = TP_REASON_contended;
	}
	if (!session)
		return TP_REASON_program;
	if (p->flags & PACKET_BINDABLE && !noted)
		permission_note(session, hook->now);
	served = lan_serve(hook, p, session, edit);
	return served == GO_ON ? reason : served;
}

/* An error about a packet that came in by a binding without a session. */
static __always_inline __u32 miss_error(const struct hook *hook,
					const struct packet *p,
					const struct miss *miss,
					struct edit *edit)
{
	__u32 id = miss->end.address, exit_id = miss->end.exit;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_exit *exit = exit_at(exit_id);

	if (!address || !exit_live(exit))
		return TP_REASON_error_lost;
	return lan_send(hook, p, exit_id, exit, &address->address,
			bpf_htons((__u16)miss->binding), edit);
}

/* Is it ours to route at all?  GO_ON, or whose it is. */
static __noinline __u32 lan_placed(const struct packet *p)
{
	const struct tp_route *route = route_find(&p->flow.destination);

	switch (route_kind(route)) {
	case TP_ROUTE_LOCAL:
		return TP_REASON_local;
	case TP_ROUTE_INSIDE:
		return TP_REASON_inside;
	case TP_ROUTE_KERNEL:
		return TP_REASON_excluded;
	case TP_ROUTE_GROUP:
		return TP_REASON_group;
	case TP_ROUTE_LINK_LOCAL:
		return TP_REASON_link_local;
	case TP_ROUTE_MARTIAN:
		return TP_REASON_martian;
	}
	route = route_find(&p->sender);
	if (!route || route->kind != TP_ROUTE_INSIDE)
		return martian_inside(route_kind(route));
	if (route->from_kernel)
		return TP_REASON_excluded;
	if (p->flags & PACKET_REDIRECT)
		return TP_REASON_redirect;
	return GO_ON;
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
 * The mark of the exit that a slow packet should leave by, the partner too.  No
 * packet for outside goes up without one: main knows the subnets of the uplinks,
 * also of one that was made anew and has no guard yet.  Without any exit it is
 * that of the first, whose table ends in "unreachable".
 */
static __noinline void lan_mark(const struct packet *p, struct edit *edit)
{
	__u32 id = share_exit(&p->sender);
	const struct tp_exit *exit = exit_at(id ? id : 1);

	if (exit)
		edit->mark |= exit->mark;
}

/*
 * By rules that we cannot read, the user may have sent this flow elsewhere: then
 * no session of ours ever was, and what follows its first packet is the kernel's
 * as well.  What is not diverted ends at the guard.
 */
static __always_inline int miss_elsewhere(const struct hook *hook,
					  const struct packet *p,
					  const struct miss *miss, __u32 action)
{
	if (!(hook->set->rules & TP_RULES_ROUTE))
		return 0;
	switch (action) {
	case OWN_RESET:
		return p->class != CLASS_ERROR || miss->binding == BINDING_NONE;
	case OWN_TAKE:
	case OWN_REFUSE:
		return p->kind == TP_KIND_HOST;
	}
	return 0;
}

/*
 * Questions about new flows are limited for each host (ownership, 5); of one that
 * was asked about within the second all packets are asked, as fast as they come.
 */
static __noinline int miss_may_ask(const struct hook *hook,
				   const struct miss *miss, __u32 action)
{
	return !miss->view.bindable ||
	       (action != OWN_QUESTION && action != OWN_SESSION_QUESTION) ||
	       partner_was_asked(miss->hash, hook->now) ||
	       ration_may_ask(hook, &miss->end.inside);
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

/* GO_ON: it is ours, see miss_carry.  Else it is cared for, and why. */
static __noinline __u32 lan_own(const struct hook *hook, const struct packet *p,
				const struct tp_session *session, __u64 hash,
				struct edit *edit)
{
	struct miss *miss = miss_room(hash);
	const struct tp_partner *mate = ONLY(&partner);
	__u32 action, kind, selected;

	if (!miss || !mate)
		return TP_REASON_program;
	if (p->ttl <= 1) {
		lan_mark(p, edit);
		return TP_REASON_ttl; /* H0 */
	}
	selected = share_exit(&p->flow.source);
	action = miss_decide(hook, p, session, mate, selected, miss);
	/* Bindings of dead exits alone: what was decided does not hang on it. */
	if (miss->view.bindable && !miss->view.session)
		leave(&miss->end, hook->set, hook->now);
	if (p->kind == TP_KIND_RETURNED &&
	    !partner_was_asked(miss->hash, hook->now))
		return TP_REASON_stray_return;
	if (miss_elsewhere(hook, p, miss, action)) {
		lan_mark(p, edit);
		return TP_REASON_firewall;
	}
	switch (action) {
	case OWN_SERVE:
		return GO_ON;
	case OWN_BIND:
		return miss_bind(hook, p, miss, miss->view.self ? selected : 0,
				 edit);
	case OWN_REFUSE:
		return TP_REASON_no_exit;
	case OWN_WAIT:
		return TP_REASON_hold;
	case OWN_RESET:
		if (p->class != CLASS_ERROR)
			return reset_host(hook, p, edit);
		return miss->binding == BINDING_NONE ?
			       TP_REASON_error_lost :
			       miss_error(hook, p, miss, edit);
	}
	if (p->class == CLASS_ERROR && miss->binding != BINDING_NONE)
		return miss_error(hook, p, miss, edit);
	if (p->ttl <= 1)
		return TP_REASON_ttl;
	kind = action == OWN_TAKE	      ? TP_KIND_TAKE :
	       action == OWN_QUESTION	      ? TP_KIND_QUESTION :
	       action == OWN_SESSION_QUESTION ? TP_KIND_SESSION_QUESTION :
						TP_KIND_RETURNED;
	if (!mate->reachable)
		return TP_REASON_no_session;
	if (action == OWN_RETURN && p->kind == TP_KIND_TAKE)
		partner_unquiet(hook->now);
	if (!miss_may_ask(hook, miss, action))
		return TP_REASON_host_questions;
	if (action != OWN_RETURN)
		partner_asked(miss->hash, action,
			      p->class == CLASS_TCP && miss->view.bindable,
			      hook->now);
	return partner_hand(hook, p, kind, edit);
}

/* A daemon's liveness question, or mine come back.  GO_ON: neither. */
static __noinline __u32 lan_liveness(const struct hook *hook,
				     const struct packet *p, struct edit *edit)
{
	static const struct tp_addr nobody = TP_LIVENESS_ADDRESS;

	if (!address_equal(&p->flow.destination, &nobody))
		return GO_ON;
	if (p->kind == TP_KIND_QUESTION)
		return partner_hand(hook, p, TP_KIND_RETURNED, edit);
	return p->kind == TP_KIND_RETURNED ? TP_REASON_probe : GO_ON;
}

/*
 * The partner knows an inside that I do not: I am booting, or my routes are late.
 * Back it goes, for the partner to finish, like all else that is not mine (K3,
 * K5); a router would only send it again.
 */
static __always_inline int lan_not_known(const struct packet *p, __u32 reason)
{
	const struct tp_partner *mate = ONLY(&partner);

	return reason == TP_REASON_not_inside && p->kind != TP_KIND_HOST &&
	       p->kind != TP_KIND_RETURNED && mate &&
	       mate->type == TP_PARTNER_TWINPATH;
}

static __always_inline __u32 lan_miss(const struct hook *hook,
				      const struct packet *p,
				      struct tp_session *session, __u64 hash,
				      struct edit *edit)
{
	__u32 reason = GO_ON;

	if (p->kind != TP_KIND_HOST)
		reason = lan_liveness(hook, p, edit);
	if (reason == GO_ON)
		reason = lan_placed(p);
	if (lan_not_known(p, reason))
		return partner_hand(hook, p, TP_KIND_RETURNED, edit);
	if (reason != GO_ON)
		return reason;
	if (p->flags & PACKET_STRANGER)
		return TP_REASON_stranger;
	if (p->flags & PACKET_LATER)
		return fragment_later(hook, p, edit);
	if (p->class == CLASS_OTHER)
		return TP_REASON_protocol;
	reason = lan_own(hook, p, session, hash, edit);
	if (reason == GO_ON)
		reason = miss_carry(hook, p, session, edit);
	sweep_after(reason, hook->now);
	return answer_host(hook, p, edit, reason);
}

#endif
