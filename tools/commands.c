// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commands.c - see commands.h.
 */
#include <string.h>

#include "commands.h"
#include "distance.h"

static const struct command commands[] = {
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

const struct command *commands_nth(size_t n)
{
	return n < COMMANDS ? &commands[n] : NULL;
}

const struct command *commands_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

const char *commands_nearest(const char *word)
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

void commands_count_words(const struct command *command, int *least, int *most)
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
