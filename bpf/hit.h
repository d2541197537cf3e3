/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit.h - a packet from inside that a session carries.
 *
 * Owns: the common way out: one look-up, an edit, no route.  No byte is written
 * here.
 */
#ifndef TWINPATH_HIT_H
#define TWINPATH_HIT_H

#include "family.h"
#include "mss.h"
#include "packet.h"
#include "permission.h"

/* Without TP_EXIT_DEAD ones; what a drain past its deadline is set to. */
static __always_inline int exit_live(const struct tp_exit *exit)
{
	return exit && exit->kind == TP_EXIT_UPLINK &&
	       exit->state != TP_EXIT_DEAD;
}

static __always_inline const struct tp_exit *exit_at(__u32 id)
{
	return bpf_map_lookup_elem(&exits, &id);
}

/* An outbound packet's flow is its session's key (see struct tuple). */
static __always_inline const struct tp_session_key *
lan_key(const struct packet *p)
{
	return (const struct tp_session_key *)&p->flow;
}

/* The remote side of an ICMP query has no identifier of its own. */
static __always_inline void lan_outward(struct packet *p)
{
	if (p->plane == TP_PLANE_ICMP)
		p->flow.destination_port = 0;
}

static __always_inline void count_out(__u32 exit, __u32 bytes)
{
	struct tp_exit_counters *c = bpf_map_lookup_elem(&exit_counters, &exit);

	if (c) {
		c->out_packets++;
		c->out_bytes += bytes;
	}
}

/* `beyond`: it comes from behind the next hop, and shows that the path works. */
static __always_inline void count_in(__u32 exit, __u32 bytes, int beyond,
				     __u32 now)
{
	struct tp_exit_counters *c = bpf_map_lookup_elem(&exit_counters, &exit);

	if (!c)
		return;
	c->in_packets++;
	c->in_bytes += bytes;
	if (beyond)
		c->beyond = now;
}

/* What of an outbound packet changes besides its endpoint, where that is rare. */
static __always_inline void
send_rare(const struct packet *p, const struct tp_exit *exit, struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);

	if (p->flags & PACKET_LOOSE && keys)
		edit->id_mask = family_id_mask(&p->sender, keys);
	if (p->flags & PACKET_SYN)
		mss_clamp(exit, edit);
}

/* The edit that translates and sends by an exit; or why the kernel must. */
static __always_inline __u32 lan_send(const struct hook *hook,
				      const struct packet *p, __u32 exit_id,
				      const struct tp_exit *exit,
				      const struct tp_addr *address,
				      __be16 port, struct edit *edit)
{
	edit->mark |= exit->mark;
	if (p->ttl <= 1)
		return TP_REASON_ttl;
	if (p->size > exit->mtu)
		return TP_REASON_too_big;
	if (!(exit->flags & TP_EXIT_HAS_NEXT_HOP))
		return TP_REASON_no_next_hop;
	if (hook->xdp && !(exit->flags & TP_EXIT_XDP))
		return TP_REASON_not_xdp;
	if (p->flags & PACKET_RARE) {
		if (p->flags & PACKET_OPTIONS)
			return TP_REASON_options;
		send_rare(p, exit, edit);
	}
	edit->address = *address;
	edit->port = port;
	edit->side = SIDE_SOURCE;
	edit->flags |= EDIT_TTL | EDIT_MAC | EDIT_REDIRECT;
	edit->ifindex = exit->ifindex;
	__builtin_memcpy(edit->macs, exit->destination, sizeof(edit->macs));
	count_out(exit_id, hook->bytes);
	return p->class == CLASS_ERROR ? TP_REASON_error_out :
					 TP_REASON_translated_out;
}

/* A live session on a live exit, with the right generation? */
static __always_inline int session_valid(const struct tp_session *session,
					 const struct tp_exit *exit,
					 const struct tp_address *address,
					 __u32 now)
{
	return exit && address && session_live(session->control, now) &&
	       exit_live(exit) && session->generation == address->generation;
}

/*
 * An outbound packet moves its session on: TCP's flags by the state machine,
 * the rest by the lease, about once a second.  Errors do neither (RFC 7857 7.1).
 * `note`: where the stack is not deep; the next second is soon enough elsewhere.
 */
static __always_inline int session_outward(const struct hook *hook,
					   const struct packet *p,
					   struct tp_session *session, int note)
{
	__u16 bits = TP_CONTROL_EXTRA(session->control);
	__u16 age = hook->now - session->lease;

	if (p->class == CLASS_TCP && tcp_matters(bits, p->tcp_flags))
		return session_tcp(session, p->tcp_flags, 1, hook->now);
	if (p->class == CLASS_ERROR || age < TP_TICKS_PER_SECOND)
		return 1;
	if (note)
		permission_note(session, hook->now);
	return session_renew(session, hook->now);
}

/*
 * A packet of a session.  GO_ON: the session turned out to be none, or must be
 * asked for first (unconfirmed, H2).
 */
static __always_inline __u32 lan_hit(const struct hook *hook,
				     const struct packet *p,
				     struct tp_session *session, int confirm,
				     int note, struct edit *edit)
{
	__u32 exit_id = session->exit, address_id = session->address;
	const struct tp_exit *exit = exit_at(exit_id);
	const struct tp_address *address =
		bpf_map_lookup_elem(&addresses, &address_id);

	if (!session_valid(session, exit, address, hook->now)) {
		/* On a dead exit it is none, and stays none: the partner may
		 * take the flow over before the exit comes back.  Unless it is
		 * waited for; but a host that opens it anew has given it up. */
		if (p->flags & PACKET_BINDABLE ||
		    !session_waits(session, hook->now))
			session_retire(session, hook->now);
		return GO_ON;
	}
	if (confirm)
		session->confirm = hook->set->confirm;
	else if (session->confirm != hook->set->confirm)
		return GO_ON;
	if (!session_outward(hook, p, session, note)) {
		session_retire(session, hook->now);
		return GO_ON;
	}
	return lan_send(hook, p, exit_id, exit, &address->address,
			session->port, edit);
}

/* The same for a session that was just opened, or that the partner confirms. */
static __noinline __u32 lan_serve(const struct hook *hook,
				  const struct packet *p,
				  struct tp_session *session, struct edit *edit)
{
	return lan_hit(hook, p, session, 1, 0, edit);
}

#endif
