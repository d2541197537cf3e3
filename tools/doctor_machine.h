/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_machine.h - what "doctor" looks at without the daemon: other programs'
 * configuration, nftables, the routing daemon's view, the kernel.
 *
 * Owns: the reading of these.  A program that is not there has no opinion.
 */
#ifndef TWINPATH_DOCTOR_MACHINE_H
#define TWINPATH_DOCTOR_MACHINE_H

#include "doctor_find.h"
#include "fields.h"

/* What the daemon says of itself; or of no daemon: all empty. */
struct machine {
	const char *root;	     /* "" for this machine */
	struct json_object *uplinks; /* names of interfaces; NULL: not known */
	const char *vrrp_file;	     /* NULL: not known */
	const char *announced;	     /* interface of our default; NULL: none */
	struct json_object *findings;
};

void doctor_kernel(const struct machine *machine);
void doctor_nftables(const struct machine *machine);
void doctor_networkd(const struct machine *machine);
void doctor_keepalived(const struct machine *machine);
void doctor_routing(const struct machine *machine);

#endif
