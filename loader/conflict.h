/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conflict.h - an uplink's subnet that is also inside (RFC 4787 REQ-7): a host of
 * it could be meant on either side.
 *
 * Owns: the warning, once for each beginning and end.  Forwarding goes on: what
 * is inside is reached inside, and the Internet behind the uplink is not in
 * question.
 */
#ifndef TWINPATH_CONFLICT_H
#define TWINPATH_CONFLICT_H

#include "netlink.h"

/* What was said last; all zero to begin with. */
struct conflicts {
	struct prefix subnet[MODEL_UPLINKS]; /* length 0: none */
};

void conflicts_watch(struct conflicts *conflicts, const struct config *config,
		     const struct netlink *netlink);

#endif
