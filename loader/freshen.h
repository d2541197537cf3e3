/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * freshen.h - keeps the kernel's neighbour entries alive.
 *
 * Packets that the data plane forwards never pass the kernel's neighbour code,
 * so entries in full use go stale and are collected.  This asks the kernel to
 * confirm those that matter, a bounded number a call.
 */
#ifndef TWINPATH_FRESHEN_H
#define TWINPATH_FRESHEN_H

#include "interfaces.h"

/* Next hops and the partner always, inside hosts when they are stale. */
void freshen(struct netlink *netlink, const struct config *config,
	     const struct facts *facts, const struct interfaces *interfaces);

#endif
