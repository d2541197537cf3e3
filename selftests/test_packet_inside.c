// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_inside.c - what is remembered of the routes: that a host is inside,
 * until they change, and where there is none at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/plane_routes.h"
#include "harness/rows.h"

#define OTHERS IP(10, 98, 0, 1) /* no route of the standard site is near */
#define OTHERS_HOST IP(10, 98, 0, 7)

static const struct tp_route lan = { .kind = TP_ROUTE_INSIDE,
				     .ifindex = PLANE_LAN };
static const struct tp_route kernel = { .kind = TP_ROUTE_KERNEL };

static void refused(struct bench *bench, enum tp_reason why, uint32_t host,
		    uint16_t port)
{
	struct step step = STOP(LAN, not_inside, UDP(H, 0, R, 80));

	step.why = why;
	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
}

/* Not as the daemon does it: nobody is told. */
static void cut(struct bench *bench, uint32_t address, uint32_t length)
{
	uint16_t epoch = bench->plane->settings.route_epoch;

	assert_int_equal(plane_unroute(bench->plane, address, length), 0);
	bench->plane->settings.route_epoch = epoch;
	assert_int_equal(plane_set_settings(bench->plane), 0);
}

static struct tp_ration *ration(const struct plane *plane, uint32_t host)
{
	const struct tp_addr address = plane_address(host);

	for (uint32_t i = 0; i < TP_RATION_LINES; i++)
		if (!memcmp(&plane->rations[i].address, &address,
			    sizeof(address)))
			return &plane->rations[i];
	fail_msg("the host has no ration");
	return NULL;
}

/* The second session asks for a host that has its line; the third need not. */
static void asked_once(struct bench *bench)
{
	rows_open(bench, H, 5000);
	assert_int_equal(ration(bench->plane, H)->inside, 0);
	rows_open(bench, H, 5001);
	assert_int_not_equal(ration(bench->plane, H)->inside, 0);
	cut(bench, IP(192, 168, 0, 0), 24);
	rows_open(bench, H, 5002);
	refused(bench, TP_REASON_not_inside, H2, 5000);
}

static void until_routes_change(struct bench *bench)
{
	rows_open(bench, H, 5000);
	rows_open(bench, H, 5001);
	assert_int_equal(plane_unroute(bench->plane, IP(192, 168, 0, 0), 24),
			 0);
	refused(bench, TP_REASON_not_inside, H, 5002);
	assert_int_equal(
		plane_route(bench->plane, IP(192, 168, 0, 0), 24, &lan), 0);
	rows_open(bench, H, 5002);
}

/* What the kernel is to have is asked for each time. */
static void never_what_is_special(struct bench *bench)
{
	struct tp_route left = lan;

	rows_open(bench, H, 5000);
	left.from_kernel = 1;
	assert_int_equal(plane_route(bench->plane, H, 32, &left), 0);
	refused(bench, TP_REASON_excluded, H, 5001);
	assert_int_equal(ration(bench->plane, H)->inside, 0);
	cut(bench, H, 32);
	rows_open(bench, H, 5001);
}

/* A line that a CPU still writes to when it is another host's already. */
static void of_this_host_alone(struct bench *bench)
{
	struct tp_ration *line;
	uint32_t word;

	rows_open(bench, H, 5000);
	rows_open(bench, H, 5001);
	line = ration(bench->plane, H);
	word = line->inside;
	line->held += TP_RATION_INCARNATION;
	cut(bench, IP(192, 168, 0, 0), 24);
	refused(bench, TP_REASON_not_inside, H, 5002);
	assert_int_equal(line->inside, word);
}

/* Claimed anew, after as many lives as can be told apart: nothing is known. */
static void of_this_life_alone(struct bench *bench)
{
	struct tp_ration *line;

	rows_open(bench, H, 5000);
	rows_open(bench, H, 5001);
	line = ration(bench->plane, H);
	assert_int_not_equal(line->inside, 0);
	line->address = plane_address(H2); /* whoever it was */
	line->held =
		(line->held & TP_RATION_INCARNATIONS) - TP_RATION_INCARNATION;
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(3)), 0);
	rows_open(bench, H, 5002);
	assert_ptr_equal(ration(bench->plane, H), line);
	assert_int_equal(line->inside, 0);
}

/* A route in a region that had none: as a destination, and as a source. */
static void a_new_region(struct bench *bench)
{
	struct step out =
		OUTWARD(UDP(H, 5000, OTHERS, 80), UDP(A, 5000, OTHERS, 80));
	struct step left = STOP(LAN, excluded, UDP(H, 5001, OTHERS, 80));

	rows_step(bench, &out);
	refused(bench, TP_REASON_not_inside, OTHERS_HOST, 5000);
	assert_int_equal(plane_route(bench->plane, OTHERS, 32, &kernel), 0);
	assert_int_equal(plane_route(bench->plane, IP(10, 98, 0, 0), 24, &lan),
			 0);
	rows_step(bench, &left);
	rows_open(bench, OTHERS_HOST, 5001);
}

/* A region that is clear is not looked at: the daemon has to set it before. */
static void a_clear_region(struct bench *bench)
{
	struct tp_regions none = {};
	struct step out =
		OUTWARD(UDP(H, 5002, OTHERS, 80), UDP(A, 5002, OTHERS, 80));

	rows_open(bench, H, 5000);
	rows_open(bench, H, 5001);
	assert_int_equal(plane_route(bench->plane, OTHERS, 32, &kernel), 0);
	assert_int_equal(plane_set(bench->plane->skel->maps.regions, 0, &none),
			 0);
	rows_step(bench, &out);
}

static const struct row rows[] = {
	{ .name = "the routes are asked once a host", .test = asked_once },
	{ .name = "until they change", .test = until_routes_change },
	{ .name = "what is special is not remembered",
	  .test = never_what_is_special },
	{ .name = "of this host alone", .test = of_this_host_alone },
	{ .name = "of this life of its line alone",
	  .test = of_this_life_alone },
	{ .name = "a route in a region that had none", .test = a_new_region },
	{ .name = "a region without routes", .test = a_clear_region },
};

int main(void)
{
	return ROWS_RUN(rows);
}
