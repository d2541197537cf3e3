// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_probe.c - a prober against a peer that misbehaves on purpose (probe/bench.h):
 * what counts as an answer, what as a miss, and when.  Needs root; without it every
 * test is skipped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "probe/bench.h"

static void answers_count(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 20, 2000);
	msec_t before = loop_now();

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 5);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_true(bench->rtt_us >= 0 && bench->rtt_us < 2000000);
	assert_true(bench_statistics(bench).answered >= 5);
	assert_int_equal(bench_statistics(bench).foreign, 0);
	assert_in_range(bench_statistics(bench).heard, before, loop_now());
}

static void an_echo_comes_back(void **state)
{
	struct bench *bench = bench_begin(state, ROUTED, 20, 2000);
	const struct frame *frame = &bench->peer.request;

	bench->config.kind = TRACK_ECHO;
	bench_again(bench);
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 3);
	assert_memory_equal(frame->ether.h_dest, bench_far_mac, 6);
	assert_int_equal(frame->ip.saddr, inet_addr(BENCH_LOCAL));
	assert_int_equal(frame->ip.daddr, inet_addr(BENCH_LOCAL));
	assert_int_equal(frame->ip.ttl, 255);
	assert_int_equal(frame->icmp.type, ICMP_ECHO);
	assert_int_equal(peer_sum(&frame->ip, 20), 0xffff);
	assert_int_equal(bench_statistics(bench).foreign, 0);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

/* Sent back by a switch, or from afar: the next hop has not shown anything. */
static void an_echo_by_one_router_only(void **state)
{
	struct bench *bench = bench_begin(state, REFLECTED, 40, 30);

	bench->config.kind = TRACK_ECHO;
	bench_again(bench);
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 2);
	assert_true(bench_statistics(bench).foreign > 0);
	bench->peer.mood = FAR;
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 5);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(bench_statistics(bench).heard, 0);
}

static void request_is_well_formed(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 20, 2000);
	const struct frame *frame = &bench->peer.request;
	uint8_t first[8];

	bench_go(bench);
	bench_until(bench, &bench->peer.requests, 1);
	assert_memory_equal(frame->ether.h_dest, bench_far_mac, 6);
	assert_memory_equal(frame->ether.h_source, bench_near_mac, 6);
	assert_int_equal(ntohs(frame->ether.h_proto), ETH_P_IP);
	assert_int_equal(frame->ip.version, 4);
	assert_int_equal(frame->ip.ihl, 5);
	assert_int_equal(ntohs(frame->ip.tot_len), 20 + 8 + 32);
	assert_int_equal(ntohs(frame->ip.frag_off), IP_DF);
	assert_int_equal(frame->ip.ttl, 64);
	assert_int_equal(frame->ip.saddr, inet_addr(BENCH_LOCAL));
	assert_int_equal(frame->ip.daddr, inet_addr(BENCH_TARGET));
	assert_int_equal(peer_sum(&frame->ip, 20), 0xffff);
	assert_int_equal(frame->icmp.type, ICMP_ECHO);
	assert_int_equal(ntohs(frame->icmp.un.echo.id), BENCH_ID);
	assert_int_equal(peer_sum(&frame->icmp, 8 + 32), 0xffff);

	/* Nobody can foretell the next cookie. */
	memcpy(first, frame->data, sizeof(first));
	bench_until(bench, &bench->peer.requests, bench->peer.requests + 1);
	assert_memory_not_equal(first, frame->data, sizeof(first));
}

static void silence_is_a_miss(void **state)
{
	struct bench *bench = bench_begin(state, SILENT, 20, 15);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 4);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_true(bench->resolves >= 4);
	assert_true(bench_statistics(bench).sent >= 4);
	assert_int_equal(bench_statistics(bench).heard, 0);
}

static void timeout_longer_than_interval(void **state)
{
	struct bench *bench = bench_begin(state, SILENT, 10, 200);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 1);
	assert_true(bench_statistics(bench).sent >= 2);
	bench->peer.mood = ANSWER;
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 3);
}

/* Far more intervals in a timeout than probes are remembered. */
static void more_in_flight_than_remembered(void **state)
{
	struct bench *bench = bench_begin(state, SILENT, 1, 60000);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 3);
	assert_true(bench_statistics(bench).sent > 64);
}

static void second_answer_is_a_duplicate(void **state)
{
	struct bench *bench = bench_begin(state, TWICE, 20, 2000);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 4);
	assert_true(bench_statistics(bench).duplicates >= 3);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

static void late_answer_is_a_miss(void **state)
{
	struct bench *bench = bench_begin(state, LATE, 200, 20);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 3);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_true(bench_statistics(bench).late >= 1);
	assert_int_equal(bench_statistics(bench).foreign, 0);
	assert_true(bench_statistics(bench).heard > 0);
}

static void foreign_answers_are_counted_only(void **state)
{
	struct bench *bench = bench_begin(state, OTHER_COOKIE, 40, 30);

	bench_go(bench);
	for (enum mood mood = OTHER_COOKIE; mood <= SHORTER; mood++) {
		unsigned seen = bench->peer.requests;
		uint64_t foreign = bench_statistics(bench).foreign;
		unsigned missed = bench->fates[PROBE_UNANSWERED];

		bench->peer.mood = mood;
		bench_until(bench, &bench->peer.requests, seen + 1);
		bench_until(bench, &bench->fates[PROBE_UNANSWERED], missed + 2);
		if (bench_statistics(bench).foreign == foreign)
			fail_msg("mood %d: was not seen", mood);
	}
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(bench_statistics(bench).heard, 0);
}

static void other_packets_are_not_seen(void **state)
{
	struct bench *bench = bench_begin(state, OTHER_ID, 40, 30);

	bench_go(bench);
	for (enum mood mood = OTHER_ID; mood <= FRAGMENT; mood++) {
		unsigned missed = bench->fates[PROBE_UNANSWERED];

		bench->peer.mood = mood;
		bench_until(bench, &bench->fates[PROBE_UNANSWERED], missed + 2);
		if (bench_statistics(bench).foreign ||
		    bench_statistics(bench).answered)
			fail_msg("mood %d: was seen", mood);
	}
}

static void unresolved_next_hop(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 60000, 50);

	bench->path.next_hop_mac_known = false;
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNRESOLVED], 1);
	assert_true(bench->resolves >= 1);
	assert_int_equal(bench_statistics(bench).sent, 0);
	assert_int_equal(bench->peer.requests, 0);

	/* Resolved: at once, not at the next interval. */
	bench->path.next_hop_mac_known = true;
	bench_go(bench);
	bench_until(bench, &bench->peer.requests, 1);
}

static void resolved_in_time_is_no_miss(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 60000, 500);

	bench->path.next_hop_mac_known = false;
	bench_go(bench);
	bench_until(bench, &bench->resolves, 1);
	bench->path.next_hop_mac_known = true;
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 1);
	bench_turn(bench, 700);
	assert_int_equal(bench->fates[PROBE_UNRESOLVED], 0);
}

/* Stopped for longer than everything, with the answer in the socket. */
static void an_answer_that_waited_is_in_time(void **state)
{
	struct bench *bench = bench_begin(state, STALL, 400, 300);

	bench->peer.stall = 1200;
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 1);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_true(bench->rtt_us < 300000);
	assert_int_equal(bench_statistics(bench).late, 0);
}

/* Not asleep for long enough to be excused, and the answer is too late. */
static void an_answer_that_came_late_is_late(void **state)
{
	struct bench *bench = bench_begin(state, SLOW, 60000, 400);

	bench->peer.stall = 500;
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_UNANSWERED], 1);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(bench_statistics(bench).late, 1);
}

static void an_overslept_probe_is_excused(void **state)
{
	struct bench *bench = bench_begin(state, SILENT_STALL, 60000, 100);

	bench->peer.stall = 500;
	bench_go(bench);
	bench_until(bench, &bench->peer.requests, 1);
	bench_turn(bench, 50);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_int_equal(bench_statistics(bench).excused, 1);
}

static void nowhere_to_go_is_rest(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 10, 5000);
	unsigned index = bench->path.ifindex;
	unsigned requests;

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 2);
	bench->path.ifindex = 0;
	bench_go(bench);
	requests = bench->peer.requests;
	bench_turn(bench, 100);
	assert_true(bench->peer.requests <= requests + 1);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);

	bench->path.ifindex = index;
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 4);
}

static void a_flapping_path_does_not_hasten(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 60000, 5000);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 1);
	for (int i = 0; i < 6; i++) {
		bench->path.address =
			bench_address(i % 2 ? BENCH_LOCAL : "192.0.2.2");
		bench_go(bench);
		bench_turn(bench, 20);
	}
	assert_int_equal(bench_statistics(bench).sent, 1);
}

static void another_address(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 20, 5000);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 2);
	bench->path.address = bench_address("192.0.2.77");
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 5);
	assert_int_equal(bench->peer.request.ip.saddr, inet_addr("192.0.2.77"));
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

static void an_interface_that_goes_away(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 20, 5000);

	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 1);
	bench_shell("ip link set tpt0 down");
	bench_until(bench, &bench->fates[PROBE_UNSENT], 1);
	assert_int_equal(bench->error, ENETDOWN);
	bench_shell("ip link set tpt0 up");
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 3);
	bench_shell("ip link del tpt0");
	bench_until(bench, &bench->fates[PROBE_UNSENT], 3);
	assert_int_equal(bench->error, ENXIO);
}

static void no_such_interface(void **state)
{
	struct bench *bench = bench_begin(state, ANSWER, 20, 5000);

	bench->path.ifindex = 0x7ffffff;
	assert_int_equal(probe_update(bench->probe, &bench->path), -ENODEV);
	bench->path.ifindex = if_nametoindex("tpt0");
	bench_go(bench);
	bench_until(bench, &bench->fates[PROBE_ANSWERED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(answers_count),
		BENCH_TEST(request_is_well_formed),
		BENCH_TEST(an_echo_comes_back),
		BENCH_TEST(an_echo_by_one_router_only),
		BENCH_TEST(silence_is_a_miss),
		BENCH_TEST(timeout_longer_than_interval),
		BENCH_TEST(more_in_flight_than_remembered),
		BENCH_TEST(second_answer_is_a_duplicate),
		BENCH_TEST(late_answer_is_a_miss),
		BENCH_TEST(foreign_answers_are_counted_only),
		BENCH_TEST(other_packets_are_not_seen),
		BENCH_TEST(unresolved_next_hop),
		BENCH_TEST(resolved_in_time_is_no_miss),
		BENCH_TEST(an_answer_that_waited_is_in_time),
		BENCH_TEST(an_answer_that_came_late_is_late),
		BENCH_TEST(an_overslept_probe_is_excused),
		BENCH_TEST(nowhere_to_go_is_rest),
		BENCH_TEST(a_flapping_path_does_not_hasten),
		BENCH_TEST(another_address),
		BENCH_TEST(an_interface_that_goes_away),
		BENCH_TEST(no_such_interface),
	};

	return cmocka_run_group_tests_name("probe", tests, bench_set_up_group,
					   NULL);
}
