// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load_tcp.c - long TCP sessions, each with a small request at an even pace,
 * whether the one before was answered or not; or silent, until told to talk.
 *
 * Owns: what became of each session, and every answer that came late.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define WINDOW 64    /* requests without an answer; then no more is sent */
#define OPENING 64   /* handshakes at a time */
#define STALL 200000 /* the least time that TCP waits before it repeats */
#define CLOSED (-1)  /* by the other side, in order */

struct tcp;

struct session {
	struct tcp *tcp;
	struct event *event;
	struct part part;
	uint32_t name, source; /* source: as the server greeted it */
	uint16_t port;
	uint32_t sent, answered;
	usec_t asked[WINDOW];
	usec_t ended; /* 0: it lives */
	int error;    /* errno, or CLOSED */
};

struct stall {
	uint32_t name;
	usec_t sent, waited;
};

struct tcp {
	struct generator generator;
	char target[16];
	unsigned port, first_port, first_name;
	struct session *sessions;
	unsigned count, begun, greeted, turn;
	usec_t period;
	struct load_pace pace;
	struct stall *stalls;
	unsigned stalls_count;
};

static void over(struct session *one, int error)
{
	int fd = event_get_fd(one->event);

	one->ended = tool_now();
	one->error = error;
	event_free(one->event);
	one->event = NULL;
	close(fd);
}

static void answered(struct session *one, usec_t now)
{
	usec_t sent = one->asked[one->answered++ % WINDOW];

	if (now - sent > STALL) {
		struct tcp *tcp = one->tcp;
		struct stall *stall = tool_grow(
			&tcp->stalls, &tcp->stalls_count, sizeof(*stall));

		*stall = (struct stall){ one->name, sent, now - sent };
	}
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct message messages[WINDOW];
	struct session *one = arg;
	int count = tool_receive(fd, &one->part, messages, WINDOW);
	usec_t now = tool_now();

	(void)what;
	if (count < 0) {
		over(one, errno ? errno : CLOSED);
		return;
	}
	for (int i = 0; i < count; i++) {
		if (one->source) {
			answered(one, now);
			continue;
		}
		one->source = messages[i].seen;
		one->tcp->greeted++;
	}
}

static void open_one(struct tcp *tcp)
{
	struct session *one = &tcp->sessions[tcp->begun];
	int on = 1, fd;

	one->tcp = tcp;
	one->name = tcp->first_name + tcp->begun;
	one->port = (uint16_t)(tcp->first_port + tcp->begun);
	tcp->begun++;
	fd = load_socket(SOCK_STREAM, tcp->target, tcp->port, one->port);
	if (fd < 0)
		tool_fail("session from port %u: %s", one->port,
			  strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	one->event = event_new(tool_base(), fd, EV_READ | EV_PERSIST, on_answer,
			       one);
	if (!one->event || event_add(one->event, NULL))
		tool_fail("cannot watch a session");
}

static void request(struct session *one, usec_t now)
{
	struct message message = {
		.magic = htonl(MESSAGE_MAGIC),
		.name = htonl(one->name),
		.number = htonl(one->sent),
	};

	if (one->ended || !one->source || one->sent - one->answered >= WINDOW)
		return;
	one->asked[one->sent++ % WINDOW] = now;
	/* A full buffer counts as sent, unanswered. */
	if (send(event_get_fd(one->event), &message, sizeof(message),
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		over(one, errno);
}

static void tick(struct generator *generator, usec_t now)
{
	struct tcp *tcp = (struct tcp *)generator;
	unsigned due;

	while (tcp->begun < tcp->count && tcp->begun - tcp->greeted < OPENING)
		open_one(tcp);
	if (tcp->greeted < tcp->count)
		return;
	for (due = load_due(&tcp->pace, now); due; due--)
		request(&tcp->sessions[tcp->turn++ % tcp->count], now);
}

void load_tcp_talk(struct generator *generator, usec_t period)
{
	struct tcp *tcp = (struct tcp *)generator;

	tcp->pace.interval = period / tcp->count;
	tcp->pace.due = tool_now();
}

static struct generator *begin(char **words)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		tool_fail("out of memory");
	snprintf(tcp->target, sizeof(tcp->target), "%s", words[1]);
	tcp->port = (unsigned)atoi(words[2]);
	tcp->count = (unsigned)atoi(words[3]);
	tcp->first_port = (unsigned)atoi(words[5]);
	tcp->first_name = (unsigned)atoi(words[6]);
	tcp->sessions = calloc(tcp->count, sizeof(*tcp->sessions));
	if (!tcp->sessions)
		tool_fail("out of memory");
	load_tcp_talk(&tcp->generator, tool_usec(words[4]));
	return &tcp->generator;
}

/* ---- what was seen ---------------------------------------------------------------- */

/* When the oldest request without an answer was sent; 0: all have one. */
static usec_t waits_since(const struct session *one)
{
	return one->sent == one->answered ? 0 :
					    one->asked[one->answered % WINDOW];
}

static int answered_since(const struct session *one, usec_t since)
{
	return one->answered &&
	       one->asked[(one->answered - 1) % WINDOW] >= since;
}

static void state(struct generator *generator, usec_t since, FILE *out)
{
	struct tcp *tcp = (struct tcp *)generator;
	unsigned alive = 0, current = 0;

	for (unsigned i = 0; i < tcp->begun; i++) {
		const struct session *one = &tcp->sessions[i];

		alive += !one->ended;
		current += !one->ended && answered_since(one, since);
	}
	fprintf(out, "{\"count\":%u,\"open\":%u,\"alive\":%u,\"answered\":%u}",
		tcp->count, tcp->greeted, alive, current);
}

static const char *why(const struct session *one)
{
	if (!one->ended)
		return "";
	return one->error == CLOSED ? "closed by the other side" :
				      strerror(one->error);
}

static void report(struct generator *generator, FILE *out)
{
	struct tcp *tcp = (struct tcp *)generator;
	char address[16];

	fprintf(out, "{\"sessions\":[");
	for (unsigned i = 0; i < tcp->begun; i++) {
		const struct session *one = &tcp->sessions[i];

		fprintf(out, "%s[%u,%u,\"%s\",%u,%u,%.6f,%.6f,\"%s\"]",
			i ? "," : "", one->name, one->port,
			tool_print_address(one->source, address), one->sent,
			one->answered, tool_seconds(waits_since(one)),
			tool_seconds(one->ended), why(one));
	}
	fprintf(out, "],\"stalls\":[");
	for (unsigned i = 0; i < tcp->stalls_count; i++) {
		const struct stall *stall = &tcp->stalls[i];

		fprintf(out, "%s[%u,%.6f,%.6f]", i ? "," : "", stall->name,
			tool_seconds(stall->sent), tool_seconds(stall->waited));
	}
	fprintf(out, "]}");
}

/* With a reset: nothing of them is to be repeated in the next scenario. */
static void end(struct generator *generator)
{
	struct tcp *tcp = (struct tcp *)generator;
	const struct linger reset = { 1, 0 };

	for (unsigned i = 0; i < tcp->begun; i++) {
		struct session *one = &tcp->sessions[i];

		if (one->ended)
			continue;
		setsockopt(event_get_fd(one->event), SOL_SOCKET, SO_LINGER,
			   &reset, sizeof(reset));
		over(one, CLOSED);
	}
	free(tcp->stalls);
	free(tcp->sessions);
	free(tcp);
}

const struct load_kind load_tcp = { begin, tick, state, report, end };
