// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_sessions.c - "sessions" and "bindings": the pinned iterators, with
 * filters.  No daemon is needed.
 *
 * The iterator's first line names the columns ("# proto inside ..."), each
 * further line is an entry, but for other comments.  Nothing here knows the columns but the filters,
 * so that the iterators can grow.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "columns.h"
#include "pinned.h"

struct listing {
	const struct options *options;
	const char *name; /* of the pin */
	struct prefix inside;
	unsigned count; /* of columns */
	char *header;	/* what titles[] points into */
	const char *titles[COLUMNS_MAX];
	struct columns columns;
	unsigned long rows; /* that passed the filters */
};

/* Cut `line` into its words; COLUMNS_MAX + 1: there are more. */
static unsigned split(char *line, const char *words[COLUMNS_MAX])
{
	unsigned count = 0;
	char *rest = line;
	char *word;

	while ((word = strtok_r(rest, " \t\n", &rest))) {
		if (count == COLUMNS_MAX)
			return COLUMNS_MAX + 1;
		words[count++] = word;
	}
	return count;
}

static int column_of(const struct listing *listing, const char *title)
{
	unsigned i;

	for (i = 0; i < listing->count; i++)
		if (!strcmp(listing->titles[i], title))
			return (int)i;
	return -1;
}

/* The address of "10.0.0.1:80" or "[2001:db8::1]:80". */
static bool endpoint_address(const char *endpoint, struct tp_addr *out)
{
	const char *colon = strrchr(endpoint, ':');
	const char *start = endpoint + (*endpoint == '[');
	char text[ADDRESS_TEXT];
	size_t length = colon ? (size_t)(colon - start) : strlen(start);

	if (*endpoint == '[' && length && start[length - 1] == ']')
		length--;
	if (length >= sizeof(text))
		return false;
	memcpy(text, start, length);
	text[length] = '\0';
	return !address_parse(text, out);
}

static bool wanted(const struct listing *listing, const char *const *cells)
{
	const struct options *options = listing->options;
	struct tp_addr address;

	if (options->exit &&
	    strcmp(cells[column_of(listing, "exit")], options->exit))
		return false;
	return !options->inside ||
	       (endpoint_address(cells[column_of(listing, "inside")],
				 &address) &&
		prefix_contains(&listing->inside, &address));
}

/* A number as a number, "-" as null. */
static struct json_object *cell_json(const char *cell)
{
	char *end;
	long long number;

	if (!strcmp(cell, "-"))
		return NULL;
	errno = 0;
	number = strtoll(cell, &end, 10);
	return *end || errno ? json_object_new_string(cell) :
			       json_object_new_int64(number);
}

static void print_json_row(const struct listing *listing,
			   const char *const *cells)
{
	struct json_object *row = json_object_new_object();
	unsigned i;

	for (i = 0; i < listing->count; i++)
		json_object_object_add(row, listing->titles[i],
				       cell_json(cells[i]));
	printf("%s\n%s", listing->rows ? "," : "",
	       json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN));
	json_object_put(row);
}

static bool take_row(struct listing *listing, const char *const *cells)
{
	if (!wanted(listing, cells))
		return true;
	if (!listing->options->count) {
		if (listing->options->json)
			print_json_row(listing, cells);
		else if (!columns_add(&listing->columns, cells))
			return false;
	}
	listing->rows++;
	return true;
}

static int bad_form(const struct listing *listing)
{
	return command_failed(
		"%s: not in a form that this version of twinpath knows",
		listing->name);
}

static int take_header(struct listing *listing, const char *line)
{
	const struct options *options = listing->options;

	listing->header = strdup(line + 1);
	if (*line != '#' || !listing->header)
		return bad_form(listing);
	listing->count = split(listing->header, listing->titles);
	if (!listing->count || listing->count > COLUMNS_MAX ||
	    (options->inside && column_of(listing, "inside") < 0) ||
	    (options->exit && column_of(listing, "exit") < 0))
		return bad_form(listing);
	return columns_init(&listing->columns, listing->count,
			    listing->titles) ?
		       STATUS_OK :
		       STATUS_FAILED;
}

static int read_rows(struct listing *listing, FILE *file)
{
	const char *cells[COLUMNS_MAX];
	char *line = NULL;
	size_t size = 0;
	int status = STATUS_OK;

	while (status == STATUS_OK && getline(&line, &size, file) > 0) {
		if (!listing->count)
			status = take_header(listing, line);
		else if (*line == '#')
			continue;
		else if (split(line, cells) != listing->count)
			status = bad_form(listing);
		else if (!take_row(listing, cells))
			status = STATUS_FAILED;
	}
	if (status == STATUS_OK && ferror(file))
		status = command_failed("%s: %s", listing->name,
					strerror(errno));
	free(line);
	return status;
}

static void print_end(const struct listing *listing)
{
	const struct options *options = listing->options;

	if (options->count)
		printf(options->json ? "{\"count\":%lu}\n" : "%lu\n",
		       listing->rows);
	else if (options->json)
		printf("%s]\n", listing->rows ? "\n" : "");
	else if (listing->rows)
		columns_print(&listing->columns);
	else
		printf("no %s\n", listing->name);
}

static int list(const struct options *options, const char *name)
{
	struct listing listing = { .options = options, .name = name };
	FILE *file;
	int status;

	if (options->inside && prefix_parse(options->inside, &listing.inside))
		return command_failed("--inside %s: no address and no prefix",
				      options->inside);
	file = pinned_text_open(options, name);
	if (!file)
		return STATUS_FAILED;
	if (options->json && !options->count)
		putchar('[');
	status = read_rows(&listing, file);
	if (status == STATUS_OK)
		print_end(&listing);
	columns_free(&listing.columns);
	free(listing.header);
	fclose(file);
	return status;
}

int command_sessions(const struct options *options)
{
	return list(options, "sessions");
}

int command_bindings(const struct options *options)
{
	return list(options, "bindings");
}
