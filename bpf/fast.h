/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fast.h - the packet that nearly all are: from a host or an uplink, plain, of a
 * session or a binding that it changes nothing of.
 *
 * Owns: the part of the core that the XDP entries run.  Whatever else it meets, it
 * says GO_ON, and the full program begins anew: it must do nothing that counts
 * twice, and answer nothing but "translated".  All of it is inlined, and packet and
 * edit are shown to no function, so that they never are in memory.
 */
#ifndef TWINPATH_FAST_H
#define TWINPATH_FAST_H

#include "frame.h"
#include "fresh.h"
#include "parse.h"
#include "wan.h"

/* The link of that role that a frame of a host's came by; 0: look closer. */
static __always_inline const struct tp_link *
fast_frame(void *data, void *end, __u32 ifindex, __u32 role, struct packet *p)
{
	const struct tp_link *link = link_find(ifindex);

	if (!link || link->role != role ||
	    frame_for_us(data, end, ETHERNET, link, p) != GO_ON ||
	    p->kind != TP_KIND_HOST || p->flags & PACKET_STRANGER)
		return 0;
	return link;
}

/*
 * Write the last word of a key anew, as one: a load that finds a word in pieces
 * waits until all of them are in memory.
 */
static __always_inline void key_close(struct tp_session_key *key)
{
	union {
		struct {
			__be16 inside_port, remote_port;
			__u8 proto, kind, pad[2];
		};
		__u64 word;
	} tail = {};

	tail.inside_port = key->inside_port;
	tail.remote_port = key->remote_port;
	tail.proto = key->proto;
	tail.kind = key->kind;
	((__u64 *)key)[4] = tail.word;
}

static __always_inline __u32 fast_lan(const struct hook *hook, void *data,
				      void *end, __u32 wire, struct packet *p,
				      struct edit *edit)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key key;
	struct tp_session *session;
	__u32 reason;
	__u64 hash;

	if (!keys || !parse_plain(data, end, wire, p) ||
	    p->flags & PACKET_SYN ||
	    !fast_frame(data, end, hook->ifindex, TP_LINK_LAN, p))
		return GO_ON;
	key = *lan_key(p);
	key_close(&key);
	hash = hash_session(&key, keys);
	session = session_find(&key, hash, hook->now);
	if (!session) {
		fresh_leave(p, hash);
		return GO_ON;
	}
	reason = lan_hit(hook, p, session, 0, 1, edit);
	return reason == TP_REASON_translated_out ? reason : GO_ON;
}

/* May it come in, and is there nothing that it changes? */
static __always_inline int fast_admits(const struct hook *hook,
				       const struct packet *p, __u32 index,
				       const struct tp_binding *binding,
				       const struct tp_address *address)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key key;
	struct tp_session *session;
	int tracked = wan_tracks(p, binding);

	if (p->class == CLASS_TCP && tcp_matters(0, p->tcp_flags))
		return 0;
	if (!tracked && !(hook->set->rules & TP_RULES_FIRST) &&
	    wan_known(p, binding, address))
		return 1;
	if (!keys)
		return 0;
	wan_key(binding, p, &key);
	key_close(&key);
	session = session_find(&key, hash_session(&key, keys), hook->now);
	return session && session_on(session, binding, index) &&
	       (p->class != CLASS_TCP ||
		!tcp_matters(TP_CONTROL_EXTRA(session->control), p->tcp_flags));
}

static __always_inline __u32 fast_wan(const struct hook *hook, void *data,
				      void *end, __u32 wire, struct packet *p,
				      struct edit *edit)
{
	const struct tp_address *address;
	const struct tp_exit *exit;
	const struct tp_link *link;
	struct tp_binding *binding;
	__u32 id, index;

	if (!parse_plain(data, end, wire, p))
		return GO_ON;
	link = fast_frame(data, end, hook->ifindex, TP_LINK_UPLINK, p);
	exit = link ? exit_at(link->exit) : 0;
	id = exit ? exit->address : 0;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!exit || !address ||
	    !address_equal(&address->address, &p->flow.destination) ||
	    address_equal(&p->flow.source, &p->flow.destination))
		return GO_ON;
	index = TP_BINDING_INDEX(id, p->plane,
				 bpf_ntohs(p->flow.destination_port));
	binding = binding_at(index);
	if (!binding || !wan_bindable(hook, p, link->exit, binding, address) ||
	    !fast_admits(hook, p, index, binding, address) ||
	    wan_deliver(hook, p, binding, edit) != TP_REASON_translated_in)
		return GO_ON;
	wan_count(hook, p, binding, exit);
	return TP_REASON_translated_in;
}

#endif
