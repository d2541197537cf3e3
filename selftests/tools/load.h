/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - the kinds of traffic that load.c makes.
 *
 * Owns: what a kind must offer.  Ports and names are given by whoever asks, so
 * that no two generators of a run share one.
 */
#ifndef SELFTESTS_LOAD_H
#define SELFTESTS_LOAD_H

#include "tool.h"

struct generator;

struct load_kind {
	struct generator *(*begin)(char **words); /* the first is its id */
	void (*tick)(struct generator *generator, usec_t now);
	/* JSON: how far it is; answers to what was sent after `since`. */
	void (*state)(struct generator *generator, usec_t since, FILE *out);
	void (*report)(struct generator *generator, FILE *out); /* JSON */
	void (*end)(struct generator *generator);
};

/* The first member of each kind's own struct. */
struct generator {
	const struct load_kind *kind;
	char id[16];
	struct generator *next;
};

extern const struct load_kind load_tcp, load_udp, load_ping, load_attempts;

/* Begin to talk, or with another pace; for TCP sessions. */
void load_tcp_talk(struct generator *generator, usec_t period);

/*
 * An even pace: how many are due now.  Who was not called for long does not
 * make up for it all at once.
 */
struct load_pace {
	usec_t interval, due;
};
unsigned load_due(struct load_pace *pace, usec_t now);

/* A socket with this port of its own, connected or connecting; -1: no route. */
int load_socket(int type, const char *target, unsigned port, unsigned own_port);

#endif
