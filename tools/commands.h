/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commands.h - which commands there are, and what each is given.
 *
 * Owns: the table of which usage and dispatch are made.
 */
#ifndef TWINPATH_COMMANDS_H
#define TWINPATH_COMMANDS_H

#include <stddef.h>

#include "command.h"

/* Which of its own options a command takes; see options.h. */
#define TAKES_FILTER (1U << 0)
#define TAKES_ALL (1U << 1)
#define TAKES_WISH (1U << 2)
#define TAKES_WAIT (1U << 3)
#define TAKES_FOLLOW (1U << 4)
#define TAKES_ROOT (1U << 5)

struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *words; /* that follow it; [OPTIONAL]; NULL: none */
	unsigned takes;
	const char *help;
};

/* In the order of the usage; NULL behind the last. */
const struct command *commands_nth(size_t n);

/* NULL: there is none of this name. */
const struct command *commands_find(const char *name);

/* The name that was probably meant; NULL: none is near. */
const char *commands_nearest(const char *word);

/* How many words a command needs, and how many it takes at most. */
void commands_count_words(const struct command *command, int *least, int *most);

#endif
