/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - a prober, and what it is tested against, in a network namespace of
 * this process's own.
 *
 *   prober on  tpt0 ---- tpt1  the peer: a raw socket that answers by `mood`
 *              tpt2 ---- tpt3  another link, where answers must not count
 *
 * Owns: the links and the loop.  Nothing waits for a fixed time: the loop runs
 * until a condition holds, or fails.
 */
#ifndef PROBE_BENCH_H
#define PROBE_BENCH_H

#include "../loop.h"
#include "peer.h"
#include "probe.h"

#define BENCH_ID 61007
#define BENCH_LOCAL "192.0.2.1"
#define BENCH_TARGET "198.51.100.9"

extern const uint8_t bench_near_mac[6], bench_far_mac[6];

struct bench {
	struct loop loop;
	struct track_config config;
	struct probe *probe;
	struct probe_path path;
	struct peer peer;
	/* What the prober told. */
	unsigned fates[5];
	unsigned resolves;
	int error;
	msec_t rtt_us;
};

/* Without root there is none, and every test is skipped. */
int bench_set_up_group(void **state);
int bench_set_up(void **state);
int bench_tear_down(void **state);

#define BENCH_TEST(name) \
	cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

/* A prober of kind icmp; it has nowhere to probe before bench_go(). */
struct bench *bench_begin(void **state, enum mood mood, msec_t interval,
			  msec_t timeout);

/* A new one, of what bench->config says now. */
void bench_again(struct bench *bench);

/* Let it know of bench->path. */
void bench_go(struct bench *bench);

/* Run the loop until *counter is at least `count`. */
void bench_until(struct bench *bench, const unsigned *counter, unsigned count);

/* Run it for so long. */
void bench_turn(struct bench *bench, msec_t how_long);

struct probe_statistics bench_statistics(const struct bench *bench);

struct tp_addr bench_address(const char *text);
void bench_shell(const char *command);

#endif
