// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * columns.c - rows of words, printed aligned.
 *
 * Owns: the layout.  Cells stand one behind the other in one block: a table
 * of sessions may have a million rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "command.h"

#define FIRST_SIZE 4096

static bool is_number(const char *cell)
{
	char *end;

	strtod(cell, &end);
	return *end == '\0' || !strcmp(cell, "-");
}

bool columns_init(struct columns *columns, unsigned count,
		  const char *const *titles)
{
	unsigned i;

	memset(columns, 0, sizeof(*columns));
	for (i = 0; i < count && i < COLUMNS_MAX; i++) {
		columns->titles[i] = strdup(titles[i]);
		if (!columns->titles[i]) {
			command_failed("no memory");
			return false;
		}
		columns->width[i] = strlen(titles[i]);
		columns->count++;
	}
	return true;
}

static bool reserve(struct columns *columns, size_t more)
{
	size_t size = columns->size ? columns->size : FIRST_SIZE;
	char *cells;

	while (size < columns->used + more)
		size *= 2;
	if (size == columns->size)
		return true;
	cells = realloc(columns->cells, size);
	if (!cells) {
		command_failed("no memory for so many rows");
		return false;
	}
	columns->cells = cells;
	columns->size = size;
	return true;
}

bool columns_add(struct columns *columns, const char *const *cells)
{
	unsigned i;

	for (i = 0; i < columns->count; i++) {
		const char *cell = cells[i] && *cells[i] ? cells[i] : "-";
		size_t length = strlen(cell);

		if (!reserve(columns, length + 1))
			return false;
		memcpy(columns->cells + columns->used, cell, length + 1);
		columns->used += length + 1;
		if (length > columns->width[i])
			columns->width[i] = length;
		if (!is_number(cell))
			columns->words[i] = true;
	}
	columns->rows++;
	return true;
}

static void print_cell(const struct columns *columns, unsigned i,
		       const char *cell)
{
	const char *gap = i ? "  " : "";

	if (!columns->words[i])
		printf("%s%*s", gap, (int)columns->width[i], cell);
	else if (i + 1 < columns->count)
		printf("%s%-*s", gap, (int)columns->width[i], cell);
	else
		printf("%s%s", gap, cell);
}

void columns_print(const struct columns *columns)
{
	const char *cell = columns->cells;
	unsigned i;
	size_t row;

	for (i = 0; i < columns->count; i++)
		print_cell(columns, i, columns->titles[i]);
	putchar('\n');
	for (row = 0; row < columns->rows; row++) {
		for (i = 0; i < columns->count; i++) {
			print_cell(columns, i, cell);
			cell += strlen(cell) + 1;
		}
		putchar('\n');
	}
}

void columns_free(struct columns *columns)
{
	unsigned i;

	for (i = 0; i < columns->count; i++)
		free(columns->titles[i]);
	free(columns->cells);
	memset(columns, 0, sizeof(*columns));
}
