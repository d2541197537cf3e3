// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_probe.c - a prober against a peer that misbehaves on
 * purpose.  Needs root; without it every test is skipped.
 *
 *   prober on  tpt0 ---- tpt1  the peer: a raw socket that answers by `mood`
 *              tpt2 ---- tpt3  another link, where answers must not count
 *
 * All of it lives in a network namespace of this process's own.  Nothing waits
 * for a fixed time: the loop runs until a condition holds, or fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <cmocka.h>

#include "address.h"
#include "probe.h"

#define ID 61007
#define LOCAL "192.0.2.1"
#define TARGET "198.51.100.9"

static const uint8_t near_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t far_mac[6] = { 2, 0, 0, 0, 0, 2 };

enum mood {
	ANSWER,
	SILENT,
	TWICE,
	LATE,  /* keeps the answer until the next request */
	STALL, /* answers, then keeps this process busy */
	SLOW,  /* the other way round */
	SILENT_STALL,
	/* answers that must not count, and are seen */
	OTHER_COOKIE,
	OTHER_SEQUENCE,
	OTHER_SOURCE,
	SHORTER,
	/* answers that must not even wake the prober */
	OTHER_ID,
	OTHER_ADDRESS,
	OTHER_TYPE,
	OTHER_CODE,
	OTHER_MAC,
	OTHER_LINK,
	FRAGMENT,
	/* to an echo to ourselves */
	ROUTED,
	REFLECTED, /* by a switch: nobody counted a hop */
	FAR,	   /* over two routers */
};

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct icmphdr icmp;
	uint8_t data[32];
} __attribute__((packed));

struct bench {
	struct event_base *base;
	struct track_config config;
	struct probe *probe;
	struct probe_path path;
	struct event *heard;
	int peer; /* raw socket on tpt1 */
	enum mood mood;
	msec_t stall;
	unsigned requests;
	struct frame request, kept;
	bool keeps;
	unsigned fates[5];
	unsigned resolves;
	int error;
	msec_t rtt_us;
};

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the peer ------------------------------------------------------------- */

static uint16_t sum(const void *data, size_t length)
{
	const uint8_t *byte = data;
	unsigned long total = 0;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? byte[i] : (unsigned long)byte[i] << 8;
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

static void put(struct bench *bench, const struct frame *frame, size_t cut)
{
	const char *link = bench->mood == OTHER_LINK ? "tpt3" : "tpt1";
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(link),
	};

	assert_true(sendto(bench->peer, frame, sizeof(*frame) - cut, 0,
			   (struct sockaddr *)&to, sizeof(to)) > 0);
}

static struct frame reply_to(const struct frame *request)
{
	struct frame reply = *request;

	memcpy(reply.ether.h_dest, request->ether.h_source, ETH_ALEN);
	memcpy(reply.ether.h_source, request->ether.h_dest, ETH_ALEN);
	reply.ip.saddr = request->ip.daddr;
	reply.ip.daddr = request->ip.saddr;
	reply.icmp.type = ICMP_ECHOREPLY;
	reply.icmp.checksum = 0;
	reply.icmp.checksum = htons((uint16_t)~sum(
		&reply.icmp, sizeof(reply.icmp) + sizeof(reply.data)));
	return reply;
}

/* The process is kept from running: not a wait, but what is tested. */
static void stall(msec_t how_long)
{
	const struct timespec time = {
		.tv_sec = how_long / 1000,
		.tv_nsec = how_long % 1000 * 1000000,
	};

	nanosleep(&time, NULL);
}

/* As a next hop sends it back: one hop less, and a header sum to fit. */
static struct frame routed(const struct frame *request, unsigned hops)
{
	struct frame back = *request;

	memcpy(back.ether.h_dest, request->ether.h_source, ETH_ALEN);
	memcpy(back.ether.h_source, request->ether.h_dest, ETH_ALEN);
	back.ip.ttl = (uint8_t)(request->ip.ttl - hops);
	back.ip.check = 0;
	back.ip.check = htons((uint16_t)~sum(&back.ip, sizeof(back.ip)));
	return back;
}

static void spoil(struct frame *reply, enum mood mood)
{
	if (mood == OTHER_COOKIE)
		reply->data[3] ^= 1;
	else if (mood == OTHER_SEQUENCE)
		reply->icmp.un.echo.sequence ^= htons(64); /* same slot */
	else if (mood == OTHER_SOURCE)
		reply->ip.saddr ^= htonl(1);
	else if (mood == OTHER_ID)
		reply->icmp.un.echo.id ^= htons(1);
	else if (mood == OTHER_ADDRESS)
		reply->ip.daddr ^= htonl(1);
	else if (mood == OTHER_TYPE)
		reply->icmp.type = ICMP_ECHO;
	else if (mood == OTHER_CODE)
		reply->icmp.code = 1;
	else if (mood == OTHER_MAC)
		reply->ether.h_dest[5] ^= 0x10;
	else if (mood == FRAGMENT)
		reply->ip.frag_off = htons(IP_MF);
}

static void answer(struct bench *bench)
{
	struct frame reply = reply_to(&bench->request);
	struct frame kept = bench->kept;

	if (bench->mood == SILENT || bench->mood == SILENT_STALL) {
		if (bench->mood == SILENT_STALL && bench->requests == 1)
			stall(bench->stall);
		return;
	}
	if (bench->mood == LATE) {
		bench->kept = reply;
		if (bench->keeps)
			put(bench, &kept, 0);
		bench->keeps = true;
		return;
	}
	if (bench->mood == SLOW && bench->requests == 1)
		stall(bench->stall);
	if (bench->mood >= ROUTED)
		reply = routed(&bench->request,
			       (unsigned[]){ 1, 0, 2 }[bench->mood - ROUTED]);
	spoil(&reply, bench->mood);
	put(bench, &reply, bench->mood == SHORTER ? 8 : 0);
	if (bench->mood == TWICE)
		put(bench, &reply, 0);
	if (bench->mood == STALL && bench->requests == 1)
		stall(bench->stall);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	struct frame frame;

	(void)what;
	if (recvfrom(fd, &frame, sizeof(frame), MSG_DONTWAIT,
		     (struct sockaddr *)&from, &size) < (ssize_t)sizeof(frame))
		return;
	if (from.sll_ifindex != (int)if_nametoindex("tpt1") ||
	    from.sll_pkttype == PACKET_OUTGOING ||
	    frame.ip.protocol != IPPROTO_ICMP)
		return;
	bench->request = frame;
	bench->requests++;
	answer(bench);
}

/* ---- the bench ------------------------------------------------------------ */

static void on_result(void *arg, const struct probe_result *result)
{
	struct bench *bench = arg;

	bench->fates[result->fate]++;
	bench->error = result->error;
	bench->rtt_us = result->rtt_us;
}

static void on_resolve(void *arg)
{
	((struct bench *)arg)->resolves++;
}

static void shell(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

static struct tp_addr address(const char *text)
{
	return address_from_v4(inet_addr(text));
}

static void make_links(void)
{
	shell("ip link add tpt0 address 02:00:00:00:00:01 type veth "
	      "peer name tpt1 address 02:00:00:00:00:02");
	shell("ip link add tpt2 address 02:00:00:00:00:01 type veth "
	      "peer name tpt3 address 02:00:00:00:00:02");
	for (int i = 0; i < 4; i++) {
		char command[64];

		snprintf(command, sizeof(command), "ip link set tpt%d up", i);
		shell(command);
	}
}

static bool allowed;

static int set_up_group(void **state)
{
	(void)state;
	allowed = !unshare(CLONE_NEWNET);
	return 0;
}

static int set_up(void **state)
{
	struct bench *bench;

	if (!allowed)
		return 0;
	make_links();
	bench = calloc(1, sizeof(*bench));
	assert_non_null(bench);
	bench->base = event_base_new();
	bench->peer = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
	assert_true(bench->peer >= 0);
	bench->heard = event_new(bench->base, bench->peer, EV_READ | EV_PERSIST,
				 on_request, bench);
	event_add(bench->heard, NULL);
	bench->path.ifindex = if_nametoindex("tpt0");
	bench->path.address = address(LOCAL);
	memcpy(bench->path.next_hop_mac, far_mac, 6);
	bench->path.next_hop_mac_known = true;
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	if (!allowed)
		return 0;
	probe_close(bench->probe);
	event_free(bench->heard);
	close(bench->peer);
	event_base_free(bench->base);
	free(bench);
	shell("ip link del tpt2");
	return if_nametoindex("tpt0") ? system("ip link del tpt0") : 0;
}

static const struct probe_calls calls = {
	.result = on_result,
	.resolve = on_resolve,
};

static struct bench *begin(void **state, enum mood mood, msec_t interval,
			   msec_t timeout)
{
	const struct probe_settings settings = {
		.config = &((struct bench *)*state)->config,
		.id = ID,
	};
	struct bench *bench = *state;

	if (!allowed)
		skip();
	bench->config = (struct track_config){
		.kind = TRACK_ICMP,
		.target = address(TARGET),
		.interval = interval,
		.timeout = timeout,
	};
	bench->mood = mood;
	assert_int_equal(probe_open(&bench->probe, bench->base, &settings,
				    &calls, bench),
			 0);
	return bench;
}

/* Of another kind than begin() made. */
static void again(struct bench *bench)
{
	const struct probe_settings settings = { &bench->config, ID };

	probe_close(bench->probe);
	assert_int_equal(probe_open(&bench->probe, bench->base, &settings,
				    &calls, bench),
			 0);
}

static void go(struct bench *bench)
{
	assert_int_equal(probe_update(bench->probe, &bench->path), 0);
}

/* Run the loop until *counter is at least `count`. */
static void until(struct bench *bench, const unsigned *counter, unsigned count)
{
	const struct timeval tick = { .tv_usec = 10000 };
	msec_t deadline = now_ms() + 10000;

	while (*counter < count) {
		if (now_ms() > deadline)
			fail_msg("%u instead of %u after 10 s", *counter,
				 count);
		event_base_loopexit(bench->base, &tick);
		event_base_dispatch(bench->base);
	}
}

static struct probe_statistics stats(const struct bench *bench)
{
	return probe_statistics(bench->probe);
}

/* ---- the tests ------------------------------------------------------------ */

static void answers_count(void **state)
{
	struct bench *bench = begin(state, ANSWER, 20, 2000);
	msec_t before = now_ms();

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 5);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_true(bench->rtt_us >= 0 && bench->rtt_us < 2000000);
	assert_true(stats(bench).answered >= 5);
	assert_int_equal(stats(bench).foreign, 0);
	assert_in_range(stats(bench).heard, before, now_ms());
}

static void an_echo_comes_back(void **state)
{
	struct bench *bench = begin(state, ROUTED, 20, 2000);
	const struct frame *frame = &bench->request;

	bench->config.kind = TRACK_ECHO;
	again(bench);
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 3);
	assert_memory_equal(frame->ether.h_dest, far_mac, 6);
	assert_int_equal(frame->ip.saddr, inet_addr(LOCAL));
	assert_int_equal(frame->ip.daddr, inet_addr(LOCAL));
	assert_int_equal(frame->ip.ttl, 255);
	assert_int_equal(frame->icmp.type, ICMP_ECHO);
	assert_int_equal(sum(&frame->ip, 20), 0xffff);
	assert_int_equal(stats(bench).foreign, 0);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

/* Sent back by a switch, or from afar: the next hop has not shown anything. */
static void an_echo_by_one_router_only(void **state)
{
	struct bench *bench = begin(state, REFLECTED, 40, 30);

	bench->config.kind = TRACK_ECHO;
	again(bench);
	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 2);
	assert_true(stats(bench).foreign > 0);
	bench->mood = FAR;
	until(bench, &bench->fates[PROBE_UNANSWERED], 5);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(stats(bench).heard, 0);
}

static void request_is_well_formed(void **state)
{
	struct bench *bench = begin(state, ANSWER, 20, 2000);
	const struct frame *frame = &bench->request;
	uint8_t first[8];

	go(bench);
	until(bench, &bench->requests, 1);
	assert_memory_equal(frame->ether.h_dest, far_mac, 6);
	assert_memory_equal(frame->ether.h_source, near_mac, 6);
	assert_int_equal(ntohs(frame->ether.h_proto), ETH_P_IP);
	assert_int_equal(frame->ip.version, 4);
	assert_int_equal(frame->ip.ihl, 5);
	assert_int_equal(ntohs(frame->ip.tot_len), 20 + 8 + 32);
	assert_int_equal(ntohs(frame->ip.frag_off), IP_DF);
	assert_int_equal(frame->ip.ttl, 64);
	assert_int_equal(frame->ip.saddr, inet_addr(LOCAL));
	assert_int_equal(frame->ip.daddr, inet_addr(TARGET));
	assert_int_equal(sum(&frame->ip, 20), 0xffff);
	assert_int_equal(frame->icmp.type, ICMP_ECHO);
	assert_int_equal(ntohs(frame->icmp.un.echo.id), ID);
	assert_int_equal(sum(&frame->icmp, 8 + 32), 0xffff);

	/* Nobody can foretell the next cookie. */
	memcpy(first, frame->data, sizeof(first));
	until(bench, &bench->requests, bench->requests + 1);
	assert_memory_not_equal(first, frame->data, sizeof(first));
}

static void silence_is_a_miss(void **state)
{
	struct bench *bench = begin(state, SILENT, 20, 15);

	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 4);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_true(bench->resolves >= 4);
	assert_true(stats(bench).sent >= 4);
	assert_int_equal(stats(bench).heard, 0);
}

static void timeout_longer_than_interval(void **state)
{
	struct bench *bench = begin(state, SILENT, 10, 200);

	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 1);
	assert_true(stats(bench).sent >= 2);
	bench->mood = ANSWER;
	until(bench, &bench->fates[PROBE_ANSWERED], 3);
}

/* Far more intervals in a timeout than probes are remembered. */
static void more_in_flight_than_remembered(void **state)
{
	struct bench *bench = begin(state, SILENT, 1, 60000);

	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 3);
	assert_true(stats(bench).sent > 64);
}

static void second_answer_is_a_duplicate(void **state)
{
	struct bench *bench = begin(state, TWICE, 20, 2000);

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 4);
	assert_true(stats(bench).duplicates >= 3);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

static void late_answer_is_a_miss(void **state)
{
	struct bench *bench = begin(state, LATE, 200, 20);

	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 3);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_true(stats(bench).late >= 1);
	assert_int_equal(stats(bench).foreign, 0);
	assert_true(stats(bench).heard > 0);
}

static void foreign_answers_are_counted_only(void **state)
{
	struct bench *bench = begin(state, OTHER_COOKIE, 40, 30);

	go(bench);
	for (enum mood mood = OTHER_COOKIE; mood <= SHORTER; mood++) {
		unsigned seen = bench->requests;
		uint64_t foreign = stats(bench).foreign;
		unsigned missed = bench->fates[PROBE_UNANSWERED];

		bench->mood = mood;
		until(bench, &bench->requests, seen + 1);
		until(bench, &bench->fates[PROBE_UNANSWERED], missed + 2);
		if (stats(bench).foreign == foreign)
			fail_msg("mood %d: was not seen", mood);
	}
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(stats(bench).heard, 0);
}

static void other_packets_are_not_seen(void **state)
{
	struct bench *bench = begin(state, OTHER_ID, 40, 30);

	go(bench);
	for (enum mood mood = OTHER_ID; mood <= FRAGMENT; mood++) {
		unsigned missed = bench->fates[PROBE_UNANSWERED];

		bench->mood = mood;
		until(bench, &bench->fates[PROBE_UNANSWERED], missed + 2);
		if (stats(bench).foreign || stats(bench).answered)
			fail_msg("mood %d: was seen", mood);
	}
}

static void unresolved_next_hop(void **state)
{
	struct bench *bench = begin(state, ANSWER, 60000, 50);

	bench->path.next_hop_mac_known = false;
	go(bench);
	until(bench, &bench->fates[PROBE_UNRESOLVED], 1);
	assert_true(bench->resolves >= 1);
	assert_int_equal(stats(bench).sent, 0);
	assert_int_equal(bench->requests, 0);

	/* Resolved: at once, not at the next interval. */
	bench->path.next_hop_mac_known = true;
	go(bench);
	until(bench, &bench->requests, 1);
}

static void resolved_in_time_is_no_miss(void **state)
{
	struct bench *bench = begin(state, ANSWER, 60000, 500);
	const struct timeval timeout = { .tv_usec = 700000 };

	bench->path.next_hop_mac_known = false;
	go(bench);
	until(bench, &bench->resolves, 1);
	bench->path.next_hop_mac_known = true;
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 1);
	event_base_loopexit(bench->base, &timeout);
	event_base_dispatch(bench->base);
	assert_int_equal(bench->fates[PROBE_UNRESOLVED], 0);
}

/* Stopped for longer than everything, with the answer in the socket. */
static void an_answer_that_waited_is_in_time(void **state)
{
	struct bench *bench = begin(state, STALL, 400, 300);

	bench->stall = 1200;
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 1);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_true(bench->rtt_us < 300000);
	assert_int_equal(stats(bench).late, 0);
}

/* Not asleep for long enough to be excused, and the answer is too late. */
static void an_answer_that_came_late_is_late(void **state)
{
	struct bench *bench = begin(state, SLOW, 60000, 400);

	bench->stall = 500;
	go(bench);
	until(bench, &bench->fates[PROBE_UNANSWERED], 1);
	assert_int_equal(bench->fates[PROBE_ANSWERED], 0);
	assert_int_equal(stats(bench).late, 1);
}

static void an_overslept_probe_is_excused(void **state)
{
	struct bench *bench = begin(state, SILENT_STALL, 60000, 100);
	const struct timeval turn = { .tv_usec = 50000 };

	bench->stall = 500;
	go(bench);
	until(bench, &bench->requests, 1);
	event_base_loopexit(bench->base, &turn);
	event_base_dispatch(bench->base);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
	assert_int_equal(stats(bench).excused, 1);
}

static void nowhere_to_go_is_rest(void **state)
{
	struct bench *bench = begin(state, ANSWER, 10, 5000);
	const struct timeval turns = { .tv_usec = 100000 };
	unsigned index = bench->path.ifindex;
	unsigned requests;

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 2);
	bench->path.ifindex = 0;
	go(bench);
	requests = bench->requests;
	event_base_loopexit(bench->base, &turns);
	event_base_dispatch(bench->base);
	assert_true(bench->requests <= requests + 1);
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);

	bench->path.ifindex = index;
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 4);
}

static void a_flapping_path_does_not_hasten(void **state)
{
	struct bench *bench = begin(state, ANSWER, 60000, 5000);
	const struct timeval turn = { .tv_usec = 20000 };

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 1);
	for (int i = 0; i < 6; i++) {
		bench->path.address = address(i % 2 ? LOCAL : "192.0.2.2");
		go(bench);
		event_base_loopexit(bench->base, &turn);
		event_base_dispatch(bench->base);
	}
	assert_int_equal(stats(bench).sent, 1);
}

static void another_address(void **state)
{
	struct bench *bench = begin(state, ANSWER, 20, 5000);

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 2);
	bench->path.address = address("192.0.2.77");
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 5);
	assert_int_equal(bench->request.ip.saddr, inet_addr("192.0.2.77"));
	assert_int_equal(bench->fates[PROBE_UNANSWERED], 0);
}

static void an_interface_that_goes_away(void **state)
{
	struct bench *bench = begin(state, ANSWER, 20, 5000);

	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 1);
	shell("ip link set tpt0 down");
	until(bench, &bench->fates[PROBE_UNSENT], 1);
	assert_int_equal(bench->error, ENETDOWN);
	shell("ip link set tpt0 up");
	until(bench, &bench->fates[PROBE_ANSWERED], 3);
	shell("ip link del tpt0");
	until(bench, &bench->fates[PROBE_UNSENT], 3);
	assert_int_equal(bench->error, ENXIO);
}

static void no_such_interface(void **state)
{
	struct bench *bench = begin(state, ANSWER, 20, 5000);

	bench->path.ifindex = 0x7ffffff;
	assert_int_equal(probe_update(bench->probe, &bench->path), -ENODEV);
	bench->path.ifindex = if_nametoindex("tpt0");
	go(bench);
	until(bench, &bench->fates[PROBE_ANSWERED], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_count),
		TEST(request_is_well_formed),
		TEST(an_echo_comes_back),
		TEST(an_echo_by_one_router_only),
		TEST(silence_is_a_miss),
		TEST(timeout_longer_than_interval),
		TEST(more_in_flight_than_remembered),
		TEST(second_answer_is_a_duplicate),
		TEST(late_answer_is_a_miss),
		TEST(foreign_answers_are_counted_only),
		TEST(other_packets_are_not_seen),
		TEST(unresolved_next_hop),
		TEST(resolved_in_time_is_no_miss),
		TEST(an_answer_that_waited_is_in_time),
		TEST(an_answer_that_came_late_is_late),
		TEST(an_overslept_probe_is_excused),
		TEST(nowhere_to_go_is_rest),
		TEST(a_flapping_path_does_not_hasten),
		TEST(another_address),
		TEST(an_interface_that_goes_away),
		TEST(no_such_interface),
	};

	return cmocka_run_group_tests_name("probe", tests, set_up_group, NULL);
}
