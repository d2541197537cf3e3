/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrival.h - a message, and how long it has waited in its socket.
 *
 * The daemon may have been busy, or not have been scheduled: what a probe's
 * answer took is counted to when it came, not to when somebody looked.
 */
#ifndef TWINPATH_ARRIVAL_H
#define TWINPATH_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* From now on the kernel stamps what comes.  Returns 0 or a negative errno. */
int arrival_stamp(int fd);

/*
 * One message, cut at `size`, with its age in microseconds (0: it has no stamp).
 * Returns its length or a negative errno.  Never blocks.
 */
ssize_t arrival_receive(int fd, void *data, size_t size, int64_t *age);

#endif
