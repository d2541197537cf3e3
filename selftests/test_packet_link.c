// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_link.c - what the link under a packet brings with it: VLAN tags
 * in the frame, and jumbo frames, which XDP sees in several buffers.
 *
 * Tags that the kernel or the NIC took off are for the scenarios: a test run has
 * no way to give them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/rows.h"

#define TAGGED(type) WITH(.ethertype = (type), .source = H, .payload = 80)
#define C_TAG 0x8100 /* IEEE 802.1Q */
#define S_TAG 0x88a8

#define JUMBO 8000
#define DF 0x4000

/* ---- jumbo ------------------------------------------------------------------ */

static int widen_exits(struct plane *plane)
{
	struct bpf_map *exits = plane->skel->maps.exits;
	struct tp_exit exit;
	int err = 0;

	for (uint32_t id = PLANE_EXIT_A; id <= PLANE_EXIT_PARTNER; id++) {
		err = err ?: plane_get(exits, id, &exit);
		exit.mtu = 9000;
		err = err ?: plane_set(exits, id, &exit);
	}
	return err;
}

static int widen(struct plane *plane)
{
	struct bpf_map *neighbours = plane->skel->maps.neighbours;
	struct tp_neighbour neighbour;
	int err = widen_exits(plane);

	for (uint32_t id = 1; id <= 3; id++) {
		err = err ?: plane_get(neighbours, id, &neighbour);
		neighbour.mtu = 9000;
		err = err ?: plane_set(neighbours, id, &neighbour);
	}
	return err;
}

static int widen_twin(struct plane *plane)
{
	return widen(plane)					     ?:
		       plane_set_partner(plane, TP_PARTNER_TWINPATH) ?:
		       plane_select(plane, PLANE_EXIT_PARTNER);
}

static uint64_t bytes_out(struct plane *plane)
{
	struct tp_exit_counters counters[256];
	uint32_t key = PLANE_EXIT_A;
	uint64_t bytes = 0;
	int fd = bpf_map__fd(plane->skel->maps.exit_counters);

	assert_int_equal(bpf_map_lookup_elem(fd, &key, counters), 0);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		bytes += counters[i].out_bytes;
	return bytes;
}

/* IP, UDP and the payload: all buffers count. */
static void counted_whole(struct bench *bench)
{
	assert_int_equal(bytes_out(bench->plane), 20 + 8 + JUMBO);
}

#define LARGE(...) WITH(__VA_ARGS__, .payload = JUMBO)
#define XDP_ROW(title, ...)                                                 \
	{                                                                   \
		.name = (title), .steps = { __VA_ARGS__ }, .hooks = ROW_XDP \
	}

static const struct row rows[] = {
	ROW("tagged, outward", STOP(LAN, vlan, TAGGED(C_TAG)),
	    STOP(LAN, vlan, TAGGED(S_TAG))),
	ROW("tagged, inward", STOP(WAN, vlan, TAGGED(C_TAG)),
	    STOP(WAN, vlan, TAGGED(S_TAG))),
	ROW("tagged, for nobody here",
	    STOP(LAN, not_for_us, TAGGED(C_TAG), .in.to = MAC_FOREIGN)),
	{ .name = "tagged, on the way out",
	  .steps = { STOP(OUT, vlan, TAGGED(C_TAG)),
		     STOP(OUT, vlan, TAGGED(S_TAG)) },
	  .hooks = ROW_TC },

	{ .name = "jumbo UDP, outward",
	  .steps = { OUTWARD(LARGE(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
			     .before = widen) },
	  .test = counted_whole,
	  .hooks = ROW_XDP },
	XDP_ROW("jumbo UDP, inward",
		OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
		INWARD(LARGE(UDP(R, 80, A, 5000)), UDP(R, 80, H, 5000),
		       .before = widen)),
	XDP_ROW("jumbo UDP without checksum",
		OUTWARD(LARGE(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
			.in.no_checksum = true, .before = widen)),
	XDP_ROW("jumbo TCP, both ways",
		OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN),
			.before = widen),
		INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		       TCP(R, 80, H, 5000, SYN | ACK)),
		OUTWARD(LARGE(TCP(H, 5000, R, 80, ACK)),
			TCP(A, 5000, R, 80, ACK)),
		INWARD(LARGE(TCP(R, 80, A, 5000, ACK)),
		       TCP(R, 80, H, 5000, ACK))),
	XDP_ROW("jumbo, larger than the uplink takes",
		STOP(LAN, too_big, LARGE(UDP(H, 5000, R, 80)),
		     .in.fragment = DF)),
	XDP_ROW("jumbo, handed over",
		SEND(LAN, take, LARGE(UDP(H, 5000, R, 80)),
		     WITH(.to = MAC_PARTNER, .from = MAC_LAN, .ttl = PACKET_TTL),
		     .before = widen_twin)),
	XDP_ROW("jumbo segment of a lost connection: told in one small frame",
		STOP(LAN, reset, LARGE(TCP(H, 5000, R, 80, ACK)),
		     .before = widen)),
	XDP_ROW("jumbo error: tc has to verify all of it",
		STOP(LAN, not_xdp,
		     ERROR(H, R, UNREACHABLE, 4,
			   THE(LARGE(UDP(R, 80, H, 5000)))),
		     .before = widen)),
	XDP_ROW("jumbo ping: likewise",
		STOP(LAN, not_xdp, LARGE(QUERY(ECHO, H, R, 7000)),
		     .before = widen)),
	XDP_ROW("jumbo that is not all there",
		STOP(LAN, malformed, LARGE(UDP(H, 5000, R, 80)),
		     .in.total_length = 9000, .before = widen)),
	XDP_ROW("a small packet that says it is a jumbo",
		STOP(LAN, malformed, UDP(H, 5000, R, 80),
		     .in.total_length = 9000)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
