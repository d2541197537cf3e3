/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wired.h - rows on the wire: packets in at one far end, packets out at another,
 * and what can be said of an answer that the kernel or a program made up.
 */
#ifndef CONFORMANCE_WIRED_H
#define CONFORMANCE_WIRED_H

#include "conformance.h"

/* A step of the tables, on the wire: for struct bench's `carry`. */
void wired_step(struct bench *bench, const struct step *step);

/* Send a packet, with the MAC addresses that one expects there. */
void wired_send(struct bench *bench, enum side side,
		const struct packet *packet);
/* The same for a frame that is none of struct packet's; forgets nothing. */
void wired_send_frame(struct bench *bench, enum side side, const uint8_t *frame,
		      size_t size);
/* This very packet must arrive; its TTL and MAC addresses too. */
void wired_expect(struct bench *bench, enum side side,
		  const struct packet *packet);
/* Nothing may arrive. */
void wired_nothing(struct bench *bench, enum side side);
/* Any packet: 0, or the size of what is now in bench->output. */
size_t wired_receive(struct bench *bench, enum side side);

#endif
