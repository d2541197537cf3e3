// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hammer.c - both tables under two CPUs that open, close and reuse the
 * same sessions and ports, while time runs a thousand times too fast.
 *
 * XDP runs on one CPU and tc on the other.  Sixteen ports for ninety-six
 * endpoints, and four remotes for the GRE of twenty-four hosts, so that ports and
 * remotes are claimed again all the time; first with timers so
 * short that all expires, then with longer ones, so that ports go because their
 * connections finished.  While it runs, an answer must never reach another
 * endpoint than the one that asked; afterwards every line of both tables must make
 * sense (tables.md, section 3), and every port can be had again.
 *
 * TWINPATH_HAMMER_SECONDS: of each, 3 if it is not set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "harness/audit.h"

#define SECONDS 3
#define LEASE TP_TICKS_PER_SECOND
#define GRACE 3	  /* ticks after which an expired line may be claimed */
#define BUCKETS 4 /* so that sessions compete for lines, too */
#define HOSTS 24
#define PORTS_A_HOST 4
#define PORT_MIN 2000
#define PORT_MAX 2015

struct worker {
	struct plane *plane;
	pthread_t thread;
	int cpu;
	bool xdp;
	uint64_t random;
	/* what it saw */
	uint64_t sent, refused, answered, late;
	uint64_t crossed; /* an answer that reached another endpoint */
	uint64_t lost;	  /* an answer to a living session that was dropped */
	uint64_t broken;
};

struct times {
	uint32_t timer; /* ticks, of every kind of session */
	uint32_t pace;	/* ticks that pass at once */
	uint32_t turn;	/* after so many paces all expires */
};

static struct {
	struct plane plane;
	struct times times;
	time_t seconds;
	atomic_bool stop;
	/* The offset of the clock, before and after it is written. */
	atomic_uint announced, applied;
} hammer;

/* ---- one packet out, one answer in --------------------------------------- */

struct flow {
	uint32_t inside, remote;
	uint16_t port;
	uint8_t protocol, flags;
};

static uint32_t random_below(struct worker *worker, uint32_t limit)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return (worker->random >> 32) % limit;
}

static struct flow pick(struct worker *worker)
{
	static const uint8_t flags[] = { SYN, SYN, ACK, FIN | ACK, RST | ACK };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_TCP,
					     IPPROTO_UDP, IPPROTO_UDP,
					     IPPROTO_GRE };

	return (struct flow){
		.inside = IP(192, 168, 50, 1) + random_below(worker, HOSTS),
		.port = PORT_MIN + random_below(worker, PORTS_A_HOST),
		.remote = IP(192, 0, 2, 1) + random_below(worker, 4),
		.protocol = protocols[random_below(worker, sizeof(protocols))],
		.flags = flags[random_below(worker, sizeof(flags))],
	};
}

static enum plane_verdict run(struct worker *worker, bool outward,
			      struct packet *packet,
			      struct plane_output *output)
{
	uint8_t frame[PACKET_MAX];
	struct plane_input input = { .frame = frame };

	if (outward) {
		input.hook = worker->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan;
		input.ifindex = PLANE_LAN;
		memcpy(packet->to, plane_mac_lan, 6);
		memcpy(packet->from, plane_mac_router, 6);
	} else {
		input.hook = worker->xdp ? TP_HOOK_xdp_wan : TP_HOOK_tc_wan;
		input.ifindex = PLANE_ISP_A;
		memcpy(packet->to, plane_mac_isp_a, 6);
		memcpy(packet->from, plane_mac_next_a, 6);
	}
	input.size = packet_build(packet, frame);
	if (plane_run(worker->plane, &input, output))
		return PLANE_BROKEN;
	return output->verdict;
}

/* The external port, 0: not forwarded. */
static uint16_t send_out(struct worker *worker, const struct flow *flow)
{
	struct packet packet = { PORTS(flow->protocol, flow->inside, flow->port,
				       flow->remote, 80),
				 .flags = flow->flags };
	struct plane_output output;

	switch (run(worker, true, &packet, &output)) {
	case PLANE_FORWARDED:
		worker->sent++;
		return output.frame[34] << 8 | output.frame[35];
	case PLANE_DROPPED:
		worker->refused++;
		return 0;
	default:
		worker->broken++;
		return 0;
	}
}

static bool reached(const struct plane_output *output, const struct flow *flow)
{
	uint32_t address = htonl(flow->inside);
	uint16_t port = htons(flow->port);

	return !memcmp(output->frame + 30, &address, sizeof(address)) &&
	       (flow->protocol == IPPROTO_GRE ||
		!memcmp(output->frame + 36, &port, sizeof(port)));
}

/*
 * `sure`: the session has life left.  A TCP session may have been closing, and
 * so be as good as expired: its answer may be dropped at any time, and after
 * the grace period its port may belong to another.
 */
static void answer(struct worker *worker, const struct flow *flow,
		   uint16_t port, uint32_t since)
{
	static const uint8_t flags[] = { ACK, ACK, SYN | ACK, FIN | ACK };
	struct packet packet = {
		PORTS(flow->protocol, flow->remote, 80, A, port),
		.flags = flags[random_below(worker, sizeof(flags))],
	};
	struct plane_output output;
	enum plane_verdict verdict = run(worker, false, &packet, &output);
	uint32_t passed = atomic_load(&hammer.announced) - since;
	bool tcp = flow->protocol == IPPROTO_TCP;

	if (passed > (tcp ? 0 : hammer.times.timer - 2 * LEASE)) {
		worker->late++;
		return;
	}
	if (verdict == PLANE_FORWARDED) {
		worker->answered++;
		worker->crossed += !reached(&output, flow);
	} else if (flow->protocol == IPPROTO_GRE) {
		worker->lost++; /* to the gateway itself, as nobody's is */
	} else if (verdict != PLANE_DROPPED) {
		worker->broken++;
	} else if (!tcp) {
		worker->lost++;
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	while (!atomic_load(&hammer.stop)) {
		uint32_t since = atomic_load(&hammer.applied);
		struct flow flow = pick(worker);
		uint16_t port = send_out(worker, &flow);

		if (port)
			answer(worker, &flow, port, since);
	}
	return NULL;
}

/* ---- the test ------------------------------------------------------------ */

static void step_time(struct plane *plane, uint32_t ticks)
{
	uint32_t offset = plane->settings.time_offset + ticks;

	atomic_store(&hammer.announced, offset);
	assert_int_equal(plane_later(plane, ticks), 0);
	atomic_store(&hammer.applied, offset);
}

/*
 * Mostly small steps; at times all expires at once, and both CPUs claim.  The
 * daemon's walk goes on meanwhile, on any CPU.
 */
static void pass_time(struct plane *plane)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct timespec start, now;
	unsigned int n = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		step_time(plane, ++n % hammer.times.turn ?
					 hammer.times.pace :
					 hammer.times.timer + GRACE);
		if (n % 16 == 0)
			plane_sweep(plane);
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < hammer.seconds);
}

static void few_ports_short_timers(struct plane *plane)
{
	assert_int_equal(plane_reset(plane), 0);
	plane->settings.port_min = PORT_MIN;
	plane->settings.port_max = PORT_MAX;
	plane->settings.limits.ports = PORTS_A_HOST - 1; /* to count, too */
	plane->settings.refusal = TP_REFUSE_SILENT;	 /* forwarded is sent */
	plane->settings.timers = (struct tp_timers){
		.udp = hammer.times.timer,
		.icmp = hammer.times.timer,
		.tcp_established = hammer.times.timer,
		.tcp_opening = hammer.times.timer,
		.tcp_closing = hammer.times.timer,
		.tcp_incoming = hammer.times.timer,
	};
	assert_int_equal(plane_set_settings(plane), 0);
}

/* Every port, in both protocols, for a host that nobody has seen. */
static void all_ports_back(struct plane *plane)
{
	struct worker worker = { .plane = plane, .xdp = true };

	plane->settings.limits.ports = 0;
	step_time(plane, hammer.times.timer + GRACE + 2 * LEASE);
	for (int i = 0; i < 4; i++)
		plane_sweep(plane);
	audit_rations(plane);
	for (uint16_t n = 0; n < 2 * (PORT_MAX - PORT_MIN + 1); n++) {
		struct flow flow = { .inside = IP(192, 168, 50, 200),
				     .port = 100 + n / 2,
				     .remote = IP(192, 0, 2, 1),
				     .protocol = n % 2 ? IPPROTO_TCP :
							 IPPROTO_UDP,
				     .flags = SYN };

		assert_int_not_equal(send_out(&worker, &flow), 0);
	}
}

static void tables_hold(const struct times *times)
{
	struct plane *plane = &hammer.plane;
	struct worker workers[2] = {
		{ .plane = plane, .cpu = 0, .xdp = true, .random = 88172645 },
		{ .plane = plane, .cpu = 1, .random = 362436069 },
	};
	uint32_t now;

	hammer.times = *times;
	atomic_store(&hammer.stop, false);
	few_ports_short_timers(plane);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
						&workers[i]),
				 0);
	pass_time(plane);
	atomic_store(&hammer.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(workers[i].thread, NULL);
	/* Perhaps all had just expired: something lives when it is looked at. */
	for (int i = 0; i < 4 * (PORT_MAX - PORT_MIN + 1); i++) {
		struct flow flow = pick(&workers[0]);

		send_out(&workers[0], &flow);
	}

	for (int i = 0; i < 2; i++) {
		print_message("%s: %lu sent, %lu refused, %lu answered, "
			      "%lu too late to tell\n",
			      workers[i].xdp ? "xdp" : "tc", workers[i].sent,
			      workers[i].refused, workers[i].answered,
			      workers[i].late);
		assert_int_equal(workers[i].broken, 0);
		assert_int_equal(workers[i].crossed, 0);
		assert_int_equal(workers[i].lost, 0);
		/* It must have been a hammer. */
		assert_true(workers[i].answered > 1000);
		assert_true(workers[i].refused > 100);
	}
	now = plane_now(plane);
	assert_int_not_equal(now, 0);
	audit_locks(plane);
	audit_rations(plane);
	assert_true(audit_bindings(plane, now) > 4);
	assert_true(audit_sessions(plane, now) > 4);
	all_ports_back(plane);
}

static void expiring(void **state)
{
	(void)state;
	tables_hold(&(struct times){ .timer = 64, .pace = 4, .turn = 4 });
}

/* Finished connections are freed early from 10 s on: within a turn, which is 45. */
static void finishing(void **state)
{
	(void)state;
	tables_hold(&(struct times){ .timer = 2048, .pace = 48, .turn = 16 });
	assert_true(audit_ripened(&hammer.plane) > 0);
}

static int open_bench(void **state)
{
	const char *seconds = getenv("TWINPATH_HAMMER_SECONDS");

	(void)state;
	hammer.seconds = seconds ? atoi(seconds) : SECONDS;
	return plane_open(&hammer.plane, BUCKETS);
}

static int close_bench(void **state)
{
	(void)state;
	plane_close(&hammer.plane);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expiring),
		cmocka_unit_test(finishing),
	};

	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
