/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.h - vectors that rows of other sections need, too.
 */
#ifndef CONFORMANCE_FRAGMENTS_H
#define CONFORMANCE_FRAGMENTS_H

#include "conformance.h"

extern const struct vector fragments_too_big[3]; /* with DF */
extern const struct vector fragments_made[2];	 /* without */
extern const struct vector fragments_in[7];	 /* in any order */
extern const struct vector fragments_flood[2];
extern const struct vector fragments_echo[2];
extern const struct vector fragments_ids[3]; /* RFC 6864 */

#endif
