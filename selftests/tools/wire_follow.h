/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_follow.h - what belongs together on a wire.
 *
 * Owns: under which source each conversation comes in, and when it is another
 * one; for each own TCP port, when segments were sent, when its first SYN was
 * answered and when the first reset came.
 */
#ifndef SELFTESTS_WIRE_FOLLOW_H
#define SELFTESTS_WIRE_FOLLOW_H

#include "tool.h"

void wire_follow_tcp(const unsigned char *tcp, uint32_t source, int outgoing,
		     usec_t now);
void wire_follow_name(const unsigned char *data, size_t size, uint32_t source,
		      usec_t now);

/* Moves and resets, as members of a JSON object. */
void wire_follow_report(FILE *out);

/* Commands: forget all; sources of names; resets of ports; handshakes. */
void wire_follow_clear(char **words, FILE *out);
void wire_follow_seen(char **words, FILE *out);
void wire_follow_told(char **words, FILE *out);
void wire_follow_handshakes(char **words, FILE *out);

#endif
