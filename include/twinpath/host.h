/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - numbers that stand for an inside host: the bit, where one of a few
 * hundred is enough (which hosts does the partner hold bindings of?), and the slot
 * of its share.
 *
 * Owns: the hashes, which both gateways must agree on, whatever their byte order.
 */
#ifndef TWINPATH_HOST_H
#define TWINPATH_HOST_H

#include "twinpath/maps.h"

/* FNV-1a of the 16 bytes. */
static inline __attribute__((always_inline)) __u32
tp_host_hash(const struct tp_addr *address)
{
	__u32 hash = 2166136261U, i;

	for (i = 0; i < sizeof(address->byte); i++)
		hash = (hash ^ address->byte[i]) * 16777619U;
	return hash;
}

static inline __attribute__((always_inline)) __u32
tp_host(const struct tp_addr *address)
{
	__u32 hash = tp_host_hash(address);

	return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) % TP_HOSTS;
}

/* Neighbouring addresses differ in few bits: mixed once more. */
static inline __attribute__((always_inline)) __u32
tp_share_slot(const struct tp_addr *address)
{
	__u32 hash = tp_host_hash(address);

	hash = (hash ^ hash >> 16) * 0x85ebca6bU;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
	return (hash ^ hash >> 16) % TP_SHARE_SLOTS;
}

#endif
