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

#endif
