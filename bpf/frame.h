/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.h - the Ethernet header: ours, and from whom?
 *
 * Owns: who a frame is for, and whether a host sent it or the partner.  It
 * changes nothing and looks at nothing behind that header.
 */
#ifndef TWINPATH_FRAME_H
#define TWINPATH_FRAME_H

#include <linux/if_ether.h>

#include "link.h"
#include "partner.h"

static __always_inline void frame_by_whom(const struct tp_link *link,
					  const __u8 *source, struct packet *p)
{
	p->kind = !source || link->suspects & tp_suspect(source) ?
			  partner_kind(ONLY(&partner), link, source) :
			  TP_KIND_HOST;
	if (link->only && p->kind == TP_KIND_HOST)
		p->flags |= PACKET_STRANGER;
}

/* The Ethernet header: ours, and from whom? */
static __always_inline __u32 frame_for_us(void *data, void *end, __u32 l3,
					  const struct tp_link *link,
					  struct packet *p)
{
	struct ethhdr *eth = data;

	p->kind = TP_KIND_HOST;
	if (l3 == RAW) { /* there is nobody else on the link */
		if (link->role == TP_LINK_LAN)
			frame_by_whom(link, 0, p);
		return GO_ON;
	}
	if ((void *)(eth + 1) > end)
		return TP_REASON_malformed;
	if (eth->h_dest[0] & 1)
		return TP_REASON_group;
	if (!link_owns(link, eth->h_dest))
		return TP_REASON_not_for_us;
	if (link->role == TP_LINK_LAN) {
		frame_by_whom(link, eth->h_source, p);
		/* Handovers go to our own MAC, never to a virtual one. */
		if (p->kind != TP_KIND_HOST &&
		    !mac_equal(eth->h_dest, link->mac[0]))
			return TP_REASON_not_for_us;
	}
	return GO_ON;
}

#endif
