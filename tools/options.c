// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options.c - see options.h.
 */
#include <getopt.h>

#include "options.h"

#define RUN_DIRECTORY "/run/twinpath"
#define BPFFS_DIRECTORY "/sys/fs/bpf/twinpath"

/* In the order of enum choice_id. */
static const struct choice choices[] = {
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

const struct choice *options_nth(size_t n)
{
	return n < CHOICES ? &choices[n] : NULL;
}

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
		return command_misused("unknown option %s: see twinpath --help",
				       word);
	if (optopt < CHOICE_INSTANCE)
		return command_misused(
			"unknown option -%c: see twinpath --help", optopt);
	choice = &choices[optopt - CHOICE_INSTANCE];
	if (result == ':')
		return command_misused("--%s needs %s", choice->name,
				       choice->value);
	return command_misused("--%s takes no value", choice->name);
}

int options_read(struct line *line, int argc, char **argv)
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
	*line = (struct line){ .options = { .run = RUN_DIRECTORY,
					    .bpffs = BPFFS_DIRECTORY,
					    .root = "" } };
	opterr = 0;
	while ((result = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (result < CHOICE_INSTANCE)
			return bad_option(result, argv[optind - 1]);
		take_option(line, (enum choice_id)result, optarg);
	}
	return STATUS_OK;
}

const struct choice *options_foreign(const struct line *line,
				     const struct command *command)
{
	size_t i;

	for (i = 0; i < CHOICES; i++)
		if (line->given & (1U << i) && choices[i].takes &&
		    !(choices[i].takes & command->takes))
			return &choices[i];
	return NULL;
}
