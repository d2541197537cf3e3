// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file.c - small text files, as a whole.
 *
 * Owns: the temporary name `path`.new for as long as file_replace runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

ssize_t file_read(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int error;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + length, size - length);
		if (got > 0)
			length += (size_t)got;
	} while ((got > 0 && length < size) || (got < 0 && errno == EINTR));
	error = got < 0 ? -errno : length == size ? -EFBIG : 0;
	close(fd);
	if (error)
		return error;
	text[length] = '\0';
	return (ssize_t)length;
}

/* A name is in the directory: that, too, must reach the disk. */
static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int error = 0;
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		error = -errno;
	close(fd);
	return error;
}

static int write_new(const char *path, const char *text, mode_t mode,
		     bool durable)
{
	size_t length = strlen(text);
	int error = 0;
	ssize_t done;
	int fd;

	/* What a killed predecessor left behind, or a symbolic link that
	 * somebody put there, is not written to. */
	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	done = write(fd, text, length);
	if (done != (ssize_t)length)
		error = done < 0 ? -errno : -ENOSPC;
	else if (fchmod(fd, mode)) /* whatever the umask */
		error = -errno;
	else if (durable && fsync(fd))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	if (error)
		unlink(path);
	return error;
}

int file_replace(const char *path, const char *text, mode_t mode, bool durable)
{
	char temporary[PATH_MAX];
	int length;
	int error;

	length = snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (length < 0 || (size_t)length >= sizeof(temporary))
		return -ENAMETOOLONG;
	error = write_new(temporary, text, mode, durable);
	if (error)
		return error;
	if (rename(temporary, path)) {
		error = -errno;
		unlink(temporary);
		return error;
	}
	return durable ? sync_directory(path) : 0;
}
