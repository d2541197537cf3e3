/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * duration.h - durations to and from text: "200ms", "5s", "2h4m".  Pure.
 */
#ifndef TWINPATH_DURATION_H
#define TWINPATH_DURATION_H

#include "model.h"

#define DURATION_TEXT 48 /* enough for any duration, with the NUL */
#define DURATION_MAX ((msec_t)8760 * 3600 * 1000) /* a year */

/*
 * duration_parse - whole numbers with the units h, m, s and ms, the larger
 * unit first, each at most once, nothing between them.
 *
 * Returns 0, -EDOM (a number without a unit), -ERANGE (over DURATION_MAX) or
 * -EINVAL (anything else); `out` is untouched on failure.
 */
int duration_parse(const char *text, msec_t *out);

/* The shortest text that duration_parse reads back as the same duration. */
const char *duration_print(msec_t duration, char text[DURATION_TEXT]);

#endif
