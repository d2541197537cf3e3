/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * martian.h - addresses that no packet may have where it was seen.
 *
 * Owns: the judgement (RFC 1812 5.3.7 and 5.3.8, RFC 3927 2.7, BCP 38); which
 * address is of which kind stands in the routes map.  Asked when a packet opens
 * something or hits nothing: what a session or a binding's last remote vouches
 * for was judged when it was made.
 */
#ifndef TWINPATH_MARTIAN_H
#define TWINPATH_MARTIAN_H

#include "route.h"

/* Why a source on the LAN is not an inside one. */
static __always_inline __u32 martian_inside(__u32 kind)
{
	switch (kind) {
	case TP_ROUTE_LOCAL:
		return TP_REASON_spoofed;
	case TP_ROUTE_LINK_LOCAL:
		return TP_REASON_link_local;
	case TP_ROUTE_GROUP:
	case TP_ROUTE_MARTIAN:
		return TP_REASON_martian;
	default:
		return TP_REASON_not_inside;
	}
}

/*
 * What is wrong with a source on an uplink; GO_ON: nothing.  Addresses of this
 * link alone may speak to the gateway, and to nobody behind it; and so may what
 * an inner router announces, for that may be the partner's uplink.
 */
__noinline __u32 martian_outside(const struct tp_addr *source, int forwarded)
{
	const struct tp_route *route;

	if (!source)
		return TP_REASON_program;
	route = route_find(source);
	switch (route_kind(route)) {
	case TP_ROUTE_LOCAL:
		return TP_REASON_spoofed;
	case TP_ROUTE_INSIDE:
		return forwarded || !route || !route->via ? TP_REASON_spoofed :
							    GO_ON;
	case TP_ROUTE_LINK_LOCAL:
		return forwarded ? TP_REASON_link_local : GO_ON;
	case TP_ROUTE_GROUP:
	case TP_ROUTE_MARTIAN:
		return TP_REASON_martian;
	}
	return GO_ON;
}

/*
 * The sender of an ICMP error may be any router on the way, whatever address its
 * operator gave it, also one that is used inside here; but not a martian.
 */
static __always_inline int martian_router(const struct tp_addr *sender)
{
	__u32 kind = route_kind(route_find(sender));

	return kind == TP_ROUTE_GROUP || kind == TP_ROUTE_MARTIAN;
}

#endif
