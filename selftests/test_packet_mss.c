// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_mss.c - the segment size that a SYN offers, and nothing else of it,
 * is lowered to what the uplink takes; both ways, by every hook (F12).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/rows.h"

#define MOST 1360

static int clamp(struct plane *plane)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.mss = MOST;
	return err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit);
}

/* Options as they are sent, and as they arrive. */
struct options {
	const char *name;
	uint8_t size;
	uint8_t sent[40], arrived[40];
};

#define NOP 1
#define MSS(value) 2, 4, (value) >> 8, (value)&0xff
#define SACK 4, 2
#define STAMPS 8, 10, 1, 2, 3, 4, 0, 0, 0, 0
#define SCALE 3, 3, 7

static const struct options options[] = {
	{ "first, as usual",
	  20,
	  { MSS(1460), SACK, STAMPS, NOP, SCALE },
	  { MSS(MOST), SACK, STAMPS, NOP, SCALE } },
	{ "behind a NOP: across two words",
	  8,
	  { NOP, MSS(1460), NOP, SACK },
	  { NOP, MSS(MOST), NOP, SACK } },
	{ "last of 40 bytes",
	  40,
	  { STAMPS, STAMPS, STAMPS, SACK, SACK, SACK, MSS(9000) },
	  { STAMPS, STAMPS, STAMPS, SACK, SACK, SACK, MSS(MOST) } },
	{ "last of 40 bytes, all NOPs before it",
	  40,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,	  1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, MSS(65535) },
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,	 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, MSS(MOST) } },
	{ "one more", 4, { MSS(MOST + 1) }, { MSS(MOST) } },
	{ "as much", 4, { MSS(MOST) }, { MSS(MOST) } },
	{ "less is not raised", 4, { MSS(536) }, { MSS(536) } },
	{ "none is not added", 12, { NOP, NOP, STAMPS }, { NOP, NOP, STAMPS } },
	{ "behind the end of the options",
	  8,
	  { 0, NOP, MSS(1460) },
	  { 0, NOP, MSS(1460) } },
	{ "of another length", 8, { 2, 5, 5, 180, 0 }, { 2, 5, 5, 180, 0 } },
	{ "cut short", 4, { NOP, 2, 4, 5 }, { NOP, 2, 4, 5 } },
	{ "of a kind alone", 4, { NOP, NOP, NOP, 2 }, { NOP, NOP, NOP, 2 } },
	{ "behind one without a length",
	  8,
	  { 8, 0, MSS(1460) },
	  { 8, 0, MSS(1460) } },
	{ "behind one that is longer than all",
	  8,
	  { 8, 9, MSS(1460) },
	  { 8, 9, MSS(1460) } },
};

static struct packet with(struct packet packet, uint8_t size,
			  const uint8_t bytes[40])
{
	memcpy(packet.tcp_options, bytes, 40);
	packet.tcp_options_size = size;
	return packet;
}

/* A SYN outward and its answer, with the same options. */
static void handshake(struct bench *bench, const struct options *o,
		      uint16_t port, uint16_t fragment)
{
	struct packet syn = { TCP(H, port, R, 80, SYN), .fragment = fragment };
	struct packet sent = { TCP(A, port, R, 80, SYN) };
	struct packet answer = { TCP(R, 80, A, port, SYN | ACK),
				 .fragment = fragment };
	struct packet answered = { TCP(R, 80, H, port, SYN | ACK) };
	struct step out = { .side = LAN,
			    .why = TP_REASON_translated_out,
			    .in = with(syn, o->size, o->sent),
			    .out = with(sent, o->size, o->arrived) };
	struct step in = { .side = WAN,
			   .why = TP_REASON_translated_in,
			   .in = with(answer, o->size, o->sent),
			   .out = with(answered, o->size, o->arrived) };

	rows_step(bench, &out);
	rows_step(bench, &in);
}

static void both_ways(struct bench *bench)
{
	assert_int_equal(clamp(bench->plane), 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		bench->row = options[i].name;
		handshake(bench, &options[i], 5000 + i, 0x4000);
	}
}

/* The ID of a SYN that is not atomic is masked all the same. */
static void not_atomic(struct bench *bench)
{
	assert_int_equal(clamp(bench->plane), 0);
	handshake(bench, &options[1], 5000, 0);
}

static void switched_off(struct bench *bench)
{
	const struct options asis = { .size = 4,
				      .sent = { MSS(9000) },
				      .arrived = { MSS(9000) } };

	handshake(bench, &asis, 5000, 0x4000);
}

/* In anything but a SYN those bytes mean nothing. */
static void no_syn(struct bench *bench)
{
	struct packet ack = { TCP(H, 5000, R, 80, ACK) };
	struct packet sent = { TCP(A, 5000, R, 80, ACK) };
	struct step step = { .side = LAN,
			     .why = TP_REASON_translated_out,
			     .in = with(ack, 4, options[4].sent),
			     .out = with(sent, 4, options[4].sent) };

	assert_int_equal(clamp(bench->plane), 0);
	handshake(bench, &options[0], 5000, 0x4000);
	rows_step(bench, &step);
}

/* A connection from outside: the answer is the inside's. */
static void answer_outward(struct bench *bench)
{
	struct packet syn = { TCP(R, 80, A, 5000, SYN) };
	struct packet arrived = { TCP(R, 80, H, 5000, SYN) };
	struct packet answer = { TCP(H, 5000, R, 80, SYN | ACK) };
	struct packet sent = { TCP(A, 5000, R, 80, SYN | ACK) };
	const struct options *o = &options[0];
	struct step in = { .side = WAN,
			   .why = TP_REASON_translated_in,
			   .in = with(syn, o->size, o->sent),
			   .out = with(arrived, o->size, o->arrived) };
	struct step out = { .side = LAN,
			    .why = TP_REASON_translated_out,
			    .in = with(answer, o->size, o->sent),
			    .out = with(sent, o->size, o->arrived) };

	assert_int_equal(clamp(bench->plane), 0);
	handshake(bench, o, 5000, 0x4000); /* both at once: RFC 9293 3.5 */
	rows_step(bench, &in);
	rows_step(bench, &out);
}

/* What the kernel sends out of the uplink. */
static void by_the_kernel(struct bench *bench)
{
	struct packet syn = { TCP(H, 5000, R, 80, SYN), .options = 2 };
	struct packet sent = { TCP(A, 5000, R, 80, SYN) };
	const struct options *o = &options[1];
	struct step step = { .side = OUT,
			     .why = TP_REASON_translated_slow_out,
			     .in = with(syn, o->size, o->sent),
			     .out = with(sent, o->size, o->arrived),
			     .from = PLANE_LAN };

	assert_int_equal(clamp(bench->plane), 0);
	rows_step(bench, &step);
}

/* What goes up to the kernel goes as it came: it is lowered on its way out. */
static void not_yet(struct bench *bench)
{
	struct packet syn = { TCP(H, 5000, R, 80, SYN), .options = 2 };
	struct step step = { .side = LAN,
			     .why = TP_REASON_options,
			     .in = with(syn, 4, options[4].sent),
			     .mark = TP_MARK(PLANE_EXIT_A) };

	assert_int_equal(clamp(bench->plane), 0);
	rows_step(bench, &step);
}

static const struct row rows[] = {
	{ .name = "F12 both ways", .test = both_ways },
	{ .name = "F12 not atomic", .test = not_atomic },
	{ .name = "F12 off", .test = switched_off },
	{ .name = "F12 no SYN", .test = no_syn },
	{ .name = "F12 from outside", .test = answer_outward },
	{ .name = "F12 by the kernel", .test = by_the_kernel },
	{ .name = "F12 up to the kernel", .test = not_yet },
};

int main(void)
{
	return ROWS_RUN(rows);
}
