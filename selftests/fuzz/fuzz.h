/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - packets and daemon's changes out of bytes, and what must hold for
 * each of them.
 *
 * Two machines carry the packets out: native.c, the core compiled for this
 * machine with sanitizers, and kernel.c, the loaded programs by test runs.  The
 * same bytes mean the same packets to both.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "plane.h"

/* The bytes that everything is made of; zeroes when they are used up. */
struct stream {
	const uint8_t *at;
	size_t left;
};

uint8_t stream_byte(struct stream *stream);
uint16_t stream_word(struct stream *stream);
uint8_t stream_below(struct stream *stream, uint8_t limit);

/* A packet on its way through one program. */
struct passage {
	struct plane_input in;
	struct plane_output out;
	uint16_t linear;  /* bytes that a tc program finds in front; 0: all */
	uint32_t reasons; /* how many counters moved, or FUZZ_UNCOUNTED */
	uint32_t to; /* interface it was redirected to, or FUZZ_UNCOUNTED */
};
#define FUZZ_UNCOUNTED 0xffffffffU

/* Lay the next packet of the stream into `frame`; where it goes in `in`. */
void packets_next(struct stream *stream, struct plane_input *in,
		  uint8_t frame[PACKET_MAX]);
/* Something became of it: later packets may answer it. */
void packets_learn(const struct passage *passage);
void packets_forget(void);

/* What does not hold; NULL: all does. */
const char *judge(const struct passage *passage);

/*
 * Carry out the whole stream on a plane that is as plane_reset leaves it.
 * Ends the process with a report when something does not hold.
 */
void fuzz_stream(struct plane *plane, const uint8_t *bytes, size_t size);

_Noreturn void fuzz_report(const struct passage *passage, const char *why);

/* Packets carried so far. */
extern unsigned long fuzz_packets;

/* The machine's part. */
int machine_run(struct plane *plane, struct passage *passage);
/* Something did not hold, and the process ends. */
void machine_failed(void);

#endif
