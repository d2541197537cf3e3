// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_fast.c - what the XDP entries do by themselves, and what they leave
 * to the full programs.
 *
 * Each row opens what it needs; then the full programs are taken away, so that
 * whatever the entry does not carry itself is dropped, and counted.
 */
#include <stdint.h>
#include <bpf/bpf.h>

#include "harness/rows.h"

static int take_away(struct plane *plane, __u32 hook)
{
	int map = bpf_map__fd(plane->skel->maps.full_programs);

	return bpf_map_delete_elem(map, &hook);
}

static int alone(struct plane *plane)
{
	return take_away(plane, TP_HOOK_xdp_lan) ?:
		       take_away(plane, TP_HOOK_xdp_wan);
}

/* The full program for what comes from inside is there again. */
static int together(struct plane *plane)
{
	int program = bpf_program__fd(plane->skel->progs.xdp_lan_full);
	int map = bpf_map__fd(plane->skel->maps.full_programs);
	__u32 hook = TP_HOOK_xdp_lan;

	return bpf_map_update_elem(map, &hook, &program, 0);
}

static int alone_by_endpoint(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT) ?: alone(plane);
}

static int alone_and_shown(struct plane *plane)
{
	plane->settings.rules = TP_RULES_FIRST;
	return plane_set_settings(plane) ?: alone(plane);
}

#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define TWO_OPENED OPENED, OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80))
#define CONNECTED                                                    \
	OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)), \
		INWARD(TCP(R, 80, A, 5000, SYN | ACK),               \
		       TCP(R, 80, H, 5000, SYN | ACK)),              \
		OUTWARD(TCP(H, 5000, R, 80, ACK), TCP(A, 5000, R, 80, ACK))
/* clang-format off */
#define FAST(title, ...) \
	{ .name = (title), .hooks = ROW_XDP, .steps = { __VA_ARGS__ } }
#define LEFT(at, ...)                                   \
	{ .side = (at), .why = TP_REASON_program,       \
	  .in = { __VA_ARGS__ }, .before = alone }
/* clang-format on */

static const struct row rows[] = {
	FAST("a session's datagram", OPENED,
	     OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		     .before = alone)),
	FAST("a second later, its life goes on", OPENED,
	     OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .later = 20,
		     .before = alone)),
	FAST("a connection's segment", CONNECTED,
	     OUTWARD(TCP(H, 5000, R, 80, ACK), TCP(A, 5000, R, 80, ACK),
		     .before = alone)),
	FAST("its end, too", CONNECTED,
	     OUTWARD(TCP(H, 5000, R, 80, FIN | ACK),
		     TCP(A, 5000, R, 80, FIN | ACK), .before = alone)),
	FAST("without a checksum", OPENED,
	     OUTWARD(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		     WITH(UDP(A, 5000, R, 80), .no_checksum = true),
		     .before = alone)),
	FAST("an answer", OPENED,
	     INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000), .before = alone)),
	FAST("an answer in a connection", CONNECTED,
	     INWARD(TCP(R, 80, A, 5000, ACK), TCP(R, 80, H, 5000, ACK),
		    .before = alone)),
	FAST("from the remote before the last: by its session", TWO_OPENED,
	     INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000), .before = alone)),
	FAST("from the last remote, where anybody may send", OPENED,
	     INWARD(UDP(R, 9, A, 5000), UDP(R, 9, H, 5000),
		    .before = alone_by_endpoint)),

	FAST("what the user's firewall has let through", OPENED,
	     INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000),
		    .before = alone_and_shown)),

	FAST("a host whose MAC ends as the partner's", OPENED,
	     OUTWARD(WITH(UDP(H, 5000, R, 80), .from = MAC_LIKE_PARTNER),
		     UDP(A, 5000, R, 80), .before = alone)),
	/* left to the full program */
	FAST("a new session", LEFT(LAN, UDP(H, 5000, R, 80))),
	FAST("what nobody took is not the next packet's",
	     LEFT(LAN, UDP(H, 5000, R, 80)),
	     OUTWARD(TCP(H, 5001, R2, 443, SYN), TCP(A, 5001, R2, 443, SYN),
		     .before = together)),
	FAST("what may hold an MSS to clamp", CONNECTED,
	     LEFT(LAN, TCP(H, 5000, R, 80, SYN | ACK))),
	FAST("a SYN", CONNECTED, LEFT(WAN, TCP(R, 80, A, 5000, SYN))),
	FAST("the end from outside", CONNECTED,
	     LEFT(WAN, TCP(R, 80, A, 5000, FIN | ACK))),
	FAST("a stranger", OPENED, LEFT(WAN, UDP(X, 9, A, 5000))),
	FAST("from anybody, who may be a martian", OPENED,
	     STOP(WAN, program, UDP(X, 9, A, 5000),
		  .before = alone_by_endpoint)),
	FAST("what the user's firewall has not seen", OPENED,
	     STOP(WAN, program, UDP(R, 9, A, 5000), .before = alone_and_shown)),
	FAST("options", OPENED,
	     LEFT(LAN, WITH(UDP(H, 5000, R, 80), .options = 3))),
	FAST("the last hop", OPENED,
	     LEFT(LAN, WITH(UDP(H, 5000, R, 80), .ttl = 1))),
	FAST("a query", LEFT(LAN, QUERY(ECHO, H, R, 7000))),
	FAST("from the partner", OPENED,
	     LEFT(LAN, WITH(UDP(H, 5000, R, 80), .from = MAC_PARTNER))),
	FAST("for somebody else", OPENED,
	     LEFT(LAN, WITH(UDP(H, 5000, R, 80), .to = MAC_H2))),
	FAST("malformed", OPENED,
	     LEFT(LAN, WITH(UDP(H, 5000, R, 80), .udp_length = 7))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
