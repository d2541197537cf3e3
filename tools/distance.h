/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * distance.h - how far a word is from another one.
 */
#ifndef TWINPATH_DISTANCE_H
#define TWINPATH_DISTANCE_H

#define DISTANCE_MAX 32 /* letters of `b` */

/* How many letters to add, take away or change (Levenshtein). */
unsigned distance(const char *a, const char *b);

#endif
