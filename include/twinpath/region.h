/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * region.h - the region that an address lies in: an IPv4 /16, or an IPv6 /16.
 *
 * Owns: their numbers, which the daemon that fills `regions` and the programs that
 * ask it must agree on, whatever their byte order.
 */
#ifndef TWINPATH_REGION_H
#define TWINPATH_REGION_H

#include "twinpath/maps.h"

#define TP_REGION_BITS 16
#define TP_REGION_SPAN (1U << TP_REGION_BITS) /* of each family */

/* IPv4 lies behind ::ffff:0:0/96. */
static inline __attribute__((always_inline)) int
tp_region_mapped(const struct tp_addr *address)
{
	const __u32 *word = (const __u32 *)address;

	return !word[0] && !word[1] && !address->byte[8] && !address->byte[9] &&
	       address->byte[10] == 0xff && address->byte[11] == 0xff;
}

static inline __attribute__((always_inline)) __u32
tp_region(const struct tp_addr *address)
{
	const __u8 *byte = address->byte;

	return tp_region_mapped(address) ?
		       (__u32)byte[12] << 8 | byte[13] :
		       TP_REGION_SPAN + ((__u32)byte[0] << 8 | byte[1]);
}

#endif
