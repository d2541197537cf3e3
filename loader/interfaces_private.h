/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interfaces_private.h - what the interfaces*.c files share.
 */
#ifndef TWINPATH_INTERFACES_PRIVATE_H
#define TWINPATH_INTERFACES_PRIVATE_H

#include "interfaces.h"

/* NULL: none of them is called so. */
const struct interface *interfaces_by_name(const struct interfaces *interfaces,
					   const char *name);

/* The programs, on one that is there.  0, or a negative errno, logged. */
int interfaces_attach(struct interfaces *interfaces, struct interface *one,
		      const struct netlink_link *link,
		      const struct interfaces_context *context);

/* interfaces_forward.c: what is set for the machine as a whole. */
void interfaces_prepare_host(const struct interfaces_context *context);

#endif
