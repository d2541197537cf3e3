/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - what the tables say of a session: its TCP state by the names of RFC
 * 6146, and how long it lives.
 */
#ifndef CONFORMANCE_LINES_H
#define CONFORMANCE_LINES_H

#include "conformance.h"

enum state {
	CLOSED, /* no session that lives */
	INIT_OUT,
	INIT_IN,
	ESTABLISHED,
	FIN_OUT,
	FIN_IN,
	FIN_BOTH,
	TRANS,
	STATES,
};

extern const char *const state_names[STATES];

/* Of the TCP session of an inside endpoint with R:80. */
enum state line_state(struct bench *bench, uint32_t inside, uint16_t port,
		      uint32_t remote, uint16_t remote_port);
/* Seconds that it has left, rounded up. */
unsigned int line_left(struct bench *bench, uint32_t inside, uint16_t port,
		       uint32_t remote, uint16_t remote_port);

#endif
