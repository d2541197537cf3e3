/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wan.h - the core for what enters by an uplink.
 *
 * Owns: the way from outside to inside.  The binding alone translates; TCP's
 * SYN, FIN and RST, and filtering that the binding's last remote does not
 * settle, look at the session too.  What hits nothing is for the gateway's own
 * sockets, or dropped with a reason: never answered, for the partner or NAT may
 * own it.  Nothing from outside is ever handed to the partner.
 */
#ifndef TWINPATH_WAN_H
#define TWINPATH_WAN_H

#include "hairpin.h"
#include "link.h"
#include "miss.h"
#include "shown.h"

#define DHCP_CLIENT_PORT 68

/* The id of an external address of this exit; TP_MAX_ADDRESSES: none. */
__noinline __u32 wan_address(const struct tp_addr *local, __u32 exit_id)
{
	__u32 id;

	if (!local)
		return TP_MAX_ADDRESSES;
#pragma unroll
	for (id = 0; id < TP_MAX_ADDRESSES; id++) {
		__u32 key = id;
		const struct tp_address *address =
			bpf_map_lookup_elem(&addresses, &key);

		if (address && address->exit == exit_id &&
		    address_equal(&address->address, local))
			return id;
	}
	return TP_MAX_ADDRESSES;
}

/*
 * To an address that is not an external one of this uplink.  Another address of
 * the gateway is not reached this way: the kernel would answer for ports that
 * NAT owns there, and outside has no business with the LAN's.
 */
static __noinline __u32 wan_stranger(const struct hook *hook,
				     const struct packet *p)
{
	const struct tp_route *route = route_find(&p->flow.destination);

	switch (route_kind(route)) {
	case TP_ROUTE_LOCAL:
		if (route && route->ifindex == hook->ifindex)
			return TP_REASON_local;
		return TP_REASON_inside_from_outside;
	case TP_ROUTE_KERNEL:
		return TP_REASON_local;
	case TP_ROUTE_INSIDE:
		return TP_REASON_inside_from_outside;
	case TP_ROUTE_GROUP:
		return TP_REASON_group;
	case TP_ROUTE_LINK_LOCAL:
		return TP_REASON_link_local;
	case TP_ROUTE_MARTIAN:
		return TP_REASON_martian;
	}
	/* A lease may be offered to an address that we do not have yet. */
	if (p->class == CLASS_UDP &&
	    p->flow.destination_port == bpf_htons(DHCP_CLIENT_PORT))
		return TP_REASON_local;
	return TP_REASON_unsolicited;
}

/*
 * What the gateway's own sockets would get: not with a source that cannot be.
 * A lease may be offered by whoever has it, with whatever address; and an echo to
 * myself, come back from the next hop, is what a probe waits for (the kernel takes
 * no packet from itself).
 */
static __noinline __u32 wan_local(const struct packet *p, __u32 reason)
{
	__u32 wrong;

	if (reason != TP_REASON_local || p->kind == TP_KIND_HAIRPIN ||
	    (p->class == CLASS_UDP &&
	     p->flow.destination_port == bpf_htons(DHCP_CLIENT_PORT)))
		return reason;
	if (p->class == CLASS_QUERY &&
	    address_equal(&p->flow.source, &p->flow.destination))
		return reason;
	if (p->class == CLASS_ERROR)
		return martian_router(&p->sender) ? TP_REASON_martian : reason;
	wrong = martian_outside(&p->sender, 0);
	return wrong == GO_ON ? reason : wrong;
}

/* To an external address, but to no binding: the gateway's own, or nothing. */
static __noinline __u32 wan_unbound(const struct hook *hook,
				    const struct packet *p)
{
	__u16 port = bpf_ntohs(p->flow.destination_port);
	struct socket_ask ask;

	switch (p->class) {
	case CLASS_PORTLESS:
		return TP_REASON_local; /* its tunnels, or protocol unreachable */
	case CLASS_ERROR:
		return TP_REASON_local; /* its sockets know, or nobody */
	case CLASS_QUERY:
		return TP_REASON_local; /* a stray answer is not answered */
	case CLASS_UDP:
		if (port == DHCP_CLIENT_PORT)
			return TP_REASON_local;
	}
	socket_ask(&ask, &p->flow.source, &p->flow.destination,
		   p->flow.source_port, p->flow.destination_port);
	return socket_wants(hook, &ask, p->plane) ? TP_REASON_local :
						    TP_REASON_unsolicited;
}

static __always_inline void wan_key(const struct tp_binding *binding,
				    const struct packet *p,
				    struct tp_session_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->inside = binding->inside;
	key->remote = p->flow.source;
	key->inside_port = binding->inside_port;
	key->remote_port = p->plane == TP_PLANE_ICMP ? 0 : p->flow.source_port;
	key->proto = p->flow.proto;
	if (p->kind == TP_KIND_HAIRPIN)
		key->kind = TP_SESSION_HAIRPIN;
}

/* The session of a packet from outside, where one is looked for. */
static __noinline struct tp_session *
wan_session(const struct hook *hook, const struct packet *p, __u32 index)
{
	const struct tp_binding *binding = binding_at(index);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key *key = room(ROOM_KEY);
	struct tp_session *session;

	if (!binding || !keys || !key)
		return 0;
	wan_key(binding, p, key);
	session = session_find(key, hash_session(key, keys), hook->now);
	return session && session_on(session, binding, index) ? session : 0;
}

/*
 * Does its session live by another address of ours?  A SYN to this one takes no
 * living connection over.
 */
static __always_inline int wan_elsewhere(const struct hook *hook,
					 const struct tp_session *session)
{
	return session && tcp_established(TP_CONTROL_EXTRA(session->control)) &&
	       !session_void(session, hook->now);
}

static __noinline struct tp_session *wan_open(const struct hook *hook,
					      const struct packet *p,
					      __u32 index, __u32 *reason)
{
	const struct tp_binding *binding = binding_at(index);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key *key = room(ROOM_KEY);
	__u32 number;
	__u64 hash;
	__u16 bits;

	if (!binding || !keys || !key)
		return 0;
	bits = session_inward(p, binding);
	wan_key(binding, p, key);
	hash = hash_session(key, keys);
	if (wan_elsewhere(hook, session_find(key, hash, hook->now))) {
		*reason = TP_REASON_filtered;
		return 0;
	}
	number = session_open(key, hash, index,
			      SESSION_NEW(hook->now, bits, binding->exit,
					  index / 65536 / TP_PLANES),
			      ration_get(&key->inside, hook->now));
	*reason = number & 0xff;
	return SESSION_IS_REFUSED(number) ? 0 : session_line(number);
}

/* What is wrong with its source; GO_ON: nothing.  Turned round, it is our own. */
static __always_inline __u32 wan_wrong(const struct packet *p)
{
	return p->kind == TP_KIND_HAIRPIN ? GO_ON :
					    martian_outside(&p->flow.source, 1);
}

/*
 * Does the binding itself let this remote in, and vouch for it?  Whom the host
 * has sent to is no martian.
 */
static __always_inline int wan_known(const struct packet *p,
				     const struct tp_binding *binding,
				     const struct tp_address *address)
{
	return binding_filtering(binding, binding->control, address) !=
		       TP_FILTER_ADDRESS_AND_PORT &&
	       address_equal(&binding->remote, &p->flow.source);
}

/*
 * May this remote send to the binding?  (RFC 4787 REQ-8, RFC 5382 REQ-3)  GO_ON,
 * or why not.  A published endpoint's remote is looked at when its session is
 * opened.
 */
static __always_inline __u32 wan_admits(const struct hook *hook,
					const struct packet *p, __u32 index,
					const struct tp_binding *binding,
					const struct tp_address *address)
{
	__u32 filtering = binding_filtering(binding, binding->control, address);

	if (wan_known(p, binding, address))
		return GO_ON;
	if (filtering == TP_FILTER_ENDPOINT)
		return TP_CONTROL_LINE(binding->control) == TP_LINE_STATIC ?
			       GO_ON :
			       wan_wrong(p);
	if (wan_session(hook, p, index) ||
	    (filtering == TP_FILTER_ADDRESS &&
	     permission_holds(&p->flow.source, index, hook->now)))
		return GO_ON;
	return TP_REASON_filtered;
}

/*
 * TCP's SYN, FIN and RST drive the session; a SYN may open one.  A published
 * endpoint is owned by session alone: whatever reaches it opens one, and the
 * answer leaves by the port and the gateway that the question came in by.
 */
static __always_inline __u32 wan_track(const struct hook *hook,
				       const struct packet *p, __u32 index)
{
	__u32 reason = TP_REASON_sessions_full;
	struct tp_session *session;

	/* Our own address, from the wire: the answer would leave again. */
	if (p->kind != TP_KIND_HAIRPIN &&
	    address_equal(&p->flow.source, &p->flow.destination))
		return TP_REASON_inside_from_outside;
	session = wan_session(hook, p, index);
	if (!session) {
		__u32 wrong = wan_wrong(p);

		if (wrong != GO_ON)
			return wrong;
		/* An answer to a SYN that has gone another way since: the host
		 * must not take it for that one's. */
		if (!(p->flags & PACKET_BINDABLE))
			return p->flags & PACKET_SYN ? TP_REASON_unsolicited :
						       GO_ON;
		session = wan_open(hook, p, index, &reason);
	}
	if (!session)
		return reason;
	if (p->class == CLASS_TCP &&
	    tcp_matters(TP_CONTROL_EXTRA(session->control), p->tcp_flags))
		session_tcp(session, p->tcp_flags, 0, hook->now);
	return GO_ON;
}

/*
 * Must the session be looked at?  For TCP's SYN, FIN and RST; behind a published
 * port; and where no connection is open, for any segment may take back an RST
 * (RFC 6146 3.5.2.2, TRANS).
 */
static __always_inline int wan_tracks(const struct packet *p,
				      const struct tp_binding *binding)
{
	__u64 control = binding->control;

	if (p->class == CLASS_TCP &&
	    (tcp_matters(0, p->tcp_flags) || !TP_CONTROL_EXTRA(control)))
		return 1;
	return TP_CONTROL_LINE(control) == TP_LINE_STATIC;
}

/* The edit that delivers, or translates for the kernel to deliver. */
static __always_inline __u32 wan_deliver(const struct hook *hook,
					 const struct packet *p,
					 struct tp_binding *binding,
					 struct edit *edit)
{
	const struct tp_neighbour *to = route_to_inside(binding, hook->set);
	__u32 slow = 0;

	if (!to || !to->valid)
		slow = TP_REASON_no_neighbour;
	else if (p->ttl <= 1)
		slow = TP_REASON_ttl;
	else if (p->flags & PACKET_OPTIONS)
		slow = TP_REASON_options;
	else if (p->size > to->mtu)
		slow = TP_REASON_too_big;
	else if (hook->xdp && !to->xdp)
		slow = TP_REASON_not_xdp;
	if (slow && hook->xdp)
		return slow; /* untouched: tc sees it next */
	if (slow && p->kind == TP_KIND_HAIRPIN)
		return hairpin_slow(p, binding, slow, edit);
	edit->address = binding->inside;
	edit->port = binding->inside_port;
	edit->side = SIDE_DESTINATION;
	if (slow || !to)
		return TP_REASON_translated_slow_in;
	edit->flags |= EDIT_TTL | EDIT_MAC | EDIT_REDIRECT;
	edit->ifindex = to->ifindex;
	__builtin_memcpy(edit->macs, to->destination, sizeof(edit->macs));
	return p->class == CLASS_ERROR ? TP_REASON_error_in :
					 TP_REASON_translated_in;
}

/* The ID of the packet that an error quotes, as its sender made it. */
static __always_inline void wan_quote(const struct packet *p,
				      const struct tp_binding *binding,
				      struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);

	if (p->flags & PACKET_QUOTE_LOOSE && keys)
		edit->id_mask = family_id_mask(&binding->inside, keys);
}

static __always_inline void wan_count(const struct hook *hook,
				      const struct packet *p,
				      const struct tp_binding *binding,
				      const struct tp_exit *exit)
{
	count_in(binding->exit, hook->bytes,
		 p->kind == TP_KIND_HOST &&
			 !address_equal(&p->sender, &exit->next_hop),
		 hook->now);
}

/*
 * A remote that the host never sent to, on a port that the gateway may have
 * begun to use after NAT gave it away: then it is the gateway's, for everybody
 * but those that the host talks to.
 */
static __noinline __u32 wan_filtered(const struct hook *hook,
				     const struct packet *p)
{
	if (p->class == CLASS_ERROR || p->class == CLASS_PORTLESS ||
	    p->kind == TP_KIND_HAIRPIN ||
	    wan_local(p, wan_unbound(hook, p)) != TP_REASON_local)
		return TP_REASON_filtered;
	return TP_REASON_local;
}

/* A packet for a live binding. */
static __always_inline __u32 wan_bound(const struct hook *hook,
				       const struct packet *p, __u32 index,
				       struct tp_binding *binding,
				       const struct tp_exit *exit,
				       const struct tp_address *address,
				       struct edit *edit)
{
	/* An error's flow comes from the remote that the quoted one went to. */
	__u32 reason = wan_admits(hook, p, index, binding, address);

	if (reason == TP_REASON_filtered)
		return wan_filtered(hook, p);
	if (reason != GO_ON)
		return reason;
	if (hook->set->rules & TP_RULES_FIRST && p->class != CLASS_ERROR &&
	    p->kind != TP_KIND_HAIRPIN && !wan_session(hook, p, index)) {
		if (p->flags & PACKET_SYN)
			mss_clamp(exit, edit);
		return shown_first(hook, p, index, binding, edit);
	}
	if (p->class == CLASS_ERROR && martian_router(&p->sender))
		return TP_REASON_martian;
	wan_count(hook, p, binding, exit);
	if (p->class == CLASS_ERROR) {
		wan_quote(p, binding, edit);
	} else if (wan_tracks(p, binding)) {
		reason = wan_track(hook, p, index);
		if (p->flags & PACKET_SYN)
			mss_clamp(exit, edit);
	}
	if (reason != GO_ON)
		return reason;
	return wan_deliver(hook, p, binding, edit);
}

/* Does the binding translate this packet, if its sender may? */
static __always_inline int wan_bindable(const struct hook *hook,
					const struct packet *p, __u32 exit_id,
					const struct tp_binding *binding,
					const struct tp_address *address)
{
	return binding_live(binding->control, hook->now) &&
	       binding_current(binding, binding->control, address) &&
	       address->exit == exit_id &&
	       !(p->class == CLASS_QUERY && p->flags & PACKET_BINDABLE &&
		 TP_CONTROL_LINE(binding->control) != TP_LINE_STATIC);
}

/*
 * The line of a protocol without ports, also of an error about one.  What no
 * inside host has asked for is for the gateway's own tunnels, whose line has its
 * own address as the inside one.
 */
static __noinline __u32 wan_portless(const struct packet *p, __u32 id,
				     __u32 now)
{
	__u32 index = portless_find(&p->flow.source,
				    TP_PORTLESS_KEY(id, p->flow.proto), now);
	struct tp_binding *binding = binding_at(index);

	if (!binding || address_equal(&binding->inside, &p->flow.destination))
		return BINDING_NONE;
	return index;
}

/* A parsed packet from outside, on the exit whose interface it came by. */
static __always_inline __u32 wan_packet(const struct hook *hook,
					const struct packet *p, __u32 exit_id,
					struct edit *edit)
{
	const struct tp_exit *exit = exit_at(exit_id);
	__u32 id = exit ? exit->address : 0, index;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct tp_binding *binding;

	if (!exit || !address)
		return TP_REASON_program;
	if (!address_equal(&address->address, &p->flow.destination)) {
		id = wan_address(&p->flow.destination, exit_id);
		address = bpf_map_lookup_elem(&addresses, &id);
		if (!address)
			return wan_local(p, wan_stranger(hook, p));
	}
	if (p->plane == TP_PLANE_NONE) {
		if (p->class == CLASS_OTHER)
			return p->flags & PACKET_LATER ?
				       fragment_later(hook, p, edit) :
				       wan_local(p, TP_REASON_local);
		index = wan_portless(p, id, hook->now);
	} else {
		index = TP_BINDING_INDEX(id, p->plane,
					 bpf_ntohs(p->flow.destination_port));
	}
	binding = binding_at(index);
	if (!binding || !wan_bindable(hook, p, exit_id, binding, address))
		return wan_local(p, wan_unbound(hook, p));
	return wan_bound(hook, p, index, binding, exit, address, edit);
}

#endif
