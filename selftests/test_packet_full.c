// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_full.c - tables that fill up: every session is found again
 * wherever it lies, nothing is refused too early, and when there is no room
 * the new is refused and the old kept (RFC 6888 REQ-11d).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/audit.h"
#include "harness/rows.h"

#define FIRST_PORT 2000

/* The n-th endpoint's packet, and what it must become. */
static struct step nth(unsigned int n)
{
	return (struct step)OUTWARD(UDP(H, FIRST_PORT + n, R, 80),
				    UDP(A, FIRST_PORT + n, R, 80));
}

static void send_all(struct bench *bench, unsigned int count)
{
	for (unsigned int n = 0; n < count; n++) {
		struct step step = nth(n);

		rows_step(bench, &step);
	}
}

/* Without judgement: did the n-th endpoint's packet leave? */
static bool leaves(struct bench *bench, unsigned int n)
{
	struct step step = nth(n);
	struct packet packet = step.in;
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
		.ifindex = PLANE_LAN,
		.frame = frame,
	};
	const uint8_t to[6] = MAC_LAN, from[6] = MAC_H;

	for (int i = 0; i < 6; i++) {
		packet.to[i] = to[i];
		packet.from[i] = from[i];
	}
	input.size = packet_build(&packet, frame);
	assert_int_equal(plane_run(bench->plane, &input, &bench->output), 0);
	return bench->output.verdict == PLANE_FORWARDED;
}

/* Else who is refused gets an answer, by the same interface as any. */
static void say_nothing(struct plane *plane)
{
	plane->settings.refusal = TP_REFUSE_SILENT;
	assert_int_equal(plane_set_settings(plane), 0);
}

static void audit(struct bench *bench, unsigned int count)
{
	uint32_t now = plane_now(bench->plane);

	assert_int_equal(audit_sessions(bench->plane, now), count);
	assert_int_equal(audit_bindings(bench->plane, now), count);
	audit_locks(bench->plane);
	audit_rations(bench->plane);
}

/* Three quarters full without a refusal, and no session made twice. */
static void found_again(struct bench *bench)
{
	unsigned int count = bench->plane->lines * 3 / 4;

	send_all(bench, count);
	audit(bench, count);
	send_all(bench, count);
	audit(bench, count);
}

static void old_ones_kept(struct bench *bench)
{
	unsigned int lines = bench->plane->lines, count = 0, refused = 0;
	struct step step;

	say_nothing(bench->plane);
	while (leaves(bench, count))
		count++;
	assert_in_range(count, lines * 3 / 4, lines);
	step = nth(count);
	step.why = TP_REASON_sessions_full;
	rows_step(bench, &step);
	/* As many again, for the old to be pushed out by if they could. */
	for (unsigned int n = count + 1; n < count + lines; n++)
		refused += !leaves(bench, n);
	assert_true(refused > lines * 3 / 4);
	send_all(bench, count);
}

/* When the old have expired their lines are used again, at once. */
static void room_again(struct bench *bench)
{
	unsigned int count = bench->plane->lines * 3 / 4;

	say_nothing(bench->plane);
	while (leaves(bench, count))
		count++;
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	found_again(bench);
}

/* The n-th endpoint's packet to one of two remotes. */
static void to_either(struct bench *bench, unsigned int n, uint32_t remote)
{
	struct step step = OUTWARD(UDP(H, FIRST_PORT + n, remote, 80),
				   UDP(A, FIRST_PORT + n, remote, 80),
				   .later = !n * 17);

	rows_step(bench, &step);
}

/*
 * Half of the lines are sessions, of endpoints that talk to two remotes in turn.
 * That each of the two may answer from any port costs no other its session.
 */
static void earlier_remotes(struct bench *bench)
{
	unsigned int lines = bench->plane->lines;

	say_nothing(bench->plane);
	for (int i = 0; i < 4; i++)
		for (unsigned int n = 0; n < lines / 4; n++)
			to_either(bench, n, i % 2 ? R2 : R);
	assert_int_equal(audit_sessions(bench->plane, plane_now(bench->plane)),
			 lines / 2);
	for (unsigned int n = lines / 4; n < lines / 2; n++)
		assert_true(leaves(bench, n));
	for (unsigned int n = 0; n < lines / 2; n++)
		assert_true(leaves(bench, n));
	audit_locks(bench->plane);
	audit_rations(bench->plane);
}

static int sixteen_ports(struct plane *plane)
{
	plane->settings.port_min = FIRST_PORT;
	plane->settings.port_max = FIRST_PORT + 15;
	return plane_set_settings(plane);
}

/* All sixteen are found, for endpoints whose own port is none of them. */
static void ports_full(struct bench *bench)
{
	unsigned int used = 0;

	assert_int_equal(sixteen_ports(bench->plane), 0);
	for (unsigned int n = 0; n < 16; n++) {
		struct step step =
			OUTWARD(UDP(H, 100, R, 80), UDP(A, 0, R, 80));

		step.in.sport += n;
		rows_step(bench, &step);
		used |= 1U << (bench->port - FIRST_PORT);
	}
	assert_int_equal(used, 0xffff);
	STEP(bench, STOP(LAN, ports_full, UDP(H, 116, R, 80),
			 .told = TOLD(UNREACHABLE, 13)));
	STEP(bench, OUTWARD(UDP(H, 100, R2, 80), UDP(A, 0, R2, 80)));
	STEP(bench, OUTWARD(QUERY(ECHO, H, R, 116), QUERY(ECHO, A, R, 0)));
}

static const struct row rows[] = {
	{ .name = "every session is found again", .test = found_again },
	{ .name = "C5 full: the old are kept", .test = old_ones_kept },
	{ .name = "expired lines are room", .test = room_again },
	{ .name = "earlier remotes take no session's line",
	  .test = earlier_remotes },
	{ .name = "every port is used, then none is left", .test = ports_full },
};

int main(void)
{
	return ROWS_RUN(rows);
}
