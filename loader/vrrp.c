// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vrrp.c - the track file that keepalived reads.
 *
 * keepalived watches the file's directory (inotify) and takes a file that is
 * moved there as it takes one that is written, and one that is removed as 0.
 * The directory must be there when keepalived starts, else it forgets the track
 * file until it is reloaded; and the directory must not be removed under it,
 * or it sees nothing more.  (All tried with 2.2.7.)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "vrrp.h"

int vrrp_write(const char *path, int weight)
{
	char text[16], now[16];

	snprintf(text, sizeof(text), "%d\n", weight);
	if (file_read(path, now, sizeof(now)) >= 0 && !strcmp(text, now))
		return 0;
	/* Below /run: nothing of it shall survive a power cut. */
	return file_replace(path, text, 0644, false);
}

int vrrp_remove(const char *path)
{
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return 0;
}
