/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * miss.h - a packet from inside that no session of ours carries.
 *
 * Owns: where is the destination, and what becomes of the packet by what was
 * decided: bound and sent, handed to the partner, told, or left to the kernel.
 */
#ifndef TWINPATH_MISS_H
#define TWINPATH_MISS_H

#include "answer.h"
#include "bind.h"
#include "fragment.h"
#include "inside.h"
#include "martian.h"
#include "reset.h"
#include "route.h"
#include "share.h"
#include "sweep.h"

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

/* Is it for us to send it out?  GO_ON, or whose the destination is. */
static __always_inline __u32 miss_outside(const struct packet *p)
{
	switch (route_kind(route_find(&p->flow.destination))) {
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
	return GO_ON;
}

/* Is it ours to route at all?  GO_ON, or whose it is. */
static __noinline __u32 lan_placed(const struct hook *hook,
				   const struct packet *p)
{
	__u32 reason = miss_outside(p);

	if (reason == GO_ON)
		reason = inside_source(hook, &p->sender, 1);
	if (reason == GO_ON && p->flags & PACKET_REDIRECT)
		return TP_REASON_redirect;
	return reason;
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
		reason = lan_placed(hook, p);
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
