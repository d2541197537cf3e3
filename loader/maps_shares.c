// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_shares.c - which exit each slot of inside hosts has.
 *
 * Owns: the map `shares`.  It is made anew only when who shares has changed; a byte
 * that changes moves the hosts of one slot, at their next new session.
 */
#include <string.h>
#include <bpf/libbpf.h>

#include "maps_private.h"
#include "share.h"
#include "twinpath.skel.h"

int maps_apply_shares(struct maps *maps, const struct desired *desired)
{
	struct tp_shares wanted;
	int err;

	if (!desired->shares_count ||
	    (maps->shared_count == desired->shares_count &&
	     !memcmp(maps->shared, desired->shares, sizeof(maps->shared))))
		return 0;
	share_fill(desired->shares, desired->shares_count, wanted.exit);
	for (unsigned slot = 0; slot < TP_SHARE_SLOTS; slot++) {
		unsigned i = wanted.exit[slot];

		wanted.exit[slot] =
			(uint8_t)maps_exit(maps, desired->shares[i].candidate);
	}
	err = PUT(maps, shares, 0, &maps->shares, &wanted);
	if (err)
		return err;
	maps->shared_count = desired->shares_count;
	memcpy(maps->shared, desired->shares, sizeof(maps->shared));
	return 0;
}
