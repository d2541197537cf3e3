/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bind.h - a session for a packet that missed.
 *
 * Owns: which exit it gets, the binding that it is opened on, found or claimed, and
 * what is taken back when it cannot be opened.  That it is ours to open has been
 * decided.
 */
#ifndef TWINPATH_BIND_H
#define TWINPATH_BIND_H

#include "claim.h"
#include "miss_view.h"
#include "portless.h"
#include "session_open.h"

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

#endif
