// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_hammer_fragment.c - a datagram's fragments on two CPUs at once (F8).
 *
 * A NIC spreads fragments differently than whole packets, so that one CPU may
 * keep a later fragment while another writes its first's record down.  Whoever
 * wins: the fragment follows at once, or it comes again, and never neither.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <cmocka.h>

#include "harness/plane.h"

#define ROUNDS 3000

static struct plane plane;
static atomic_uint arrived; /* both threads count up: a barrier that spins */

struct side {
	struct packet packet;
	int cpu;
	unsigned int forwarded, dropped, broken;
};

static void meet(unsigned int round)
{
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < 2 * (round + 1))
		sched_yield();
}

static void *send_rounds(void *arg)
{
	struct side *side = arg;
	struct plane_output output;
	uint8_t frame[PACKET_MAX];
	struct plane_input input = { .hook = TP_HOOK_tc_lan,
				     .ifindex = PLANE_LAN,
				     .frame = frame };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(side->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		side->packet.id = round + 1;
		input.size = packet_build(&side->packet, frame);
		meet(round);
		/* Now this one a little later, now the other. */
		for (unsigned int i = 0; i < (round * 37 + side->cpu) % 64; i++)
			atomic_thread_fence(memory_order_seq_cst);
		if (plane_run(&plane, &input, &output))
			side->broken++;
		else if (output.verdict == PLANE_FORWARDED)
			side->forwarded++;
		else
			side->dropped++;
	}
	return NULL;
}

static struct side side_of(unsigned int from, int cpu)
{
	struct side side = {
		.packet = { UDP(H, 5000, R, 80), .payload = 1000,
			    .piece = { from, 504 } },
		.cpu = cpu,
	};

	memcpy(side.packet.to, plane_mac_lan, 6);
	memcpy(side.packet.from, plane_mac_h, 6);
	return side;
}

static int tap_open(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = PLANE_LAN };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	int room = 64 << 20;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
				    sizeof(room)),
			 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* How many frames come again, up to so many. */
static unsigned int count_again(int tap, unsigned int wanted)
{
	struct pollfd ready = { .fd = tap, .events = POLLIN };
	unsigned int count = 0;
	uint8_t frame[PACKET_MAX];

	while (poll(&ready, 1, count < wanted ? 2000 : 50) > 0 &&
	       recv(tap, frame, sizeof(frame), 0) > 0)
		count++;
	return count;
}

static void nothing_is_lost(void **state)
{
	struct side first = side_of(0, 0), later = side_of(504, 1);
	int tap = tap_open();
	pthread_t thread;

	(void)state;
	assert_int_equal(plane_reset(&plane), 0);
	assert_int_equal(pthread_create(&thread, NULL, send_rounds, &later), 0);
	send_rounds(&first);
	pthread_join(thread, NULL);
	assert_int_equal(first.broken + later.broken, 0);
	assert_int_equal(first.forwarded, ROUNDS);
	assert_int_equal(later.forwarded + later.dropped, ROUNDS);
	assert_int_equal(count_again(tap, later.dropped), later.dropped);
	close(tap);
	printf("of %u, %u followed at once and %u came again\n", ROUNDS,
	       later.forwarded, later.dropped);
}

static int open_plane(void **state)
{
	(void)state;
	return plane_open(&plane, 256);
}

static int close_plane(void **state)
{
	(void)state;
	plane_close(&plane);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, open_plane, close_plane);
}
