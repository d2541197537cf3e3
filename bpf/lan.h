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
		session = session_find(lan_key(p), hash, hook->now);
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
