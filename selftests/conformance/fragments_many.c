// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fragments_many.c - fragments by the million, of pings, and their IP IDs.
 */
#include "fragments.h"

#include <stdlib.h>

#include "pieces.h"
#include "wired.h"

/* clang-format off */
#define AT_NEXT_A(...) WITH(__VA_ARGS__, .to = MAC_NEXT_A, .from = MAC_ISP_A)
#define AT_H(...) WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN)
#define AGED .ttl = PACKET_TTL - 1
#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define ANSWERED INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))
/* clang-format on */

/* ---- a flood ------------------------------------------------------------- */

#define FLOOD 1000000 /* $TWINPATH_FLOOD for slower machines */
#define BETWEEN 1000

static unsigned int flood_size(void)
{
	const char *set = getenv("TWINPATH_FLOOD");

	return set ? (unsigned int)atoi(set) : FLOOD;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Later fragments of nobody, from everywhere; between them a session. */
static void flood(struct bench *bench, enum side side)
{
	const enum tp_hook hooks[2][2] = {
		{ TP_HOOK_tc_lan, TP_HOOK_xdp_lan },
		{ TP_HOOK_tc_wan, TP_HOOK_xdp_wan },
	};
	const struct step step = { .side = side };
	struct packet packet = { UDP(R, 80, A, 5000), .payload = 64 };
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = hooks[side == WAN][bench->xdp],
		.ifindex = rows_ifindex(side),
		.frame = frame,
	};
	unsigned int count = flood_size();
	uint32_t random = 0x12345678;

	if (side == LAN) {
		packet.source = H2;
		packet.destination = R;
	}
	rows_complete(&step, &packet);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t bits = next_random(&random);

		packet.id = bits;
		packet.fragment = 1 + (bits >> 16) % 180;
		if (side == WAN)
			packet.source = IP(192, 0, 2, 0) + (bits >> 24);
		input.size = packet_build(&packet, frame);
		assert_int_equal(
			plane_run(bench->plane, &input, &bench->output), 0);
		if (i % BETWEEN)
			continue;
		STEP(bench, ASKED);
		STEP(bench, ANSWERED);
	}
	STEP(bench, OUTWARD(UDP(H, 5001, R, 80), UDP(A, 5001, R, 80)));
}

static void flood_from_outside(struct bench *bench)
{
	flood(bench, WAN);
}

static void flood_from_inside(struct bench *bench)
{
	flood(bench, LAN);
}

const struct vector fragments_flood[2] = {
	VECTOR_OURS_TEST("from outside", flood_from_outside, ASKED),
	VECTOR_OURS_TEST("from inside", flood_from_inside, ASKED),
};

/* ---- pings --------------------------------------------------------------- */

#define PING 3000

static const struct piece ping[3] = {
	{ 0, 1480 },
	{ 1480, 1480 },
	{ 2960, 48 },
};

static void send_ping(struct bench *bench, enum side side,
		      const struct packet *whole, bool reversed)
{
	wire_forget(bench->wire);
	for (int i = 0; i < 3; i++)
		piece_send(bench, side, whole, ping[reversed ? 2 - i : i], 0);
}

static void echo(struct bench *bench, bool reversed)
{
	const struct packet out = { QUERY(ECHO, H, R, 7000), .payload = PING,
				    .id = 3 };
	const struct packet at_r = { AT_NEXT_A(QUERY(ECHO, A, R, 7000)), AGED,
				     .payload = PING };
	const struct packet back = { QUERY(ECHO_REPLY, R, A, 7000),
				     .payload = PING, .id = 4 };
	const struct packet at_h = { AT_H(QUERY(ECHO_REPLY, R, H, 7000)), AGED,
				     .payload = PING };

	send_ping(bench, LAN, &out, false);
	pieces_expect(bench, WAN, &at_r, ANY_ORDER);
	send_ping(bench, WAN, &back, reversed);
	pieces_expect(bench, LAN, &at_h, ANY_ORDER);
}

static void echo_in_order(struct bench *bench)
{
	echo(bench, false);
}

static void echo_reversed(struct bench *bench)
{
	echo(bench, true);
}

const struct vector fragments_echo[2] = {
	VECTOR_WIRE("in order", echo_in_order),
	VECTOR_WIRE("the reply from its end", echo_reversed),
};

/* ---- IP IDs -------------------------------------------------------------- */

static uint16_t id_of(const struct bench *bench)
{
	return bench->output.frame[18] << 8 | bench->output.frame[19];
}

/* Two hosts, one ID, one remote, in pieces: the outside can tell them apart. */
static void same_id(struct bench *bench)
{
	const struct packet h = { UDP(H, 5000, R, 80), .payload = 1200,
				  .id = 0x4242 };
	const struct packet h2 = { UDP(H2, 6000, R, 80), .payload = 1200,
				   .id = 0x4242 };
	const struct piece first = { 0, 800 }, last = { 800, 408 };
	uint16_t ids[4];

	wire_forget(bench->wire);
	piece_send(bench, LAN, &h, first, 0);
	piece_send(bench, LAN, &h2, first, 0);
	piece_send(bench, LAN, &h2, last, 0);
	piece_send(bench, LAN, &h, last, 0);
	for (int i = 0; i < 4; i++) {
		EXPECT(bench, wired_receive(bench, WAN),
		       "only %d of 4 fragments arrived", i);
		ids[i] = id_of(bench);
	}
	EXPECT(bench, ids[0] != ids[1], "both datagrams have IP ID %#x",
	       ids[0]);
	EXPECT(bench, ids[0] == ids[3] && ids[1] == ids[2],
	       "IP IDs %#x %#x %#x %#x", ids[0], ids[1], ids[2], ids[3]);
}

/* As long as each is alone, its fragments share an ID of any kind. */
static void one_id(struct bench *bench)
{
	const struct packet in = { UDP(H, 5000, R, 80), .payload = 1200,
				   .id = 0x4242 };
	const struct packet out = { AT_NEXT_A(UDP(A, 5000, R, 80)), AGED,
				    .payload = 1200 };

	wire_forget(bench->wire);
	piece_send(bench, LAN, &in, (struct piece){ 0, 800 }, 0);
	piece_send(bench, LAN, &in, (struct piece){ 800, 408 }, 0);
	pieces_expect(bench, WAN, &out, ANY_ORDER);
}

const struct vector fragments_ids[3] = {
	VECTOR_WIRE("one ID for two hosts", same_id),
	VECTOR_WIRE("one for all fragments", one_id),
	VECTOR("atomic ones keep theirs",
	       OUTWARD(WITH(UDP(H, 5000, R, 80), .id = 0x4242,
			    .fragment = 0x4000),
		       UDP(A, 5000, R, 80)),
	       OUTWARD(WITH(UDP(H2, 6000, R, 80), .id = 0x4242,
			    .fragment = 0x4000),
		       UDP(A, 6000, R, 80))),
};
