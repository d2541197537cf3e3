/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.h - whose is a host's slot?
 *
 * Pure.  Rendezvous hashing, weighted by as many tickets as the weight says: each
 * slot goes to whoever draws the highest number for it.  Whoever leaves gives away
 * his own slots and no others.  Only integers, so that two gateways come to the same
 * table.
 */
#ifndef TWINPATH_SHARE_H
#define TWINPATH_SHARE_H

#include "model.h"

#define SHARE_MAX 100 /* weight */

/* What both gateways call one uplink; `owner`: its gateway's address on the LAN. */
uint64_t share_id(const struct tp_addr *owner, const char *name);

/* owner[slot] becomes an index in shares[]. */
void share_fill(const struct share shares[], unsigned count,
		uint8_t owner[TP_SHARE_SLOTS]);

#endif
