// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysctl.c - kernel settings, changed in a way that can be taken back.
 *
 * Owns: the state file with the original values.  It must never change a
 * setting whose original is not safely in that file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysctl.h"

#define SYSCTL_ROOT "/proc/sys/"

static int path_of(const char *name, char path[PATH_MAX])
{
	int size;

	/* A space would end the name in the state file; dots lead elsewhere. */
	if (!*name || *name == '/' || strpbrk(name, " \t\n") ||
	    strstr(name, "../"))
		return -EINVAL;
	size = snprintf(path, PATH_MAX, SYSCTL_ROOT "%s", name);
	return size < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int sysctl_get(const char *name, char value[SYSCTL_VALUE])
{
	char path[PATH_MAX];
	ssize_t got;
	int fd, err = path_of(name, path);

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, value, SYSCTL_VALUE - 1);
	err = got < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	value[got] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

static int put(const char *name, const char *value)
{
	char path[PATH_MAX];
	ssize_t put_bytes;
	int fd, err = path_of(name, path);

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	put_bytes = write(fd, value, strlen(value));
	err = put_bytes < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* "32768 60999" and "32768\t60999" are one value. */
static bool same_value(const char *a, const char *b)
{
	const char *const blank = " \t";

	while (*a && *b) {
		size_t blank_a = strspn(a, blank), blank_b = strspn(b, blank);

		if (!blank_a != !blank_b)
			return false;
		a += blank_a;
		b += blank_b;
		if (!blank_a && *a++ != *b++)
			return false;
	}
	return !*a && !*b;
}

/* ---- the state file ---------------------------------------------------------- */

/*
 * Cut a line into name and value.  A last line without its newline is half
 * written and says nothing.
 */
static bool split(char *line, const char **name, const char **value)
{
	char *blank = strchr(line, ' '), *end = strchr(line, '\n');

	if (!blank || !end || blank > end)
		return false;
	*blank = '\0';
	*end = '\0';
	*name = line;
	*value = blank + 1;
	return true;
}

/* 0: it is not in the file, 1: it is, or a negative errno. */
static int remembered(const char *statefile, const char *wanted)
{
	FILE *file = fopen(statefile, "re");
	const char *name, *value;
	char *line = NULL;
	size_t room = 0;
	int found = 0;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (!found && getline(&line, &room, file) >= 0)
		found = split(line, &name, &value) && !strcmp(name, wanted);
	if (ferror(file))
		found = -EIO;
	free(line);
	fclose(file);
	return found;
}

/* All but those whose name begins with `omit`. */
static int copy_lines(FILE *from, FILE *to, const char *omit)
{
	const char *name, *value;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, from) >= 0) {
		if (split(line, &name, &value) &&
		    (!omit || strncmp(name, omit, strlen(omit)) != 0))
			fprintf(to, "%s %s\n", name, value);
	}
	free(line);
	return ferror(from) ? -EIO : 0;
}

/*
 * Written beside it and renamed: a crash leaves the old file or the new one.
 * Without what begins with `omit`, and with `line`; either may be NULL.
 */
static int write_state(const char *statefile, const char *omit,
		       const char *line)
{
	FILE *from = fopen(statefile, "re"), *to;
	char beside[PATH_MAX];
	int err = 0;

	if (!from && errno != ENOENT)
		return -errno;
	if (snprintf(beside, sizeof(beside), "%s.new", statefile) >=
	    (int)sizeof(beside)) {
		err = -ENAMETOOLONG;
		goto out;
	}
	to = fopen(beside, "we");
	if (!to) {
		err = -errno;
		goto out;
	}
	if (from)
		err = copy_lines(from, to, omit);
	if (line)
		fputs(line, to);
	if (fflush(to) || fsync(fileno(to)))
		err = -errno;
	if (fclose(to) && !err)
		err = -errno;
	if (!err && rename(beside, statefile))
		err = -errno;
	if (err)
		unlink(beside);
out:
	if (from)
		fclose(from);
	return err;
}

static int remember(const char *statefile, const char *name, const char *value)
{
	char line[PATH_MAX + SYSCTL_VALUE];
	int size = snprintf(line, sizeof(line), "%s %s\n", name, value);

	if (size >= (int)sizeof(line))
		return -ENAMETOOLONG;
	return write_state(statefile, NULL, line);
}

/* ---- the calls ----------------------------------------------------------------- */

int sysctl_set(const char *statefile, const char *name, const char *value)
{
	char now[SYSCTL_VALUE];
	int err = sysctl_get(name, now);

	if (err)
		return err;
	if (same_value(now, value))
		return 0;
	err = remembered(statefile, name);
	if (!err)
		err = remember(statefile, name, now);
	if (err < 0)
		return err;
	return put(name, value);
}

/* Put back what begins with `wanted`.  The first error; the others are tried. */
static int put_back(const char *statefile, const char *wanted)
{
	FILE *file = fopen(statefile, "re");
	const char *name, *value;
	char *line = NULL;
	size_t room = 0;
	int err = 0, one;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (getline(&line, &room, file) >= 0) {
		if (!split(line, &name, &value) ||
		    strncmp(name, wanted, strlen(wanted)) != 0)
			continue;
		one = put(name, value);
		if (one && one != -ENOENT && !err)
			err = one;
	}
	free(line);
	fclose(file);
	return err;
}

int sysctl_restore(const char *statefile)
{
	int err = put_back(statefile, "");

	if (err)
		return err;
	return unlink(statefile) && errno != ENOENT ? -errno : 0;
}

int sysctl_restore_interface(const char *statefile, const char *interface)
{
	char name[64];
	int err;

	snprintf(name, sizeof(name), "net/ipv4/conf/%s/", interface);
	err = put_back(statefile, name);
	return err ? err : write_state(statefile, name, NULL);
}
