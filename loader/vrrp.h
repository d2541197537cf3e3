/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vrrp.h - the track file that keepalived reads.
 *
 * Owns: one file with one number, which keepalived adds to a low base priority
 * (track_file with weight 1).  A file that is not there counts as 0, so that a
 * gateway without twinpath attracts nothing.
 */
#ifndef TWINPATH_VRRP_H
#define TWINPATH_VRRP_H

/*
 * vrrp_write - make it so, atomically; a file that already says so is not
 * touched.  Returns 0 or a negative errno.
 */
int vrrp_write(const char *path, int weight);

/* Returns 0 (also when there is none) or a negative errno. */
int vrrp_remove(const char *path);

#endif
