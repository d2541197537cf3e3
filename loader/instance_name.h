/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instance_name.h - what an instance may be called: the daemon and the command make
 * the same paths of it.
 */
#ifndef TWINPATH_INSTANCE_NAME_H
#define TWINPATH_INSTANCE_NAME_H

#include <stdbool.h>

#define INSTANCE_NAME 32 /* with the NUL */
#define INSTANCE_DEFAULT "default"

/* a-z, 0-9 and '-', which is not the first: bpffs refuses dots. */
bool instance_name_valid(const char *name);

#endif
