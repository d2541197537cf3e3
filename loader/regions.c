// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * regions.c - see regions.h.
 */
#include "regions.h"

#include "address.h"
#include "twinpath/region.h"

#define V4_BITS 96 /* of a prefix, before those of an IPv4 one */

static void set(struct tp_regions *regions, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		regions->word[i / 64] |= 1ULL << i % 64;
}

void regions_add(struct tp_regions *regions, const struct prefix *prefix)
{
	static const struct tp_addr v4 = { { [10] = 0xff, [11] = 0xff } };
	bool mapped = prefix->length >= V4_BITS &&
		      address_is_v4(&prefix->address);
	unsigned bits = prefix->length - (mapped ? V4_BITS : 0);

	set(regions, tp_region(&prefix->address),
	    bits < TP_REGION_BITS ? TP_REGION_SPAN >> bits : 1);
	/* All of IPv4 is a part of IPv6's, as a route is looked for. */
	if (!mapped && prefix_contains(prefix, &v4))
		set(regions, 0, TP_REGION_SPAN);
}
