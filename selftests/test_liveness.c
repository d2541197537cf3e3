// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_liveness.c - the question on the wire, and what becomes of an answer.
 * Needs root; without it every test is skipped.
 *
 *   liveness on  lvt0 ---- lvt1  a packet socket, which stands for two data
 *                                planes: the partner's, which gives a question
 *                                back, and mine, which stamps partner_seen
 *
 * All of it lives in a network namespace of this process's own.  Nothing waits
 * for a fixed time: the loop runs until a condition holds, or fails.
 */
#include <arpa/inet.h>
#include <net/if.h>
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
#include <linux/if_packet.h>
#include <bpf/bpf.h>

#include <cmocka.h>

#include "address.h"
#include "liveness.h"
#include "liveness_question.h"
#include "log.h"
#include "loop.h"

#define LOCAL "192.168.0.3"

static const uint8_t their_mac[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t question_mac[6] = { 2, 9, 8, 7, 6, 5 };

struct bench {
	struct loop loop;
	struct event *heard;
	struct liveness *liveness;
	struct tp_partner partner;
	struct tp_addr local;
	int seen; /* the map */
	int peer;
	struct tp_partner_seen stamp;
	bool answers;
	unsigned frames;
	struct liveness_question last;
	size_t last_size;
	unsigned changes;
	enum liveness_state told[16];
	msec_t when[16]; /* of each change */
};

#define WAIT(condition) LOOP_WAIT(&bench->loop, condition)

/* ---- the bench --------------------------------------------------------- */

static void stamp(struct bench *bench)
{
	uint32_t zero = 0;

	bench->stamp.probe++;
	assert_int_equal(bpf_map_update_elem(bench->seen, &zero, &bench->stamp,
					     BPF_ANY),
			 0);
}

static void on_frame(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;
	struct liveness_question question;
	ssize_t size;

	(void)what;
	while ((size = recv(fd, &question, sizeof(question), MSG_TRUNC)) > 0) {
		/* Not IPv6's neighbour discovery. */
		if (size < 14 || question.ether.h_proto != htons(ETH_P_IP))
			continue;
		bench->frames++;
		bench->last = question;
		bench->last_size = (size_t)size;
		if (bench->answers)
			stamp(bench);
	}
}

static int clock_of(void *arg, uint32_t *now)
{
	struct bench *bench = arg;

	*now = bench->stamp.probe + TP_TICKS_PER_SECOND;
	return 0;
}

static void changed(void *arg, const struct liveness_view *view)
{
	struct bench *bench = arg;

	if (bench->changes < 16) {
		bench->told[bench->changes] = view->state;
		bench->when[bench->changes] = loop_now();
	}
	bench->changes++;
}

static void run(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

static int open_peer(void)
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("lvt1"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&here, sizeof(here)),
			 0);
	return fd;
}

static int set_up(void **state)
{
	static struct bench room;
	const struct liveness_callbacks callbacks = { clock_of, changed };
	struct bench *bench = &room;
	struct tp_way *way;

	memset(bench, 0, sizeof(*bench));
	*state = bench;
	if (geteuid() || unshare(CLONE_NEWNET))
		return 0; /* the tests skip */
	log_set_level(LOG_LEVEL_ERROR);
	run("ip link add lvt0 type veth peer name lvt1 && "
	    "ip link set lvt0 up && ip link set lvt1 up");
	bench->seen = bpf_map_create(BPF_MAP_TYPE_ARRAY, "lvt_seen",
				     sizeof(uint32_t), sizeof(bench->stamp), 1,
				     NULL);
	assert_true(bench->seen >= 0);
	bench->peer = open_peer();
	bench->answers = true;
	bench->stamp.probe = 500;
	stamp(bench);
	loop_open(&bench->loop);
	bench->heard = event_new(bench->loop.base, bench->peer,
				 EV_READ | EV_PERSIST, on_frame, bench);
	event_add(bench->heard, NULL);
	assert_int_equal(liveness_open(&bench->liveness, bench->loop.base,
				       bench->seen, &callbacks, bench),
			 0);
	bench->partner = (struct tp_partner){
		.type = TP_PARTNER_TWINPATH,
		.reachable = 1,
	};
	way = &bench->partner.way[TP_KIND_QUESTION];
	way->ifindex = if_nametoindex("lvt0");
	memcpy(way->mac, their_mac, 6);
	memcpy(way->mine, question_mac, 6);
	address_parse(LOCAL, &bench->local);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	if (!bench->loop.base)
		return 0;
	liveness_close(bench->liveness);
	event_free(bench->heard);
	loop_close(&bench->loop);
	close(bench->peer);
	close(bench->seen);
	return 0;
}

static struct bench *bench_of(void **state)
{
	struct bench *bench = *state;

	if (!bench->loop.base)
		skip();
	return bench;
}

static void update(struct bench *bench)
{
	liveness_update(bench->liveness, &bench->partner, &bench->local);
}

static struct liveness_view view_of(struct bench *bench)
{
	struct liveness_view view;

	liveness_state(bench->liveness, &view);
	return view;
}

#define STATE(wanted) (view_of(bench).state == (wanted))

/* ---- the frame --------------------------------------------------------- */

/* 0xffff over a header with its checksum in it (RFC 1071). */
static unsigned long sum(const void *data, size_t length, unsigned long total)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? byte[i] : (unsigned long)byte[i] << 8;
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static void the_question(void **state)
{
	struct bench *bench = bench_of(state);
	struct liveness_question *last = &bench->last;
	const uint8_t *bytes = (const uint8_t *)last;
	static const uint8_t ends[] = { 192, 168, 0, 3, 192, 0, 2, 1 };

	update(bench);
	WAIT(bench->frames == 1);
	assert_int_equal(bench->last_size, 54);
	assert_memory_equal(bytes, their_mac, 6);
	assert_memory_equal(bytes + 6, question_mac, 6);
	assert_int_equal(bytes[12] << 8 | bytes[13], 0x0800);
	assert_int_equal(bytes[14], 0x45);
	assert_int_equal(bytes[16] << 8 | bytes[17], 40);
	assert_int_equal(bytes[20] & 0x3f, 0); /* no fragment */
	assert_int_equal(bytes[22], 64);
	assert_int_equal(bytes[23], IPPROTO_TCP);
	assert_memory_equal(bytes + 26, ends, sizeof(ends));
	assert_int_equal(bytes[34] << 8 | bytes[35], LIVENESS_SOURCE_PORT);
	assert_int_equal(bytes[36] << 8 | bytes[37], LIVENESS_TARGET_PORT);
	assert_int_equal(bytes[46], 0x50);
	assert_int_equal(bytes[47], 0x10); /* ACK alone */
	assert_int_equal(sum(bytes + 14, 20, 0), 0xffff);
	assert_int_equal(sum(bytes + 26, 28, IPPROTO_TCP + 20), 0xffff);
}

/* ---- states ------------------------------------------------------------ */

static void alive_gone_alive(void **state)
{
	struct bench *bench = bench_of(state);
	msec_t silent;

	assert_true(STATE(LIVENESS_NOBODY));
	update(bench);
	assert_true(STATE(LIVENESS_ALIVE)); /* until known better */
	WAIT(view_of(bench).counters.answered >= 5);
	assert_int_equal(bench->changes, 0);
	assert_int_equal(view_of(bench).age, 1000);

	silent = loop_now();
	bench->answers = false;
	WAIT(STATE(LIVENESS_GONE_RESET));
	assert_int_equal(bench->changes, 2);
	assert_int_equal(bench->told[0], LIVENESS_GONE_BIND);
	assert_int_equal(bench->told[1], LIVENESS_GONE_RESET);
	assert_in_range(bench->when[0] - silent, 200, 1000);
	assert_in_range(bench->when[1] - silent, 900, 3000);
	assert_int_equal(view_of(bench).counters.lost, 1);
	assert_int_equal(view_of(bench).counters.back, 0);

	bench->answers = true;
	WAIT(bench->changes == 3);
	assert_int_equal(bench->told[2], LIVENESS_ALIVE);
	assert_int_equal(view_of(bench).counters.back, 1);
}

static void leases_are_no_change(void **state)
{
	struct bench *bench = bench_of(state);

	bench->answers = false;
	update(bench);
	/* Whatever the caller writes, and however often: the count goes on. */
	WAIT((bench->partner.gone_bind++, bench->partner.quiet++, update(bench),
	      STATE(LIVENESS_GONE_BIND)));
}

static void nobody_to_ask(void **state)
{
	struct bench *bench = bench_of(state);
	const struct tp_partner good = bench->partner;
	unsigned frames;

	update(bench);
	WAIT(view_of(bench).counters.answered >= 2);
	bench->partner.reachable = 0;
	update(bench);
	assert_true(STATE(LIVENESS_NOBODY));
	assert_int_equal(view_of(bench).counters.lost, 1);
	bench->partner = good;
	bench->partner.type = TP_PARTNER_ROUTER;
	update(bench);
	assert_true(STATE(LIVENESS_NOBODY));
	bench->partner = good;
	memset(&bench->local, 0, sizeof(bench->local));
	update(bench);
	assert_true(STATE(LIVENESS_NOBODY));
	/* What is on its way comes in; nothing follows. */
	event_base_loop(bench->loop.base, EVLOOP_NONBLOCK);
	frames = bench->frames;
	bench->loop.ticks = 0;
	WAIT(bench->loop.ticks > 3 * LIVENESS_INTERVAL / LOOP_TICK);
	assert_int_equal(bench->frames, frames);
	address_parse(LOCAL, &bench->local);
	update(bench);
	assert_true(STATE(LIVENESS_ALIVE));
	WAIT(view_of(bench).counters.back == 1);
	assert_true(bench->frames > frames);
}

static void another_mac(void **state)
{
	struct bench *bench = bench_of(state);

	update(bench);
	WAIT(view_of(bench).counters.answered >= 1);
	bench->partner.way[TP_KIND_QUESTION].mac[5]++;
	update(bench);
	assert_true(STATE(LIVENESS_ALIVE));
	WAIT(bench->last.ether.h_dest[5] == their_mac[5] + 1);
}

/* A busy machine, where every turn comes late: nobody is blamed. */
static void my_own_stalls(void **state)
{
	struct bench *bench = bench_of(state);
	const struct timespec stall = { 0, 250 * 1000000 };
	uint64_t answered;

	update(bench);
	WAIT(view_of(bench).counters.answered >= 2);
	bench->answers = false;
	for (unsigned i = 0; i < 2 * LIVENESS_MISSES; i++) {
		nanosleep(&stall, NULL);
		WAIT(view_of(bench).counters.late > i);
	}
	bench->answers = true;
	answered = view_of(bench).counters.answered;
	WAIT(view_of(bench).counters.answered > answered);
	assert_int_equal(bench->changes, 0);
	assert_true(STATE(LIVENESS_ALIVE));
}

static void the_link_goes_down(void **state)
{
	struct bench *bench = bench_of(state);

	update(bench);
	WAIT(view_of(bench).counters.answered >= 2);
	run("ip link set lvt0 down");
	WAIT(STATE(LIVENESS_GONE_RESET));
	run("ip link set lvt0 up");
	WAIT(STATE(LIVENESS_ALIVE));
	assert_int_equal(view_of(bench).counters.back, 1);
}

static void nothing_at_all(void **state)
{
	struct liveness_view view;

	(void)state;
	liveness_state(NULL, &view);
	assert_int_equal(view.state, LIVENESS_NOBODY);
	assert_int_equal(view.age, -1);
	liveness_close(NULL);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_question),	    TEST(alive_gone_alive),
		TEST(leases_are_no_change), TEST(nobody_to_ask),
		TEST(another_mac),	    TEST(my_own_stalls),
		TEST(the_link_goes_down),   cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
