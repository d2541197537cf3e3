// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wired.c - see wired.h.
 *
 * Owns: the judgement of what arrives at a far end.  It must never look into a
 * map: another translator may be at work.
 */
#include "wired.h"

static enum wire_end end_of(enum side side)
{
	switch (side) {
	case LAN:
	case BACK:
		return WIRE_LAN;
	case WAN:
	case OUT:
		return WIRE_ISP_A;
	case WAN_B:
	case OUT_B:
		return WIRE_ISP_B;
	}
	return WIRE_LAN;
}

/* By whose MAC address it leaves. */
static enum wire_end leaves_by(const struct packet *out)
{
	if (!memcmp(out->from, plane_mac_isp_a, 6))
		return WIRE_ISP_A;
	if (!memcmp(out->from, plane_mac_isp_b, 6))
		return WIRE_ISP_B;
	return WIRE_LAN;
}

static size_t receive(struct bench *bench, enum wire_end end)
{
	bench->output.size =
		wire_receive(bench->wire, end, bench->output.frame, NULL);
	return bench->output.size;
}

void wired_send(struct bench *bench, enum side side,
		const struct packet *packet)
{
	const struct step step = { .side = side };
	struct packet in = *packet;
	uint8_t frame[PACKET_MAX];

	rows_complete(&step, &in);
	wire_forget(bench->wire);
	wired_send_frame(bench, side, frame, packet_build(&in, frame));
}

void wired_send_frame(struct bench *bench, enum side side, const uint8_t *frame,
		      size_t size)
{
	int err = wire_send(bench->wire, end_of(side), frame, size);

	EXPECT(bench, !err, "cannot send %zu bytes: %s", size, strerror(-err));
}

size_t wired_receive(struct bench *bench, enum side side)
{
	return receive(bench, end_of(side));
}

void wired_expect(struct bench *bench, enum side side,
		  const struct packet *packet)
{
	uint8_t expected[PACKET_MAX];
	char text[PACKET_DIFF];
	size_t size = packet_build(packet, expected);

	bench->step++;
	bench->judged++;
	EXPECT(bench, wired_receive(bench, side), "nothing arrived");
	EXPECT(bench,
	       packet_equal(expected, size, bench->output.frame,
			    bench->output.size, text),
	       "another packet than expected:\n%s", text);
}

static void no_packet(struct bench *bench, enum wire_end end)
{
	static const char *const names[] = { "LAN", "isp-a", "isp-b" };
	const uint8_t *ip = bench->output.frame + 14;

	EXPECT(bench, !bench->output.size,
	       "a packet arrived at %s: protocol %u, from %u.%u.%u.%u to "
	       "%u.%u.%u.%u",
	       names[end], ip[9], ip[12], ip[13], ip[14], ip[15], ip[16],
	       ip[17], ip[18], ip[19]);
}

void wired_nothing(struct bench *bench, enum side side)
{
	bench->judged++;
	wired_receive(bench, side);
	no_packet(bench, end_of(side));
}

/* Anywhere: the first end is waited for, and with it the others. */
static void nothing_at_all(struct bench *bench)
{
	const int patience = bench->wire->patience;

	for (int end = 0; end < WIRE_ENDS; end++) {
		receive(bench, end);
		bench->wire->patience = 0;
		if (end == WIRE_ENDS - 1 || bench->output.size)
			bench->wire->patience = patience;
		no_packet(bench, end);
	}
}

void wired_step(struct bench *bench, const struct step *step)
{
	struct packet in = step->in, out, quote;

	rows_complete(step, &in);
	wired_send(bench, step->side, &in);
	switch (rows_verdict(step->why)) {
	case PLANE_FORWARDED:
		bench->judged++;
		out = rows_expect(bench, step, &in, &quote);
		EXPECT(bench, receive(bench, leaves_by(&out)),
		       "nothing arrived");
		rows_judge(bench, step, &in);
		break;
	case PLANE_DROPPED:
		bench->judged++;
		nothing_at_all(bench);
		break;
	default: /* what the kernel makes of it is another vector's */
		break;
	}
}
