/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlan.h - VLAN devices on an interface, and whether XDP can tell their frames.
 *
 * A NIC that takes tags off (rx-vlan-offload) gives XDP frames of all its VLANs
 * as if they had none: to the MAC address that VLAN devices share with it.  tc
 * sees the tag that the NIC has kept beside the frame.
 *
 * Owns: the question to the driver.  It must never change the NIC's settings.
 */
#ifndef TWINPATH_VLAN_H
#define TWINPATH_VLAN_H

#include "netlink.h"

/* The name of a VLAN device whose frames XDP would take for this interface's
 * own; NULL: there is none. */
const char *vlan_hidden(const struct netlink *netlink,
			const struct netlink_link *link);

/* That tc alone serves the interface, and why. */
void vlan_log(const char *interface, const char *vlan);

#endif
