// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control_socket.c - the file of the control socket.
 *
 * Owns: who may bind that name, and when it may be unlinked.  It must never
 * take the name from a daemon that lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_socket.h"
#include "log.h"

#define BACKLOG 32

/* 0 when nobody listens there, -EADDRINUSE when somebody does. */
static int probe(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ?
		      -errno :
		      -EADDRINUSE;
	close(fd);
	if (err == -ECONNREFUSED)
		return 0;
	/* Its queue is full, so it is alive. */
	return err == -EAGAIN ? -EADDRINUSE : err;
}

static int clear_stale(const struct sockaddr_un *address)
{
	struct stat file;
	int err;

	if (lstat(address->sun_path, &file))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(file.st_mode))
		return -EEXIST;
	err = probe(address);
	if (!err && unlink(address->sun_path))
		err = -errno;
	return err;
}

/* The mode is opened last, when somebody listens already. */
static int publish(struct control_socket *control, int fd, gid_t group)
{
	if (lstat(control->path, &control->file) || listen(fd, BACKLOG) ||
	    chown(control->path, (uid_t)-1, group) ||
	    chmod(control->path, 0660))
		return -errno;
	return 0;
}

static int bind_path(struct control_socket *control,
		     const struct sockaddr_un *address, gid_t group)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int err = 0;

	if (fd < 0)
		return -errno;
	mask = umask(0177);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		err = -errno;
	umask(mask);
	if (err)
		goto out_close;
	err = publish(control, fd, group);
	if (err)
		goto out_unlink;
	return fd;
out_unlink:
	unlink(address->sun_path);
out_close:
	close(fd);
	return err;
}

/*
 * Between the probe and the bind another daemon could do the same: the lock
 * on the directory makes them one step, and dies with its holder.
 */
static int take_path(struct control_socket *control, gid_t group)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[sizeof(address.sun_path)];
	int lock;
	int fd;

	strcpy(address.sun_path, control->path);
	strcpy(directory, control->path);
	lock = open(dirname(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0)
		return -errno;
	if (flock(lock, LOCK_EX | LOCK_NB))
		fd = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	else
		fd = clear_stale(&address);
	if (!fd)
		fd = bind_path(control, &address, group);
	close(lock);
	return fd;
}

int control_socket_open(struct control_socket *control, const char *path,
			gid_t group)
{
	int fd;

	memset(control, 0, sizeof(*control));
	if (strlen(path) >= sizeof(control->path)) {
		log_error("%s: too long for a socket: at most %zu characters",
			  path, sizeof(control->path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(control->path, path);
	fd = take_path(control, group);
	if (fd == -EADDRINUSE)
		log_error(
			"%s: another twinpathd serves this instance: stop it, or choose another --instance",
			path);
	else if (fd == -EEXIST)
		log_error("%s: is there and is no socket: remove it", path);
	else if (fd < 0)
		log_error("%s: cannot listen: %s", path, strerror(-fd));
	return fd;
}

/* Only what we made: by now the name may be another daemon's socket. */
void control_socket_remove(const struct control_socket *control)
{
	struct stat file;

	if (*control->path && !lstat(control->path, &file) &&
	    file.st_dev == control->file.st_dev &&
	    file.st_ino == control->file.st_ino)
		unlink(control->path);
}
