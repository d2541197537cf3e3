// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_link.c - what the link under a packet brings with it: VLAN tags
 * in the frame, jumbo frames, which XDP sees in several buffers, and links that
 * lead to the partner alone.
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

/* ---- a link to the partner alone ----------------------------------------------- */

/* The LAN becomes one: nobody else is there, and so many kinds come by it. */
static int link_only(struct plane *plane, uint8_t kinds)
{
	struct bpf_map *links = plane->skel->maps.links;
	struct tp_link link;
	int err = plane_set_partner(plane, TP_PARTNER_TWINPATH);

	err = err ?: plane_get(links, PLANE_LAN % TP_LINK_SLOTS, &link);
	link.only = 1;
	link.suspects = UINT64_MAX;
	link.kinds = kinds;
	return err ?: plane_set(links, PLANE_LAN % TP_LINK_SLOTS, &link);
}

static int all_kinds(struct plane *plane)
{
	return link_only(plane, (1 << TP_KINDS) - 1);
}

static int takes(struct plane *plane)
{
	return link_only(plane, 1 << TP_KIND_TAKE);
}

static int questions(struct plane *plane)
{
	return link_only(plane, 1 << TP_KIND_QUESTION);
}

/* Its MAC is being looked for; by what it was, it is known all the same. */
static int lose_partner(struct plane *plane)
{
	struct tp_partner partner;
	int err = plane_set_partner(plane, TP_PARTNER_TWINPATH);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.reachable = 0;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

#define GIVEN_BACK                                                  \
	WITH(.to = MAC_PARTNER, .from = MAC_MINE(TP_KIND_RETURNED), \
	     .ttl = PACKET_TTL)

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
	ROW("link of the partner's: by its MACs",
	    STOP(LAN, stranger, UDP(H, 5000, R, 80), .before = all_kinds),
	    STOP(LAN, stranger, TCP(H, 5000, R, 80, ACK)),
	    STOP(LAN, local, UDP(H, 5000, GATEWAY, 53)),
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .from = MAC_PARTNER),
		    UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    SEND(LAN, returned,
		 WITH(TCP(H, 5000, R, 80, ACK),
		      .from = MAC_THEIRS(TP_KIND_QUESTION)),
		 GIVEN_BACK)),
	ROW("link of one kind: whatever its MAC",
	    SEND(LAN, returned, UDP(H, 5000, R, 80), GIVEN_BACK,
		 .before = questions),
	    SEND(LAN, returned,
		 WITH(TCP(H, 5000, R, 80, ACK), .from = MAC_FOREIGN),
		 GIVEN_BACK),
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .from = MAC_FOREIGN),
		    UDP(A, 5000, R, 80), .before = takes)),
	ROW("the partner's MAC is looked for: no host's question",
	    STOP(LAN, no_session,
		 WITH(UDP(H, 5000, R, 80), .from = MAC_THEIRS(TP_KIND_QUESTION)),
		 .before = lose_partner),
	    STOP(LAN, no_session,
		 WITH(TCP(H, 5000, R, 80, ACK),
		      .from = MAC_THEIRS(TP_KIND_SESSION_QUESTION))),
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .from = MAC_PARTNER),
		    UDP(A, 5000, R, 80))),
	XDP_ROW("a small packet that says it is a jumbo",
		STOP(LAN, malformed, UDP(H, 5000, R, 80),
		     .in.total_length = 9000)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
