// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load_attempts.c - a new TCP connection at an even pace, each with a short
 * patience; ended when the server has said as whom it sees us.
 *
 * Owns: how each attempt ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

struct attempts;

struct attempt {
	usec_t began, ended; /* ended: 0, not yet */
	uint32_t source;     /* as the server saw it; 0: it did not */
	int error;
	uint16_t port;
};

/* What is under way; the record may move when the array grows. */
struct open_attempt {
	struct attempts *attempts;
	struct event *event;
	struct part part;
	unsigned number;
	struct open_attempt *next;
};

struct attempts {
	struct generator generator;
	char target[16];
	unsigned port, own_port, first_port, last_port;
	usec_t patience;
	struct load_pace pace;
	struct attempt *list;
	unsigned count;
	struct open_attempt *oldest, **newest;
};

static void finish(struct open_attempt *open, uint32_t source, int error)
{
	struct attempt *attempt = &open->attempts->list[open->number];
	int fd = event_get_fd(open->event);

	attempt->ended = tool_now();
	attempt->source = source;
	attempt->error = error;
	event_free(open->event);
	open->event = NULL;
	close(fd);
}

static void on_greeting(evutil_socket_t fd, short what, void *arg)
{
	struct open_attempt *open = arg;
	struct message message;
	int count = tool_receive(fd, &open->part, &message, 1);

	(void)what;
	if (count > 0)
		finish(open, message.seen, 0);
	else if (count < 0)
		finish(open, 0, errno ? errno : ECONNABORTED);
}

static void begin_one(struct attempts *attempts, usec_t now)
{
	unsigned number = attempts->count;
	struct attempt *attempt =
		tool_grow(&attempts->list, &attempts->count, sizeof(*attempt));
	struct open_attempt *open;
	int fd;

	attempt->began = now;
	attempt->port = (uint16_t)attempts->own_port;
	if (++attempts->own_port > attempts->last_port)
		attempts->own_port = attempts->first_port;
	fd = load_socket(SOCK_STREAM, attempts->target, attempts->port,
			 attempt->port);
	if (fd < 0) {
		attempt->error = errno;
		attempt->ended = now;
		return;
	}
	open = calloc(1, sizeof(*open));
	if (!open)
		tool_fail("out of memory");
	open->attempts = attempts;
	open->number = number;
	open->event = event_new(tool_base(), fd, EV_READ | EV_PERSIST,
				on_greeting, open);
	if (!open->event || event_add(open->event, NULL))
		tool_fail("cannot watch a socket");
	*attempts->newest = open;
	attempts->newest = &open->next;
}

/* The oldest first: what is done, and what took too long. */
static void sweep(struct attempts *attempts, usec_t deadline)
{
	while (attempts->oldest) {
		struct open_attempt *open = attempts->oldest;

		if (open->event &&
		    attempts->list[open->number].began > deadline)
			break;
		if (open->event)
			finish(open, 0, ETIMEDOUT);
		attempts->oldest = open->next;
		free(open);
	}
	if (!attempts->oldest)
		attempts->newest = &attempts->oldest;
}

static void tick(struct generator *generator, usec_t now)
{
	struct attempts *attempts = (struct attempts *)generator;

	for (unsigned due = load_due(&attempts->pace, now); due; due--)
		begin_one(attempts, now);
	sweep(attempts, now - attempts->patience);
}

static struct generator *begin(char **words)
{
	struct attempts *attempts = calloc(1, sizeof(*attempts));

	if (!attempts)
		tool_fail("out of memory");
	snprintf(attempts->target, sizeof(attempts->target), "%s", words[1]);
	attempts->port = (unsigned)atoi(words[2]);
	attempts->pace.interval = tool_usec(words[3]);
	attempts->pace.due = tool_now();
	attempts->patience = tool_usec(words[4]);
	attempts->first_port = (unsigned)atoi(words[5]);
	attempts->last_port = (unsigned)atoi(words[6]);
	attempts->own_port = attempts->first_port;
	attempts->newest = &attempts->oldest;
	return &attempts->generator;
}

/* The first that worked of those that began after `since`, as well. */
static void state(struct generator *generator, usec_t since, FILE *out)
{
	struct attempts *attempts = (struct attempts *)generator;
	unsigned i = attempts->count, began = 0, worked = 0;
	const struct attempt *newest = NULL;
	char address[16];

	while (i-- && attempts->list[i].began >= since) {
		began++;
		worked += !!attempts->list[i].source;
		if (attempts->list[i].source && !newest)
			newest = &attempts->list[i];
	}
	fprintf(out, "{\"began\":%u,\"worked\":%u,\"newest\":\"%s\"}", began,
		worked,
		newest ? tool_print_address(newest->source, address) : "");
}

/* Of each: began, ended, seen as, why not, from which port. */
static void report(struct generator *generator, FILE *out)
{
	struct attempts *attempts = (struct attempts *)generator;
	char address[16];

	fprintf(out, "{\"attempts\":[");
	for (unsigned i = 0; i < attempts->count; i++) {
		const struct attempt *one = &attempts->list[i];

		fprintf(out, "%s[%.6f,%.6f,\"%s\",\"%s\",%u]", i ? "," : "",
			tool_seconds(one->began), tool_seconds(one->ended),
			one->source ? tool_print_address(one->source, address) :
				      "",
			one->error ? strerror(one->error) : "", one->port);
	}
	fprintf(out, "]}");
}

static void end(struct generator *generator)
{
	struct attempts *attempts = (struct attempts *)generator;

	sweep(attempts, tool_now());
	free(attempts->list);
	free(attempts);
}

const struct load_kind load_attempts = { begin, tick, state, report, end };
