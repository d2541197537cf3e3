// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_refuse.c - what a host is told when its packet cannot be carried:
 * by which ICMP error, how often, and when nothing at all (RFC 5508 REQ-8 and
 * REQ-9, RFC 6888 REQ-11, RFC 1122 3.2.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

#define ANSWERS_A_SECOND 1024

/* ---- what the daemon says ------------------------------------------------ */

/* One port, which H2 has, in each protocol. */
static int one_port(struct plane *plane)
{
	plane->settings.port_min = 2000;
	plane->settings.port_max = 2000;
	return plane_set_settings(plane);
}

static int unreachable(struct plane *plane)
{
	plane->settings.refusal = TP_REFUSE_UNREACHABLE;
	return plane_set_settings(plane);
}

static int silent(struct plane *plane)
{
	plane->settings.refusal = TP_REFUSE_SILENT;
	return plane_set_settings(plane);
}

/* Since when: an exit that is back at once has lost nothing. */
static int no_exit(struct plane *plane)
{
	struct tp_selector selector = { .lost = plane_now(plane) };
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	err = err ?: plane_set_exit_state(plane, PLANE_EXIT_B, TP_EXIT_DEAD);
	return err ?: plane_set(plane->skel->maps.selector, 0, &selector);
}

static int no_exit_silent(struct plane *plane)
{
	return silent(plane) ?: no_exit(plane);
}

static int no_exit_no_address(struct plane *plane)
{
	struct tp_link link;
	struct bpf_map *links = plane->skel->maps.links;
	int err = plane_get(links, PLANE_LAN, &link);

	link.address = (struct tp_addr){ 0 };
	err = err ?: plane_set(links, PLANE_LAN, &link);
	return err ?: no_exit(plane);
}

static int with_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH) ?: no_exit(plane);
}

/* ---- rows that need more than packets ------------------------------------ */

#define NO_PORT(packet, ...)                                               \
	STOP(LAN, ports_full, WITH(packet), .told = TOLD(UNREACHABLE, 13), \
	     __VA_ARGS__)

/* As many as may be, then silence; the next second as many again. */
static void paced(struct bench *bench)
{
	struct bpf_map *paces = bench->plane->skel->maps.paces;
	struct step told = NO_PORT(UDP(H, 5000, R, 80));
	struct step silence = STOP(LAN, ports_full, UDP(H, 5000, R, 80));
	struct tp_pace pace = { .used = ANSWERS_A_SECOND - 1 };
	uint32_t now = plane_now(bench->plane);

	/* At the start of a second, so that a slow machine stays in it. */
	assert_int_equal(
		plane_later(bench->plane,
			    TP_TICKS_PER_SECOND - now % TP_TICKS_PER_SECOND),
		0);
	pace.second = plane_now(bench->plane) / TP_TICKS_PER_SECOND;
	assert_int_equal(plane_set(paces, TP_PACE_ANSWERS, &pace), 0);
	rows_step(bench, &told);
	rows_step(bench, &silence);
	rows_step(bench, &silence);
	told.later = TP_TICKS_PER_SECOND;
	rows_step(bench, &told);
}

/* Every length around the 548 bytes that fit, odd ones too. */
static void quotes(struct bench *bench)
{
	for (unsigned int bytes = 1; bytes < 600; bytes += 37) {
		struct step step = NO_PORT(UDP(H, 5000, R, 80));

		step.in.payload = bytes;
		rows_step(bench, &step);
	}
	for (unsigned int bytes = 518; bytes < 524; bytes++) {
		struct step step = NO_PORT(UDP(H, 5000, R, 80));

		step.in.payload = bytes;
		rows_step(bench, &step);
	}
}

/* ---- the table ----------------------------------------------------------- */

#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define TAKEN                                                                 \
	OUTWARD(UDP(H2, 2000, R, 80), UDP(A, 2000, R, 80),                    \
		.before = one_port),                                          \
		OUTWARD(TCP(H2, 2000, R, 80, SYN), TCP(A, 2000, R, 80, SYN)), \
		OUTWARD(QUERY(ECHO, H2, R, 2000), QUERY(ECHO, A, R, 2000))

#define TAKE .to = MAC_PARTNER, .from = MAC_LAN, .ttl = PACKET_TTL
#define NO_EXIT(packet, ...) STOP(LAN, no_exit, WITH(packet), __VA_ARGS__)
#define NO_NET .told = TOLD(UNREACHABLE, 0)
#define GIVEN_BACK(...) \
	WITH(__VA_ARGS__, .to = MAC_LAN, .from = MAC_THEIRS(TP_KIND_RETURNED))

static const struct row rows[] = {
	ROW("I13 udp", TAKEN, NO_PORT(UDP(H, 5000, R, 80))),
	ROW("I13 tcp", TAKEN, NO_PORT(TCP(H, 5000, R, 80, SYN))),
	ROW("I13 icmp", TAKEN, NO_PORT(QUERY(ECHO, H, R, 5000))),
	ROW("I13 with options: behind them", TAKEN,
	    NO_PORT(WITH(UDP(H, 5000, R, 80), .options = 3, .payload = 900))),
	ROW("I13 without checksum", TAKEN,
	    NO_PORT(WITH(UDP(H, 5000, R, 80), .no_checksum = true))),
	ROW("I13 padded", TAKEN,
	    NO_PORT(WITH(TCP(H, 5000, R, 80, SYN), .padding = 6))),
	ROW("I13 behind an inner router", TAKEN,
	    NO_PORT(UDP(DEEP, 5000, R, 80))),
	ROW("C5 the code of RFC 6888", TAKEN,
	    STOP(LAN, ports_full, UDP(H, 5000, R, 80), .before = unreachable,
		 .told = TOLD(UNREACHABLE, 1))),
	ROW("I14 nothing", TAKEN,
	    STOP(LAN, ports_full, UDP(H, 5000, R, 80), .before = silent)),
	ROW("no answer to whom we do not know", TAKEN,
	    STOP(LAN, ports_full, UDP(H3, 5000, R, 80))),
	{ .name = "I13 paced", .steps = { TAKEN }, .test = paced },
	{ .name = "I13 quoted", .steps = { TAKEN }, .test = quotes },
	{ .name = "I13 on the kernel's way",
	  .steps = { TAKEN, STOP(OUT, ports_full, UDP(H, 5000, R, 80),
				 .told = TOLD(UNREACHABLE, 13)) },
	  .hooks = ROW_TC },

	ROW("F no exit: nothing at first",
	    NO_EXIT(UDP(H, 5000, R, 80), .before = no_exit),
	    NO_EXIT(TCP(H, 5000, R, 80, SYN), AFTER(0.4))),
	ROW("F no exit for a second: the net is unreachable",
	    NO_EXIT(UDP(H, 5000, R, 80), .before = no_exit),
	    NO_EXIT(UDP(H, 5000, R, 80), AFTER(1), NO_NET),
	    NO_EXIT(TCP(H, 5000, R, 80, SYN), NO_NET),
	    NO_EXIT(QUERY(ECHO, H, R, 5000), NO_NET)),
	ROW("F no exit: nothing",
	    NO_EXIT(UDP(H, 5000, R, 80), AFTER(0.1), .before = no_exit_silent),
	    NO_EXIT(UDP(H, 5000, R, 80), AFTER(2))),
	ROW("F no exit, and no address to answer from",
	    NO_EXIT(UDP(H, 5000, R, 80), .before = no_exit_no_address),
	    NO_EXIT(UDP(H, 5000, R, 80), AFTER(2))),
	ROW("F no exit: an error is not answered with one",
	    STOP(LAN, error_lost,
		 ERROR(H, R, UNREACHABLE, 3, THE(UDP(R, 80, H, 5000))),
		 .before = no_exit),
	    STOP(LAN, error_lost,
		 ERROR(H, R, UNREACHABLE, 3, THE(UDP(R, 80, H, 5000))),
		 AFTER(2))),
	ROW("F no exit here nor there: the host is told, not the partner",
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE, .before = with_partner),
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE, AFTER(2)),
	    NO_EXIT(GIVEN_BACK(UDP(H, 5000, R, 80)), NO_NET)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
