/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shown.h - sessions from outside that the kernel's firewall sees first.
 *
 * Owns: the way of their first packet.  tc on the uplink translates it, marks it
 * with the external address, tags it with the port and leaves it to the kernel;
 * what the kernel lets through comes by a LAN interface's egress, which opens
 * the session.  From then on the fast path has it.
 *
 * A firewall that overwrites our bits of the mark breaks this; the packet is
 * delivered, but its answer finds no session.
 */
#ifndef TWINPATH_SHOWN_H
#define TWINPATH_SHOWN_H

#include "endpoint.h"
#include "hit.h"
#include "martian.h"
#include "session_open.h"

/* From outside to a binding, and no session has it. */
static __noinline __u32 shown_first(const struct hook *hook,
				    const struct packet *p, __u32 index,
				    const struct tp_binding *binding,
				    struct edit *edit)
{
	__u32 wrong = martian_outside(&p->flow.source, 1);

	if (wrong != GO_ON)
		return wrong;
	if (!hook->xdp) { /* XDP leaves it as it is, for tc behind it */
		edit->address = binding->inside;
		edit->port = binding->inside_port;
		edit->side = SIDE_DESTINATION;
		edit->mark = TP_MARK_INWARD(index / 65536 / TP_PLANES);
		edit->tag = (__u16)index;
	}
	return TP_REASON_firewall;
}

/* Is it the endpoint's binding?  Static ones never end, so no exit ends them. */
static __always_inline int shown_is(const struct packet *p, __u32 index,
				    __u32 now)
{
	struct tp_binding *binding = binding_at(index);

	return binding && binding_live(binding->control, now) &&
	       exit_live(exit_at(binding->exit)) &&
	       binding->inside_port == p->flow.destination_port &&
	       address_equal(&binding->inside, &p->flow.destination);
}

/*
 * The binding that a packet on its way to a LAN was translated by: the tag says
 * which; where somebody else has used that, the endpoint's own is as good, unless
 * it has several.
 */
static __always_inline __u32 shown_binding(const struct packet *p, __u32 mark,
					   __u16 tag, __u32 now)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct endpoint end = { .inside = p->flow.destination,
				.port = p->flow.destination_port,
				.plane = p->plane,
				.address = (mark >> 16) - 1 };
	__u32 index;

	if (mark & TP_MARK_VALID || end.address >= TP_MAX_ADDRESSES ||
	    p->plane == TP_PLANE_NONE || !keys)
		return BINDING_NONE;
	index = TP_BINDING_INDEX(end.address, p->plane, tag);
	if (shown_is(p, index, now))
		return index;
	endpoint_hash(&end, keys);
	return binding_find(&end, now);
}

/* The kernel has let it through: its session is opened. */
static __noinline int shown_open(const struct packet *p, __u32 mark, __u16 tag,
				 __u32 now)
{
	__u32 index = shown_binding(p, mark, tag, now);
	struct tp_binding *binding = binding_at(index);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key key = {
		.inside = p->flow.destination,
		.remote = p->flow.source,
		.inside_port = p->flow.destination_port,
		.remote_port = p->plane == TP_PLANE_ICMP ? 0 :
							   p->flow.source_port,
		.proto = p->flow.proto,
	};

	if (!binding || !keys || !(p->flags & PACKET_BINDABLE))
		return 0;
	session_open(&key, hash_session(&key, keys), index,
		     SESSION_NEW(now, session_inward(p, binding), binding->exit,
				 index / 65536 / TP_PLANES),
		     ration_get(&key.inside, now));
	return 0;
}

#endif
