// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fragments.c - RFC 791, 1858, 3128, 4787 section 11, 6864, 8900: fragments and
 * what is larger than a path.
 *
 * All of it is shown on the wire: fragments may be held, made and sent on by
 * the kernel, and one may cause several.
 */
#include "fragments.h"

#include "answer.h"
#include "pieces.h"
#include "settings.h"
#include "wired.h"

#define BIG 2000 /* bytes of UDP payload: 2008 of IP payload */
#define DF 0x4000

/* clang-format off */
static const struct piece thirds[3] = {
	{ 0, 800 }, { 800, 800 }, { 1600, 408 },
};

/* As the far ends see them. */
#define AT_NEXT_A(...) WITH(__VA_ARGS__, .to = MAC_NEXT_A, .from = MAC_ISP_A)
#define AT_H(...) WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN)
#define AT_H2(...) WITH(__VA_ARGS__, .to = MAC_H2, .from = MAC_LAN)
#define AGED .ttl = PACKET_TTL - 1

#define WHOLE(...) \
	(const struct packet){ __VA_ARGS__, .payload = BIG, .id = 0x4242 }

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
/* clang-format on */

static void send_in(struct bench *bench, const struct piece *pieces,
		    size_t count)
{
	const struct packet whole = WHOLE(UDP(R, 80, A, 5000));

	wire_forget(bench->wire);
	for (size_t i = 0; i < count; i++)
		piece_send(bench, WAN, &whole, pieces[i], 0);
}

static void expect_in(struct bench *bench)
{
	const struct packet whole = WHOLE(AT_H(UDP(R, 80, H, 5000)), AGED);

	pieces_expect(bench, LAN, &whole, ANY_ORDER);
}

static void in_order_of(struct bench *bench, int first, int second, int third)
{
	const struct piece pieces[] = { thirds[first], thirds[second],
					thirds[third] };

	send_in(bench, pieces, 3);
	expect_in(bench);
}

/* ---- larger than the path ------------------------------------------------ */

static void told(struct bench *bench, const struct packet *packet)
{
	assert_int_equal(set_small_mtu(bench->plane), 0);
	wired_send(bench, LAN, packet);
	EXPECT(bench, wired_receive(bench, LAN), "the host is not told");
	answer_judge(bench, UNREACHABLE, 4, packet);
	EXPECT(bench, answer_mtu(bench) == 1400, "told an MTU of %u",
	       answer_mtu(bench));
	wired_nothing(bench, WAN);
}

static void too_big_udp(struct bench *bench)
{
	const struct packet packet = { UDP(H, 5000, R, 80), .payload = 1373,
				       .fragment = DF };

	told(bench, &packet);
}

/* Of a session that is there: its inside tuple is quoted. */
static void too_big_tcp(struct bench *bench)
{
	const struct packet packet = { TCP(H, 5000, R, 80, ACK),
				       .payload = 1400, .fragment = DF };

	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)));
	told(bench, &packet);
}

static void fits(struct bench *bench)
{
	const struct packet packet = { UDP(H, 5000, R, 80), .payload = 1372,
				       .fragment = DF };
	const struct packet out = { AT_NEXT_A(UDP(A, 5000, R, 80)), AGED,
				    .payload = 1372, .fragment = DF };

	assert_int_equal(set_small_mtu(bench->plane), 0);
	wired_send(bench, LAN, &packet);
	wired_expect(bench, WAN, &out);
}

const struct vector fragments_too_big[3] = {
	VECTOR_WIRE("udp, one byte too many", too_big_udp),
	VECTOR_WIRE("tcp, of a session", too_big_tcp),
	VECTOR_WIRE("as large as it may be", fits),
};

static void made(struct bench *bench, const struct packet *packet,
		 const struct packet *out)
{
	unsigned int count;

	assert_int_equal(set_small_mtu(bench->plane), 0);
	wired_send(bench, LAN, packet);
	count = pieces_expect(bench, WAN, out, IN_ORDER);
	EXPECT(bench, count > 1, "in one piece");
}

static void made_of_new(struct bench *bench)
{
	const struct packet packet = { UDP(H, 5000, R, 80), .payload = 1440 };
	const struct packet out = { AT_NEXT_A(UDP(A, 0, R, 80)), AGED,
				    .payload = 1440 };

	made(bench, &packet, &out);
}

static void made_of_session(struct bench *bench)
{
	STEP(bench, ASKED);
	made_of_new(bench);
	EXPECT(bench, bench->port == 5000, "from another port: %u",
	       bench->port);
}

const struct vector fragments_made[2] = {
	VECTOR_WIRE("of a new session", made_of_new),
	VECTOR_WIRE("of one that is there", made_of_session),
};

/* ---- from inside --------------------------------------------------------- */

static void out_in_order(struct bench *bench)
{
	const struct packet in = WHOLE(UDP(H, 5000, R, 80));
	const struct packet out = WHOLE(AT_NEXT_A(UDP(A, 0, R, 80)), AGED);

	wire_forget(bench->wire);
	for (int i = 0; i < 3; i++)
		piece_send(bench, LAN, &in, thirds[i], 0);
	pieces_expect(bench, WAN, &out, ANY_ORDER);
}

static void out_out_of_order(struct bench *bench)
{
	const struct packet in = WHOLE(UDP(H, 5000, R, 80));
	const struct packet out = WHOLE(AT_NEXT_A(UDP(A, 0, R, 80)), AGED);

	wire_forget(bench->wire);
	piece_send(bench, LAN, &in, thirds[1], 0);
	piece_send(bench, LAN, &in, thirds[0], 0);
	piece_send(bench, LAN, &in, thirds[2], 0);
	pieces_expect(bench, WAN, &out, ANY_ORDER);
}

static void out_tcp(struct bench *bench)
{
	const struct packet in = { TCP(H, 5000, R, 80, ACK), .payload = 1400,
				   .id = 7 };
	const struct packet out = { AT_NEXT_A(TCP(A, 5000, R, 80, ACK)), AGED,
				    .payload = 1400, .id = 7 };

	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)));
	STEP(bench, INWARD(TCP(R, 80, A, 5000, SYN | ACK),
			   TCP(R, 80, H, 5000, SYN | ACK)));
	wire_forget(bench->wire);
	piece_send(bench, LAN, &in, (struct piece){ 0, 800 }, 0);
	piece_send(bench, LAN, &in, (struct piece){ 800, 620 }, 0);
	pieces_expect(bench, WAN, &out, ANY_ORDER);
}

static const struct vector outward[] = {
	VECTOR_WIRE("three, in order", out_in_order),
	VECTOR_WIRE("three, out of order", out_out_of_order),
	VECTOR_WIRE("tcp", out_tcp),
};

/* ---- from outside -------------------------------------------------------- */

static void in_123(struct bench *bench)
{
	STEP(bench, ASKED);
	in_order_of(bench, 0, 1, 2);
}

static void in_213(struct bench *bench)
{
	STEP(bench, ASKED);
	in_order_of(bench, 1, 0, 2);
}

static void in_321(struct bench *bench)
{
	STEP(bench, ASKED);
	in_order_of(bench, 2, 1, 0);
}

static void in_132(struct bench *bench)
{
	STEP(bench, ASKED);
	in_order_of(bench, 0, 2, 1);
}

static void in_231(struct bench *bench)
{
	STEP(bench, ASKED);
	in_order_of(bench, 1, 2, 0);
}

/* Again and again, as a stream does. */
static void in_stream(struct bench *bench)
{
	STEP(bench, ASKED);
	for (uint16_t id = 1; id <= 20; id++) {
		struct packet in = WHOLE(UDP(R, 80, A, 5000));
		struct packet out = WHOLE(AT_H(UDP(R, 80, H, 5000)), AGED);

		in.id = out.id = id;
		wire_forget(bench->wire);
		for (int i = 2; i >= 0; i--)
			piece_send(bench, WAN, &in, thirds[i], 0);
		pieces_expect(bench, LAN, &out, ANY_ORDER);
	}
}

/* Filtering holds for them all: nothing of a stranger's is delivered. */
static void in_stranger(struct bench *bench)
{
	const struct packet in = WHOLE(UDP(R2, 80, A, 5000));

	STEP(bench, ASKED);
	wire_forget(bench->wire);
	for (int i = 0; i < 3; i++)
		piece_send(bench, WAN, &in, thirds[i], 0);
	wired_nothing(bench, LAN);
}

const struct vector fragments_in[7] = {
	VECTOR_WIRE("2 1 3", in_213),
	VECTOR_WIRE("3 2 1", in_321),
	VECTOR_WIRE("1 3 2", in_132),
	VECTOR_WIRE("2 3 1", in_231),
	VECTOR_WIRE("a stream of them", in_stream),
	VECTOR_WIRE("1 2 3", in_123),
	VECTOR_WIRE("a stranger's", in_stranger),
};

/* ---- what should not be -------------------------------------------------- */

static void duplicates(struct bench *bench)
{
	const struct piece pieces[] = { thirds[1], thirds[1], thirds[0],
					thirds[0], thirds[1], thirds[2] };

	STEP(bench, ASKED);
	send_in(bench, pieces, COUNT(pieces));
	expect_in(bench);
	STEP(bench, INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)));
}

static void overlaps(struct bench *bench)
{
	static const struct piece pieces[] = {
		{ 0, 800 },
		{ 400, 800 },
		{ 1592, 416 },
		{ 8, 1400 },
	};

	STEP(bench, ASKED);
	send_in(bench, pieces, COUNT(pieces));
	wire_forget(bench->wire);
	STEP(bench, INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)));
	STEP(bench, ASKED);
}

static const struct vector overlapping[] = {
	VECTOR_WIRE("duplicates", duplicates),
	VECTOR_WIRE("overlaps", overlaps),
};

static void tiny(struct bench *bench, const struct packet *whole,
		 struct piece piece)
{
	unsigned int sessions = plane_sessions(bench->plane);

	wire_forget(bench->wire);
	piece_send(bench, LAN, whole, piece, 0);
	wired_nothing(bench, WAN);
	EXPECT(bench, plane_sessions(bench->plane) == sessions,
	       "it opened a session");
}

static void tiny_tcp(struct bench *bench)
{
	const struct packet whole = { TCP(H, 5000, R, 80, SYN), .payload = 60 };

	tiny(bench, &whole, (struct piece){ 0, 8 });
	tiny(bench, &whole, (struct piece){ 0, 16 });
}

static void tiny_udp(struct bench *bench)
{
	const struct packet whole = WHOLE(UDP(H, 5000, R, 80));

	tiny(bench, &whole, (struct piece){ 0, 4 });
	tiny(bench, &whole, (struct piece){ 0, 0 });
}

/* One that would write over the flags of a header that was let through. */
static void offset_of_one(struct bench *bench)
{
	const struct packet whole = { TCP(H, 5000, R, 80, ACK), .payload = 60 };

	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)));
	wire_forget(bench->wire);
	piece_send(bench, LAN, &whole, (struct piece){ 0, 24 }, 0);
	wire_forget(bench->wire);
	tiny(bench, &whole, (struct piece){ 8, 72 });
}

static const struct vector tiny_ones[] = {
	VECTOR_WIRE("tcp header in two", tiny_tcp),
	VECTOR_WIRE("udp header in two", tiny_udp),
	VECTOR_WIRE("an offset of one", offset_of_one),
};

/* ---- many at once -------------------------------------------------------- */

/* Two hosts, one IP ID, one remote: what comes back reaches its own host. */
static void two_hosts_in(struct bench *bench)
{
	const struct packet h = WHOLE(UDP(R, 80, A, 5000));
	const struct packet h2 = WHOLE(UDP(R2, 80, A, 6000));
	const struct packet at_h = WHOLE(AT_H(UDP(R, 80, H, 5000)), AGED);
	const struct packet at_h2 = WHOLE(AT_H2(UDP(R2, 80, H2, 6000)), AGED);

	STEP(bench, ASKED);
	STEP(bench, OUTWARD(UDP(H2, 6000, R2, 80), UDP(A, 6000, R2, 80)));
	wire_forget(bench->wire);
	piece_send(bench, WAN, &h, thirds[1], 0);
	piece_send(bench, WAN, &h2, thirds[0], 0);
	piece_send(bench, WAN, &h2, thirds[2], 0);
	piece_send(bench, WAN, &h2, thirds[1], 0);
	pieces_expect(bench, LAN, &at_h2, ANY_ORDER);
	piece_send(bench, WAN, &h, thirds[0], 0);
	piece_send(bench, WAN, &h, thirds[2], 0);
	pieces_expect(bench, LAN, &at_h, ANY_ORDER);
}

static const struct vector two_hosts[] = {
	VECTOR_WIRE("one IP ID, interleaved", two_hosts_in),
};

/* Orphans are forgotten: half a minute later there is room for others. */
static void orphans(struct bench *bench)
{
	STEP(bench, ASKED);
	for (uint16_t id = 1; id < 2000; id++) {
		struct packet in = WHOLE(UDP(R, 80, A, 5000));

		in.id = id;
		piece_send(bench, WAN, &in, thirds[1], 0);
	}
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(30)), 0);
	in_order_of(bench, 1, 0, 2);
}

static const struct vector orphaned[] = {
	VECTOR_WIRE("room again after half a minute", orphans),
};

static void across_cpus(struct bench *bench)
{
	const struct packet in = WHOLE(UDP(R, 80, A, 5000));

	STEP(bench, ASKED);
	wire_forget(bench->wire);
	piece_send(bench, WAN, &in, thirds[2], 1);
	piece_send(bench, WAN, &in, thirds[1], 0);
	piece_send(bench, WAN, &in, thirds[0], 1);
	expect_in(bench);
}

static const struct vector other_cpu[] = {
	VECTOR_WIRE("the first after the others, on another CPU", across_cpus),
};

static const struct vector about_fragments[] = {
	VECTOR("about a later fragment", ASKED,
	       STOP(WAN, any_dropped,
		    ERROR(X, A, TIME_EXCEEDED, 1,
			  THE(WITH(UDP(A, 5000, R, 80), .fragment = 100))))),
	VECTOR("about a first one", ASKED,
	       SEND(WAN, error_in,
		    ERROR(X, A, TIME_EXCEEDED, 1,
			  THE(WITH(UDP(A, 5000, R, 80), .fragment = 0x2000))),
		    ERROR(X, H, TIME_EXCEEDED, 1, THE(UDP(H, 5000, R, 80))))),
};

/* A question goes with all its fragments, as they came. */
static void asked_together(struct bench *bench)
{
	const struct packet in = WHOLE(UDP(H, 5000, R, 80));
	const struct packet out = WHOLE(UDP(H, 5000, R, 80), .to = MAC_PARTNER,
					.from = MAC_MINE(TP_KIND_QUESTION),
					.ttl = PACKET_TTL);

	assert_int_equal(set_partner(bench->plane), 0);
	wire_forget(bench->wire);
	for (int i = 0; i < 3; i++)
		piece_send(bench, LAN, &in, thirds[i], 0);
	pieces_expect(bench, LAN, &out, ANY_ORDER);
	wired_nothing(bench, WAN);
}

static const struct vector of_the_partner[] = {
	{ .row = { .name = "a question, in order", .test = asked_together },
	  .wire = true,
	  .ours = true },
};

static const struct vector atomic[] = {
	VECTOR("out and in", ASKED,
	       INWARD(WITH(UDP(R, 80, A, 5000), .id = 0, .fragment = DF),
		      UDP(R, 80, H, 5000)),
	       INWARD(WITH(UDP(R, 80, A, 5000), .id = 77),
		      UDP(R, 80, H, 5000))),
};

/* ---- the table ----------------------------------------------------------- */

static const struct vector in_order[] = {
	VECTOR_WIRE("three", in_123),
};

static const struct requirement rows[] = {
	{ "U17", "4787", "REQ-13", MUST,
	  "too big with DF: ICMP 3/4 about the inside packet",
	  SHOWN_BY(fragments_too_big) },
	{ "U18", "4787", "REQ-13a", MUST,
	  "too big without DF: fragments, in order, translated",
	  SHOWN_BY(fragments_made) },
	{ "U19", "4787", "REQ-14", MUST, "fragments are received, in any order",
	  SHOWN_BY(fragments_in) },
	{ "U20", "4787", "REQ-14a", MUST,
	  "a flood of fragments costs other flows nothing",
	  SHOWN_BY(fragments_flood) },
	{ "F1", "791", "", MUST, "from inside: all translated alike",
	  SHOWN_BY(outward) },
	{ "F2", "4787", "REQ-14", MUST, "from outside, in order",
	  SHOWN_BY(in_order) },
	{ "F3", "4787", "REQ-14", MUST, "from outside, out of order",
	  SHOWN_BY(fragments_in) },
	{ "F4", "791", "", OWN, "duplicates and overlaps harm nothing",
	  SHOWN_BY(overlapping) },
	{ "F5", "1858", "", SHOULD, "tiny first fragments are dropped",
	  SHOWN_BY(tiny_ones) },
	{ "F6", "791", "", MUST, "one IP ID for two hosts: no cross-delivery",
	  SHOWN_BY(two_hosts) },
	{ "F7", "4787", "REQ-14a", MUST,
	  "a first fragment that never comes is forgotten within 30 s",
	  SHOWN_BY(orphaned) },
	{ "F8", "4787", "REQ-14", MUST, "fragments come on several CPUs",
	  SHOWN_BY(other_cpu) },
	{ "F9", "5508", "REQ-4", OWN, "ICMP errors about fragments",
	  SHOWN_BY(about_fragments) },
	{ "F10", "", "", OWN,
	  "fragments of the partner's session are handed over together",
	  SHOWN_BY(of_the_partner) },
	{ "F11", "4787", "REQ-13a", MUST,
	  "too big without DF, from inside: as U18", SHOWN_BY(fragments_made) },
	{ "F13", "6864", "4", MUST, "atomic datagrams are no fragments",
	  SHOWN_BY(atomic) },
};

const struct section section_fragments =
	ROWS_OF("Fragments, RFC 791, 4787, 6864, 8900", rows);
