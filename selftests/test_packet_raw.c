// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_raw.c - real packets between devices with a MAC header and
 * devices without one: every case with both kinds of LAN and both kinds of
 * uplink.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "raw/pass.h"

#define PIECE 1200 /* payload of a segment of a super-packet */

/* ---- cases -------------------------------------------------------------------- */

static void udp(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000));
	OUTWARD(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		WITH(UDP(A, 5000, R, 80), .no_checksum = true));
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_translated_out),
			 2);
	assert_int_equal(pass_counted(TP_HOOK_tc_wan, TP_REASON_translated_in),
			 1);
}

static void tcp(void)
{
	OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN));
	INWARD(TCP(R, 80, A, 5000, SYN | ACK), TCP(R, 80, H, 5000, SYN | ACK));
	OUTWARD(WITH(TCP(H, 5000, R, 80, ACK), .payload = 1200),
		WITH(TCP(A, 5000, R, 80, ACK), .payload = 1200));
	INWARD(WITH(TCP(R, 80, A, 5000, ACK), .payload = 3),
	       WITH(TCP(R, 80, H, 5000, ACK), .payload = 3));
}

static void ping(void)
{
	OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000));
	INWARD(QUERY(ECHO_REPLY, R, A, 7000), QUERY(ECHO_REPLY, R, H, 7000));
}

static void error_in(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	INWARD(ERROR(X, A, TIME_EXCEEDED, 0, &P(UDP(A, 5000, R, 80))),
	       ERROR(X, H, TIME_EXCEEDED, 0, &P(UDP(H, 5000, R, 80))));
	OUTWARD(TCP(H, 6000, R, 80, SYN), TCP(A, 6000, R, 80, SYN));
	INWARD(WITH(ERROR(X, A, UNREACHABLE, 4, &P(TCP(A, 6000, R, 80, SYN))),
		    .rest = 1400),
	       WITH(ERROR(X, H, UNREACHABLE, 4, &P(TCP(H, 6000, R, 80, SYN))),
		    .rest = 1400));
}

static void error_out(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	OUTWARD(ERROR(H, R, UNREACHABLE, 3, &P(UDP(R, 80, H, 5000))),
		ERROR(A, R, UNREACHABLE, 3, &P(UDP(R, 80, A, 5000))));
}

/* The middle of a connection that nobody holds. */
static void reset(void)
{
	pass(&(struct pass){ LAN,
			     { WITH(TCP(H, 5000, R, 80, ACK), .payload = 100) },
			     LAN,
			     { TCP(R, 80, H, 5000, RST), .answer = true,
			       .payload = PACKET_EMPTY, .fragment = 0x4000 } });
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_reset), 1);
}

/* What the kernel forwards, with the same tables. */
static void guard(void)
{
	pass_emitted(ISP_A, P(UDP(H, 5000, R, 80)), ISP_A,
		     P(UDP(A, 5000, R, 80)));
	assert_int_equal(
		pass_counted(TP_HOOK_tc_out, TP_REASON_translated_slow_out), 1);
	pass_emitted(ISP_A, P(TCP(H, 5000, R, 80, ACK)), NOWHERE, P());
	assert_int_equal(pass_counted(TP_HOOK_tc_out, TP_REASON_untranslated),
			 1);
	pass_emitted(ISP_A, P(UDP(A, 53, R, 53)), ISP_A, P(UDP(A, 53, R, 53)));
	assert_int_equal(pass_counted(TP_HOOK_tc_out, TP_REASON_own), 1);
}

/* Sent to the other uplink, which is of the other kind: put right. */
static void moved(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	pass_emitted(ISP_B, P(UDP(H, 5000, R, 80)), ISP_A,
		     P(UDP(A, 5000, R, 80)));
	assert_int_equal(pass_counted(TP_HOOK_tc_out, TP_REASON_moved), 1);
	assert_int_equal(plane_select(&gateway.plane, PLANE_EXIT_B), 0);
	pass(&(struct pass){ LAN,
			     { UDP(H, 6000, R, 80) },
			     ISP_B,
			     { UDP(B, 6000, R, 80), .ttl = PACKET_TTL - 1 } });
	pass_emitted(ISP_A, P(UDP(H, 6000, R, 80)), ISP_B,
		     P(UDP(B, 6000, R, 80)));
	assert_int_equal(pass_counted(TP_HOOK_tc_out, TP_REASON_moved), 2);
}

/* RFC 1071: the sum of what holds its own checksum is all ones. */
static uint16_t sum(uint32_t start, const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

static void check_piece(const uint8_t *frame, unsigned number,
			const uint8_t *whole)
{
	const struct packet like = P(UDP(A, 5000, R, 80), .ttl = 63);
	const uint8_t *ip = frame + 14, *tcp = ip + 20;
	uint8_t head[PACKET_MAX];

	packet_build(&like, head);
	assert_int_equal(ip[8], 63);
	assert_memory_equal(ip + 12, head + 14 + 12, 8); /* addresses */
	assert_memory_equal(tcp, head + 34, 4);		 /* ports */
	assert_int_equal(tcp[6] << 8 | tcp[7], 0x3344 + number * PIECE);
	assert_int_equal(sum(0, ip, 20), 0xffff);
	assert_int_equal(sum(IPPROTO_TCP + 20 + PIECE, ip + 12, 8 + 20 + PIECE),
			 0xffff);
	assert_memory_equal(tcp + 20, whole + 54 + number * PIECE, PIECE);
}

/* The kernel cuts it up behind us, and completes what is owed. */
static void super_packet(void)
{
	struct packet in =
		P(WITH(TCP(H, 5000, R, 80, ACK), .payload = 2 * PIECE));
	uint8_t frame[PACKET_MAX], piece[PACKET_MAX];
	struct packet macs_only = P(.ethertype = 0x0800);

	OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN));
	pass_address(&in, LAN, true);
	pass_address(&macs_only, ISP_A, false);
	assert_int_equal(tap_send_super(gateway.at[LAN], frame,
					packet_build(&in, frame), PIECE),
			 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(tap_receive(gateway.at[ISP_A], piece,
					     PASS_SOON),
				 54 + PIECE);
		assert_memory_equal(piece, macs_only.to, 6);
		assert_memory_equal(piece + 6, macs_only.from, 6);
		check_piece(piece, i, frame);
	}
	pass_nothing();
}

/* A datagram in fragments, as it comes by one device and leaves by another. */
struct datagram {
	enum end from, to;
	struct packet in, out; /* whole */
	uint16_t mask;	       /* of the ID */
};

static struct packet cut(struct packet whole, unsigned part, uint16_t mask)
{
	whole.payload = 1400;
	whole.fragment = 0;
	whole.id = 0x1234 ^ mask;
	whole.piece.from = part * 600;
	whole.piece.bytes = part < 2 ? 600 : 1408 - 1200;
	return whole;
}

/* What waited is sent in any order, but after the first. */
static void last_first(const struct datagram *d)
{
	uint8_t frame[PACKET_MAX], expected[PACKET_MAX];
	unsigned seen = 0;

	for (int part = 2; part >= 0; part--) {
		struct packet p = cut(d->in, part, 0);

		pass_nothing();
		pass_address(&p, d->from, true);
		assert_int_equal(tap_send(gateway.at[d->from], frame,
					  packet_build(&p, frame)),
				 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		size_t size = tap_receive(gateway.at[d->to], frame, PASS_SOON);

		for (unsigned part = 0; part < 3; part++) {
			struct packet p = cut(d->out, part, d->mask);

			pass_address(&p, d->to, false);
			if (packet_build(&p, expected) == size &&
			    !memcmp(frame, expected, size))
				seen |= 1U << part;
		}
		assert_true(seen & 1);
	}
	assert_int_equal(seen, 7);
	pass_nothing();
}

static void fragments(void)
{
	const struct datagram out = {
		LAN,
		ISP_A,
		{ UDP(H, 5000, R, 80) },
		{ UDP(A, 5000, R, 80), .ttl = PACKET_TTL - 1 },
		plane_id_mask(H),
	};
	const struct datagram in = {
		ISP_A,
		LAN,
		{ UDP(R, 80, A, 5000) },
		{ UDP(R, 80, H, 5000), .ttl = PACKET_TTL - 1 },
		0,
	};

	last_first(&out);
	last_first(&in);
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_fragment_held),
			 2);
	assert_int_equal(pass_counted(TP_HOOK_tc_wan, TP_REASON_fragment_held),
			 2);
}

static void other_types(void)
{
	struct packet v6 = P(.ethertype = 0x86dd, .payload = 60, .source = H);
	uint8_t frame[PACKET_MAX];
	uint64_t before = pass_counted(TP_HOOK_tc_lan, TP_REASON_ipv6);
	size_t size;

	pass_address(&v6, LAN, true);
	size = packet_build(&v6, frame);
	frame[14] = 0x60; /* a tun tells the type by the version */
	assert_int_equal(tap_send(gateway.at[LAN], frame, size), 0);
	pass_nothing();
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_ipv6),
			 before + 1);
}

/* ---- the partner, on raw links ------------------------------------------------- */

static void give(const struct tap *tap, struct packet p)
{
	uint8_t frame[PACKET_MAX];

	assert_int_equal(tap_send(tap, frame, packet_build(&p, frame)), 0);
}

static void ask(struct packet p, enum tp_kind kind)
{
	pass(&(struct pass){ LAN, p, NOWHERE, { .ttl = 0 } });
	pass_arrives_at(&gateway.links[kind], &p);
}

static void handed_over(void)
{
	struct packet udp = P(UDP(H, 5000, R, 80));
	struct packet data = P(TCP(H, 5000, R, 80, ACK));
	struct packet big = P(WITH(UDP(H, 5000, R, 80), .payload = 1380));

	gateway_set_partner();
	ask(data, TP_KIND_QUESTION);
	assert_int_equal(plane_select(&gateway.plane, PLANE_EXIT_PARTNER), 0);
	ask(udp, TP_KIND_TAKE);
	/* No room in the tunnel: the kernel says so. */
	pass(&(struct pass){ LAN, big, NOWHERE, { .ttl = 0 } });
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_too_big), 1);
	for (int kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		pass_nothing_at(&gateway.links[kind], "a link to the partner");
}

static void asked(void)
{
	struct packet data = P(TCP(H, 5000, R, 80, ACK));
	struct packet taken = P(UDP(H, 5000, R, 80));
	struct packet sent = P(UDP(A, 5000, R, 80), .ttl = PACKET_TTL - 1);

	gateway_set_partner();
	give(&gateway.links[TP_KIND_QUESTION], data);
	pass_arrives_at(&gateway.links[TP_KIND_RETURNED], &data);
	give(&gateway.links[TP_KIND_SESSION_QUESTION], data);
	pass_arrives_at(&gateway.links[TP_KIND_RETURNED], &data);
	give(&gateway.links[TP_KIND_RETURNED], data);
	assert_int_equal(pass_counted(TP_HOOK_tc_lan, TP_REASON_stray_return),
			 1);
	give(&gateway.links[TP_KIND_TAKE], taken);
	pass_arrives(ISP_A, sent);
	/* What came from there and went up must not go back. */
	pass_nothing();
}

/* ---- running ------------------------------------------------------------------- */

static const struct kase {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "UDP", udp },
	{ "TCP", tcp },
	{ "ping", ping },
	{ "error, inward", error_in },
	{ "error, outward", error_out },
	{ "reset", reset },
	{ "guard", guard },
	{ "sent to the other uplink", moved },
	{ "super-packet", super_packet },
	{ "fragments, last first", fragments },
	{ "IPv6 passes", other_types },
	{ "handed over by raw links", handed_over },
	{ "asked by raw links", asked },
};
#define CASES (sizeof(cases) / sizeof(*cases))

struct instance {
	const struct kase *what;
	bool raw_lan, raw_uplink;
	char name[96];
};

static void run(void **state)
{
	const struct instance *instance = *state;

	gateway_furnish(instance->raw_lan, instance->raw_uplink);
	instance->what->run();
}

int main(void)
{
	static struct instance instances[4 * CASES];
	struct CMUnitTest tests[4 * CASES];

	for (size_t i = 0; i < 4 * CASES; i++) {
		struct instance *one = &instances[i];

		one->what = &cases[i % CASES];
		one->raw_lan = i / CASES & 1;
		one->raw_uplink = i / CASES & 2;
		snprintf(one->name, sizeof(one->name), "%s LAN, %s uplink: %s",
			 one->raw_lan ? "raw" : "Ethernet",
			 one->raw_uplink ? "raw" : "Ethernet", one->what->name);
		tests[i] = (struct CMUnitTest){ .name = one->name,
						.test_func = run,
						.initial_state = one };
	}
	return cmocka_run_group_tests(tests, gateway_open, gateway_close);
}
