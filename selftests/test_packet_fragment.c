// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_fragment.c - fragments, in order and out of order, through every
 * hook.  Rows named F are those of the conformance table, section 7.7.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/pieces.h"

#define DF 0x4000

static void run(struct bench *bench, struct step step)
{
	rows_step(bench, &step);
}

static void outward_2_1_3(struct bench *bench)
{
	const struct step steps[] = { outward(h_to_r, a_to_r, FIRST),
				      outward(h_to_r, a_to_r, SECOND),
				      outward(h_to_r, a_to_r, THIRD) };

	send_2_1_3(bench, steps);
}

static void inward_2_1_3(struct bench *bench)
{
	const struct step steps[] = { inward(FIRST), inward(SECOND),
				      inward(THIRD) };

	open_session(bench);
	send_2_1_3(bench, steps);
}

/* What is the gateway's own goes up in its order, too. */
static void own_3_2_1(struct bench *bench)
{
	const struct packet ping = { QUERY(ECHO, R, A, 9) };
	const struct step steps[] = { stop(WAN, TP_REASON_local, ping, FIRST),
				      stop(WAN, TP_REASON_local, ping, SECOND),
				      stop(WAN, TP_REASON_local, ping, THIRD) };

	send_3_2_1(bench, steps);
}

/* And so does what the kernel shall send on: by the exit of the first. */
static void slow_3_2_1(struct bench *bench)
{
	struct step steps[PIECES];

	for (unsigned int i = 0; i < PIECES; i++) {
		steps[i] = stop(LAN, TP_REASON_ttl, h_to_r, i);
		steps[i].in.ttl = 1;
		steps[i].mark = TP_MARK(PLANE_EXIT_A);
	}
	send_3_2_1(bench, steps);
}

/* Echoes and TCP have their port in the first alone, like UDP (I18). */
static void other_protocols(struct bench *bench)
{
	const struct packet ping = { QUERY(ECHO, H, R, 7000) };
	const struct packet pinged = { QUERY(ECHO, A, R, 7000) };
	const struct packet pong = { QUERY(ECHO_REPLY, R, A, 7000) };
	const struct packet ponged = { QUERY(ECHO_REPLY, R, H, 7000) };
	const struct packet syn = { TCP(H, 5000, R, 80, SYN) };
	const struct packet synned = { TCP(A, 5000, R, 80, SYN) };

	for (unsigned int i = 0; i < PIECES; i++) {
		struct step back = { .side = WAN,
				     .why = TP_REASON_translated_in,
				     .in = piece(pong, i),
				     .out = ponged };

		run(bench, outward(ping, pinged, i));
		run(bench, outward(syn, synned, i));
		if (i == FIRST)
			assert_int_equal(bench->output.frame[47], SYN);
		rows_step(bench, &back);
	}
}

/* ---- two at once ------------------------------------------------------------ */

static uint16_t output_id(const struct bench *bench)
{
	return bench->output.frame[18] << 8 | bench->output.frame[19];
}

/* Two hosts, one ID, one server: they must not get into each other (F6, V11). */
static void two_hosts(struct bench *bench)
{
	const struct packet h2_to_r = { UDP(H2, 5002, R, 80) };
	const struct packet outside = { UDP(A, 5002, R, 80) };
	const struct step ours[] = { outward(h_to_r, a_to_r, THIRD),
				     outward(h_to_r, a_to_r, SECOND) };
	const struct step theirs[] = { outward(h2_to_r, outside, THIRD),
				       outward(h2_to_r, outside, SECOND) };
	uint16_t id;

	run(bench, outward(h_to_r, a_to_r, FIRST));
	id = output_id(bench);
	out_of_order(bench, outward(h2_to_r, outside, FIRST), theirs, 2);
	assert_int_not_equal(output_id(bench), id);
	for (unsigned int i = 0; i < 2; i++) {
		rows_step(bench, &ours[i]);
		assert_int_equal(output_id(bench), id);
		rows_step(bench, &theirs[i]);
		assert_int_not_equal(output_id(bench), id);
	}
}

/* The same ID again, by a flow of another uplink: the later first counts. */
static void id_again(struct bench *bench)
{
	const struct packet dns = { UDP(H, 5002, R, 53) };
	const struct packet outside = { UDP(B, 5002, R, 53) };

	run(bench, outward(h_to_r, a_to_r, FIRST));
	run(bench, outward(h_to_r, a_to_r, SECOND));
	assert_int_equal(plane_select(bench->plane, PLANE_EXIT_B), 0);
	run(bench, outward(dns, outside, FIRST));
	run(bench, outward(dns, outside, SECOND));
	run(bench, outward(dns, outside, THIRD));
}

/* What is there twice is sent twice (F4). */
static void duplicates(struct bench *bench)
{
	const struct step early[] = { outward(h_to_r, a_to_r, SECOND),
				      outward(h_to_r, a_to_r, SECOND) };
	struct step overlap = outward(h_to_r, a_to_r, SECOND);

	out_of_order(bench, outward(h_to_r, a_to_r, FIRST), early, 2);
	run(bench, outward(h_to_r, a_to_r, FIRST));
	run(bench, outward(h_to_r, a_to_r, SECOND));
	overlap.in.piece.from -= 16;
	rows_step(bench, &overlap);
	run(bench, outward(h_to_r, a_to_r, THIRD));
}

/* Atomic ones keep their ID; no other bit makes it count (V11, F13). */
static void atomic(struct bench *bench)
{
	STEP(bench, OUTWARD(WITH(UDP(H, 5000, R, 80), .fragment = DF, .id = 7),
			    UDP(A, 5000, R, 80)));
	assert_int_equal(output_id(bench), 7);
	STEP(bench,
	     OUTWARD(WITH(UDP(H, 5000, R, 80), .id = 7), UDP(A, 5000, R, 80)));
	assert_int_not_equal(output_id(bench), 7);
}

/* Every host of a /16 is masked in a way of its own. */
static void masks_differ(struct bench *bench)
{
	static bool seen[65536];
	struct step step = OUTWARD(UDP(0, 5000, R, 80), UDP(A, 0, R, 80));
	unsigned int twice = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t host = 1; host < 255; host++) {
		step.in.source = IP(192, 168, 50, host);
		rows_step(bench, &step);
		twice += seen[output_id(bench)];
		seen[output_id(bench)] = true;
	}
	assert_int_equal(twice, 0);
}

/* ---- hiding places (RFC 1858, RFC 3128) ------------------------------------- */

static void hiding(struct bench *bench)
{
	const struct packet syn = { TCP(H, 5000, R, 80, SYN) };
	struct step tiny = stop(LAN, TP_REASON_fragment_tiny, syn, FIRST);
	struct step over = stop(LAN, TP_REASON_fragment_tiny, syn, SECOND);
	struct step odd = stop(LAN, TP_REASON_malformed, h_to_r, FIRST);
	struct step death = stop(LAN, TP_REASON_malformed, h_to_r, THIRD);

	tiny.in.piece.bytes = 16; /* no flags in the first */
	rows_step(bench, &tiny);
	over.in.piece.from = 8; /* others over those of the first */
	rows_step(bench, &over);
	over.in.piece.from = 16;
	rows_step(bench, &over);
	odd.in.piece.bytes = 601;
	rows_step(bench, &odd);
	death.in.fragment = 0x1fff; /* it would end behind 65,535 bytes */
	rows_step(bench, &death);
}

/* No checksum of an error in fragments can be verified. */
static void errors_in_fragments(struct bench *bench)
{
	const struct packet sent = { UDP(A, 5000, R, 80),
				     .payload = PIECES_BODY };
	struct step error = {
		.side = WAN,
		.why = TP_REASON_fragment,
		.in = { ERROR(X, A, UNREACHABLE, 3, &sent), .id = 5,
			.piece = { 0, 600 } },
	};

	open_session(bench);
	rows_step(bench, &error);
}

/* ---- by the kernel ------------------------------------------------------------ */

/* The kernel made fragments of it: one ID, first with the port (U18, F11). */
static void out_in_order(struct bench *bench)
{
	struct step step = { .side = OUT,
			     .why = TP_REASON_translated_slow_out,
			     .out = a_to_r,
			     .from = PLANE_LAN };

	for (unsigned int i = 0; i < PIECES; i++) {
		step.in = piece(h_to_r, i);
		rows_step(bench, &step);
	}
	/* Without its first it cannot be told whose it is, and does not wait. */
	step.in.id++;
	step.why = TP_REASON_fragment;
	rows_step(bench, &step);
}

/* Put right from one uplink's egress, it is not to leave by the other's. */
static void out_moved(struct bench *bench)
{
	const struct packet b_to_r = { UDP(B, 5000, R, 80) };
	struct step step = { .side = OUT,
			     .why = TP_REASON_moved,
			     .out = b_to_r,
			     .from = PLANE_LAN };

	assert_int_equal(plane_select(bench->plane, PLANE_EXIT_B), 0);
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80)));
	step.out.ttl = PACKET_TTL;
	for (unsigned int i = 0; i < 2; i++) {
		step.in = piece(h_to_r, i);
		rows_step(bench, &step);
	}
	step.side = OUT_B;
	step.why = TP_REASON_fragment;
	rows_step(bench, &step);
}

/* The gateway's own are as they are. */
static void out_own(struct bench *bench)
{
	const struct packet own = { UDP(A, 61000, R, 80) };

	for (unsigned int i = 0; i < PIECES; i++)
		run(bench, stop(OUT, TP_REASON_own, own, i));
}

/*
 * firewall = kernel: all of a session's first datagram goes by the kernel, which
 * hands its fragments on one by one.
 */
static void shown_out(struct bench *bench)
{
	struct step step;

	bench->plane->settings.rules = TP_RULES_FIRST;
	assert_int_equal(plane_set_settings(bench->plane), 0);
	for (unsigned int i = 0; i < PIECES; i++) {
		step = stop(LAN, TP_REASON_firewall, h_to_r, i);
		step.mark = TP_MARK(PLANE_EXIT_A);
		rows_step(bench, &step);
	}
	out_in_order(bench);
	for (unsigned int i = 0; i < PIECES; i++)
		run(bench, outward(h_to_r, a_to_r, i));
}

static void shown_in(struct bench *bench)
{
	const struct packet asked = { UDP(R, 81, A, 5000) };
	const struct packet given = { UDP(R, 81, H, 5000) };
	struct step step;

	open_session(bench);
	bench->plane->settings.rules = TP_RULES_FIRST;
	assert_int_equal(plane_set_settings(bench->plane), 0);
	for (unsigned int i = 0; i < PIECES; i++) {
		step = stop(WAN, TP_REASON_firewall, asked, i);
		step.out = given;
		step.mark = TP_MARK_INWARD(0);
		rows_step(bench, &step);
		step = stop(BACK, TP_REASON_COUNT, given, i);
		step.from = PLANE_ISP_A;
		step.mark_in = TP_MARK_INWARD(0);
		rows_step(bench, &step);
	}
	for (unsigned int i = 0; i < PIECES; i++) {
		step = inward(i);
		step.in = piece(asked, i);
		step.out = given;
		rows_step(bench, &step);
	}
}

/* ---- between the gateways (F10; ownership, 5) ---------------------------------- */

static struct step handed(enum tp_reason why, uint8_t kind, unsigned int part)
{
	const uint8_t from[6] = MAC_MINE(kind), to[6] = MAC_PARTNER;
	struct step step = stop(LAN, why, h_to_r, part);

	memcpy(step.out.to, to, 6);
	memcpy(step.out.from, kind == TP_KIND_TAKE ? plane_mac_lan : from, 6);
	step.out.ttl = PACKET_TTL;
	return step;
}

static struct step by(struct step step, uint8_t kind)
{
	const uint8_t theirs[6] = MAC_THEIRS(kind);

	memcpy(step.in.from, theirs, 6);
	return step;
}

static void set_partner(struct bench *bench)
{
	assert_int_equal(plane_set_partner(bench->plane, TP_PARTNER_TWINPATH),
			 0);
}

/* Asked like its first; given back, it follows the first that was. */
static void asked_and_returned(struct bench *bench)
{
	const struct step held_back =
		by(stop(LAN, TP_REASON_fragment_held, h_to_r, SECOND),
		   TP_KIND_RETURNED);

	set_partner(bench);
	run(bench, handed(TP_REASON_question, TP_KIND_QUESTION, FIRST));
	run(bench, handed(TP_REASON_question, TP_KIND_QUESTION, SECOND));
	/* Back before its first: it waits, and is not asked again. */
	rows_step(bench, &held_back);
	run(bench, by(outward(h_to_r, a_to_r, FIRST), TP_KIND_RETURNED));
	run(bench, by(outward(h_to_r, a_to_r, SECOND), TP_KIND_RETURNED));
	/* What the host sends from now on needs no way round. */
	run(bench, outward(h_to_r, a_to_r, THIRD));
}

/* The other side of it: what is given back, and what is served. */
static void question_answered(struct bench *bench)
{
	struct step back;

	set_partner(bench);
	for (unsigned int i = 0; i < PIECES; i++) {
		back = by(handed(TP_REASON_returned, TP_KIND_RETURNED, i),
			  TP_KIND_QUESTION);
		rows_step(bench, &back);
	}
	/* Not the host's way: that one is asked, and by nobody's record. */
	run(bench, stop(LAN, TP_REASON_fragment_held, h_to_r, SECOND));
	assert_int_equal(plane_set_partner(bench->plane, TP_PARTNER_NONE), 0);
	open_session(bench);
	set_partner(bench);
	for (unsigned int i = 0; i < PIECES; i++)
		run(bench, by(outward(h_to_r, a_to_r, i), TP_KIND_QUESTION));
}

/* Early ones of the partner's wait like a host's, and keep their kind. */
static void question_3_2_1(struct bench *bench)
{
	const struct step steps[] = {
		by(outward(h_to_r, a_to_r, FIRST), TP_KIND_TAKE),
		by(outward(h_to_r, a_to_r, SECOND), TP_KIND_TAKE),
		by(outward(h_to_r, a_to_r, THIRD), TP_KIND_TAKE)
	};
	struct step take[PIECES];

	set_partner(bench);
	memcpy(take, steps, sizeof(take));
	for (unsigned int i = 0; i < PIECES; i++)
		memcpy(take[i].in.from, plane_mac_partner, 6);
	send_3_2_1(bench, take);
}

/* ---- the table ------------------------------------------------------------ */

/* XDP cannot keep a packet: what it sees of them goes up, whole and unmarked. */
static void xdp_leaves_them(struct bench *bench)
{
	open_session(bench);
	for (unsigned int i = 0; i < PIECES; i++) {
		run(bench, stop(LAN, TP_REASON_fragment_slow, h_to_r, i));
		run(bench, stop(WAN, TP_REASON_fragment_slow, r_to_a, i));
	}
}

static void in_order(struct bench *bench)
{
	for (unsigned int i = 0; i < PIECES; i++)
		run(bench, outward(h_to_r, a_to_r, i));
	for (unsigned int i = 0; i < PIECES; i++)
		run(bench, inward(i));
}

/* Whose first is dropped is not waited for by name. */
static void first_dropped(struct bench *bench)
{
	struct step first = stop(WAN, TP_REASON_unsolicited, r_to_a, FIRST);

	rows_step(bench, &first);
	run(bench, stop(WAN, TP_REASON_fragment_held, r_to_a, SECOND));
	open_session(bench);
	first.in.source = R2;
	first.why = TP_REASON_filtered;
	rows_step(bench, &first);
}

#define ON(hook, title, function)                                    \
	{                                                            \
		.name = (title), .test = (function), .hooks = (hook) \
	}

static const struct row rows[] = {
	ON(ROW_XDP, "left to tc", xdp_leaves_them),
	ON(ROW_TC, "F1 F2 in order", in_order),
	ON(ROW_TC, "F3 outward, 2 1 3", outward_2_1_3),
	ON(ROW_TC, "F3 outward, 3 2 1", outward_3_2_1),
	ON(ROW_TC, "F3 inward, 2 1 3", inward_2_1_3),
	ON(ROW_TC, "F3 inward, 3 2 1", inward_3_2_1),
	ON(ROW_TC, "F3 the gateway's own, 3 2 1", own_3_2_1),
	ON(ROW_TC, "F3 for the kernel to send, 3 2 1", slow_3_2_1),
	ON(ROW_TC, "I18 echo and tcp", other_protocols),
	ON(ROW_TC, "F4 duplicates and overlaps", duplicates),
	ON(ROW_TC, "F5 no room to hide", hiding),
	ON(ROW_TC, "F6 V11 two hosts, one id", two_hosts),
	ON(ROW_TC, "F6 one id, two uplinks", id_again),
	ON(ROW_TC, "the first is dropped", first_dropped),
	ON(ROW_TC, "F9 errors in fragments", errors_in_fragments),
	ON(ROW_TC, "F10 asked, and returned", asked_and_returned),
	ON(ROW_TC, "F10 questions", question_answered),
	ON(ROW_TC, "F10 taken, 3 2 1", question_3_2_1),
	ON(ROW_BOTH, "F13 V11 atomic", atomic),
	ON(ROW_BOTH, "V11 masks differ", masks_differ),
	ON(ROW_TC, "U18 F11 fragments of the kernel's", out_in_order),
	ON(ROW_TC, "F11 put right", out_moved),
	ON(ROW_TC, "F11 the gateway's own", out_own),
	ON(ROW_TC, "shown to the user's firewall, outward", shown_out),
	ON(ROW_TC, "shown to the user's firewall, inward", shown_in),
};

int main(void)
{
	return ROWS_RUN(rows);
}
