/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hairpin.h - from inside to a port of ours that another inside host has (RFC
 * 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7).
 *
 * Owns: the turn.  The source is translated as if the packet left by the exit
 * whose address it is for; then it enters by that exit's interface, where it is a
 * packet like any from outside, filtered and translated to the host.  So both
 * hosts see an external address and port of the other.  No exit is chosen and no
 * partner asked: whoever has the address has the binding.
 *
 * tc alone can do that; XDP passes it up.  On the way the frame is addressed to
 * nobody: a mark on the packet tells the program on the other side, and where
 * that is missing, nobody takes the frame.
 *
 * Sessions of such packets have a key of their own kind, so that nothing else
 * finds them: by their exit they would leave for the Internet.
 */
#ifndef TWINPATH_HAIRPIN_H
#define TWINPATH_HAIRPIN_H

#include "miss.h"

/* The id of an address that an exit of mine holds; TP_MAX_ADDRESSES: none. */
__noinline __u32 hairpin_address(const struct tp_addr *local)
{
	__u32 id;

	if (!local)
		return TP_MAX_ADDRESSES;
#pragma unroll
	for (id = 0; id < TP_MAX_ADDRESSES; id++) {
		__u32 key = id;
		const struct tp_address *address =
			bpf_map_lookup_elem(&addresses, &key);

		if (address && address->exit &&
		    address_equal(&address->address, local))
			return id;
	}
	return TP_MAX_ADDRESSES;
}

/*
 * Has an inside host the port that the packet is for?  Else the gateway itself
 * answers, as it does to a ping of its address, and to what it cannot turn.
 */
static __noinline int hairpin_bound(const struct hook *hook,
				    const struct packet *p, __u32 id)
{
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_binding *binding;
	__u16 port = bpf_ntohs(p->flow.destination_port);

	if (!address || p->plane == TP_PLANE_NONE || p->class == CLASS_QUERY ||
	    p->flags & PACKET_OPTIONS || p->ttl <= 1)
		return 0;
	binding = binding_at(TP_BINDING_INDEX(id, p->plane, port));
	return binding && binding_live(binding->control, hook->now) &&
	       binding_current(binding, binding->control, address) &&
	       exit_live(exit_at(address->exit));
}

/* The session of a packet that is turned, if it has one that lives. */
static __noinline struct tp_session *hairpin_session(const struct hook *hook,
						     const struct packet *p)
{
	const struct miss *miss = room(ROOM_MISS);
	const struct tp_address *address;
	struct tp_session *session;
	__u32 id;

	if (!miss)
		return 0;
	session = session_find(lan_key(p), miss->hash, hook->now);
	if (!session)
		return 0;
	id = session->address;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (session_valid(session, exit_at(miss->end.exit), address,
			  hook->now) &&
	    session_outward(hook, p, session, 0))
		return session;
	session_retire(session, hook->now);
	return 0;
}

/*
 * The session, opened now if need be and possible: `hairpin`, and its port is in
 * miss->binding; or why not.
 */
static __always_inline __u32 hairpin_open(const struct hook *hook,
					  const struct packet *p)
{
	struct tp_session *session = hairpin_session(hook, p);
	struct miss *miss = room(ROOM_MISS);
	__u32 reason = TP_REASON_no_session;

	if (!miss)
		return TP_REASON_program;
	if (!session && p->flags & PACKET_BINDABLE) {
		miss_endpoint(p, miss);
		session = lan_open(hook, p, miss->end.exit, &reason);
	}
	if (!session)
		return reason;
	miss->binding = session->binding;
	if (p->flags & PACKET_BINDABLE)
		permission_note(session, hook->now);
	return TP_REASON_hairpin;
}

/* What has no session: a host is told, an error is about a binding. */
static __noinline __u32 hairpin_lost(const struct hook *hook,
				     const struct packet *p, struct miss *miss,
				     __u32 id, struct edit *edit)
{
	if (p->class != CLASS_ERROR)
		return reset_host(hook, p, edit);
	miss_endpoint(p, miss);
	if (!miss_binding_on(hook, miss, id, 1))
		return TP_REASON_error_lost;
	edit->port = bpf_htons((__u16)miss->binding);
	return TP_REASON_hairpin;
}

/* What follows a first fragment that was turned; else the gateway's own. */
static __noinline __u32 hairpin_later(const struct hook *hook,
				      const struct packet *p, struct edit *edit)
{
	struct tp_fragment_key key = {};
	__u32 reason;

	fragment_key(hook, p, &key);
	reason = fragment_recall(&key, edit, hook->now);
	return reason == GO_ON ? TP_REASON_local :
				 fragment_follow(hook, p, reason, edit);
}

/* Is there something to turn?  GO_ON, and then all about it is in the room. */
static __noinline __u32 hairpin_look(const struct hook *hook, struct packet *p,
				     struct edit *edit)
{
	__u32 id = hook->xdp ? TP_MAX_ADDRESSES :
			       hairpin_address(&p->flow.destination);
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_seed *keys = ONLY(&seed);
	struct miss *miss = miss_room(0);
	__u32 kind;

	if (address && p->flags & PACKET_LATER)
		return hairpin_later(hook, p, edit);
	if (!address || !keys || !miss || !hairpin_bound(hook, p, id))
		return TP_REASON_local;
	kind = route_kind(route_find(&p->sender));
	if (kind != TP_ROUTE_INSIDE)
		return martian_inside(kind);
	p->flow.kind = TP_SESSION_HAIRPIN;
	miss->hash = hash_session(lan_key(p), keys);
	miss->end.exit = address->exit;
	miss->end.address = id;
	return GO_ON;
}

static __noinline __u32 hairpin_send(const struct hook *hook,
				     const struct packet *p, __u32 reason,
				     struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct miss *miss = room(ROOM_MISS);
	const struct tp_address *address;
	const struct tp_exit *exit;
	__u32 id, exit_id;

	if (!miss || !keys)
		return TP_REASON_program;
	id = miss->end.address;
	exit_id = miss->end.exit;
	address = bpf_map_lookup_elem(&addresses, &id);
	exit = exit_at(exit_id);
	if (!address || !exit)
		return TP_REASON_program;
	edit->port = bpf_htons((__u16)miss->binding);
	if (reason == TP_REASON_no_session)
		reason = hairpin_lost(hook, p, miss, id, edit);
	if (reason != TP_REASON_hairpin)
		return reason;
	edit->address = address->address;
	edit->side = SIDE_SOURCE;
	edit->flags = EDIT_MAC | EDIT_REDIRECT | EDIT_INWARD;
	edit->ifindex = exit->ifindex;
	if (p->flags & PACKET_LOOSE)
		edit->id_mask = family_id_mask(&p->sender, keys);
	return TP_REASON_hairpin;
}

/*
 * A packet from inside to an address of the gateway's own.  In steps beside each
 * other, not in one another: Linux 6.1 has no stack for that.
 */
static __always_inline __u32 lan_hairpin(const struct hook *hook,
					 struct packet *p, struct edit *edit)
{
	__u32 reason = hairpin_look(hook, p, edit);

	if (reason != GO_ON)
		return reason;
	reason = hairpin_open(hook, p);
	return hairpin_send(hook, p, reason, edit);
}

/* ---- where it enters ------------------------------------------------------- */

/*
 * The kernel cannot help it on: a packet with a source of its own it does not
 * forward.  But it finds out where a host is.
 */
static __noinline __u32 hairpin_slow(const struct packet *p,
				     const struct tp_binding *binding,
				     __u32 why, struct edit *edit)
{
	const struct tp_route *route = route_find(&binding->inside);

	if (why != TP_REASON_no_neighbour || !route ||
	    route->kind != TP_ROUTE_INSIDE)
		return TP_REASON_hairpin_lost;
	edit->address = binding->inside;
	edit->port = binding->inside_port;
	edit->side = SIDE_DESTINATION;
	edit->flags = EDIT_TTL | EDIT_REDIRECT | EDIT_RESOLVE;
	edit->ifindex = route->ifindex;
	return p->class == CLASS_ERROR ? TP_REASON_error_in :
					 TP_REASON_translated_in;
}

#endif
