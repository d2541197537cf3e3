/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * marks.h - the source MACs by which the gateways tell handovers apart.
 *
 * A take carries the interface's own MAC; on the same link the other kinds carry
 * a keyed hash of it:
 * locally administered, unicast, the kind in the last two bits.  Both gateways
 * compute both sides, so nothing has to be configured but the key.
 */
#ifndef TWINPATH_MARKS_H
#define TWINPATH_MARKS_H

#include "model.h"

#define MARKS_KEY 32

/*
 * marks_fill - one link for all kinds: my MAC there, the partner's, and what
 * each kind makes of them.
 * @link: ifindex, mac, and in mine my own
 * @key: MARKS_KEY bytes, or NULL for sites without one: the marks then only
 *       keep honest machines apart.
 */
void marks_fill(struct tp_partner *partner, const struct tp_way *link,
		const uint8_t *key);

#endif
