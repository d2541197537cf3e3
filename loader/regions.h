/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * regions.h - which regions of addresses a prefix has a part in.
 *
 * Owns: the bits of struct tp_regions by prefix; what a region is stands in
 * twinpath/region.h.  Pure.
 */
#ifndef TWINPATH_REGIONS_H
#define TWINPATH_REGIONS_H

#include "model.h"

/*
 * Set the bits of all regions that the prefix lies in, and of those that lie in it.
 * `length` is of 128 bits, as everywhere; host bits are 0.
 */
void regions_add(struct tp_regions *regions, const struct prefix *prefix);

#endif
