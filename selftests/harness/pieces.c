// SPDX-License-Identifier: GPL-2.0-or-later
/* pieces.c - see pieces.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <cmocka.h>

#include "pieces.h"

#define PIECE 600 /* bytes of each piece but the last */

/* One piece of a datagram. */
struct packet piece(struct packet whole, unsigned int part)
{
	unsigned int size =
		PIECES_BODY + (whole.protocol == IPPROTO_TCP ? 20 : 8);

	whole.payload = PIECES_BODY;
	whole.id = whole.id ? whole.id : 0x1234;
	whole.piece.from = part * PIECE;
	whole.piece.bytes = part < THIRD ? PIECE : size - THIRD * PIECE;
	return whole;
}

const struct packet h_to_r = { UDP(H, 5000, R, 80) };
const struct packet a_to_r = { UDP(A, 5000, R, 80) };
const struct packet r_to_a = { UDP(R, 80, A, 5000) };
const struct packet r_to_h = { UDP(R, 80, H, 5000) };

struct step outward(struct packet in, struct packet out, unsigned int part)
{
	return (struct step){ .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = piece(in, part),
			      .out = out };
}

struct step inward(unsigned int part)
{
	return (struct step){ .side = WAN,
			      .why = TP_REASON_translated_in,
			      .in = piece(r_to_a, part),
			      .out = r_to_h };
}

struct step stop(enum side side, enum tp_reason why, struct packet in,
		 unsigned int part)
{
	return (struct step){ .side = side, .why = why, .in = piece(in, part) };
}

void open_session(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)));
}

/* ---- early ones come again ------------------------------------------------ */

int again_open(enum side side)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = side == LAN ? PLANE_LAN : PLANE_ISP_A,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

size_t again_read(int fd, uint8_t frame[PACKET_MAX], int wait)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t got;

	poll(&ready, 1, wait);
	got = recv(fd, frame, PACKET_MAX, 0);
	return got > 0 ? (size_t)got : 0;
}

#define EARLY_MAX 4

void out_of_order(struct bench *bench, struct step first,
		  const struct step *early, unsigned int count)
{
	int tap = again_open(first.side);
	uint8_t kept[EARLY_MAX][PACKET_MAX], again[PACKET_MAX];
	size_t sizes[EARLY_MAX], size;
	unsigned int i, seen = 0;

	for (i = 0; i < count; i++) {
		struct step step = { .side = early[i].side,
				     .why = TP_REASON_fragment_held,
				     .in = early[i].in };

		rows_step(bench, &step);
		memcpy(kept[i], bench->sent, bench->sent_size);
		sizes[i] = bench->sent_size;
	}
	rows_step(bench, &first);
	while ((size = again_read(tap, again,
				  seen + 1 < 1U << count ? 5000 : 0))) {
		for (i = 0; i < count; i++)
			if (!(seen & 1U << i) && size == sizes[i] &&
			    !memcmp(again, kept[i], size))
				break;
		assert_true(i < count);
		seen |= 1U << i;
	}
	close(tap);
	assert_int_equal(seen, (1U << count) - 1);
	for (i = 0; i < count; i++)
		rows_step(bench, &early[i]);
}

void send_2_1_3(struct bench *bench, const struct step step[PIECES])
{
	out_of_order(bench, step[FIRST], &step[SECOND], 1);
	rows_step(bench, &step[THIRD]);
}

void send_3_2_1(struct bench *bench, const struct step step[PIECES])
{
	const struct step early[] = { step[THIRD], step[SECOND] };

	out_of_order(bench, step[FIRST], early, 2);
}

void outward_3_2_1(struct bench *bench)
{
	const struct step steps[] = { outward(h_to_r, a_to_r, FIRST),
				      outward(h_to_r, a_to_r, SECOND),
				      outward(h_to_r, a_to_r, THIRD) };

	send_3_2_1(bench, steps);
}

void inward_3_2_1(struct bench *bench)
{
	const struct step steps[] = { inward(FIRST), inward(SECOND),
				      inward(THIRD) };

	open_session(bench);
	send_3_2_1(bench, steps);
}
