/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain.h - what would become of a packet, without one.
 *
 * Owns: the ask of twinpathd's "explain".  It looks where a packet's program
 * looks, with the same functions and in the same order, and asks the same rules;
 * then it stops.  It must never claim, renew, retire, count or send: whoever asks
 * leaves no trace.  So what a claim alone can find out (that another CPU was
 * faster, that there is no port left) is not in the answer.
 */
#ifndef TWINPATH_EXPLAIN_H
#define TWINPATH_EXPLAIN_H

#include "forget.h"
#include "lan.h"
#include "wan.h"

/* As if parse had seen it: whole, of the smallest size, with a TTL. */
static __always_inline void explain_packet(const struct tp_explain *ask,
					   struct packet *p)
{
	p->flow.source = ask->source;
	p->flow.destination = ask->destination;
	p->flow.source_port = ask->source_port;
	p->flow.destination_port = ask->destination_port;
	p->flow.proto = ask->proto;
	p->sender = ask->source;
	p->ttl = 64;
	p->kind = TP_KIND_HOST;
	p->flags = ask->opens ? PACKET_BINDABLE : 0;
	switch (ask->proto) {
	case IPPROTO_TCP:
		p->class = CLASS_TCP;
		p->plane = TP_PLANE_TCP;
		p->tcp_flags = ask->opens ? FLAG_SYN : FLAG_ACK;
		return;
	case IPPROTO_UDP:
		p->class = CLASS_UDP;
		p->plane = TP_PLANE_UDP;
		return;
	case IPPROTO_ICMP:
		p->class = CLASS_QUERY;
		p->plane = TP_PLANE_ICMP;
		return;
	}
	p->plane = TP_PLANE_NONE;
	p->class = CLASS_OTHER;
	if (parse_is_portless(ask->proto))
		parse_portless(p);
}

static __always_inline void explain_exit(struct tp_explain *ask, __u32 id)
{
	const struct tp_exit *exit = exit_at(id);

	ask->exit = id;
	if (exit && !(exit->flags & TP_EXIT_HAS_NEXT_HOP))
		ask->reason = TP_REASON_no_next_hop;
}

/* The external side of a binding. */
static __always_inline void explain_external(struct tp_explain *ask,
					     __u32 index)
{
	__u32 id = index / 65536 / TP_PLANES;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	if (!address)
		return;
	ask->external = address->address;
	ask->port = bpf_htons((__u16)index);
	ask->bound = 1;
}

static __always_inline void explain_session(const struct hook *hook,
					    const struct tp_session *session,
					    struct tp_explain *ask)
{
	ask->left = TP_CONTROL_EXPIRY(session->control) - hook->now;
	explain_external(ask, session->binding);
	ask->reason = TP_REASON_translated_out;
	explain_exit(ask, session->exit);
}

/*
 * Would its packet find that the session is none any more?  About once a second
 * one does look, and each that TCP's state hangs on; see session_renew.
 */
static __always_inline int explain_ends(const struct hook *hook,
					const struct packet *p,
					const struct tp_session *session)
{
	const struct tp_binding *binding = binding_at(session->binding);
	__u16 bits = TP_CONTROL_EXTRA(session->control);
	__u16 age = hook->now - session->lease;
	int tcp = p->class == CLASS_TCP;
	__u64 life;

	if (age < TP_TICKS_PER_SECOND &&
	    !(tcp && tcp_matters(bits, p->tcp_flags)))
		return 0;
	if (!(bits & TP_SESSION_INWARD) &&
	    exit_is_left(exit_at(session->exit), tcp, hook->now))
		return 1;
	if (!binding)
		return 1;
	life = binding->control;
	return !binding_live(life, hook->now) ||
	       TP_CONTROL_INCARNATION(life) != session->incarnation ||
	       binding->inside_port != session->key.inside_port ||
	       !address_equal(&binding->inside, &session->key.inside);
}

/* Who carries out what the rules say, and with which reason it is counted. */
static __always_inline void
explain_action(const struct hook *hook, const struct packet *p,
	       const struct tp_session *session, const struct miss *miss,
	       __u32 selected, struct tp_explain *ask)
{
	const struct tp_partner *mate = ONLY(&partner);
	__u32 exit_id;

	switch (ask->action) {
	case OWN_SERVE:
		if (session)
			explain_session(hook, session, ask);
		return;
	case OWN_BIND:
		exit_id = bind_exit(p, miss, miss->view.self ? selected : 0);
		ask->reason = TP_REASON_translated_out;
		if (!exit_live(exit_at(exit_id)))
			ask->reason = TP_REASON_no_exit;
		else if (hook->set->rules & TP_RULES_FIRST)
			ask->reason = TP_REASON_firewall;
		else
			explain_exit(ask, exit_id);
		if (miss->binding != BINDING_NONE && miss->end.exit == exit_id)
			explain_external(ask, miss->binding);
		return;
	case OWN_REFUSE:
		ask->reason = TP_REASON_no_exit;
		return;
	case OWN_WAIT:
		ask->reason = TP_REASON_hold;
		return;
	case OWN_RESET:
		ask->reason = p->class == CLASS_TCP ? TP_REASON_reset :
						      TP_REASON_no_session;
		return;
	}
	ask->reason = !mate || !mate->reachable	  ? TP_REASON_no_session :
		      ask->action == OWN_TAKE	  ? TP_REASON_take :
		      ask->action == OWN_QUESTION ? TP_REASON_question :
		      ask->action == OWN_SESSION_QUESTION ?
						    TP_REASON_session_question :
						    TP_REASON_returned;
	if (mate)
		ask->exit = mate->exit;
}

/* From inside to an address of ours: lan_hairpin. */
static __noinline int explain_hairpin(const struct hook *hook, struct packet *p,
				      struct tp_explain *ask)
{
	__u32 id = hairpin_address(&p->flow.destination);
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_session *session;

	if (!address || !keys || !hairpin_bound(hook, p, id))
		return 0;
	ask->reason = TP_REASON_not_inside;
	if (route_kind(route_find(&p->sender)) != TP_ROUTE_INSIDE)
		return 0;
	p->flow.kind = TP_SESSION_HAIRPIN;
	session = session_find(lan_key(p), hash_session(lan_key(p), keys),
			       hook->now);
	ask->session = session && session_valid(session, exit_at(address->exit),
						address, hook->now);
	ask->exit = address->exit;
	ask->reason = ask->session || ask->opens ? TP_REASON_hairpin :
		      p->class == CLASS_TCP	 ? TP_REASON_reset :
						   TP_REASON_no_session;
	return 0;
}

/* From inside: lan_packet and lan_own. */
static __noinline int explain_out(const struct hook *hook, struct packet *p,
				  struct tp_explain *ask)
{
	const struct tp_partner *mate = ONLY(&partner);
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_session *session = 0;
	struct miss *miss = miss_room(0);
	__u32 selected;

	if (!mate || !keys || !miss)
		return 0;
	miss->binding = BINDING_NONE;
	if (p->class != CLASS_OTHER) {
		lan_outward(p);
		session = session_find(
			lan_key(p), hash_session(lan_key(p), keys), hook->now);
		if (session && lan_anew(p, session, session->control))
			session = 0;
	}
	if (session) {
		__u32 id = session->address;

		ask->session = session_valid(
			session, exit_at(session->exit),
			bpf_map_lookup_elem(&addresses, &id), hook->now);
		if (ask->session && session->confirm == hook->set->confirm) {
			if (!explain_ends(hook, p, session)) {
				ask->action = OWN_SERVE; /* H1 */
				explain_action(hook, p, session, miss, 0, ask);
				return 0;
			}
			ask->session = 0;
			session = 0;
		}
	}
	ask->reason = miss_outside(p);
	if (ask->reason == GO_ON)
		ask->reason = inside_source(hook, &p->sender, 0);
	if (ask->reason == GO_ON && p->class == CLASS_OTHER)
		ask->reason = TP_REASON_protocol;
	if (ask->reason == TP_REASON_local)
		explain_hairpin(hook, p, ask);
	if (ask->reason != GO_ON)
		return 0;
	selected = share_exit(&p->flow.source);
	ask->action = miss_decide(hook, p, session, mate, selected, miss);
	ask->held = miss->view.binding;
	ask->published = miss->view.published;
	ask->partner = miss->view.partner;
	ask->quiet = miss->view.quiet;
	if (miss_elsewhere(hook, p, miss, ask->action)) {
		ask->reason = TP_REASON_firewall;
		return 0;
	}
	explain_action(hook, p, session, miss, selected, ask);
	return 0;
}

/* As wan_open.  GO_ON, or why not. */
static __always_inline __u32 explain_opens(const struct hook *hook,
					   const struct packet *p,
					   const struct tp_binding *binding)
{
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_session *session;
	struct tp_session_key key;
	__u32 wrong = wan_wrong(p);

	if (wrong != GO_ON || !(p->flags & PACKET_BINDABLE) || !keys)
		return wrong;
	wan_key(binding, p, &key);
	session = session_find(&key, hash_session(&key, keys), hook->now);
	return wan_elsewhere(hook, session) ? TP_REASON_filtered : GO_ON;
}

/* As wan_bound and wan_track. */
static __always_inline __u32 explain_bound(const struct hook *hook,
					   const struct packet *p, __u32 index,
					   const struct tp_binding *binding,
					   const struct tp_address *address)
{
	__u32 reason = wan_admits(hook, p, index, binding, address);
	const struct tp_session *session;

	if (reason == TP_REASON_filtered)
		return wan_filtered(hook, p);
	if (reason != GO_ON)
		return reason;
	session = wan_session(hook, p, index);
	if (!session && hook->set->rules & TP_RULES_FIRST)
		return TP_REASON_firewall;
	if (!session && wan_tracks(p, binding))
		reason = explain_opens(hook, p, binding);
	return reason == GO_ON ? TP_REASON_translated_in : reason;
}

/* From outside, to an external address of ours: wan_packet and wan_bound. */
static __noinline int explain_in(const struct hook *hook, struct packet *p,
				 struct tp_explain *ask, __u32 id)
{
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct tp_binding *binding;
	__u32 index;

	ask->inward = 1;
	ask->reason = TP_REASON_local;
	if (!address || p->class == CLASS_OTHER)
		return 0;
	ask->exit = address->exit;
	index = p->class == CLASS_PORTLESS ?
			wan_portless(p, id, hook->now) :
			TP_BINDING_INDEX(id, p->plane,
					 bpf_ntohs(p->flow.destination_port));
	binding = binding_at(index);
	if (!binding ||
	    !wan_bindable(hook, p, address->exit, binding, address)) {
		ask->reason = wan_local(p, wan_unbound(hook, p));
		return 0;
	}
	ask->bound = 1;
	ask->published = TP_CONTROL_LINE(binding->control) == TP_LINE_STATIC;
	ask->external = binding->inside;
	ask->port = binding->inside_port;
	ask->reason = explain_bound(hook, p, index, binding, address);
	return 0;
}

/*
 * A tc program, of which no interface ever sees anything: it is only run with the
 * ask in the place of a packet's content.  As a syscall program it could not look
 * up routes (those may sleep, and a trie cannot be read by who may).
 */
SEC("tc")
int explain(struct __sk_buff *skb)
{
	struct hook hook = { .ctx = skb, .set = ONLY(&settings) };
	struct tp_explain ask;
	struct packet p = {};
	__u32 id;

	if (!hook.set ||
	    bpf_skb_load_bytes(skb, ETHERNET, &ask, sizeof(ask)) < 0)
		return TC_ACT_SHOT;
	hook.now = clock_now(hook.set);
	ask.action = TP_EXPLAIN_NOTHING;
	ask.reason = TP_REASON_program;
	explain_packet(&ask, &p);
	packet_forget(&p);
	id = hairpin_address(&ask.destination);
	if (id < TP_MAX_ADDRESSES &&
	    route_kind(route_find(&ask.source)) != TP_ROUTE_INSIDE)
		explain_in(&hook, &p, &ask, id);
	else
		explain_out(&hook, &p, &ask);
	bpf_skb_store_bytes(skb, ETHERNET, &ask, sizeof(ask), 0);
	return TC_ACT_OK;
}

#endif
