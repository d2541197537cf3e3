/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * link.h - which of our interfaces a frame came by, and whether it is ours.
 *
 * Owns: look-ups of the links map.  Frames for other MAC addresses are never
 * touched: switches flood, NICs are promiscuous.
 */
#ifndef TWINPATH_LINK_H
#define TWINPATH_LINK_H

#include "packet.h"

static __always_inline const struct tp_link *link_find(__u32 ifindex)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < TP_LINK_PROBES; i++) {
		__u32 slot = (ifindex + i) % TP_LINK_SLOTS;
		const struct tp_link *link = bpf_map_lookup_elem(&links, &slot);

		if (link && link->ifindex == ifindex)
			return link;
	}
	return 0;
}

/* Own MAC first: nearly every frame is for it. */
static __always_inline int link_owns(const struct tp_link *link,
				     const __u8 *mac)
{
	__u32 i;

	if (mac_equal(link->mac[0], mac))
		return 1;
#pragma unroll
	for (i = 1; i < TP_LINK_MACS; i++)
		if (i < link->macs && mac_equal(link->mac[i], mac))
			return 1;
	return 0;
}

#endif
