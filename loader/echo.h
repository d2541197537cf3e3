/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * echo.h - ICMP echo requests and replies on a packet socket.
 *
 * Owns: the bytes and the socket.  It knows no timeout, keeps nothing, and must
 * never decide whether an answer is a good one: probe_ping.c does.
 */
#ifndef TWINPATH_ECHO_H
#define TWINPATH_ECHO_H

#include "model.h"

struct echo_request {
	unsigned ifindex;
	uint8_t mac[6]; /* of the next hop */
	struct tp_addr source, target;
	uint8_t ttl;
	uint16_t id, sequence;
	uint64_t cookie;
};

struct echo_answer {
	struct tp_addr source;
	uint8_t ttl;
	uint16_t sequence;
	uint64_t cookie;
	int64_t age; /* microseconds that it has waited in the socket */
};

/*
 * A socket that sees echoes of this ICMP type with this id to this address,
 * arriving on this interface, and nothing else.  Returns it or a negative errno.
 */
int echo_open(unsigned ifindex, const struct tp_addr *local, uint8_t type,
	      uint16_t id);

/* Returns 0 or a negative errno. */
int echo_send(int fd, const struct echo_request *request);

/*
 * Returns 1 with an answer, 0 when there is none, -EBADMSG for one that cannot
 * be ours.  Never blocks.
 */
int echo_receive(int fd, struct echo_answer *answer);

#endif
