// SPDX-License-Identifier: GPL-2.0-or-later
/* paths.c - see paths.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "paths.h"

#define RUN "/run/twinpath"
#define LIB "/var/lib/twinpath"

static int make_directory(const char *path)
{
	if (!mkdir(path, 0755) || errno == EEXIST)
		return 0;
	log_error("cannot make %s: %s", path, strerror(errno));
	return -errno;
}

int paths_init(struct paths *paths, const char *instance)
{
	char lib[PATHS_PATH];

	snprintf(paths->run, PATHS_PATH, RUN "/%s", instance);
	snprintf(paths->lock, PATHS_PATH, RUN "/%s/lock", instance);
	snprintf(paths->control, PATHS_PATH, RUN "/%s/control", instance);
	snprintf(paths->sysctls, PATHS_PATH, RUN "/%s/sysctl", instance);
	snprintf(paths->vrrp, PATHS_PATH, RUN "/%s/vrrp", instance);
	snprintf(paths->intent, PATHS_PATH, LIB "/%s/intent", instance);
	snprintf(lib, sizeof(lib), LIB "/%s", instance);
	return make_directory(RUN)		  ?:
		       make_directory(paths->run) ?:
		       make_directory(LIB)	  ?:
						    make_directory(lib);
}

int paths_lock(const struct paths *paths)
{
	int fd = open(paths->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	char pid[16] = "";
	int err;

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB)) {
		int length = snprintf(pid, sizeof(pid), "%d\n", getpid());

		if (!ftruncate(fd, 0) && write(fd, pid, (size_t)length) > 0)
			return fd;
	}
	err = -errno;
	if (fd >= 0 && err == -EWOULDBLOCK) {
		ssize_t length = read(fd, pid, sizeof(pid) - 1);

		pid[length > 0 ? strcspn(pid, "\n") : 0] = '\0';
		log_error("another twinpathd (pid %s) runs this instance", pid);
	} else {
		log_error("cannot lock %s: %s", paths->lock, strerror(-err));
	}
	if (fd >= 0)
		close(fd);
	return err;
}
