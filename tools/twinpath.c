// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * twinpath.c - the command: words in, one of the commands out.
 *
 * Owns: the table of commands and options, from which usage and dispatch are
 * made.  It must never act on a line that it has not understood whole.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "distance.h"
#include "twinpath/version.h"

#define RUN_DIRECTORY "/run/twinpath"
#define BPFFS_DIRECTORY "/sys/fs/bpf/twinpath"

/* Of struct command: which of its own options a command takes. */
#define TAKES_FILTER (1U << 0)
#define TAKES_ALL (1U << 1)
#define TAKES_WISH (1U << 2)
#define TAKES_WAIT (1U << 3)
#define TAKES_FOLLOW (1U << 4)
#define TAKES_ROOT (1U << 5)

static int command_help(const struct options *options);
static int command_version(const struct options *options);

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *words; /* that follow it; [OPTIONAL]; NULL: none */
	unsigned takes;
	const char *help;
} commands[] = {
	{ "status", command_status, NULL, 0,
	  "what the daemon knows, has decided and why" },
	{ "watch", command_watch, NULL, 0, "the same, live; q quits" },
	{ "events", command_events, NULL, TAKES_FOLLOW,
	  "what has changed lately, and why" },
	{ "explain", command_explain, "SRC DST [PROTO [PORTS]]", 0,
	  "what would become of such a packet, and why" },
	{ "simulate", command_simulate, "down UPLINK", 0,
	  "what would happen now; nothing does" },
	{ "doctor", command_doctor, NULL, TAKES_ROOT,
	  "what is wrong with this machine, and what to type" },
	{ "flip", command_flip, "TO", TAKES_WISH,
	  "send new sessions by TO: an uplink, partner, primary, backup; auto ends it" },
	{ "drain", command_drain, "UPLINK", TAKES_WISH | TAKES_WAIT,
	  "send none by UPLINK, so that it can be unplugged" },
	{ "undrain", command_undrain, NULL, 0,
	  "end that: levels and tracks decide again" },
	{ "sessions", command_sessions, NULL, TAKES_FILTER,
	  "the live sessions" },
	{ "bindings", command_bindings, NULL, TAKES_FILTER,
	  "the external ports in use" },
	{ "routes", command_routes, NULL, 0,
	  "where the data plane sends a destination" },
	{ "reasons", command_reasons, NULL, TAKES_ALL,
	  "what became of the packets, by hook" },
	{ "hosts", command_hosts, NULL, 0,
	  "what each inside host holds, who has most first" },
	{ "pressure", command_pressure, NULL, 0,
	  "what was done for want of room" },
	{ "check", command_check, "FILE", 0,
	  "read a configuration and say what it means" },
	{ "genkey", command_genkey, NULL, 0,
	  "print a fresh key, for both gateways of a site" },
	{ "reload", command_reload, NULL, 0,
	  "have the daemon read its configuration again" },
	{ "detach", command_detach, NULL, 0,
	  "withdraw, let the partner take over, detach and end the daemon" },
	{ "help", command_help, NULL, 0, "this text" },
	{ "version", command_version, NULL, 0, "the version" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Above every letter: there are no short options. */
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

/* In the order of enum choice_id. */
static const struct choice {
	enum choice_id id;
	const char *name;
	const char *value; /* what it takes; NULL: nothing */
	unsigned takes;	   /* 0: every command has it */
	const char *help;
} choices[] = {
	{ CHOICE_INSTANCE, "instance", "NAME", 0,
	  "which daemon; not needed where there is only one" },
	{ CHOICE_JSON, "json", NULL, 0, "print JSON" },
	{ CHOICE_INSIDE, "inside", "ADDRESS", TAKES_FILTER,
	  "only this inside host or prefix" },
	{ CHOICE_EXIT, "exit", "NAME", TAKES_FILTER, "only this exit" },
	{ CHOICE_COUNT, "count", NULL, TAKES_FILTER, "only how many" },
	{ CHOICE_ALL, "all", NULL, TAKES_ALL,
	  "also the reasons that never were" },
	{ CHOICE_FOR, "for", "DURATION", TAKES_WISH, "then it is auto again" },
	{ CHOICE_DRAIN, "drain", "DURATION", TAKES_WISH,
	  "what is left behind is cut after that" },
	{ CHOICE_FORCE, "force", NULL, TAKES_WISH,
	  "even if no exit is up there" },
	{ CHOICE_WAIT, "wait", NULL, TAKES_WAIT, "until it is safe to unplug" },
	{ CHOICE_FOLLOW, "follow", NULL, TAKES_FOLLOW,
	  "and each one that comes" },
	{ CHOICE_ROOT, "root", "DIR", TAKES_ROOT,
	  "where /etc, /run and /proc are looked for (/)" },
	{ CHOICE_RUN, "run", "DIR", 0,
	  "where the sockets are (" RUN_DIRECTORY ")" },
	{ CHOICE_BPFFS, "bpffs", "DIR", 0,
	  "where the pins are (" BPFFS_DIRECTORY ")" },
	{ CHOICE_HELP, "help", NULL, 0, "this text" },
	{ CHOICE_VERSION, "version", NULL, 0, "the version" },
};

#define CHOICES (sizeof(choices) / sizeof(choices[0]))

/* ---- usage --------------------------------------------------------------- */

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

static int misused(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static int misused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return STATUS_USAGE;
}

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

static void print_usage(FILE *out)
{
	char words[48];
	size_t i;

	fputs("usage: twinpath [OPTION...] COMMAND [ARGUMENT]\n\nCommands:\n",
	      out);
	for (i = 0; i < COMMANDS; i++) {
		snprintf(words, sizeof(words), "%s %s", commands[i].name,
			 commands[i].words ? commands[i].words : "");
		fprintf(out, "  %-18s%s%s\n", words,
			strlen(words) > 18 ? "\n                     " : " ",
			commands[i].help);
	}
	fputs("\nOptions, before or after the command:\n", out);
	for (i = 0; i < CHOICES; i++) {
		snprintf(words, sizeof(words), "--%s %s", choices[i].name,
			 choices[i].value ? choices[i].value : "");
		fprintf(out, "  %-18s %s%s\n", words, takers(choices[i].takes),
			choices[i].help);
	}
	fputs("\nExit status: 0 done, 1 failed, 2 not understood.\n", out);
}

static int command_help(const struct options *options)
{
	(void)options;
	print_usage(stdout);
	return STATUS_OK;
}

static int command_version(const struct options *options)
{
	printf(options->json ? "{\"version\":\"%s\"}\n" : "twinpath %s\n",
	       TWINPATH_VERSION);
	return STATUS_OK;
}

/* ---- which command ------------------------------------------------------- */

/* The command that was probably meant; NULL: none is near. */
static const char *nearest(const char *word)
{
	const char *best = NULL;
	unsigned least = 3;
	size_t i;

	if (strlen(word) > DISTANCE_MAX)
		return NULL;
	for (i = 0; i < COMMANDS; i++) {
		unsigned far = distance(word, commands[i].name);

		/* Half a word in common is no resemblance. */
		if (far < least && far < strlen(word)) {
			least = far;
			best = commands[i].name;
		}
	}
	return best;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* ---- the line ------------------------------------------------------------ */

struct line {
	struct options options;
	unsigned given;	   /* options, a bit each */
	const char *asked; /* "help" or "version" as an option */
};

static void take_option(struct line *line, enum choice_id id, const char *value)
{
	struct options *options = &line->options;

	line->given |= 1U << (id - CHOICE_INSTANCE);
	switch (id) {
	case CHOICE_INSTANCE:
		options->instance = value;
		break;
	case CHOICE_JSON:
		options->json = true;
		break;
	case CHOICE_INSIDE:
		options->inside = value;
		break;
	case CHOICE_EXIT:
		options->exit = value;
		break;
	case CHOICE_COUNT:
		options->count = true;
		break;
	case CHOICE_ALL:
		options->all = true;
		break;
	case CHOICE_FOR:
		options->length = value;
		break;
	case CHOICE_DRAIN:
		options->drain = value;
		break;
	case CHOICE_FORCE:
		options->force = true;
		break;
	case CHOICE_WAIT:
		options->wait = true;
		break;
	case CHOICE_FOLLOW:
		options->follow = true;
		break;
	case CHOICE_ROOT:
		options->root = value;
		break;
	case CHOICE_RUN:
		options->run = value;
		break;
	case CHOICE_BPFFS:
		options->bpffs = value;
		break;
	case CHOICE_HELP:
		line->asked = "help";
		break;
	case CHOICE_VERSION:
		line->asked = "version";
		break;
	}
}

static int bad_option(int result, const char *word)
{
	const struct choice *choice;

	if (!optopt)
		return misused("unknown option %s: see twinpath --help", word);
	if (optopt < CHOICE_INSTANCE)
		return misused("unknown option -%c: see twinpath --help",
			       optopt);
	choice = &choices[optopt - CHOICE_INSTANCE];
	if (result == ':')
		return misused("--%s needs %s", choice->name, choice->value);
	return misused("--%s takes no value", choice->name);
}

/* Returns STATUS_OK, or STATUS_USAGE after saying why. */
static int read_options(struct line *line, int argc, char **argv)
{
	struct option known[CHOICES + 1] = { 0 };
	int result;
	size_t i;

	for (i = 0; i < CHOICES; i++) {
		known[i].name = choices[i].name;
		known[i].has_arg = choices[i].value ? required_argument :
						      no_argument;
		known[i].val = choices[i].id;
	}
	opterr = 0;
	while ((result = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (result < CHOICE_INSTANCE)
			return bad_option(result, argv[optind - 1]);
		take_option(line, (enum choice_id)result, optarg);
	}
	return STATUS_OK;
}

/* An option that the command does not take; NULL: none. */
static const struct choice *foreign_option(const struct line *line,
					   const struct command *command)
{
	size_t i;

	for (i = 0; i < CHOICES; i++)
		if (line->given & (1U << i) && choices[i].takes &&
		    !(choices[i].takes & command->takes))
			return &choices[i];
	return NULL;
}

/* How many words the command needs, and how many it takes at most. */
static void count_words(const struct command *command, int *least, int *most)
{
	const char *word = command->words;

	*least = *most = 0;
	while (word && *word) {
		*least += *word != '[';
		++*most;
		word += strcspn(word, " ");
		word += strspn(word, " ");
	}
}

/* The command whose words fit; NULL after saying why they do not. */
static const struct command *read_command(struct line *line, int count,
					  char **words)
{
	const struct command *command = find_command(words[0]);
	const struct choice *foreign;
	int least, most;

	if (!command) {
		const char *meant = nearest(words[0]);

		misused("unknown command \"%s\"%s%s%s: see twinpath help",
			words[0], meant ? ", perhaps \"" : "",
			meant ? meant : "", meant ? "\"" : "");
		return NULL;
	}
	count_words(command, &least, &most);
	foreign = foreign_option(line, command);
	if (foreign)
		misused("%s takes no --%s", command->name, foreign->name);
	else if (count - 1 < least)
		misused("%s needs %s: twinpath %s %s", command->name,
			command->words, command->name, command->words);
	else if (count - 1 > most)
		misused("%s: \"%s\" is too much", command->name,
			words[most + 1]);
	else
		return command;
	return NULL;
}

int main(int argc, char **argv)
{
	struct line line = { .options = { .run = RUN_DIRECTORY,
					  .bpffs = BPFFS_DIRECTORY,
					  .root = "" } };
	const struct command *command;
	int status = read_options(&line, argc, argv);

	if (status != STATUS_OK)
		return status;
	if (line.asked) {
		command = find_command(line.asked);
	} else if (optind == argc) {
		print_usage(stderr);
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
