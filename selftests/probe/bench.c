// SPDX-License-Identifier: GPL-2.0-or-later
/* bench.c - see bench.h. */
#include "bench.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"

const uint8_t bench_near_mac[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t bench_far_mac[6] = { 2, 0, 0, 0, 0, 2 };

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

void bench_shell(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

struct tp_addr bench_address(const char *text)
{
	return address_from_v4(inet_addr(text));
}

static void make_links(void)
{
	bench_shell("ip link add tpt0 address 02:00:00:00:00:01 type veth "
		    "peer name tpt1 address 02:00:00:00:00:02");
	bench_shell("ip link add tpt2 address 02:00:00:00:00:01 type veth "
		    "peer name tpt3 address 02:00:00:00:00:02");
	for (int i = 0; i < 4; i++) {
		char command[64];

		snprintf(command, sizeof(command), "ip link set tpt%d up", i);
		bench_shell(command);
	}
}

static bool allowed;

int bench_set_up_group(void **state)
{
	(void)state;
	allowed = !unshare(CLONE_NEWNET);
	return 0;
}

int bench_set_up(void **state)
{
	struct bench *bench;

	if (!allowed)
		return 0;
	make_links();
	bench = calloc(1, sizeof(*bench));
	assert_non_null(bench);
	loop_open(&bench->loop);
	peer_open(&bench->peer, bench->loop.base);
	bench->path.ifindex = if_nametoindex("tpt0");
	bench->path.address = bench_address(BENCH_LOCAL);
	memcpy(bench->path.next_hop_mac, bench_far_mac, 6);
	bench->path.next_hop_mac_known = true;
	*state = bench;
	return 0;
}

int bench_tear_down(void **state)
{
	struct bench *bench = *state;

	if (!allowed)
		return 0;
	probe_close(bench->probe);
	peer_close(&bench->peer);
	loop_close(&bench->loop);
	free(bench);
	bench_shell("ip link del tpt2");
	return if_nametoindex("tpt0") ? system("ip link del tpt0") : 0;
}

static const struct probe_calls calls = {
	.result = on_result,
	.resolve = on_resolve,
};

struct bench *bench_begin(void **state, enum mood mood, msec_t interval,
			  msec_t timeout)
{
	const struct probe_settings settings = {
		.config = &((struct bench *)*state)->config,
		.id = BENCH_ID,
	};
	struct bench *bench = *state;

	if (!allowed)
		skip();
	bench->config = (struct track_config){
		.kind = TRACK_ICMP,
		.target = bench_address(BENCH_TARGET),
		.interval = interval,
		.timeout = timeout,
	};
	bench->peer.mood = mood;
	assert_int_equal(probe_open(&bench->probe, bench->loop.base, &settings,
				    &calls, bench),
			 0);
	return bench;
}

void bench_again(struct bench *bench)
{
	const struct probe_settings settings = { &bench->config, BENCH_ID };

	probe_close(bench->probe);
	assert_int_equal(probe_open(&bench->probe, bench->loop.base, &settings,
				    &calls, bench),
			 0);
}

void bench_go(struct bench *bench)
{
	assert_int_equal(probe_update(bench->probe, &bench->path), 0);
}

void bench_turn(struct bench *bench, msec_t how_long)
{
	const struct timeval time = { .tv_usec = how_long * 1000 };

	event_base_loopexit(bench->loop.base, &time);
	event_base_dispatch(bench->loop.base);
}

void bench_until(struct bench *bench, const unsigned *counter, unsigned count)
{
	msec_t deadline = loop_now() + 10000;

	while (*counter < count) {
		if (loop_now() > deadline)
			fail_msg("%u instead of %u after 10 s", *counter,
				 count);
		loop_turn(&bench->loop);
	}
}

struct probe_statistics bench_statistics(const struct bench *bench)
{
	return probe_statistics(bench->probe);
}
