/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - the bit that stands for an inside host, where one of a few hundred is
 * enough: which hosts does the partner hold bindings of?
 *
 * Owns: the hash, which both gateways must agree on, whatever their byte order.
 */
#ifndef TWINPATH_HOST_H
#define TWINPATH_HOST_H

#include "twinpath/maps.h"

/* FNV-1a of the 16 bytes, folded. */
static inline __attribute__((always_inline)) __u32
tp_host(const struct tp_addr *address)
{
	__u32 hash = 2166136261U, i;

	for (i = 0; i < sizeof(address->byte); i++)
		hash = (hash ^ address->byte[i]) * 16777619U;
	return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) % TP_HOSTS;
}

#endif
