/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * out.h - the core for what the kernel sends out of an uplink: the guard.
 *
 * Owns: translation of what the kernel forwards, with the same tables, and the
 * promise that no inside source leaves an uplink untranslated.  On an uplink
 * that is not the session's it puts the packet right or drops it; it never
 * binds anew there.  The kernel has already aged and framed the packet.
 */
#ifndef TWINPATH_OUT_H
#define TWINPATH_OUT_H

#include "wan.h"

/* From the gateway itself: an address of this uplink, or none yet (DHCP). */
static __noinline int out_own(const struct packet *p, __u32 exit_id,
			      __u32 ifindex)
{
	static const struct tp_addr nobody = { .byte = { 0, 0, 0, 0, 0, 0, 0, 0,
							 0, 0, 0xff, 0xff } };
	const struct tp_exit *exit = exit_at(exit_id);
	const struct tp_address *address;
	const struct tp_route *route;
	__u32 id = exit ? exit->address : 0;

	/* Nearly always what the fast path has just translated. */
	address = bpf_map_lookup_elem(&addresses, &id);
	if (address && address_equal(&address->address, &p->sender))
		return 1;
	if (wan_address(&p->sender, exit_id) < TP_MAX_ADDRESSES)
		return 1;
	if (address_equal(&p->sender, &nobody))
		return p->class == CLASS_UDP &&
		       p->flow.source_port == bpf_htons(DHCP_CLIENT_PORT);
	route = route_find(&p->sender);
	return route && route->kind == TP_ROUTE_LOCAL &&
	       route->ifindex == ifindex;
}

/* Translate in place, or send to the uplink that owns the session. */
static __always_inline __u32 out_translate(const struct hook *hook,
					   const struct packet *p,
					   const struct tp_session *session,
					   const struct tp_address *address,
					   __u32 exit_id, struct edit *edit)
{
	const struct tp_exit *owner = exit_at(session->exit);

	if (!owner)
		return TP_REASON_wrong_uplink;
	send_rare(p, owner, edit);
	edit->address = address->address;
	edit->port = session->port;
	edit->side = SIDE_SOURCE;
	if (session->exit == exit_id) {
		count_out(exit_id, hook->bytes);
		return TP_REASON_translated_slow_out;
	}
	if (!(owner->flags & TP_EXIT_HAS_NEXT_HOP))
		return TP_REASON_wrong_uplink;
	count_out(session->exit, hook->bytes);
	edit->flags |= EDIT_MAC | EDIT_REDIRECT;
	edit->ifindex = owner->ifindex;
	__builtin_memcpy(edit->macs, owner->destination, sizeof(edit->macs));
	return TP_REASON_moved;
}

/* A new session that came the kernel's way: only by its host's uplink. */
static __noinline struct tp_session *out_bind(const struct hook *hook,
					      const struct packet *p,
					      __u64 hash, __u32 exit_id,
					      __u32 *reason)
{
	struct miss *miss = miss_room(hash);

	*reason = TP_REASON_untranslated;
	if (!miss || !(p->flags & PACKET_BINDABLE) ||
	    route_kind(route_find(&p->flow.source)) != TP_ROUTE_INSIDE)
		return 0;
	miss->view.bindable = 1;
	miss_endpoint(p, miss);
	leave(&miss->end, hook->now);
	if (share_exit(&p->flow.source) != exit_id) {
		/* Not by the selector: its endpoint must be bound here. */
		miss_binding(hook, miss, TP_MAX_ADDRESSES);
		if (miss->binding == BINDING_NONE || miss->end.exit != exit_id)
			return 0;
	}
	return lan_bind(hook, p, miss, exit_id, reason);
}

/*
 * An error that our kernel made about a packet we had already translated
 * inwards: its source is ours, what it quotes is not yet.
 */
static __noinline __u32 out_error(const struct hook *hook,
				  const struct packet *p, __u32 exit_id,
				  int own, struct edit *edit)
{
	const struct tp_exit *exit = exit_at(exit_id);
	const struct tp_address *address;
	struct miss *miss = miss_room(0);
	__u32 id;

	if (!miss || !exit)
		return TP_REASON_program;
	if (route_kind(route_find(&p->flow.source)) != TP_ROUTE_INSIDE)
		return own ? TP_REASON_own : TP_REASON_error_lost;
	id = exit->address;
	address = bpf_map_lookup_elem(&addresses, &id);
	miss_endpoint(p, miss);
	if (!address || !miss_binding_on(hook, miss, id, 1))
		return TP_REASON_error_lost;
	edit->address = address->address;
	if (!own) /* what our own kernel makes has IDs of its own */
		send_rare(p, exit, edit);
	edit->port = bpf_htons((__u16)miss->binding);
	edit->side = SIDE_SOURCE;
	return TP_REASON_translated_slow_out;
}

static __always_inline __u32 out_packet(const struct hook *hook,
					struct packet *p, __u32 exit_id,
					struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session *session;
	const struct tp_address *address;
	__u32 reason, id;
	__u64 hash;

	if (!keys)
		return TP_REASON_program;
	lan_outward(p);
	if (out_own(p, exit_id, hook->ifindex))
		return p->class == CLASS_ERROR ?
			       out_error(hook, p, exit_id, 1, edit) :
			       TP_REASON_own;
	if (p->flags & PACKET_LATER)
		return fragment_later(hook, p, edit);
	if (p->class == CLASS_OTHER)
		return TP_REASON_untranslated;
	if (p->class == CLASS_ERROR)
		return out_error(hook, p, exit_id, 0, edit);
	hash = hash_session(lan_key(p), keys);
	session = session_find(lan_key(p), hash, hook->now);
	if (session) {
		id = session->address;
		address = bpf_map_lookup_elem(&addresses, &id);
		if (!session_valid(session, exit_at(session->exit), address,
				   hook->now) ||
		    !session_outward(hook, p, session, 1))
			session = 0;
	}
	if (!session) {
		session = out_bind(hook, p, hash, exit_id, &reason);
		if (session)
			permission_note(session, hook->now);
	}
	if (!session)
		return answer_host(hook, p, edit, reason);
	id = session->address;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!address)
		return TP_REASON_program;
	return out_translate(hook, p, session, address, exit_id, edit);
}

#endif
