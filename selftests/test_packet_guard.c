// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_guard.c - what must never happen: an inside source that leaves
 * untranslated, a session that is stolen, a table that fills with what is dead.
 *
 * Owns: rows that each once failed.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cmocka.h>

#include "rows.h"

/* clang-format off */
#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define CAUGHT(reason, packet, ...)                        \
	{ .side = OUT, .why = TP_REASON_##reason,          \
	  .in = { packet }, .from = PLANE_LAN, __VA_ARGS__ }
#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))
#define RETURNED HANDED(MAC_MINE(TP_KIND_RETURNED))
#define TAKEN(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)
#define AH(s, d) \
	THE(.protocol = 51, .source = (s), .destination = (d), .payload = 40)
#define NEXT_HOP IP(203, 0, 113, 254)
/* clang-format on */

static int publish(struct plane *plane, int plane_of, uint8_t address,
		   uint8_t exit, enum tp_publish_action action)
{
	const struct tp_publish ask = {
		.inside = plane_address(H),
		.inside_port = htons(80),
		.port = htons(8080),
		.plane = (uint8_t)plane_of,
		.exit = exit,
		.address = address,
		.action = action,
		.filtering = TP_FILTER_ENDPOINT,
	};

	return plane_publish(plane, &ask);
}

static int publish_udp(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, 0, PLANE_EXIT_A, TP_PUBLISH_MAKE);
}

static int withdraw_udp(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, 0, PLANE_EXIT_A,
		       TP_PUBLISH_WITHDRAW);
}

static int publish_both(struct plane *plane)
{
	return publish(plane, TP_PLANE_TCP, 0, PLANE_EXIT_A, TP_PUBLISH_MAKE) ?:
		       publish(plane, TP_PLANE_TCP, 1, PLANE_EXIT_B,
			       TP_PUBLISH_MAKE);
}

static int twin(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int lease(struct plane *plane, bool gone, bool quiet)
{
	uint32_t until = plane_now(plane) + PLANE_TICKS(1);
	struct tp_partner partner;
	int err = plane_get(plane->skel->maps.partner, 0, &partner);

	partner.gone_bind = partner.gone_reset = gone ? until : 0;
	partner.quiet = quiet ? until : 0;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

static int unconfirmed_and_gone(struct plane *plane)
{
	plane->settings.confirm++;
	return plane_set_settings(plane) ?:
		       twin(plane)	 ?:
					   lease(plane, true, false);
}

static int quiet(struct plane *plane)
{
	return twin(plane) ?: lease(plane, false, true);
}

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

/* isp-b was left for isp-a, long enough ago. */
static int home(struct plane *plane)
{
	struct bpf_map *exits = plane->skel->maps.exits;
	struct tp_exit exit;
	int err = plane_get(exits, PLANE_EXIT_B, &exit);

	exit.home_after = plane_now(plane) - 1;
	return err					     ?:
		       plane_set(exits, PLANE_EXIT_B, &exit) ?:
		       plane_select(plane, PLANE_EXIT_A);
}

static void not_beyond(struct bench *bench)
{
	struct tp_exit_counters counters[256];
	uint32_t key = PLANE_EXIT_A, any = 0;
	int fd = bpf_map__fd(bench->plane->skel->maps.exit_counters);

	assert_int_equal(bpf_map_lookup_elem(fd, &key, counters), 0);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		any |= counters[i].beyond;
	assert_int_equal(any, 0);
}

/* ---- by the thousand -------------------------------------------------------- */

static uint64_t counted(struct bench *bench, enum tp_reason reason)
{
	struct tp_reasons reasons[TP_HOOK_COUNT];

	assert_int_equal(plane_reasons(bench->plane, reasons), 0);
	return ((__u64 *)&reasons[TP_HOOK_tc_lan])[reason];
}

/* One datagram each of endpoints first .. first + count - 1. */
static void open_many(struct bench *bench, unsigned int first,
		      unsigned int count, uint16_t lowest, unsigned int ports)
{
	for (unsigned int i = first; i < first + count; i++) {
		struct packet packet = { UDP(H, 5000, R, 80), .to = MAC_LAN,
					 .from = MAC_H, .ttl = PACKET_TTL };
		uint8_t frame[PACKET_MAX];
		struct plane_input input = { .hook = TP_HOOK_tc_lan,
					     .ifindex = PLANE_LAN,
					     .frame = frame };

		packet.sport = (uint16_t)(lowest + i % ports);
		packet.source = IP(192, 168, 0, 100) + i / ports;
		input.size = packet_build(&packet, frame);
		assert_int_equal(
			plane_run(bench->plane, &input, &bench->output), 0);
	}
}

static unsigned int ports_held(struct bench *bench)
{
	uint32_t now = plane_now(bench->plane);
	unsigned int held = 0;

	for (size_t i = 0; i < bench->plane->bindings_count; i++) {
		uint64_t control = bench->plane->bindings[i].control;

		held += TP_CONTROL_LINE(control) >= TP_LINE_LIVE &&
			(int32_t)(now - TP_CONTROL_EXPIRY(control)) < 0;
	}
	return held;
}

static void no_leak(struct bench *bench)
{
	open_many(bench, 0, 20000, 1024, 50000);
	assert_true(counted(bench, TP_REASON_sessions_full) > 10000);
	assert_in_range(ports_held(bench), 1,
			counted(bench, TP_REASON_translated_out));
}

static void dead_is_room(struct bench *bench)
{
	open_many(bench, 0, 3500, 1024, 50000);
	plane_set_exit_state(bench->plane, PLANE_EXIT_A, TP_EXIT_DEAD);
	plane_select(bench->plane, PLANE_EXIT_B);
	open_many(bench, 3500, 3500, 1024, 50000);
	assert_int_equal(counted(bench, TP_REASON_sessions_full), 0);
	assert_int_equal(counted(bench, TP_REASON_translated_out), 7000);
}

/* None of these can keep its own port: each needs a word of the index. */
static void index_has_room(struct bench *bench)
{
	open_many(bench, 0, 2800, 100, 900);
	assert_int_equal(counted(bench, TP_REASON_ports_full), 0);
	assert_int_equal(counted(bench, TP_REASON_translated_out), 2800);
	/* ... and has it still when it sends again. */
	open_many(bench, 0, 2800, 100, 900);
	assert_int_equal(ports_held(bench), 2800);
}

/* clang-format off */
static const struct row rows[] = {
	/* the guard */
	ROW("an error about AH does not leave as it is",
	    CAUGHT(untranslated, ERROR(H, R, UNREACHABLE, 3, AH(R, H)))),
	ROW("nor with a source that is not inside",
	    STOP(LAN, not_inside, ERROR(X, R, UNREACHABLE, 3, AH(R, X)))),
	ROW("nor from outside straight to an inside address",
	    STOP(WAN, inside_from_outside,
		 ERROR(R, H, UNREACHABLE, 3, AH(H, R)))),
	ROW("an error of a host about nobody's packet does not leave",
	    CAUGHT(error_lost,
		   ERROR(H, R, UNREACHABLE, 3, THE(UDP(R, 80, X, 5000))))),

	/* who owns what */
	{ .name = "an error of the next hop is not from beyond",
	  .steps = { OPENED,
		     SEND(WAN, error_in,
			  ERROR(NEXT_HOP, A, UNREACHABLE, 0,
				THE(UDP(A, 5000, R, 80))),
			  ERROR(NEXT_HOP, H, UNREACHABLE, 0,
				THE(UDP(H, 5000, R, 80)))) },
	  .test = not_beyond },
	{ .name = "the partner's mark survives the exit's", .hooks = ROW_TC,
	  .steps = { STOP(LAN, options,
			  WITH(TAKEN(UDP(H, 5000, R, 80)), .options = 2),
			  .before = twin,
			  .mark = TP_MARK(PLANE_EXIT_A) |
				  TP_MARK_FROM_PARTNER) } },
	ROW("K5 a take that is given back cancels quiet",
	    SEND(LAN, returned, TAKEN(TCP(H, 5000, R, 80, ACK)), RETURNED,
		 .before = quiet),
	    SEND(LAN, question, UDP(H, 6000, R, 80), QUESTION)),
	/* A session proves nothing about its endpoint: two gateways could
	 * come to hold a confirmed binding of it. */
	ROW("H2 confirms the session, not the binding", OPENED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = unconfirmed_and_gone),
	    SEND(LAN, question, UDP(H, 5000, R2, 80), QUESTION,
		 .before = twin)),
	ROW("H0 before F: the kernel answers for the TTL",
	    STOP(LAN, ttl, WITH(TCP(H, 5000, R, 80, ACK), .ttl = 1),
		 .mark = TP_MARK(PLANE_EXIT_A))),
	ROW("a SYN goes by the selector, whatever its port has elsewhere",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    OUTWARD(TCP(H, 5000, R2, 80, SYN), TCP(B, 5000, R2, 80, SYN),
		    .before = select_b)),
	ROW("sticky: idle udp comes home",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
		    .before = select_b),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .before = home,
		    .later = PLANE_TICKS(40))),

	/* published ports */
	ROW("a session of what was withdrawn binds anew",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    OUTWARD(UDP(H, 80, R, 5000), UDP(A, 8080, R, 5000)),
	    OUTWARD(UDP(H, 80, R, 5000), UDP(A, 0, R, 5000),
		    .before = withdraw_udp, .later = PLANE_TICKS(2))),
	ROW("M11 a SYN by the other address steals nothing",
	    INWARD(TCP(R, 5000, A, 8080, SYN), TCP(R, 5000, H, 80, SYN),
		   .before = publish_both),
	    OUTWARD(TCP(H, 80, R, 5000, SYN | ACK),
		    TCP(A, 8080, R, 5000, SYN | ACK)),
	    INWARD(TCP(R, 5000, A, 8080, ACK), TCP(R, 5000, H, 80, ACK)),
	    STOP(WAN_B, filtered, TCP(R, 5000, B, 8080, SYN)),
	    OUTWARD(TCP(H, 80, R, 5000, ACK), TCP(A, 8080, R, 5000, ACK))),
	ROW("U1 a published endpoint sends from its public port",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    OUTWARD(UDP(H, 80, R2, 53), UDP(A, 8080, R2, 53))),

	/* the gateway's own pings */
	ROW("an echo request to a bound identifier is the gateway's",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    STOP(WAN, local, QUERY(ECHO, R, A, 7000))),
	ROW("and so is an answer to none",
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 5000))),

	/* what fills the tables */
	{ .name = "a refused session gives its port back", .test = no_leak,
	  .hooks = ROW_TC },
	{ .name = "sessions of a dead exit are room", .test = dead_is_room,
	  .hooks = ROW_TC },
	{ .name = "the index does not fill before the sessions",
	  .test = index_has_room, .hooks = ROW_TC },
};
/* clang-format on */

int main(void)
{
	return ROWS_RUN(rows);
}
