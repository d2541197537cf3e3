/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl.h - kernel settings under /proc/sys, changed in a way that can be
 * taken back.
 *
 * A name is the path below /proc/sys: "net/ipv4/conf/eth1.5/rp_filter".
 * Slashes, because an interface's name may contain dots.  The network settings
 * are those of the calling process's namespace.
 *
 * The state file holds one line a name, "name value": what it was before the
 * first change.  It outlives the daemon; the next one adds to it and never
 * overwrites a value.  All functions return 0 or a negative errno.
 */
#ifndef TWINPATH_SYSCTL_H
#define TWINPATH_SYSCTL_H

#include <stddef.h>

#define SYSCTL_VALUE 128 /* longest value, with the NUL */

/* The value without its newline; numbers are parted as the kernel does it. */
int sysctl_get(const char *name, char value[SYSCTL_VALUE]);

/*
 * sysctl_set - remember what it was, then set it.  A value that is right is
 * neither remembered nor written.  -ENOENT: no such setting (or interface).
 */
int sysctl_set(const char *statefile, const char *name, const char *value);

/*
 * sysctl_restore - put everything back and remove the file.  A name that is no
 * more (its interface went) is passed over; no file is nothing to do.  When one
 * cannot be put back the others are, the file stays, and its error is returned.
 */
int sysctl_restore(const char *statefile);

/* The same for an interface's IPv4 settings alone, which leave the file. */
int sysctl_restore_interface(const char *statefile, const char *interface);

#endif
