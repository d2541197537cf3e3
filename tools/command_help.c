// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_help.c - "help" and "version".
 *
 * Owns: how the tables of commands and options read.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "twinpath/version.h"

static const char *takers(unsigned takes)
{
	return takes == TAKES_FILTER ? "sessions, bindings: " :
	       takes == TAKES_ALL    ? "reasons: " :
	       takes == TAKES_WISH   ? "flip, drain: " :
	       takes == TAKES_WAIT   ? "drain: " :
	       takes == TAKES_FOLLOW ? "events: " :
	       takes == TAKES_ROOT   ? "doctor: " :
				       "";
}

void command_usage(FILE *out)
{
	const struct command *command;
	const struct choice *choice;
	char words[48];
	size_t i;

	fputs("usage: twinpath [OPTION...] COMMAND [ARGUMENT]\n\nCommands:\n",
	      out);
	for (i = 0; (command = commands_nth(i)); i++) {
		snprintf(words, sizeof(words), "%s %s", command->name,
			 command->words ? command->words : "");
		fprintf(out, "  %-18s%s%s\n", words,
			strlen(words) > 18 ? "\n                     " : " ",
			command->help);
	}
	fputs("\nOptions, before or after the command:\n", out);
	for (i = 0; (choice = options_nth(i)); i++) {
		snprintf(words, sizeof(words), "--%s %s", choice->name,
			 choice->value ? choice->value : "");
		fprintf(out, "  %-18s %s%s\n", words, takers(choice->takes),
			choice->help);
	}
	fputs("\nExit status: 0 done, 1 failed, 2 not understood.\n", out);
}

int command_help(const struct options *options)
{
	(void)options;
	command_usage(stdout);
	return STATUS_OK;
}

int command_version(const struct options *options)
{
	printf(options->json ? "{\"version\":\"%s\"}\n" : "twinpath %s\n",
	       TWINPATH_VERSION);
	return STATUS_OK;
}
