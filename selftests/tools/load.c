// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - the clients of the scenario tests: sessions, datagrams, pings,
 * attempts to connect, by the thousand.
 *
 * Owns: the tick that drives all generators.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define TICK 2000 /* us */
#define BURST 64

static struct generator *generators, **last = &generators;

unsigned load_due(struct load_pace *pace, usec_t now)
{
	unsigned count = 0;

	if (!pace->interval)
		return 0;
	while (pace->due <= now && count < BURST) {
		pace->due += pace->interval;
		count++;
	}
	if (pace->due <= now)
		pace->due = now + pace->interval;
	return count;
}

int load_socket(int type, const char *target, unsigned port, unsigned own_port)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)own_port) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = tool_address(target),
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		tool_fail("no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)))
		tool_fail("port %u: %s", own_port, strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
	    errno != EINPROGRESS) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* ---- commands ------------------------------------------------------------------- */

static void begin(const struct load_kind *kind, char **words, FILE *out)
{
	struct generator *generator = kind->begin(words);

	generator->kind = kind;
	snprintf(generator->id, sizeof(generator->id), "%s", words[0]);
	*last = generator;
	last = &generator->next;
	fprintf(out, "{}");
}

static void begin_tcp(char **words, FILE *out)
{
	begin(&load_tcp, words, out);
}

static void begin_udp(char **words, FILE *out)
{
	begin(&load_udp, words, out);
}

static void begin_ping(char **words, FILE *out)
{
	begin(&load_ping, words, out);
}

static void begin_attempts(char **words, FILE *out)
{
	begin(&load_attempts, words, out);
}

static void talk(char **words, FILE *out)
{
	for (struct generator *one = generators; one; one = one->next)
		if (!strcmp(one->id, words[0]) && one->kind == &load_tcp)
			load_tcp_talk(one, tool_usec(words[1]));
	fprintf(out, "{}");
}

static void state(char **words, FILE *out)
{
	usec_t since = tool_usec(words[0]);
	const char *separator = "{";

	for (struct generator *one = generators; one; one = one->next) {
		fprintf(out, "%s\"%s\":", separator, one->id);
		one->kind->state(one, since, out);
		separator = ",";
	}
	fprintf(out, generators ? "}" : "{}");
}

static void report(char **words, FILE *out)
{
	const char *separator = "{";

	(void)words;
	for (struct generator *one = generators; one; one = one->next) {
		fprintf(out, "%s\"%s\":", separator, one->id);
		one->kind->report(one, out);
		separator = ",";
	}
	fprintf(out, generators ? "}" : "{}");
}

static void end_all(char **words, FILE *out)
{
	(void)words;
	while (generators) {
		struct generator *one = generators;

		generators = one->next;
		one->kind->end(one);
	}
	last = &generators;
	fprintf(out, "{}");
}

/* ---- life ------------------------------------------------------------------------- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	usec_t now = tool_now();

	(void)fd;
	(void)what;
	(void)arg;
	for (struct generator *one = generators; one; one = one->next)
		one->kind->tick(one, now);
}

int main(void)
{
	static const struct tool_command commands[] = {
		{ "tcp", "ID TARGET PORT COUNT PERIOD FIRST-PORT FIRST-NAME",
		  begin_tcp },
		{ "udp", "ID TARGET PORT COUNT RATE FIRST-PORT FIRST-NAME",
		  begin_udp },
		{ "ping", "ID TARGET RATE IDENTIFIER", begin_ping },
		{ "attempts",
		  "ID TARGET PORT INTERVAL TIMEOUT FIRST-PORT LAST-PORT",
		  begin_attempts },
		{ "talk", "ID PERIOD", talk },
		{ "state", "SINCE", state },
		{ "report", "", report },
		{ "end", "", end_all },
		{},
	};
	const struct timeval every = { 0, TICK };
	struct event *tick =
		event_new(tool_base(), -1, EV_PERSIST, on_tick, NULL);

	tool_allow_files();
	if (!tick || event_add(tick, &every))
		tool_fail("no timer");
	return tool_run(commands);
}
