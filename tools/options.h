/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - which options there are, and what the line said of them.
 *
 * Owns: the table of which usage and getopt_long()'s are made.
 */
#ifndef TWINPATH_OPTIONS_H
#define TWINPATH_OPTIONS_H

#include "commands.h"

/* Returned by getopt_long(): above every letter, as there are no short ones. */
enum choice_id {
	CHOICE_INSTANCE = 256,
	CHOICE_JSON,
	CHOICE_INSIDE,
	CHOICE_EXIT,
	CHOICE_COUNT,
	CHOICE_ALL,
	CHOICE_FOR,
	CHOICE_DRAIN,
	CHOICE_FORCE,
	CHOICE_WAIT,
	CHOICE_FOLLOW,
	CHOICE_ROOT,
	CHOICE_RUN,
	CHOICE_BPFFS,
	CHOICE_HELP,
	CHOICE_VERSION,
};

struct choice {
	enum choice_id id;
	const char *name;
	const char *value; /* what it takes; NULL: nothing */
	unsigned takes;	   /* 0: every command has it */
	const char *help;
};

struct line {
	struct options options;
	unsigned given;	   /* options, a bit each */
	const char *asked; /* "help" or "version" as an option */
};

/*
 * Begins with what holds where the line says nothing.  Returns STATUS_OK with the
 * words from optind on, or STATUS_USAGE after saying why.
 */
int options_read(struct line *line, int argc, char **argv);

/* An option that the command does not take; NULL: none. */
const struct choice *options_foreign(const struct line *line,
				     const struct command *command);

/* In the order of the usage; NULL behind the last. */
const struct choice *options_nth(size_t n);

#endif
