// SPDX-License-Identifier: GPL-2.0-or-later
/* wire_follow.c - see wire_follow.h. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "wire_follow.h"

#define NAMES (1U << 20)
#define SOURCES 16
#define SENT 32 /* the last ones of a port that are remembered */
#define RESETS 4096
#define FLAG_SYN 2
#define FLAG_RST 4
#define FLAG_ACK 16

struct move { /* of a conversation, to another source */
	usec_t at;
	uint32_t name, source;
};

struct reset {
	usec_t at;
	uint32_t source;
	uint16_t port; /* where it was sent */
};

struct port {
	usec_t sent[SENT];
	unsigned count;
	usec_t syn, answer; /* the first SYN, and the SYN that answers it */
	usec_t reset;
};

static uint32_t names[NAMES]; /* source by name; 0: not seen yet */
static struct move *moves;
static unsigned moves_count;
static struct reset *resets;
static unsigned resets_count, resets_sent;
static struct port *ports[65536];

static struct port *port_at(uint16_t number)
{
	if (!ports[number])
		ports[number] = calloc(1, sizeof(struct port));
	if (!ports[number])
		tool_fail("out of memory");
	return ports[number];
}

static void follow_syn(struct port *port, int answers, int outgoing, usec_t now)
{
	if (outgoing && !answers && !port->syn)
		port->syn = now;
	if (!outgoing && answers && !port->answer)
		port->answer = now;
}

void wire_follow_tcp(const unsigned char *tcp, uint32_t source, int outgoing,
		     usec_t now)
{
	uint16_t own, other;
	struct port *port;

	memcpy(&own, tcp + (outgoing ? 0 : 2), sizeof(own));
	memcpy(&other, tcp + (outgoing ? 2 : 0), sizeof(other));
	port = port_at(ntohs(own));
	if (outgoing)
		port->sent[port->count++ % SENT] = now;
	if (tcp[13] & FLAG_SYN)
		follow_syn(port, tcp[13] & FLAG_ACK, outgoing, now);
	if (!(tcp[13] & FLAG_RST))
		return;
	resets_sent += !!outgoing;
	if (outgoing)
		return;
	if (!port->reset)
		port->reset = now;
	if (resets_count < RESETS) {
		struct reset *reset =
			tool_grow(&resets, &resets_count, sizeof(*reset));

		*reset = (struct reset){ now, source, ntohs(own) };
	}
}

void wire_follow_name(const unsigned char *data, size_t size, uint32_t source,
		      usec_t now)
{
	struct message message;
	uint32_t name;

	if (size < sizeof(message))
		return;
	memcpy(&message, data, sizeof(message));
	name = ntohl(message.name);
	if (message.magic != htonl(MESSAGE_MAGIC) || !name || name >= NAMES)
		return;
	if (names[name] && names[name] != source) {
		struct move *move =
			tool_grow(&moves, &moves_count, sizeof(*move));

		*move = (struct move){ now, name, source };
	}
	names[name] = source;
}

/* ---- commands ---------------------------------------------------------------- */

/* What belongs to conversations; what was strange is kept for good. */
void wire_follow_clear(char **words, FILE *out)
{
	(void)words;
	for (unsigned i = 0; i < 65536; i++) {
		free(ports[i]);
		ports[i] = NULL;
	}
	memset(names, 0, sizeof(names));
	free(moves);
	free(resets);
	moves = NULL;
	resets = NULL;
	moves_count = resets_count = resets_sent = 0;
	fprintf(out, "{}");
}

void wire_follow_report(FILE *out)
{
	char address[16];

	fprintf(out, "\"moves\":[");
	for (unsigned i = 0; i < moves_count; i++)
		fprintf(out, "%s[%.6f,%u,\"%s\"]", i ? "," : "",
			tool_seconds(moves[i].at), moves[i].name,
			tool_print_address(moves[i].source, address));
	fprintf(out, "],\"resets_sent\":%u,\"resets\":[", resets_sent);
	for (unsigned i = 0; i < resets_count; i++)
		fprintf(out, "%s[%.6f,\"%s\",%u]", i ? "," : "",
			tool_seconds(resets[i].at),
			tool_print_address(resets[i].source, address),
			resets[i].port);
	fprintf(out, "]");
}

/*
 * The sources under which the names from FIRST on came in: how many of each.
 */
void wire_follow_seen(char **words, FILE *out)
{
	unsigned first = (unsigned)atoi(words[0]), number = atoi(words[1]);
	struct {
		uint32_t address;
		unsigned packets;
	} found[SOURCES] = {};
	const char *separator = "{";
	char address[16];

	for (unsigned name = first; name < first + number && name < NAMES;
	     name++) {
		for (unsigned i = 0; names[name] && i < SOURCES; i++) {
			if (!found[i].packets)
				found[i].address = names[name];
			if (found[i].address != names[name])
				continue;
			found[i].packets++;
			break;
		}
	}
	for (unsigned i = 0; i < SOURCES && found[i].packets; i++) {
		fprintf(out, "%s\"%s\":%u", separator,
			tool_print_address(found[i].address, address),
			found[i].packets);
		separator = ",";
	}
	fprintf(out, *separator == '{' ? "{}" : "}");
}

/*
 * Of each port that was reset: when, when the first segment was sent after the
 * moment, and the last one before the reset (0: none was).
 */
void wire_follow_told(char **words, FILE *out)
{
	usec_t moment = tool_usec(words[0]);
	const char *separator = "{";

	for (unsigned number = 0; number < 65536; number++) {
		const struct port *port = ports[number];
		usec_t first = 0, newest = 0;

		if (!port || !port->reset)
			continue;
		for (unsigned i = 0; i < SENT && i < port->count; i++) {
			usec_t sent = port->sent[i];

			if (sent > port->reset)
				continue;
			if (sent >= moment && (!first || sent < first))
				first = sent;
			if (sent > newest)
				newest = sent;
		}
		fprintf(out, "%s\"%u\":[%.6f,%.6f,%.6f]", separator, number,
			tool_seconds(port->reset), tool_seconds(first),
			tool_seconds(newest));
		separator = ",";
	}
	fprintf(out, *separator == '{' ? "{}" : "}");
}

/* Of each port that a connection was begun from after the moment: when, and
 * when the answer came (0: it did not). */
void wire_follow_handshakes(char **words, FILE *out)
{
	usec_t moment = tool_usec(words[0]);
	const char *separator = "";

	fprintf(out, "[");
	for (unsigned number = 0; number < 65536; number++) {
		const struct port *port = ports[number];

		if (!port || port->syn < moment || !port->syn)
			continue;
		fprintf(out, "%s[%.6f,%.6f]", separator,
			tool_seconds(port->syn), tool_seconds(port->answer));
		separator = ",";
	}
	fprintf(out, "]");
}
