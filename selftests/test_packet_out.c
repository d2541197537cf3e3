// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_out.c - what hosts send: translated, left to the kernel, or
 * dropped.  The names of the rows are those of the conformance table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/rows.h"

#define DF 0x4000

/* ---- rows that need more than packets ------------------------------------ */

/* The other host's port must differ, and be as even or odd as its own. */
static void second_host(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 5004, R2, 80), UDP(A, 0, R2, 80)));
	assert_int_not_equal(bench->port, 5004);
	assert_int_equal(bench->port % 2, 0);
}

static void second_host_odd(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 5005, R2, 80), UDP(A, 0, R2, 80)));
	assert_int_not_equal(bench->port, 5005);
	assert_int_equal(bench->port % 2, 1);
}

static void second_syn(struct bench *bench)
{
	STEP(bench,
	     OUTWARD(TCP(H2, 5000, R2, 80, SYN), TCP(A, 0, R2, 80, SYN)));
	assert_int_not_equal(bench->port, 5000);
}

static void second_ping(struct bench *bench)
{
	STEP(bench, OUTWARD(QUERY(ECHO, H2, R, 7000), QUERY(ECHO, A, R, 0)));
	assert_int_not_equal(bench->port, 7000);
}

/* The port that was not one's own is kept for the next remote, too. */
static void same_port_again(struct bench *bench)
{
	uint16_t port;

	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80)));
	port = bench->port;
	STEP(bench, OUTWARD(UDP(H2, 5000, R2, 90), UDP(A, 0, R2, 90)));
	assert_int_equal(bench->port, port);
	STEP(bench, OUTWARD(UDP(H2, 5000, X, 53), UDP(A, 0, X, 53)));
	assert_int_equal(bench->port, port);
}

/* Payloads tuned so that the checksum after translation comes to zero. */
static void udp_sum_of_zero(struct bench *bench)
{
	struct packet in = { UDP(H, 5000, R, 80) };
	struct packet out = { UDP(A, 5000, R, 80) };
	struct step step = { LAN, TP_REASON_translated_out, .out = out };

	in.word = out.word = 0x0001;
	in.word = out.word = packet_l4_checksum(&out) + 1;
	assert_int_equal(packet_l4_checksum(&out), 0xffff);
	step.in = in;
	rows_step(bench, &step);
}

/* Only UDP has a checksum that means none. */
static void tcp_sum_of_zero(struct bench *bench)
{
	struct packet in = { TCP(H, 5000, R, 80, SYN), .payload = 8 };
	struct packet out = { TCP(A, 5000, R, 80, SYN), .payload = 8 };
	struct step step = { LAN, TP_REASON_translated_out, .out = out };

	in.word = out.word = 0x0001;
	in.word = out.word = packet_l4_checksum(&out) + 1;
	assert_int_equal(packet_l4_checksum(&out), 0);
	step.in = in;
	rows_step(bench, &step);
}

/*
 * A right checksum that is the very sum of the pseudo header, as one segment in
 * 65,536 has it: the answer's must be whole all the same.
 */
static void sum_like_one_that_is_owed(struct bench *bench)
{
	struct packet in = { TCP(H, 5000, R, 80, ACK | PSH), .payload = 8,
			     .word = 1 };
	struct step step = { .side = LAN, .why = TP_REASON_reset };
	uint32_t pseudo = (H >> 16) + (H & 0xffff) + (R >> 16) + (R & 0xffff) +
			  IPPROTO_TCP + 20 + 8;
	uint32_t more;

	pseudo = (pseudo & 0xffff) + (pseudo >> 16);
	more = packet_l4_checksum(&in) + 0xffff - pseudo;
	in.word += more % 0xffff;
	assert_int_equal(packet_l4_checksum(&in), pseudo);
	step.in = in;
	rows_step(bench, &step);
}

/* ---- what the daemon changes --------------------------------------------- */

static int change_exit(struct plane *plane, uint8_t clear_flags, uint32_t mtu)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.flags &= ~clear_flags;
	exit.mtu = mtu;
	return err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit);
}

static int lose_next_hop(struct plane *plane)
{
	return change_exit(plane, TP_EXIT_HAS_NEXT_HOP, 1500);
}

static int lose_xdp(struct plane *plane)
{
	return change_exit(plane, TP_EXIT_XDP, 1500);
}

static int small_mtu(struct plane *plane)
{
	return change_exit(plane, 0, 576);
}

static int all_dead(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_set_exit_state(plane, PLANE_EXIT_B, TP_EXIT_DEAD);
}

static int select_nothing(struct plane *plane)
{
	return plane_select(plane, 0);
}

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

static int forget_link(struct plane *plane)
{
	const struct tp_link none = { 0 };

	return plane_set(plane->skel->maps.links, PLANE_LAN, &none);
}

/* The mark of what the kernel shall send by isp-a. */
#define BY_A .mark = TP_MARK(PLANE_EXIT_A)

#define PINGED OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))

/* ---- the table ----------------------------------------------------------- */

static const struct row rows[] = {
	/* translated */
	ROW("udp", OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))),
	ROW("tcp syn",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))),
	ROW("I1 echo",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))),
	ROW("timestamp", OUTWARD(QUERY(13, H, R, 7000), QUERY(13, A, R, 7000))),
	ROW("I1 identifier out of range",
	    OUTWARD(QUERY(ECHO, H, R, 7), QUERY(ECHO, A, R, 0))),
	ROW("port out of range",
	    OUTWARD(UDP(H, 500, R, 500), UDP(A, 0, R, 500)),
	    OUTWARD(UDP(H, 61001, R, 500), UDP(A, 0, R, 500))),
	ROW("host behind an inner router",
	    OUTWARD(UDP(DEEP, 5000, R, 80), UDP(A, 5000, R, 80))),
	ROW("to the virtual router's MAC",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .to = MAC_VIRTUAL),
		    UDP(A, 5000, R, 80))),
	ROW("selector chooses the other uplink",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
		    .before = select_b)),
	ROW("F selector chooses nothing: any live exit",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = select_nothing)),
	ROW("second packet of a session",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .tos = 3, .id = 9),
		    UDP(A, 5000, R, 80))),
	ROW("a session stays on its exit",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = select_b)),
	ROW("U1 one endpoint, one port",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R2, 90), UDP(A, 5000, R2, 90))),
	ROW("T1 one endpoint, one port",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    OUTWARD(TCP(H, 5000, R2, 90, SYN), TCP(A, 5000, R2, 90, SYN))),
	ROW("I2 one identifier",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    OUTWARD(QUERY(ECHO, H, R2, 7000), QUERY(ECHO, A, R2, 7000))),
	{ .name = "U1 a changed port stays",
	  .steps = { OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)) },
	  .test = same_port_again },
	{ .name = "U3 U5 no overloading, even",
	  .steps = { OUTWARD(UDP(H, 5004, R, 80), UDP(A, 5004, R, 80)) },
	  .test = second_host },
	{ .name = "U3 U5 no overloading, odd",
	  .steps = { OUTWARD(UDP(H, 5005, R, 80), UDP(A, 5005, R, 80)) },
	  .test = second_host_odd },
	{ .name = "T10 no overloading",
	  .steps = { OUTWARD(TCP(H, 5000, R, 80, SYN),
			     TCP(A, 5000, R, 80, SYN)) },
	  .test = second_syn },
	{ .name = "I1 no overloading",
	  .steps = { PINGED },
	  .test = second_ping },
	ROW("V6 protocols have ports of their own",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(TCP(H2, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))),
	ROW("T2 syn again, syn with data",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    OUTWARD(WITH(TCP(H, 5000, R, 80, SYN), .payload = 64),
		    TCP(A, 5000, R, 80, SYN))),
	ROW("U21 no checksum stays none",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		    UDP(A, 5000, R, 80))),
	{ .name = "U21 udp sum of zero is sent as ones",
	  .test = udp_sum_of_zero },
	{ .name = "tcp sum of zero stays zero", .test = tcp_sum_of_zero },
	{ .name = "F a sum that looks as if it was owed",
	  .test = sum_like_one_that_is_owed },
	ROW("a wrong checksum stays as wrong",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .l4_error = 0x0101),
		    UDP(A, 5000, R, 80))),
	ROW("dscp, ecn, id, df, odd length stay",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .tos = 0xb9, .id = 0x1234,
			 .fragment = DF, .payload = 33),
		    UDP(A, 5000, R, 80))),
	ROW("M3 a bound endpoint keeps its exit",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
		    .before = select_b)),
	ROW("M2 a syn binds by the selector",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    OUTWARD(TCP(H, 5000, R2, 80, SYN), TCP(B, 5000, R2, 80, SYN),
		    .before = select_b)),
	/* left to the kernel */
	ROW("ttl 1", STOP(LAN, ttl, WITH(UDP(H, 5000, R, 80), .ttl = 1), BY_A)),
	ROW("ttl 1 of a session",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    STOP(LAN, ttl, WITH(UDP(H, 5000, R, 80), .ttl = 1), BY_A)),
	ROW("ttl 2",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .ttl = 2), UDP(A, 5000, R, 80))),
	ROW("broadcast", STOP(LAN, group,
			      WITH(UDP(H, 68, IP(255, 255, 255, 255), 67),
				   .to = MAC_BROADCAST))),
	ROW("multicast",
	    STOP(LAN, group,
		 WITH(.protocol = 89, .source = H, .payload = 44,
		      .destination = IP(224, 0, 0, 5), .to = MAC_GROUP))),
	ROW("frame for another",
	    STOP(LAN, not_for_us,
		 WITH(UDP(H, 5000, R, 80), .to = MAC_FOREIGN))),
	ROW("frame for another, of a session",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    STOP(LAN, not_for_us,
		 WITH(UDP(H, 5000, R, 80), .to = MAC_FOREIGN))),
	ROW("arp", STOP(LAN, not_ip,
			WITH(.ethertype = 0x0806, .source = H, .payload = 46))),
	ROW("ipv6",
	    STOP(LAN, ipv6,
		 WITH(.ethertype = 0x86dd, .source = H, .payload = 80))),
	ROW("for the gateway",
	    STOP(LAN, local, TCP(H, 5000, GATEWAY, 22, SYN))),
	ROW("for a host inside", STOP(LAN, inside, UDP(H, 5000, H2, 80))),
	ROW("for an inner subnet", STOP(LAN, inside, UDP(H, 5000, DEEP, 80))),
	ROW("C3 excluded", STOP(LAN, excluded, UDP(H, 5000, EXCLUDED, 80))),
	ROW("a protocol that cannot be translated",
	    STOP(LAN, protocol, BARE(51, H, R))),
	ROW("options",
	    STOP(LAN, options, WITH(UDP(H, 5000, R, 80), .options = 3), BY_A)),
	ROW("next hop unknown", STOP(LAN, no_next_hop, UDP(H, 5000, R, 80),
				     .before = lose_next_hop, BY_A)),
	ROW("larger than the uplink takes",
	    STOP(LAN, too_big,
		 WITH(UDP(H, 5000, R, 80), .payload = 549, .fragment = DF),
		 .before = small_mtu, BY_A)),
	ROW("as large as the uplink takes",
	    OUTWARD(WITH(UDP(H, 5000, R, 80), .payload = 548, .fragment = DF),
		    UDP(A, 5000, R, 80), .before = small_mtu)),
	{ .name = "XDP cannot redirect there",
	  .steps = { STOP(LAN, not_xdp, UDP(H, 5000, R, 80),
			  .before = lose_xdp) },
	  .hooks = ROW_XDP },
	{ .name = "tc can",
	  .steps = { OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
			     .before = lose_xdp) },
	  .hooks = ROW_TC },
	ROW("interface unknown", STOP(LAN, link_unknown, UDP(H, 5000, R, 80),
				      .before = forget_link)),
	/* dropped */
	ROW("no live exit",
	    STOP(LAN, no_exit, UDP(H, 5000, R, 80), .before = all_dead)),
	ROW("source that is not inside",
	    STOP(LAN, not_inside, UDP(X, 5000, R, 80))),
	ROW("F mid-stream is told", STOP(LAN, reset, TCP(H, 5000, R, 80, ACK))),
	ROW("F with data and options too",
	    STOP(LAN, reset,
		 WITH(TCP(H, 5000, R, 80, ACK | PSH), .payload = 700,
		      .options = 2, .tos = 3))),
	ROW("F behind an inner router",
	    STOP(LAN, reset, TCP(DEEP, 5000, R, 80, ACK | FIN))),
	{ .name = "F whose MAC is not known, by tc",
	  .steps = { STOP(LAN, no_neighbour, TCP(H3, 5000, R, 80, ACK)) },
	  .hooks = ROW_XDP },
	{ .name = "F whose MAC is not known, by the kernel",
	  .steps = { STOP(LAN, reset, TCP(H3, 5000, R, 80, ACK)) },
	  .hooks = ROW_TC },
	ROW("F an RST is not answered",
	    STOP(LAN, no_session, TCP(H, 5000, R, 80, RST))),
	ROW("F nor one with ACK",
	    STOP(LAN, no_session, TCP(H, 5000, R, 80, RST | ACK))),
	ROW("echo reply of nobody",
	    STOP(LAN, no_session, QUERY(ECHO_REPLY, H, R, 7000))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
