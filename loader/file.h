/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - small text files, as a whole: read one, replace one.
 *
 * A reader sees the old content or the new one, never a part.  It must never
 * be used for content that does not fit into a few hundred bytes.
 */
#ifndef TWINPATH_FILE_H
#define TWINPATH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * file_read - up to size - 1 bytes and a NUL.
 * Returns the length, -EFBIG when there is more, or another negative errno.
 */
ssize_t file_read(const char *path, char *text, size_t size);

/*
 * file_replace - by another file in the same directory that takes its name.
 * `durable`: it is on the disk at return, and survives a power cut.
 * Returns 0 or a negative errno; on failure the old file is as it was.
 */
int file_replace(const char *path, const char *text, mode_t mode, bool durable);

#endif
