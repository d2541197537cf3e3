/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * columns.h - rows of words, printed aligned.
 */
#ifndef TWINPATH_COLUMNS_H
#define TWINPATH_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#define COLUMNS_MAX 20

struct columns {
	unsigned count;
	char *titles[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	bool words[COLUMNS_MAX]; /* has a cell that is no number */
	char *cells;		 /* all cells, each with its NUL */
	size_t used, size;
	size_t rows;
};

/* False, after saying so, when there is no memory. */
bool columns_init(struct columns *columns, unsigned count,
		  const char *const *titles);
/* An empty cell is printed as "-". */
bool columns_add(struct columns *columns, const char *const *cells);
/* Numbers to the right, all else to the left; no blanks at a line's end. */
void columns_print(const struct columns *columns);
void columns_free(struct columns *columns);

#endif
