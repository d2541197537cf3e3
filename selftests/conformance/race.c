// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * race.c - see race.h.
 *
 * Twenty thousand packets of endpoints that all want the same few ports, to
 * several remotes, from two CPUs: each endpoint of the two is used by both.
 * test_hammer.c goes on from here, with expiry and for longer.
 */
#include "race.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "audit.h"

#define PACKETS 20000
#define HOSTS 100
#define PORTS_A_HOST 10

struct runner {
	struct bench *bench;
	pthread_t thread;
	int cpu;
	unsigned int moved, refused, broken;
};

static atomic_uint arrived;
static _Atomic(uint16_t) held[HOSTS][PORTS_A_HOST];

static void one(struct runner *runner, unsigned int i)
{
	unsigned int host = i % HOSTS, port = i / HOSTS % PORTS_A_HOST;
	struct packet packet = { UDP(IP(192, 168, 50, 1) + host, 5000 + port, R,
				     80 + i % 7),
				 .to = MAC_LAN, .from = MAC_ROUTER };
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = runner->bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
		.ifindex = PLANE_LAN,
		.frame = frame,
		.size = packet_build(&packet, frame),
	};
	struct plane_output output;
	uint16_t none = 0, external;

	if (plane_run(runner->bench->plane, &input, &output) ||
	    output.verdict == PLANE_PASSED) {
		runner->broken++;
		return;
	}
	if (output.verdict != PLANE_FORWARDED) {
		runner->refused++;
		return;
	}
	external = output.frame[34] << 8 | output.frame[35];
	if (!atomic_compare_exchange_strong(&held[host][port], &none,
					    external) &&
	    none != external)
		runner->moved++;
}

static void *race(void *argument)
{
	struct runner *runner = argument;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(runner->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	for (unsigned int i = 0; i < PACKETS / 2; i++)
		one(runner, i);
	return NULL;
}

/* One packet of each new endpoint, as soon as the other CPU has one, too. */
static void *together(void *argument)
{
	struct runner *runner = argument;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(runner->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	for (unsigned int i = 0; i < HOSTS * PORTS_A_HOST; i++) {
		atomic_fetch_add(&arrived, 1);
		for (unsigned int n = 1; atomic_load(&arrived) < 2 * (i + 1);
		     n++)
			if (n % 4096 == 0)
				sched_yield();
		one(runner, i);
	}
	return NULL;
}

static void check_shared(struct bench *bench)
{
	static bool seen[65536];
	unsigned int missing = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < HOSTS * PORTS_A_HOST; i++) {
		uint16_t port = held[i % HOSTS][i / HOSTS];

		missing += !port;
		EXPECT(bench, !port || !seen[port],
		       "two endpoints share port %u", port);
		seen[port] = true;
	}
	EXPECT(bench, !missing, "%u endpoints never got a port", missing);
}

static void run_both(struct bench *bench, void *(*task)(void *))
{
	struct runner runners[2] = { { .bench = bench, .cpu = 0 },
				     { .bench = bench, .cpu = 1 } };
	uint32_t now;

	memset(held, 0, sizeof(held));
	atomic_store(&arrived, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&runners[i].thread, NULL, task,
						&runners[i]),
				 0);
	for (int i = 0; i < 2; i++)
		pthread_join(runners[i].thread, NULL);
	for (int i = 0; i < 2; i++) {
		EXPECT(bench, !runners[i].broken, "%u packets not served",
		       runners[i].broken);
		EXPECT(bench, !runners[i].moved,
		       "%u packets left by another port than before",
		       runners[i].moved);
	}
	check_shared(bench);
	now = plane_now(bench->plane);
	audit_locks(bench->plane);
	EXPECT(bench, audit_bindings(bench->plane, now) == HOSTS * PORTS_A_HOST,
	       "another number of bindings than endpoints");
	audit_sessions(bench->plane, now);
}

void race_run(struct bench *bench)
{
	run_both(bench, race);
}

void race_together(struct bench *bench)
{
	run_both(bench, together);
}
