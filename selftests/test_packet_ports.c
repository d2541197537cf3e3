// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_ports.c - which external port a new endpoint gets: its own, one of
 * its class and parity, or any (RFC 4787 REQ-3 and REQ-4, RFC 6056, RFC 7857 8
 * and 9); and when one that is free may go to another host (RFC 6888 REQ-8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/rows.h"

#define PRIVILEGED 1024

/* ---- what the daemon says ------------------------------------------------ */

static int ports(struct plane *plane, uint16_t first, uint16_t last)
{
	plane->settings.port_min = first;
	plane->settings.port_max = last;
	return plane_set_settings(plane);
}

static int both_classes(struct plane *plane)
{
	return ports(plane, 512, 60999);
}

static int few_of_both(struct plane *plane)
{
	return ports(plane, 1000, 1030);
}

static int only_low(struct plane *plane)
{
	return ports(plane, 600, 900);
}

static int one_port(struct plane *plane)
{
	return ports(plane, 2000, 2000);
}

static int any_parity(struct plane *plane)
{
	plane->settings.port_parity = 0;
	return plane_set_settings(plane);
}

static int at_random(struct plane *plane)
{
	plane->settings.port_choice = TP_PORTS_RANDOM;
	return plane_set_settings(plane);
}

/* ---- one endpoint after the other ---------------------------------------- */

/* The port that the endpoint gets. */
static uint16_t bind_udp(struct bench *bench, uint32_t host, uint16_t port)
{
	struct step step = OUTWARD(UDP(H, 0, R, 80), UDP(A, 0, R, 80));

	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
	return bench->port;
}

static uint16_t bind_tcp(struct bench *bench, uint32_t host, uint16_t port)
{
	struct step step =
		OUTWARD(TCP(H, 0, R, 80, SYN), TCP(A, 0, R, 80, SYN));

	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
	return bench->port;
}

/* H has 64 ports, its own; so that they are taken when H2 asks for them. */
static void keep(struct bench *bench, uint16_t first)
{
	for (uint16_t port = first; port < first + 64; port++) {
		assert_int_equal(bind_udp(bench, H, port), port);
		assert_int_equal(bind_tcp(bench, H, port), port);
	}
}

/* U4: both classes keep to themselves, also when their own port is taken. */
static void classes(struct bench *bench)
{
	assert_int_equal(both_classes(bench->plane), 0);
	keep(bench, 600);
	for (uint16_t port = 600; port < 664; port++) {
		assert_true(bind_udp(bench, H2, port) < PRIVILEGED);
		assert_true(bind_tcp(bench, H2, port) < PRIVILEGED);
	}
	/* Its own port is none of NAT's. */
	assert_true(bind_udp(bench, H, 80) < PRIVILEGED);
	keep(bench, 40000);
	for (uint16_t port = 40000; port < 40064; port++)
		assert_true(bind_udp(bench, H2, port) >= PRIVILEGED);
}

/* All 24 low ports, then high ones; but never the other way round. */
static void low_runs_out(struct bench *bench)
{
	assert_int_equal(few_of_both(bench->plane), 0);
	for (unsigned int n = 0; n < 24; n++)
		assert_true(bind_tcp(bench, H, 100 + n) < PRIVILEGED);
	assert_true(bind_tcp(bench, H, 200) >= PRIVILEGED);
	STEP(bench, OUTWARD(TCP(H, 100, R2, 80, SYN), TCP(A, 0, R2, 80, SYN)));
}

static void high_runs_out(struct bench *bench)
{
	assert_int_equal(few_of_both(bench->plane), 0);
	for (unsigned int n = 0; n < 7; n++)
		assert_true(bind_tcp(bench, H, 5000 + n) >= PRIVILEGED);
	STEP(bench, STOP(LAN, ports_full, TCP(H, 5007, R, 80, SYN),
			 .told = TOLD(UNREACHABLE, 13)));
	assert_true(bind_tcp(bench, H, 80) < PRIVILEGED);
}

/* Where NAT has ports of one class only, both use them. */
static void one_class(struct bench *bench)
{
	assert_int_equal(only_low(bench->plane), 0);
	assert_true(bind_udp(bench, H, 40000) < PRIVILEGED);
	assert_int_equal(bind_udp(bench, H, 700), 700);
}

/* U5: kept, also for who does not get its own. */
static void parity(struct bench *bench)
{
	keep(bench, 5000);
	for (uint16_t port = 5000; port < 5064; port++)
		assert_int_equal(bind_udp(bench, H2, port) % 2, port % 2);
}

static unsigned int kept_parity(struct bench *bench)
{
	unsigned int kept = 0;

	keep(bench, 5000);
	for (uint16_t port = 5000; port < 5064; port++)
		kept += bind_udp(bench, H2, port) % 2 == port % 2;
	return kept;
}

/* V9: half of the time by chance; one in 10^7 runs is further off. */
static void no_parity(struct bench *bench)
{
	assert_int_equal(any_parity(bench->plane), 0);
	assert_in_range(kept_parity(bench), 11, 53);
}

static void random_parity(struct bench *bench)
{
	assert_int_equal(at_random(bench->plane), 0);
	for (uint16_t port = 5000; port < 5064; port++)
		assert_int_equal(bind_udp(bench, H, port) % 2, port % 2);
}

static void random_class(struct bench *bench)
{
	assert_int_equal(both_classes(bench->plane), 0);
	assert_int_equal(at_random(bench->plane), 0);
	for (uint16_t port = 600; port < 664; port++)
		assert_true(bind_udp(bench, H, port) < PRIVILEGED);
	for (uint16_t port = 5000; port < 5064; port++)
		assert_true(bind_udp(bench, H, port) >= PRIVILEGED);
}

/* U1: a mapping stays what it is, however its port was chosen. */
static void random_stays(struct bench *bench)
{
	uint16_t port;

	assert_int_equal(at_random(bench->plane), 0);
	port = bind_udp(bench, H, 5000);
	STEP(bench, OUTWARD(UDP(H, 5000, R2, 90), UDP(A, 0, R2, 90)));
	assert_int_equal(bench->port, port);
	STEP(bench, OUTWARD(UDP(H, 5000, R, 91), UDP(A, 0, R, 91)));
	assert_int_equal(bench->port, port);
}

/* ---- V10: nothing to foresee --------------------------------------------- */

#define SAMPLES 10000
#define BATCH 2500 /* the bench has room for 4096 sessions */
#define BINS 64

struct tally {
	unsigned int value[BINS], step[BINS];
	unsigned int near, kept, count;
};

/* Spread over the range, and over the distances from one to the next? */
static void sample(struct bench *bench, struct tally *tally)
{
	const struct tp_settings *set = &bench->plane->settings;
	unsigned int span = set->port_max - set->port_min + 1;
	uint16_t last = 0;

	for (unsigned int n = 0; n < BATCH; n++) {
		uint16_t own = 2000 + n, port = bind_tcp(bench, H, own);
		unsigned int step = (port + span - last) % span;

		tally->value[(port - set->port_min) * BINS / span]++;
		tally->kept += port == own;
		tally->count++;
		if (last) {
			tally->step[step * BINS / span]++;
			tally->near += step < 64 || span - step < 64;
		}
		last = port;
	}
}

/* 63 degrees of freedom: one in 10^6 runs is above 130. */
static double chi_square(const unsigned int bins[BINS])
{
	double all = 0, sum = 0;

	for (int i = 0; i < BINS; i++)
		all += bins[i];
	for (int i = 0; i < BINS; i++) {
		double off = bins[i] - all / BINS;

		sum += off * off / (all / BINS);
	}
	return sum;
}

static void unforeseeable(struct bench *bench)
{
	struct tally tally = { .count = 0 };

	while (tally.count < SAMPLES) {
		assert_int_equal(plane_reset(bench->plane), 0);
		assert_int_equal(at_random(bench->plane), 0);
		sample(bench, &tally);
	}
	if (chi_square(tally.value) > 130 || chi_square(tally.step) > 130)
		fail_msg("chi square %.0f, of the steps %.0f",
			 chi_square(tally.value), chi_square(tally.step));
	/* 21 and none are to be expected. */
	assert_in_range(tally.near, 1, 60);
	assert_in_range(tally.kept, 0, 10);
}

/* ---- C4: a port that is free again --------------------------------------- */

#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define NO_PORT(packet, ...)                                               \
	STOP(LAN, ports_full, WITH(packet), .told = TOLD(UNREACHABLE, 13), \
	     __VA_ARGS__)
#define FIRST \
	OUTWARD(UDP(H, 100, R, 80), UDP(A, 2000, R, 80), .before = one_port)
#define OPENED                                                     \
	OUTWARD(TCP(H, 100, R, 80, SYN), TCP(A, 2000, R, 80, SYN), \
		.before = one_port),                               \
		INWARD(TCP(R, 80, A, 2000, SYN | ACK),             \
		       TCP(R, 80, H, 100, SYN | ACK))
#define CLOSED_BY(flags)                                                \
	OUTWARD(TCP(H, 100, R, 80, flags), TCP(A, 2000, R, 80, flags)), \
		INWARD(TCP(R, 80, A, 2000, flags), TCP(R, 80, H, 100, flags))
#define OTHER_TCP(...) \
	OUTWARD(TCP(H2, 100, R, 80, SYN), TCP(A, 2000, R, 80, SYN), __VA_ARGS__)

static const struct row rows[] = {
	{ .name = "U4 low for low, high for high", .test = classes },
	{ .name = "U4 no low port left", .test = low_runs_out },
	{ .name = "U4 no high port left", .test = high_runs_out },
	{ .name = "U4 one class", .test = one_class },
	{ .name = "U5 even for even", .test = parity },
	{ .name = "V9 parity off", .test = no_parity },
	{ .name = "U5 at random", .test = random_parity },
	{ .name = "U4 at random", .test = random_class },
	{ .name = "U1 at random", .test = random_stays },
	{ .name = "V10 at random", .test = unforeseeable },

	ROW("C4 held for two minutes", FIRST,
	    NO_PORT(UDP(H2, 100, R, 80), AFTER(300 + 119)),
	    OUTWARD(UDP(H2, 100, R, 80), UDP(A, 2000, R, 80), AFTER(2))),
	ROW("C4 but not for its own host", FIRST,
	    OUTWARD(UDP(H, 102, R, 80), UDP(A, 2000, R, 80), AFTER(301))),
	ROW("C4 tcp: no hold where the close was seen", OPENED,
	    CLOSED_BY(FIN | ACK), OTHER_TCP(AFTER(241))),
	ROW("C4 tcp: held after a reset, which may be forged", OPENED,
	    INWARD(TCP(R, 80, A, 2000, RST), TCP(R, 80, H, 100, RST)),
	    NO_PORT(TCP(H2, 100, R, 80, SYN), AFTER(240 + 119)),
	    OTHER_TCP(AFTER(2))),
	ROW("S5 tcp: held where nothing answered",
	    OUTWARD(TCP(H, 100, R, 80, SYN), TCP(A, 2000, R, 80, SYN),
		    .before = one_port),
	    NO_PORT(TCP(H2, 100, R, 80, SYN), AFTER(240 + 119)),
	    OTHER_TCP(AFTER(2))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
