// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_pressure.c - connections that come and go faster than their ports
 * come free: how many a second are served, for minutes of simulated time, and
 * that no open connection pays for it (RFC 6888 REQ-11d).
 *
 * A sixteenth of a public address, and lines to match: rates are scaled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/audit.h"
#include "twinpath/pressure.h"

#define BUCKETS 512 /* 8192 lines: a sixteenth of the default */
#define PORT_MIN 1024
#define PORT_COUNT 3749 /* a sixteenth of 1024-60999 */
#define SCALE 16
#define LIFE TP_TICKS_PER_SECOND /* of a connection, ticks */
#define KEPT 64			 /* connections that stay open */

#define SERVER_PORT 80
#define PUBLIC_PORT 8080

static struct plane plane;

/* ---- one packet, judged by where it went --------------------------------- */

static struct plane_output output;

static bool carried(struct packet *packet, bool outward)
{
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = outward ? TP_HOOK_xdp_lan : TP_HOOK_xdp_wan,
		.ifindex = outward ? PLANE_LAN : PLANE_ISP_A,
		.frame = frame,
	};

	memcpy(packet->to, outward ? plane_mac_lan : plane_mac_isp_a, 6);
	memcpy(packet->from, outward ? plane_mac_router : plane_mac_next_a, 6);
	input.size = packet_build(packet, frame);
	assert_int_equal(plane_run(&plane, &input, &output), 0);
	return output.verdict == PLANE_FORWARDED;
}

/* Hosts behind the inner router, each with ports outside of NAT's range. */
struct connection {
	uint32_t host;
	uint16_t port, external;
	bool open;
};

static struct connection nth(unsigned int n)
{
	return (struct connection){ .host = IP(192, 168, 50, 1) + n % 250,
				    .port = 20000 + n / 250 % 40000 };
}

static bool from_host(struct connection *one, uint8_t flags)
{
	struct packet packet = { TCP(one->host, one->port, R, 80, flags) };

	if (!carried(&packet, true))
		return false;
	one->external = output.frame[34] << 8 | output.frame[35];
	return true;
}

static bool from_server(const struct connection *one, uint8_t flags)
{
	struct packet packet = { TCP(R, 80, A, one->external, flags) };

	return carried(&packet, false);
}

static bool open_one(struct connection *one)
{
	one->open = from_host(one, SYN);
	if (one->open)
		assert_true(from_server(one, SYN | ACK));
	return one->open;
}

static void close_one(struct connection *one)
{
	if (!one->open)
		return;
	assert_true(from_host(one, FIN | ACK));
	assert_true(from_server(one, FIN | ACK));
	one->open = false;
}

/* ---- minutes of it ------------------------------------------------------- */

struct load {
	unsigned int rate;	     /* new ones a second and public address */
	unsigned int warm, measured; /* seconds */
	unsigned int tried, refused; /* while measured */
};

/* Those that are open, in the order in which they close. */
static struct connection ring[65536];

static void run(struct load *load)
{
	unsigned int ticks =
		(load->warm + load->measured) * TP_TICKS_PER_SECOND;
	unsigned int opened = 0, closed = 0, ends[LIFE] = { 0 };
	double due = 0;

	for (unsigned int tick = 0; tick < ticks; tick++) {
		bool counts = tick >= load->warm * TP_TICKS_PER_SECOND;

		assert_int_equal(plane_later(&plane, 1), 0);
		for (; closed < ends[tick % LIFE]; closed++)
			close_one(&ring[closed % 65536]);
		due += (double)load->rate / SCALE / TP_TICKS_PER_SECOND;
		for (; opened < (unsigned int)due; opened++) {
			struct connection *one = &ring[opened % 65536];

			*one = nth(opened);
			load->refused += !open_one(one) && counts;
			load->tried += counts;
		}
		ends[tick % LIFE] = opened;
	}
}

static uint64_t counted(enum tp_pressure_kind kind)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_pressure each[cpus > 0 ? cpus : 1];
	uint64_t sum = 0;

	assert_int_equal(plane_get(plane.skel->maps.pressure, 0, each), 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += ((__u64 *)&each[cpu])[kind];
	return sum;
}

static void few_ports(void)
{
	assert_int_equal(plane_reset(&plane), 0);
	plane.settings.port_min = PORT_MIN;
	plane.settings.port_max = PORT_MIN + PORT_COUNT - 1;
	plane.settings.refusal = TP_REFUSE_SILENT; /* forwarded is carried */
	assert_int_equal(plane_set_settings(&plane), 0);
}

/* Longer than any of the timers, with connections that stay open throughout. */
static void sustained(unsigned int rate, double most)
{
	struct load load = { .rate = rate, .warm = 300, .measured = 120 };
	struct connection kept[KEPT];
	double share;

	few_ports();
	for (unsigned int n = 0; n < KEPT; n++) {
		kept[n] = (struct connection){ .host = H2, .port = 3000 + n };
		assert_true(open_one(&kept[n]));
	}
	run(&load);
	share = 100.0 * load.refused / load.tried;
	print_message("%u a second: %u of %u refused (%.3f %%), %lu ports and "
		      "%lu sessions freed early\n",
		      rate, load.refused, load.tried, share,
		      counted(TP_PRESSURE_ports_ripened),
		      counted(TP_PRESSURE_sessions_ripened));
	assert_true(share <= most);
	for (unsigned int n = 0; n < KEPT; n++) {
		assert_true(from_server(&kept[n], ACK));
		assert_true(from_host(&kept[n], ACK));
	}
	audit_sessions(&plane, plane_now(&plane));
	audit_bindings(&plane, plane_now(&plane));
	audit_locks(&plane);
	audit_rations(&plane);
}

/* Below what their timers alone allow nothing is cut short. */
static void unhurried(void **state)
{
	(void)state;
	sustained(100, 0);
	assert_int_equal(counted(TP_PRESSURE_ports_ripened), 0);
	assert_int_equal(counted(TP_PRESSURE_sessions_ripened), 0);
}

static void hurried(void **state)
{
	(void)state;
	sustained(4000, 0.1);
	assert_true(counted(TP_PRESSURE_ports_ripened) > 0);
}

/* ---- a flood from outside ------------------------------------------------ */

/* H:80 on A:8080. */
static int publish(void)
{
	struct tp_publish ask = { .inside = plane_address(H),
				  .inside_port = htons(SERVER_PORT),
				  .port = htons(PUBLIC_PORT),
				  .plane = TP_PLANE_TCP,
				  .exit = PLANE_EXIT_A };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ask,
		    .ctx_size_in = sizeof(ask));
	int fd = bpf_program__fd(plane.skel->progs.publish);

	return bpf_prog_test_run_opts(fd, &opts) ?: ask.result;
}

/* A SYN from nowhere, which the server answers in good faith. */
static void flood(unsigned int n)
{
	uint32_t from = IP(198, 18, 0, 1) + n;
	struct packet syn = { TCP(from, 4000, A, PUBLIC_PORT, SYN) };
	struct packet answer = { TCP(H, SERVER_PORT, from, 4000, SYN | ACK) };

	if (carried(&syn, false))
		assert_true(carried(&answer, true));
}

/*
 * An eighth of the table a second.  With the timers alone it would be full after
 * eight seconds, and stay so.
 */
static void flooded(void **state)
{
	unsigned int sent = 0, refused = 0;

	(void)state;
	few_ports();
	assert_int_equal(publish(), 0);
	for (unsigned int tick = 0; tick < 60 * TP_TICKS_PER_SECOND; tick++) {
		struct connection one = nth(tick);

		assert_int_equal(plane_later(&plane, 1), 0);
		for (int i = 0; i < 1024 / TP_TICKS_PER_SECOND; i++)
			flood(sent++);
		refused += !open_one(&one);
		close_one(&one);
	}
	print_message("%u SYNs from nowhere: %u of %u of our own refused\n",
		      sent, refused, 60 * TP_TICKS_PER_SECOND);
	assert_int_equal(refused, 0);
}

static int open_bench(void **state)
{
	(void)state;
	return plane_open(&plane, BUCKETS);
}

static int close_bench(void **state)
{
	(void)state;
	plane_close(&plane);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unhurried),
		cmocka_unit_test(hurried),
		cmocka_unit_test(flooded),
	};

	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
