// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo.c - the server of the scenario tests: echo ADDRESS PORT...
 *
 * Owns: every answer says from which address the server saw the request.  A TCP
 * connection is greeted with a message of its own; a datagram that comes twice
 * is counted, and answered twice.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "tool.h"

#define BATCH 64
#define STREAMS 4096 /* more names of datagrams share an entry */
#define NUMBERS (1U << 16)

struct connection {
	LIST_ENTRY(connection) others;
	struct event *event;
	uint32_t from;
	struct part part;
};

/* The datagrams of one name: a bit for each number. */
struct stream {
	uint32_t name;
	unsigned received, twice;
	unsigned char seen[NUMBERS / 8];
};

static struct stream *streams[STREAMS];
static LIST_HEAD(, connection) open_ones;
static unsigned connections, accepted;

/* ---- TCP ----------------------------------------------------------------------- */

static void end(struct connection *one)
{
	close(event_get_fd(one->event));
	event_free(one->event);
	LIST_REMOVE(one, others);
	free(one);
	connections--;
}

/* Answers are small: where there is no room for one, the client is gone. */
static int answer(const struct connection *one, int fd, struct message *message)
{
	message->seen = one->from;
	return send(fd, message, sizeof(*message),
		    MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(*message);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	struct message messages[BATCH];
	struct connection *one = arg;
	int count = tool_receive(fd, &one->part, messages, BATCH);

	(void)what;
	for (int i = 0; i < count; i++)
		if (!answer(one, fd, &messages[i]))
			count = -1;
	if (count < 0)
		end(one);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct message hello = { .magic = htonl(MESSAGE_MAGIC) };
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	struct connection *one;
	int on = 1, peer_fd;

	(void)what;
	(void)arg;
	peer_fd = accept4(fd, (struct sockaddr *)&peer, &size,
			  SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer_fd < 0)
		return; /* it was aborted meanwhile */
	setsockopt(peer_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	one = calloc(1, sizeof(*one));
	if (!one)
		tool_fail("out of memory");
	one->from = peer.sin_addr.s_addr;
	one->event = event_new(tool_base(), peer_fd, EV_READ | EV_PERSIST,
			       on_request, one);
	if (!one->event || event_add(one->event, NULL))
		tool_fail("cannot watch a connection");
	LIST_INSERT_HEAD(&open_ones, one, others);
	connections++;
	accepted++;
	if (!answer(one, peer_fd, &hello))
		end(one);
}

/* ---- UDP ----------------------------------------------------------------------- */

static void note(const struct message *message)
{
	uint32_t name = ntohl(message->name), number = ntohl(message->number);
	struct stream **stream = &streams[name % STREAMS];
	unsigned char bit = (unsigned char)(1 << number % 8);

	if (!*stream)
		*stream = calloc(1, sizeof(**stream));
	if (!*stream)
		tool_fail("out of memory");
	if ((*stream)->name != name) {
		memset(*stream, 0, sizeof(**stream));
		(*stream)->name = name;
	}
	if (number >= NUMBERS)
		return;
	if ((*stream)->seen[number / 8] & bit)
		(*stream)->twice++;
	else
		(*stream)->received++;
	(*stream)->seen[number / 8] |= bit;
}

/* Whether there was one. */
static int answer_datagram(int fd)
{
	char data[2048];
	struct message message;
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	ssize_t got = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT,
			       (struct sockaddr *)&peer, &size);

	if (got < (ssize_t)sizeof(message))
		return got >= 0;
	memcpy(&message, data, sizeof(message));
	if (message.magic != htonl(MESSAGE_MAGIC))
		return 1;
	note(&message);
	message.seen = peer.sin_addr.s_addr;
	memcpy(data, &message, sizeof(message));
	/* An untranslated source: there is no way back to it. */
	sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&peer, size);
	return 1;
}

/* All at once: hundreds of sessions have a turn for each of ours. */
static void on_datagram(evutil_socket_t fd, short what, void *arg)
{
	unsigned left = BATCH;

	(void)what;
	(void)arg;
	while (left-- && answer_datagram(fd))
		;
}

/* ---- life ------------------------------------------------------------------------ */

static void listen_on(uint32_t address, uint16_t port, int type,
		      event_callback_fn ready)
{
	struct sockaddr_in local = { .sin_family = AF_INET,
				     .sin_addr.s_addr = address,
				     .sin_port = htons(port) };
	int on = 1, room = 8 << 20;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct event *event;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    (type == SOCK_STREAM && listen(fd, 4096)))
		tool_fail("port %u: %s", port, strerror(errno));
	event = event_new(tool_base(), fd, EV_READ | EV_PERSIST, ready, NULL);
	if (!event || event_add(event, NULL))
		tool_fail("cannot watch port %u", port);
}

static void report(char **words, FILE *out)
{
	const char *separator = "";

	(void)words;
	fprintf(out, "{\"connections\":%u,\"accepted\":%u,\"udp\":{",
		connections, accepted);
	for (unsigned i = 0; i < STREAMS; i++) {
		if (!streams[i])
			continue;
		fprintf(out, "%s\"%u\":[%u,%u]", separator, streams[i]->name,
			streams[i]->received, streams[i]->twice);
		separator = ",";
	}
	fprintf(out, "}}");
}

/* With resets: of the clients some are gone, and nobody has told us. */
static void drop(char **words, FILE *out)
{
	const struct linger now = { .l_onoff = 1 };

	(void)words;
	while (!LIST_EMPTY(&open_ones)) {
		struct connection *one = LIST_FIRST(&open_ones);

		setsockopt(event_get_fd(one->event), SOL_SOCKET, SO_LINGER,
			   &now, sizeof(now));
		end(one);
	}
	fprintf(out, "{}");
}

int main(int count, char **words)
{
	static const struct tool_command commands[] = {
		{ "report", "", report },
		{ "drop", "", drop },
		{},
	};

	if (count < 3)
		tool_fail("usage: echo ADDRESS PORT...");
	tool_allow_files();
	for (int i = 2; i < count; i++) {
		uint16_t port = (uint16_t)atoi(words[i]);

		listen_on(tool_address(words[1]), port, SOCK_STREAM,
			  on_connection);
		listen_on(tool_address(words[1]), port, SOCK_DGRAM,
			  on_datagram);
	}
	return tool_run(commands);
}
