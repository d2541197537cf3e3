// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load_udp.c - numbered datagrams of several endpoints, at an even pace.
 *
 * Owns: what became of each datagram: answered when, seen as whom, how often.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define SIZE 64

struct datagram {
	usec_t sent, answered; /* answered: 0, not yet */
	uint32_t source;
	uint16_t stream;
	uint16_t answers;
};

struct udp;

struct stream {
	struct udp *udp;
	struct event *event;
};

struct udp {
	struct generator generator;
	unsigned count, first_port, first_name;
	struct stream *streams;
	struct load_pace pace;
	struct datagram *datagrams; /* by number */
	unsigned sent;
};

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct stream *stream = arg;
	struct udp *udp = stream->udp;
	struct datagram *datagram;
	struct message message;
	uint32_t number;

	(void)what;
	/* An ICMP error of an earlier one is read away here as well. */
	if (recv(fd, &message, sizeof(message), MSG_TRUNC) != SIZE)
		return;
	number = ntohl(message.number);
	if (message.magic != htonl(MESSAGE_MAGIC) || number >= udp->sent)
		return;
	datagram = &udp->datagrams[number];
	if (!datagram->answers++) {
		datagram->answered = tool_now();
		datagram->source = message.seen;
	}
}

static void send_one(struct udp *udp, usec_t now)
{
	unsigned number = udp->sent, turn = number % udp->count;
	char data[SIZE] = {};
	struct message message = {
		.magic = htonl(MESSAGE_MAGIC),
		.name = htonl(udp->first_name + turn),
		.number = htonl(number),
	};
	struct datagram *datagram =
		tool_grow(&udp->datagrams, &udp->sent, sizeof(*datagram));

	datagram->sent = now;
	datagram->stream = (uint16_t)turn;
	memcpy(data, &message, sizeof(message));
	/* What cannot be sent counts as lost. */
	if (send(event_get_fd(udp->streams[turn].event), data, sizeof(data),
		 MSG_DONTWAIT) < 0)
		return;
}

static void tick(struct generator *generator, usec_t now)
{
	struct udp *udp = (struct udp *)generator;

	for (unsigned due = load_due(&udp->pace, now); due; due--)
		send_one(udp, now);
}

static struct generator *begin(char **words)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	unsigned port = (unsigned)atoi(words[2]);

	if (!udp)
		tool_fail("out of memory");
	udp->count = (unsigned)atoi(words[3]);
	udp->first_port = (unsigned)atoi(words[5]);
	udp->first_name = (unsigned)atoi(words[6]);
	udp->pace.interval = 1000000 / atoi(words[4]);
	udp->pace.due = tool_now();
	udp->streams = calloc(udp->count, sizeof(*udp->streams));
	for (unsigned i = 0; udp->streams && i < udp->count; i++) {
		int fd = load_socket(SOCK_DGRAM, words[1], port,
				     udp->first_port + i);

		udp->streams[i].udp = udp;
		udp->streams[i].event = event_new(tool_base(), fd,
						  EV_READ | EV_PERSIST,
						  on_answer, &udp->streams[i]);
		if (fd < 0 || event_add(udp->streams[i].event, NULL))
			tool_fail("cannot open a stream");
	}
	return &udp->generator;
}

static void state(struct generator *generator, usec_t since, FILE *out)
{
	struct udp *udp = (struct udp *)generator;
	unsigned sent = 0, answered = 0;

	for (unsigned i = udp->sent; i-- && udp->datagrams[i].sent >= since;) {
		sent++;
		answered += !!udp->datagrams[i].answers;
	}
	fprintf(out, "{\"sent\":%u,\"answered\":%u}", sent, answered);
}

/* Of each datagram: stream, sent, answered, how often, seen as. */
static void report(struct generator *generator, FILE *out)
{
	struct udp *udp = (struct udp *)generator;
	char address[16];

	fprintf(out, "{\"first_name\":%u,\"first_port\":%u,\"datagrams\":[",
		udp->first_name, udp->first_port);
	for (unsigned i = 0; i < udp->sent; i++) {
		const struct datagram *one = &udp->datagrams[i];

		fprintf(out, "%s[%u,%.6f,%.6f,%u,\"%s\"]", i ? "," : "",
			one->stream, tool_seconds(one->sent),
			tool_seconds(one->answered), one->answers,
			tool_print_address(one->source, address));
	}
	fprintf(out, "]}");
}

static void end(struct generator *generator)
{
	struct udp *udp = (struct udp *)generator;

	for (unsigned i = 0; i < udp->count; i++) {
		close(event_get_fd(udp->streams[i].event));
		event_free(udp->streams[i].event);
	}
	free(udp->streams);
	free(udp->datagrams);
	free(udp);
}

const struct load_kind load_udp = { begin, tick, state, report, end };
