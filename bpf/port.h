/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h - which external ports to try for a new binding, and in which order.
 *
 * Owns: the order alone: its own port, a list made from the endpoint, a draw, a
 * walk; the classes and the parity that are kept on the way.  Whether a port is
 * free, claim.h knows.
 */
#ifndef TWINPATH_PORT_H
#define TWINPATH_PORT_H

#include "endpoint.h"
#include "socket.h"

/* Ports tried for a new binding, in this order. */
#define PORT_DERIVED 16 /* a list made from the endpoint */
#define PORT_DRAWN 64
#define PORT_WALK 256
#define PORT_WALK_FROM (1 + PORT_DERIVED + PORT_DRAWN)
#define PORT_TRIES (PORT_WALK_FROM + PORT_WALK)

#define PORT_WELL_KNOWN 1024 /* ports below are a class of their own */

struct claim {
	const struct hook *hook;
	const struct endpoint *end;
	const struct tuple *flow; /* of the packet: remote is its destination */
	struct socket_ask ask;	  /* but for the port */
	__u32 start;		  /* of the walk */
	__u32 index;		  /* out, or BINDING_NONE */
	__u32 until;
	__u16 generation;
	__u16 low; /* ports of the endpoint's class: the first */
	__u16 high;
	__u16 pad;
	__u32 counted; /* its host was counted for one more port */
};

/*
 * Ports below 1024 for ports below 1024, others for others (RFC 4787 REQ-3a), as
 * far as NAT's range has both.  An ICMP identifier is of no class.
 */
static __always_inline void port_class(struct claim *claim)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 own = bpf_ntohs(claim->end->port);

	claim->low = set->port_min;
	claim->high = set->port_max;
	if (claim->end->plane == TP_PLANE_ICMP ||
	    set->port_min >= PORT_WELL_KNOWN || set->port_max < PORT_WELL_KNOWN)
		return;
	if (own < PORT_WELL_KNOWN)
		claim->high = PORT_WELL_KNOWN - 1;
	else
		claim->low = PORT_WELL_KNOWN;
}

/*
 * A draw that nobody outside can foresee (RFC 6056 3.1): the kernel's generator
 * is a linear one, so what it gives is mixed with the endpoint and the secret.
 */
static __always_inline __u32 port_draw(const struct claim *claim, __u32 i)
{
	const struct tp_seed *keys = ONLY(&seed);
	__u64 word = (__u64)bpf_get_prandom_u32() << 32 | i;

	return keys ? hash_finish(word ^ claim->end->hash, keys) : 0;
}

/* Its own port; a list made from the endpoint; then wherever there is one. */
static __always_inline __u32 port_preserving(const struct claim *claim, __u32 i)
{
	__u32 span = claim->high - claim->low + 1;

	if (!i)
		return bpf_ntohs(claim->end->port);
	if (i <= PORT_DERIVED)
		return claim->low +
		       (((claim->end->hash >> 8) + i * 0x9e3779b1U) & 0xffff) %
			       span;
	return claim->low + port_draw(claim, i) % span;
}

/*
 * The walk, through the endpoint's class.  A low port is better served by a high
 * one than not at all; the low ones are not for the others.
 */
static __always_inline __u32 port_walked(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 high = claim->high;

	if (high == PORT_WELL_KNOWN - 1)
		high = set->port_max;
	return claim->low + (claim->start + i) % (high - claim->low + 1);
}

/* The i-th port to try; 0: skip.  Parity is kept (RFC 4787 REQ-4). */
static __always_inline __u32 port_nth(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 port;

	if (i >= PORT_WALK_FROM)
		return port_walked(claim, i);
	if (set->port_choice == TP_PORTS_RANDOM)
		port = claim->low +
		       port_draw(claim, i) % (claim->high - claim->low + 1);
	else
		port = port_preserving(claim, i);
	if (claim->end->plane == TP_PLANE_UDP && set->port_parity)
		port = (port & ~1U) | (bpf_ntohs(claim->end->port) & 1);
	return port < claim->low || port > claim->high ? 0 : port;
}

#endif
