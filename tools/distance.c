// SPDX-License-Identifier: GPL-2.0-or-later
/* distance.c - see distance.h. */
#include <string.h>

#include "distance.h"

unsigned distance(const char *a, const char *b)
{
	unsigned row[DISTANCE_MAX + 1], above, diagonal, i, j;
	unsigned width = (unsigned)strlen(b);

	for (j = 0; j <= width; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (j = 0; j < width; j++) {
			above = row[j + 1];
			diagonal += a[i] != b[j];
			row[j + 1] = diagonal < row[j] + 1 ? diagonal :
							     row[j] + 1;
			if (above + 1 < row[j + 1])
				row[j + 1] = above + 1;
			diagonal = above;
		}
	}
	return row[width];
}
