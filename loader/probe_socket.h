/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_socket.h - TCP and UDP sockets that cannot leave by another uplink.
 */
#ifndef TWINPATH_PROBE_SOCKET_H
#define TWINPATH_PROBE_SOCKET_H

#include "probe_kind.h"

/*
 * probe_socket_connect - a socket of this type (SOCK_STREAM or SOCK_DGRAM), on
 * its way to the target's port.  Bound to the interface, whose rule leads to the
 * uplink's own table, and to the uplink's own address: it can leave by no other
 * interface, and nobody has to translate it.
 * Returns it or a negative errno; never blocks.
 */
int probe_socket_connect(const struct probe_view *view, int type);

/* Is it connected?  1, 0 (not yet) or a negative errno (never). */
int probe_socket_connected(int fd);

#endif
