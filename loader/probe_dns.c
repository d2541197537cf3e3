// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_dns.c - the kind "dns": does a name server answer a question?
 *
 * An answer comes from the target, to a port that is new for each probe, with
 * that probe's random id and its question (RFC 5452, section 9).  "No such name"
 * is one too: the server has looked.  A server that fails or refuses has not.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "arrival.h"
#include "probe_socket.h"

#define HEADER 12
#define QUESTION (HEADER + 256 + 4)
#define TYPE_A 1
#define TYPE_NS 2 /* of the root, which has no address */
#define CLASS_IN 1
#define RD 0x01	   /* of the third byte */
#define QR 0x80	   /* likewise */
#define RCODE 0x0f /* of the fourth */
#define NXDOMAIN 3

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* "example.org" as the wire has it: returns its length. */
static size_t put_name(uint8_t *to, const char *name)
{
	size_t used = 0;

	while (*name && strcmp(name, ".") != 0) {
		size_t label = strcspn(name, ".");

		to[used++] = (uint8_t)label;
		memcpy(to + used, name, label);
		used += label;
		name += label + (name[label] == '.');
	}
	to[used++] = 0;
	return used;
}

static size_t ask(const struct probe_view *view, const struct probe_shot *shot,
		  uint8_t message[QUESTION])
{
	bool root = !strcmp(view->config->ask, ".");
	size_t used = HEADER;

	memset(message, 0, HEADER);
	put16(message, shot->cookie & 0xffff);
	message[2] = RD;
	message[5] = 1; /* question */
	used += put_name(message + used, view->config->ask);
	put16(message + used, root ? TYPE_NS : TYPE_A);
	put16(message + used + 2, CLASS_IN);
	return used + 4;
}

static int dns_begin(const struct probe_view *view,
		     const struct probe_shot *shot)
{
	(void)shot;
	return probe_socket_connect(view, SOCK_DGRAM);
}

/* Names are the same whatever their case (RFC 4343). */
static bool same_question(const uint8_t *a, const uint8_t *b, size_t length)
{
	for (size_t i = HEADER; i < length; i++) {
		bool letter = (a[i] | 0x20) >= 'a' && (a[i] | 0x20) <= 'z';

		if (a[i] != b[i] && !(letter && (a[i] ^ b[i]) == 0x20))
			return false;
	}
	return true;
}

static int judge(const struct probe_view *view, struct probe_shot *shot,
		 const uint8_t *answer, size_t length)
{
	static const char *const words[] = {
		"no error",	"format error",	   "server failure",
		"no such name", "not implemented", "refused",
	};
	uint8_t question[QUESTION];
	size_t asked = ask(view, shot, question);
	unsigned code;

	if (length < asked || memcmp(answer, question, 2) != 0 ||
	    !(answer[2] & QR) || answer[4] != 0 || answer[5] != 1 ||
	    !same_question(answer, question, asked))
		return -EBADMSG;
	code = answer[3] & RCODE;
	if (!code || code == NXDOMAIN)
		return PROBE_DONE;
	if (code < sizeof(words) / sizeof(words[0]))
		snprintf(shot->said, sizeof(shot->said), "%s", words[code]);
	else
		snprintf(shot->said, sizeof(shot->said), "error %u", code);
	return -EPROTO;
}

static int receive(const struct probe_view *view, struct probe_shot *shot)
{
	uint8_t answer[2048];
	ssize_t length = arrival_receive(shot->socket, answer, sizeof(answer),
					 &shot->age);

	if (length < 0)
		return length == -EAGAIN ? PROBE_READ : (int)length;
	return judge(view, shot, answer, (size_t)length);
}

static int dns_go_on(const struct probe_view *view, struct probe_shot *shot)
{
	uint8_t message[QUESTION];
	size_t length;

	if (shot->step)
		return receive(view, shot);
	length = ask(view, shot, message);
	if (send(shot->socket, message, length, MSG_DONTWAIT) < 0)
		return errno == EAGAIN ? PROBE_WRITE : -errno;
	shot->step = 1;
	return PROBE_READ;
}

const struct probe_kind probe_dns = {
	.begin = dns_begin,
	.go_on = dns_go_on,
};
