/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h - programs on interfaces: attached, adopted, swapped, detached.
 *
 * Owns: the pinned links "xdp_<ifindex>", "in_<ifindex>", "out_<ifindex>", or
 * clsact filters where the kernel has no TCX (before 6.6).  A swap is atomic:
 * no packet sees an interface without its program.
 */
#ifndef TWINPATH_ATTACH_H
#define TWINPATH_ATTACH_H

#include "plane.h"

enum attach_role {
	ATTACH_LAN,
	ATTACH_UPLINK,
};

/* What is attached, and to what. */
struct attach_kind {
	enum attach_role role;
	bool raw; /* a device without MAC header, see netlink.h */
	bool xdp;
};

/*
 * attach_interface - tc ingress and egress, and XDP if asked; an interface that
 * has them already gets this daemon's programs.  All or nothing: on failure
 * what this call attached anew is gone again.
 * Returns 0, or a negative errno after one line that names the interface:
 * -EBUSY (another XDP program), -EOPNOTSUPP (no native XDP there), ...
 */
int attach_interface(const struct plane *plane, const char *name,
		     unsigned ifindex, struct attach_kind kind);

/* Can the driver run native XDP?  Asked with a program that only passes. */
bool attach_has_xdp(const struct plane *plane, unsigned ifindex);

/* Take XDP away and leave tc, as when the mode was changed. */
void attach_drop_xdp(const struct plane *plane, unsigned ifindex);

/* Everything off this interface.  Unknown ones are no error. */
void attach_remove(const char *instance, unsigned ifindex);

/* Off every interface that has a pin; how many.  Links whose interface is gone
 * lose their pins too. */
unsigned attach_remove_all(const char *instance);

#endif
