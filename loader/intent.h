/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intent.h - what the operator asked for, kept on disk.
 *
 * Owns: the file, below /var/lib/twinpath/<instance>/, whose directory must
 * exist.  It must never judge an intent: decide does.
 */
#ifndef TWINPATH_INTENT_H
#define TWINPATH_INTENT_H

#include "model.h"

/*
 * intent_load - always fills *intent.  Without a file it is auto; with one that
 * cannot be read or understood too, and a warning that names it is logged.
 */
void intent_load(const char *path, struct intent *intent);

/* On the disk at return.  Returns 0 or a negative errno. */
int intent_save(const char *path, const struct intent *intent);

#endif
