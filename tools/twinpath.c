// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * twinpath.c - the command: words in, one of the commands out.
 *
 * Owns: the judgement of the line as a whole.  It must never act on one that it
 * has not understood.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "options.h"

static void complain(const char *format, va_list args)
{
	fputs("twinpath: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int command_failed(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	complain(format, args);
	va_end(args);
	return STATUS_FAILED;
}

int command_misused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return STATUS_USAGE;
}

/* The command whose words fit; NULL after saying why they do not. */
static const struct command *read_command(struct line *line, int count,
					  char **words)
{
	const struct command *command = commands_find(words[0]);
	const struct choice *foreign;
	int least, most;

	if (!command) {
		const char *meant = commands_nearest(words[0]);

		command_misused(
			"unknown command \"%s\"%s%s%s: see twinpath help",
			words[0], meant ? ", perhaps \"" : "",
			meant ? meant : "", meant ? "\"" : "");
		return NULL;
	}
	commands_count_words(command, &least, &most);
	foreign = options_foreign(line, command);
	if (foreign)
		command_misused("%s takes no --%s", command->name,
				foreign->name);
	else if (count - 1 < least)
		command_misused("%s needs %s: twinpath %s %s", command->name,
				command->words, command->name, command->words);
	else if (count - 1 > most)
		command_misused("%s: \"%s\" is too much", command->name,
				words[most + 1]);
	else
		return command;
	return NULL;
}

int main(int argc, char **argv)
{
	struct line line;
	const struct command *command;
	int status = options_read(&line, argc, argv);

	if (status != STATUS_OK)
		return status;
	if (line.asked) {
		command = commands_find(line.asked);
	} else if (optind == argc) {
		command_usage(stderr);
		return STATUS_USAGE;
	} else {
		command = read_command(&line, argc - optind, argv + optind);
		if (!command)
			return STATUS_USAGE;
	}
	line.options.words = argv + optind + 1;
	line.options.argument = command->words ? argv[optind + 1] : NULL;
	status = command->run(&line.options);
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK)
		status = command_failed("cannot write the output");
	return status;
}
