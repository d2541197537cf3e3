/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pieces.h - fragments of a packet, made from the whole of it, and put together
 * again (RFC 791, 3.2).
 */
#ifndef CONFORMANCE_PIECES_H
#define CONFORMANCE_PIECES_H

#include "conformance.h"

/* Bytes of the IP payload, from .. from + bytes - 1: multiples of 8. */
struct piece {
	uint16_t from, bytes;
};

/* The frame of one piece; returns its size. */
size_t piece_build(const struct packet *whole, struct piece piece,
		   uint8_t frame[PACKET_MAX]);

/* Send it, from a CPU of its own choice. */
void piece_send(struct bench *bench, enum side side, const struct packet *whole,
		struct piece piece, unsigned int cpu);

enum order {
	ANY_ORDER,
	IN_ORDER,
};

/*
 * Fragments must arrive that make up this packet: of one IP ID, which need not
 * be the one it says; each with its TTL, addresses and a right IP checksum.
 * A source port of 0 is any, then in bench->port.  Returns how many they were.
 */
unsigned int pieces_expect(struct bench *bench, enum side side,
			   const struct packet *whole, enum order order);

#endif
