// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_fragment_bounds.c - what fragments may take: room, and time.  The
 * rows are those of the conformance table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/pieces.h"

static void run(struct bench *bench, struct step step)
{
	rows_step(bench, &step);
}

/* How many slots hold something at this moment. */
static unsigned int held(struct bench *bench)
{
	struct bpf_map *slots = bench->plane->skel->maps.fragment_slots;
	uint32_t now = plane_now(bench->plane);
	unsigned int count = 0;
	struct tp_held slot;

	for (uint32_t i = 0; i < TP_HELD; i++) {
		uint8_t line;

		assert_int_equal(plane_get(slots, i, &slot), 0);
		line = TP_CONTROL_LINE(slot.control);
		assert_int_not_equal(line, TP_LINE_BUSY);
		count += line == TP_LINE_LIVE &&
			 (int32_t)(TP_CONTROL_EXPIRY(slot.control) - now) > 0;
	}
	return count;
}

/*
 * So many early fragments from outside, of sources `step` apart; how many of
 * them found no room.
 */
static unsigned int flood(struct bench *bench, uint32_t source, uint32_t step,
			  unsigned int count)
{
	struct packet packet = piece(r_to_a, SECOND);
	struct tp_reasons before[TP_HOOK_COUNT], after[TP_HOOK_COUNT];
	uint8_t frame[PACKET_MAX];
	struct plane_input input = { .hook = TP_HOOK_tc_wan,
				     .ifindex = PLANE_ISP_A,
				     .frame = frame };

	memcpy(packet.to, plane_mac_isp_a, 6);
	memcpy(packet.from, plane_mac_next_a, 6);
	assert_int_equal(plane_reasons(bench->plane, before), 0);
	for (unsigned int i = 0; i < count; i++) {
		packet.source = source + i * step;
		packet.id = i + 1;
		input.size = packet_build(&packet, frame);
		assert_int_equal(
			plane_run(bench->plane, &input, &bench->output), 0);
		assert_int_equal(bench->output.verdict, PLANE_DROPPED);
	}
	assert_int_equal(plane_reasons(bench->plane, after), 0);
	assert_int_equal(after[input.hook].fragment_held +
				 after[input.hook].fragment_full -
				 before[input.hook].fragment_held -
				 before[input.hook].fragment_full,
			 count);
	return after[input.hook].fragment_full -
	       before[input.hook].fragment_full;
}

/* One source has its own 64 slots, whatever it sends, and others have theirs. */
static void one_source(struct bench *bench)
{
	assert_int_equal(flood(bench, X, 0, 2000), 2000 - 64);
	assert_int_equal(held(bench), 64);
	inward_3_2_1(bench);
	outward_3_2_1(bench);
	assert_int_equal(held(bench), 64);
}

/*
 * Many fill the outside's half for two seconds, but not the inside's; and what
 * comes in order needs no room.
 */
static void many_sources(struct bench *bench)
{
	open_session(bench);
	assert_true(flood(bench, IP(10, 0, 0, 1), 7, 4000) >= 4000 - 512);
	assert_in_range(held(bench), 500, 512);
	run(bench, inward(FIRST));
	run(bench, inward(SECOND));
	run(bench, inward(THIRD));
	outward_3_2_1(bench);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(2)), 0);
	assert_int_equal(held(bench), 0);
	/* And after ten the record of that first. */
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(8)), 0);
	inward_3_2_1(bench);
}

/* What waits for a first that never comes is gone after two seconds (F7). */
static void first_never_comes(struct bench *bench)
{
	uint8_t frame[PACKET_MAX];
	int tap;

	run(bench, stop(LAN, TP_REASON_fragment_held, h_to_r, SECOND));
	assert_int_equal(held(bench), 1);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(2)), 0);
	assert_int_equal(held(bench), 0);
	tap = again_open(LAN);
	run(bench, outward(h_to_r, a_to_r, FIRST));
	assert_int_equal(again_read(tap, frame, 100), 0);
	close(tap);
}

/* And a record is forgotten after ten, or when there are newer ones. */
static void records_end(struct bench *bench)
{
	struct step step = outward(h_to_r, a_to_r, FIRST);

	for (unsigned int i = 0; i < 3 * 4096; i++) {
		step.in.id = 1 + i % 65535;
		rows_step(bench, &step);
	}
	step.in = piece(step.in, SECOND);
	rows_step(bench, &step);
	step.later = PLANE_TICKS(10);
	step.why = TP_REASON_fragment_held;
	rows_step(bench, &step);
}

#define ON_TC(title, function)                                       \
	{                                                            \
		.name = (title), .test = (function), .hooks = ROW_TC \
	}

static const struct row rows[] = {
	ON_TC("F7 the first never comes", first_never_comes),
	ON_TC("F7 records end", records_end),
	ON_TC("U20 flood from one source", one_source),
	ON_TC("U20 flood from many", many_sources),
};

int main(void)
{
	return ROWS_RUN(rows);
}
