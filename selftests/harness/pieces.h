/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pieces.h - datagrams in three fragments.
 *
 * Owns: how the tests cut a datagram up, and what they watch of those that come
 * before their first.  A piece is one of a whole datagram, translated or not: so
 * the one checksum in it is that of the datagram, and what is expected of the
 * pieces is what a receiver could put together.
 */
#ifndef HARNESS_PIECES_H
#define HARNESS_PIECES_H

#include "rows.h"

enum {
	FIRST,
	SECOND,
	THIRD,
	PIECES
};

#define PIECES_BODY 1400 /* bytes of payload of every datagram */

/* Of the same flow: what H sends, as it looks outside, and the answers. */
extern const struct packet h_to_r, a_to_r, r_to_a, r_to_h;

struct packet piece(struct packet whole, unsigned int part);

struct step outward(struct packet in, struct packet out, unsigned int part);
struct step inward(unsigned int part); /* r_to_a */
struct step stop(enum side side, enum tp_reason why, struct packet in,
		 unsigned int part);

/* One packet of h_to_r that is whole. */
void open_session(struct bench *bench);

/*
 * Send the early ones, which are kept; then the first.  What enters the
 * interface again must be theirs, byte for byte: it is run, and must come to
 * what each of them says.
 */
void out_of_order(struct bench *bench, struct step first,
		  const struct step *early, unsigned int count);
void send_2_1_3(struct bench *bench, const struct step step[PIECES]);
void send_3_2_1(struct bench *bench, const struct step step[PIECES]);

/* h_to_r and r_to_a, last piece first. */
void outward_3_2_1(struct bench *bench);
void inward_3_2_1(struct bench *bench);

/* What enters an interface again, by itself. */
int again_open(enum side side);
/* The next frame; its size, or 0 when none comes in so many milliseconds. */
size_t again_read(int fd, uint8_t frame[PACKET_MAX], int wait);

#endif
