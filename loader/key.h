/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key.h - the key that both gateways share, from its file.
 *
 * The file's key is used for nothing itself: each use has a subkey of its own,
 * so that whatever one of them gives away says nothing about the other.
 */
#ifndef TWINPATH_KEY_H
#define TWINPATH_KEY_H

#include "marks.h"

#define KEY_BYTES 32
#define KEY_DIGITS (2 * KEY_BYTES)

struct key {
	uint8_t marks[MARKS_KEY];     /* for marks_fill */
	uint8_t heartbeat[KEY_BYTES]; /* for heartbeat_open */
};

/*
 * key_load - read the file, which must be root's and nobody else's to read.
 * Returns 0 or a negative errno, after one line in the log that names the file
 * and what to do; then `out` is all zero.
 */
int key_load(const char *path, struct key *out);

/* Leaves nothing of it in memory. */
void key_forget(struct key *key);

#endif
