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
	edit->mark = owner->mark;
	edit->flags |= EDIT_MAC | EDIT_REDIRECT;
	edit->ifindex = owner->ifindex;
	__builtin_memcpy(edit->macs, owner->destination, sizeof(edit->macs));
	return TP_REASON_moved;
}

/* Has the user said that the kernel decides about this one? */
static __noinline int out_excluded(const struct packet *p)
{
	const struct tp_route *route = route_find(&p->flow.source);

	return (route && route->from_kernel) ||
	       route_kind(route_find(&p->flow.destination)) == TP_ROUTE_KERNEL;
}

/* Is it here because tc on the LAN, or the user's own routing, chose so? */
static __always_inline int out_chosen(const struct hook *hook, __u32 exit_id)
{
	return hook->set->rules & TP_RULES_ROUTE ||
	       hook->mark == TP_MARK(exit_id) >> 16;
}

/*
 * May a new session that came the kernel's way be opened here?  By its host's
 * uplink, or else only where something better says so.
 */
static __noinline int out_may_bind(const struct hook *hook,
				   const struct packet *p, __u64 hash,
				   __u32 exit_id, int excluded)
{
	struct miss *miss = miss_room(hash);

	if (!miss || !(p->flags & PACKET_BINDABLE) ||
	    route_kind(route_find(&p->flow.source)) != TP_ROUTE_INSIDE)
		return 0;
	miss->view.bindable = 1;
	miss_endpoint(p, miss);
	leave(&miss->end, hook->set, hook->now);
	if (share_exit(&p->flow.source) == exit_id || excluded ||
	    out_chosen(hook, exit_id))
		return 1;
	/* Not by its own: its endpoint must be bound here. */
	miss_binding(hook, miss, TP_MAX_ADDRESSES);
	return miss->binding != BINDING_NONE && miss->end.exit == exit_id;
}

static __always_inline struct tp_session *out_bind(const struct hook *hook,
						   const struct packet *p,
						   __u64 hash, __u32 exit_id,
						   __u32 *reason)
{
	int excluded = out_excluded(p);
	struct tp_session *session;

	*reason = TP_REASON_untranslated;
	if (!out_may_bind(hook, p, hash, exit_id, excluded))
		return 0;
	session = lan_open(hook, p, exit_id, reason);
	if (session && excluded) /* never confirmed: each packet asks again */
		session->confirm = ~hook->set->confirm;
	return session;
}

/* Has the endpoint that the error speaks of a binding on this address? */
static __always_inline int out_quoted(const struct hook *hook,
				      const struct packet *p, struct miss *miss,
				      __u32 id)
{
	struct tp_addr remote = p->flow.destination;
	struct tp_binding *binding;
	__u32 index;

	if (p->plane != TP_PLANE_NONE)
		return miss_binding_on(hook, miss, id, 1);
	index = portless_find(&remote, TP_PORTLESS_KEY(id, p->flow.proto),
			      hook->now);
	binding = index == BINDING_NONE ? 0 : binding_at(index);
	return binding && address_equal(&binding->inside, &p->flow.source);
}

/*
 * The gateway's own tunnel, and not a host's that the fast path translated: such
 * a one carries its exit's mark (see apply_tc.h).
 */
static __noinline void out_tunnel(const struct hook *hook,
				  const struct packet *p, __u32 exit_id)
{
	const struct tp_exit *exit = exit_at(exit_id);

	if (p->class != CLASS_PORTLESS || !exit ||
	    hook->mark == exit->mark >> 16)
		return;
	portless_own(&p->flow, exit->address, exit_id, hook->now);
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
	if (!address || !out_quoted(hook, p, miss, id))
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
	if (out_own(p, exit_id, hook->ifindex)) {
		out_tunnel(hook, p, exit_id);
		return p->class == CLASS_ERROR ?
			       out_error(hook, p, exit_id, 1, edit) :
			       TP_REASON_own;
	}
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
	if (!session) {
		sweep_after(reason, hook->now);
		return answer_host(hook, p, edit, reason);
	}
	id = session->address;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!address)
		return TP_REASON_program;
	return out_translate(hook, p, session, address, exit_id, edit);
}

#endif
