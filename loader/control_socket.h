/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_socket.h - the file of the control socket: made, or taken over from
 * a dead daemon, and removed again.
 */
#ifndef TWINPATH_CONTROL_SOCKET_H
#define TWINPATH_CONTROL_SOCKET_H

#include <sys/stat.h>
#include <sys/un.h>

struct control_socket {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat file; /* what we bound */
};

/*
 * control_socket_open - listen at `path`, mode 0660, of group `group`
 * ((gid_t)-1: leave it).  A stale socket is replaced.  Returns a descriptor
 * that does not block, or a negative errno, which has been logged:
 * -EADDRINUSE where a living daemon listens.
 */
int control_socket_open(struct control_socket *control, const char *path,
			gid_t group);
/* Removes the file, if it is still ours. */
void control_socket_remove(const struct control_socket *control);

#endif
