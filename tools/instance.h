/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instance.h - which daemon is meant, and where its socket and pins are.
 */
#ifndef TWINPATH_INSTANCE_H
#define TWINPATH_INSTANCE_H

#include "command.h"
#include "instance_name.h"

#define INSTANCE_PATH 512

struct instance {
	char name[INSTANCE_NAME];
	char control[INSTANCE_PATH]; /* its control socket */
	char pins[INSTANCE_PATH];    /* its directory in the bpffs */
};

/*
 * instance_find - the named instance, or the only one with a socket or pins,
 * or "default" where there is none.  False after saying why.
 */
bool instance_find(struct instance *out, const struct options *options);

#endif
