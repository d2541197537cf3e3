// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * offload.c - see offload.h.
 *
 * Owns: the idea of an owed checksum: its field holds the sum of the pseudo
 * header, not inverted, until a device completes it.
 */
#include "offload.h"

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "answer.h"
#include "wired.h"

#define L4 34 /* of a frame without IP options */

#define ATOMIC 0x4000 /* DF: its ID stays as it is (RFC 6864) */

/* What the field of `packet` holds while its checksum is owed. */
static void owe(uint8_t *frame, size_t size)
{
	size_t field = L4 + (frame[23] == IPPROTO_TCP ? 16 : 6);
	uint8_t pseudo[12];
	uint16_t sum;

	memcpy(pseudo, frame + 26, 8);
	pseudo[8] = 0;
	pseudo[9] = frame[23];
	pseudo[10] = (size - L4) >> 8;
	pseudo[11] = (size - L4) & 0xff;
	sum = ~answer_sum(pseudo, sizeof(pseudo));
	frame[field] = sum >> 8;
	frame[field + 1] = sum & 0xff;
}

struct debt {
	enum side from;
	enum wire_end to;
	const struct packet *in, *out;
};

static void send_owed(struct bench *bench, const struct debt *debt)
{
	const struct step step = { .side = debt->from };
	uint8_t frame[PACKET_MAX];
	struct packet packet = *debt->in;
	size_t size;

	packet.fragment = ATOMIC;
	rows_complete(&step, &packet);
	size = packet_build(&packet, frame);
	owe(frame, size);
	wire_forget(bench->wire);
	EXPECT(bench,
	       !wire_send_owed(bench->wire,
			       debt->from == LAN ? WIRE_LAN : WIRE_ISP_A, frame,
			       size),
	       "cannot send");
}

/* `passed_on`: the gateway's own device leaves the checksum to others, too. */
static void owed_once(struct bench *bench, const struct debt *debt,
		      bool passed_on)
{
	struct packet wanted = *debt->out;
	uint8_t expected[PACKET_MAX];
	char text[PACKET_DIFF];
	bool still;
	size_t size;

	assert_int_equal(wire_offload(true, passed_on), 0);
	send_owed(bench, debt);
	size = wire_receive(bench->wire, debt->to, bench->output.frame, &still);
	assert_int_equal(wire_offload(false, false), 0);
	EXPECT(bench, size, "nothing arrived");
	EXPECT(bench, still == passed_on, "the checksum is owed %s",
	       still ? "still" : "no more");
	wanted.fragment = ATOMIC;
	packet_build(&wanted, expected);
	if (still)
		owe(expected, size);
	EXPECT(bench,
	       packet_equal(expected, size, bench->output.frame, size, text),
	       "owed %s, another packet than expected:\n%s",
	       still ? "still" : "no more", text);
}

static void owed(struct bench *bench, const struct debt *debt)
{
	owed_once(bench, debt, false);
	owed_once(bench, debt, true);
}

/* clang-format off */
#define AT_NEXT_A(...) \
	WITH(__VA_ARGS__, .to = MAC_NEXT_A, .from = MAC_ISP_A, \
	     .ttl = PACKET_TTL - 1)
#define AT_H(...) \
	WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN, .ttl = PACKET_TTL - 1)
/* clang-format on */

void offload_owed_udp(struct bench *bench)
{
	const struct debt debt = { LAN, WIRE_ISP_A, THE(UDP(H, 5000, R, 80)),
				   THE(AT_NEXT_A(UDP(A, 5000, R, 80))) };

	owed(bench, &debt);
}

void offload_owed_tcp(struct bench *bench)
{
	const struct debt debt = { LAN, WIRE_ISP_A,
				   THE(TCP(H, 5000, R, 80, SYN)),
				   THE(AT_NEXT_A(TCP(A, 5000, R, 80, SYN))) };

	owed(bench, &debt);
}

void offload_owed_in(struct bench *bench)
{
	const struct debt debt = { WAN, WIRE_LAN, THE(UDP(R, 80, A, 5000)),
				   THE(AT_H(UDP(R, 80, H, 5000))) };

	owed(bench, &debt);
}

/* A super-packet stays one, and its one header is translated. */
void offload_segments(struct bench *bench)
{
	struct packet in = { TCP(H, 5000, R, 80, ACK), .payload = 2800,
			     .fragment = ATOMIC };
	struct packet out = { AT_NEXT_A(TCP(A, 5000, R, 80, ACK)),
			      .payload = 2800, .fragment = ATOMIC };
	struct step step = { .side = LAN };
	struct __sk_buff skb = { .ifindex = PLANE_LAN,
				 .gso_segs = 2,
				 .gso_size = 1400 };
	uint8_t frame[PACKET_MAX], expected[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame,
		    .data_out = bench->output.frame,
		    .data_size_out = sizeof(bench->output.frame),
		    .ctx_in = &skb, .ctx_size_in = sizeof(skb));
	char text[PACKET_DIFF];
	int fd = bpf_program__fd(bench->plane->skel->progs.tc_lan);

	plane_touched = true;
	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)));
	rows_complete(&step, &in);
	run.data_size_in = (__u32)packet_build(&in, frame);
	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	packet_build(&out, expected);
	EXPECT(bench,
	       packet_equal(expected, run.data_size_in, bench->output.frame,
			    run.data_size_out, text),
	       "another packet than expected:\n%s", text);
}
