/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.h - from the picture of the kernel to the facts that decide looks at.
 *
 * Owns: reading, only.  Tracks' states come from the probes.
 */
#ifndef TWINPATH_FACTS_H
#define TWINPATH_FACTS_H

#include "interfaces.h"

/* Everything but tracks and `beyond`, which are left as they are. */
void facts_collect(struct facts *facts, const struct config *config,
		   const unsigned exits[MODEL_UPLINKS],
		   const struct netlink *netlink,
		   const struct interfaces *interfaces, msec_t now);

#endif
