/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * family.h - IPv4 addresses in and out of the 16-byte form.
 *
 * Owns: the mapping.  Used below parse and apply, and by the socket look-up,
 * nowhere else: the core knows no family.
 */
#ifndef TWINPATH_FAMILY_H
#define TWINPATH_FAMILY_H

#include <bpf/bpf_endian.h>

#include "packet.h"

static __always_inline void family_map(struct tp_addr *out, __be32 v4)
{
	__u32 *word = (__u32 *)out;

	word[0] = 0;
	word[1] = 0;
	word[2] = bpf_htonl(0xffff);
	word[3] = v4;
}

static __always_inline __be32 family_v4(const struct tp_addr *address)
{
	return ((const __u32 *)address)[3];
}

/*
 * What an inside host's IP IDs are xored with outside, where they count (RFC
 * 6864 5.3.1): hosts that use the same ID at once stay apart there.  For hosts
 * of one /16 it is never the same, for one of another it is by chance alone; a
 * host's own IDs stay as different as it made them, and no one outside can tell
 * its address from them.
 */
static __always_inline __be16 family_id_mask(const struct tp_addr *inside,
					     const struct tp_seed *seed)
{
	__u32 address = bpf_ntohl(family_v4(inside));
	__u32 odd = seed->key[0] | 1; /* a permutation of 16 bits */

	return bpf_htons((__u16)((address & 0xffff) * odd) ^
			 (__u16)((address >> 16) * seed->key[1] >> 16));
}

#endif
