/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lan.h - the core for what enters by a LAN interface: hit, or miss.
 */
#ifndef TWINPATH_LAN_H
#define TWINPATH_LAN_H

#include "hairpin.h"
#include "hit.h"
#include "miss.h"

/*
 * Does a SYN begin another connection on a session whose exit new ones do not go by
 * any more?  They go by the selector, this one too: else a host that uses a port
 * again would be drawn back to the exit it had left.
 */
static __always_inline int lan_anew(const struct packet *p,
				    const struct tp_session *session,
				    __u64 control)
{
	return p->class == CLASS_TCP && p->flags & PACKET_BINDABLE &&
	       tcp_anew(TP_CONTROL_EXTRA(control)) &&
	       session->exit != share_exit(&p->flow.source);
}

/*
 * The session that carries the packet.  One that a SYN has left is none from now on,
 * or its line would draw what follows.
 */
static __always_inline struct tp_session *
lan_session(const struct hook *hook, const struct packet *p, __u64 hash)
{
	struct tp_session *session = session_find(lan_key(p), hash, hook->now);
	__u64 control;

	if (!session)
		return 0;
	control = *(volatile const __u64 *)&session->control;
	if (lan_anew(p, session, control) &&
	    session_end(session, control, hook->now))
		return 0;
	return session;
}

/*
 * A parsed packet from inside: translate, hand over, pass or drop.  `fresh`: its
 * hash is known, and that it has no session.
 */
static __always_inline __u32 lan_packet(const struct hook *hook,
					struct packet *p, int fresh, __u64 hash,
					struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session *session = 0;
	__u32 reason = GO_ON;

	if (!keys)
		return TP_REASON_program;
	if (!fresh && p->class != CLASS_OTHER) {
		lan_outward(p);
		hash = hash_session(lan_key(p), keys);
		session = lan_session(hook, p, hash);
		if (session)
			reason = lan_hit(hook, p, session,
					 p->kind != TP_KIND_HOST, 1, edit);
		if (reason != GO_ON)
			return reason;
	}
	reason = lan_miss(hook, p, session, hash, edit);
	return reason == TP_REASON_local ? lan_hairpin(hook, p, edit) : reason;
}

#endif
