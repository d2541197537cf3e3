// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load_ping.c - ICMP echo requests at an even pace.
 *
 * Owns: what became of each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/icmp.h>

#include "load.h"

struct echo {
	usec_t sent, answered;
	unsigned answers;
};

struct ping {
	struct generator generator;
	struct sockaddr_in target;
	uint16_t identifier;
	struct event *event;
	struct load_pace pace;
	struct echo *echoes;
	unsigned sent;
};

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	unsigned char packet[256];
	struct ping *ping = arg;
	struct icmphdr icmp;
	ssize_t got = recv(fd, packet, sizeof(packet), 0);
	size_t header = 4U * (packet[0] & 15);
	uint16_t sequence;
	struct echo *echo;

	(void)what;
	if (got < (ssize_t)(header + sizeof(icmp)))
		return;
	memcpy(&icmp, packet + header, sizeof(icmp));
	sequence = ntohs(icmp.un.echo.sequence);
	if (icmp.type != ICMP_ECHOREPLY || sequence >= ping->sent ||
	    icmp.un.echo.id != htons(ping->identifier))
		return;
	echo = &ping->echoes[sequence];
	if (!echo->answers++)
		echo->answered = tool_now();
}

static uint16_t checksum(const struct icmphdr *icmp)
{
	uint16_t words[sizeof(*icmp) / 2];
	uint32_t sum = 0;

	memcpy(words, icmp, sizeof(words));
	for (unsigned i = 0; i < sizeof(words) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void send_one(struct ping *ping, usec_t now)
{
	struct icmphdr icmp = {
		.type = ICMP_ECHO,
		.un.echo.id = htons(ping->identifier),
		.un.echo.sequence = htons((uint16_t)ping->sent),
	};
	struct echo *echo;

	if (ping->sent > UINT16_MAX) /* a number must not come twice */
		tool_fail("more pings than numbers");
	echo = tool_grow(&ping->echoes, &ping->sent, sizeof(*echo));
	echo->sent = now;
	icmp.checksum = checksum(&icmp);
	/* No route at this moment: it counts as lost. */
	if (sendto(event_get_fd(ping->event), &icmp, sizeof(icmp), 0,
		   (struct sockaddr *)&ping->target, sizeof(ping->target)) < 0)
		return;
}

static void tick(struct generator *generator, usec_t now)
{
	struct ping *ping = (struct ping *)generator;

	for (unsigned due = load_due(&ping->pace, now); due; due--)
		send_one(ping, now);
}

static struct generator *begin(char **words)
{
	const struct icmp_filter only = { ~(1U << ICMP_ECHOREPLY) };
	struct ping *ping = calloc(1, sizeof(*ping));
	int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			IPPROTO_ICMP);

	if (!ping || fd < 0)
		tool_fail("cannot ping: %s", strerror(errno));
	setsockopt(fd, SOL_RAW, ICMP_FILTER, &only, sizeof(only));
	ping->target.sin_family = AF_INET;
	ping->target.sin_addr.s_addr = tool_address(words[1]);
	ping->pace.interval = 1000000 / atoi(words[2]);
	ping->pace.due = tool_now();
	ping->identifier = (uint16_t)atoi(words[3]);
	ping->event = event_new(tool_base(), fd, EV_READ | EV_PERSIST,
				on_answer, ping);
	if (!ping->event || event_add(ping->event, NULL))
		tool_fail("cannot watch a socket");
	return &ping->generator;
}

static void state(struct generator *generator, usec_t since, FILE *out)
{
	struct ping *ping = (struct ping *)generator;
	unsigned sent = 0, answered = 0;

	for (unsigned i = ping->sent; i-- && ping->echoes[i].sent >= since;) {
		sent++;
		answered += !!ping->echoes[i].answers;
	}
	fprintf(out, "{\"sent\":%u,\"answered\":%u}", sent, answered);
}

/* Of each: sent, answered, how often. */
static void report(struct generator *generator, FILE *out)
{
	struct ping *ping = (struct ping *)generator;

	fprintf(out, "{\"echoes\":[");
	for (unsigned i = 0; i < ping->sent; i++)
		fprintf(out, "%s[%.6f,%.6f,%u]", i ? "," : "",
			tool_seconds(ping->echoes[i].sent),
			tool_seconds(ping->echoes[i].answered),
			ping->echoes[i].answers);
	fprintf(out, "]}");
}

static void end(struct generator *generator)
{
	struct ping *ping = (struct ping *)generator;

	close(event_get_fd(ping->event));
	event_free(ping->event);
	free(ping->echoes);
	free(ping);
}

const struct load_kind load_ping = { begin, tick, state, report, end };
