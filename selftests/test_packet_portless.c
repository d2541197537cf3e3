// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_portless.c - protocols without ports: GRE, ESP, SCTP, 6in4 and
 * their like are translated by address, for one inside host a remote; what
 * cannot be is refused; the gateway's own tunnels go on working.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/audit.h"
#include "harness/rows.h"

#define IPIP 4
#define SIXIN4 41
#define GRE 47
#define ESP 50
#define AH 51
#define DCCP 33
#define ETHERIP 97
#define L2TP 115
#define SCTP 132
#define UDPLITE 136
#define MPLS 137
#define HIP 139
#define UNKNOWN 253

#define OPENED OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R))
#define ANSWERED INWARD(BARE(GRE, R, A), BARE(GRE, R, H))
/* Both ways, and the second way out is the session's. */
#define THERE_AND_BACK(proto)                                 \
	OUTWARD(BARE(proto, H, R), BARE(proto, A, R)),        \
		INWARD(BARE(proto, R, A), BARE(proto, R, H)), \
		OUTWARD(BARE(proto, H, R), BARE(proto, A, R))
#define UDP_IDLE (PLANE_TICKS(300) + 4) /* and the grace of a line */

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

static int kill_a(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int lose_a(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

static int no_next_hop(struct plane *plane)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.flags &= ~TP_EXIT_HAS_NEXT_HOP;
	return err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit);
}

static int with_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int filter_ports(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ADDRESS_AND_PORT);
}

#define ABOUT_OUT THE(BARE(GRE, A, R)) /* quoted by an error from outside */
#define ABOUT_IN THE(BARE(GRE, R, H))  /* and by one from inside */
#define THEIR(kind) .from = MAC_THEIRS(TP_KIND_##kind)
#define TAKEN(at, packet, ...)                                              \
	STOP(at, remote_taken, WITH(packet), .told = TOLD(UNREACHABLE, 13), \
	     __VA_ARGS__)
#define MY(kind) .to = MAC_PARTNER, .from = MAC_MINE(TP_KIND_##kind)

/*
 * Half of the table is one remote's: then the ways of one key are all taken, and
 * what is refused has left nothing behind.
 */
static void many(struct bench *bench)
{
	unsigned int served = 0, refused = 0;

	for (uint32_t i = 0; i < TP_PORTLESS; i++) {
		struct plane_input input = {
			.hook = bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
			.ifindex = PLANE_LAN,
		};
		struct packet packet = { BARE(GRE, H, IP(11, 0, 0, 0) + i) };
		uint8_t frame[PACKET_MAX];

		memcpy(packet.to, plane_mac_lan, 6);
		memcpy(packet.from, plane_mac_h, 6);
		input.frame = frame;
		input.size = packet_build(&packet, frame);
		assert_int_equal(
			plane_run(bench->plane, &input, &bench->output), 0);
		/* Who is refused is told, for as long as there is pace. */
		if (bench->output.verdict == PLANE_FORWARDED &&
		    bench->output.frame[23] == GRE)
			served++;
		else
			refused++;
	}
	assert_true(served > TP_PORTLESS / 2);
	assert_true(refused > 0);
	assert_int_equal(audit_bindings(bench->plane, plane_now(bench->plane)),
			 served);
	assert_int_equal(audit_sessions(bench->plane, plane_now(bench->plane)),
			 served);
	audit_locks(bench->plane);
}

static const struct row rows[] = {
	/* served */
	ROW("gre", THERE_AND_BACK(GRE)),
	ROW("esp", THERE_AND_BACK(ESP)),
	ROW("sctp", THERE_AND_BACK(SCTP)),
	ROW("6in4", THERE_AND_BACK(SIXIN4)),
	ROW("ip in ip", THERE_AND_BACK(IPIP)),
	ROW("etherip, l2tp version 3, mpls",
	    OUTWARD(BARE(ETHERIP, H, R), BARE(ETHERIP, A, R)),
	    OUTWARD(BARE(L2TP, H, R), BARE(L2TP, A, R)),
	    OUTWARD(BARE(MPLS, H, R), BARE(MPLS, A, R))),
	ROW("dscp, id and payload stay",
	    OUTWARD(WITH(BARE(GRE, H, R), .tos = 0xb9, .id = 0x1234,
			 .word = 0x3081, .payload = 1200),
		    BARE(GRE, A, R))),
	ROW("of 1 byte",
	    OUTWARD(WITH(BARE(ESP, H, R), .payload = 1), BARE(ESP, A, R))),
	ROW("of no byte",
	    OUTWARD(WITH(BARE(GRE, H, R), .payload = PACKET_EMPTY),
		    BARE(GRE, A, R))),
	ROW("in an ethernet frame with padding",
	    OUTWARD(WITH(BARE(GRE, H, R), .payload = 4, .padding = 22),
		    BARE(GRE, A, R))),
	ROW("to the inner router's network",
	    OUTWARD(BARE(GRE, DEEP, R), BARE(GRE, A, R)),
	    INWARD(BARE(GRE, R, A), BARE(GRE, R, DEEP))),
	ROW("each fragment by itself",
	    OUTWARD(WITH(BARE(GRE, H, R), .fragment = 0x2000, .id = 7),
		    BARE(GRE, A, R)),
	    OUTWARD(WITH(BARE(GRE, H, R), .fragment = 185, .id = 7),
		    BARE(GRE, A, R)),
	    INWARD(WITH(BARE(GRE, R, A), .fragment = 185, .id = 9),
		   BARE(GRE, R, H))),
	ROW("with options, the kernel's way",
	    STOP(LAN, options, WITH(BARE(GRE, H, R), .options = 1),
		 .mark = TP_MARK(PLANE_EXIT_A)),
	    SEND(OUT, translated_slow_out, WITH(BARE(GRE, H, R), .options = 1),
		 BARE(GRE, A, R), .from = PLANE_LAN)),
	ROW("ttl of 1", STOP(LAN, ttl, WITH(BARE(GRE, H, R), .ttl = 1),
			     .mark = TP_MARK(PLANE_EXIT_A))),
	ROW("larger than the exit's mtu",
	    STOP(LAN, too_big, WITH(BARE(GRE, H, R), .payload = 1481),
		 .mark = TP_MARK(PLANE_EXIT_A))),
	ROW("the next hop not known yet",
	    STOP(LAN, no_next_hop, BARE(GRE, H, R), .before = no_next_hop,
		 .mark = TP_MARK(PLANE_EXIT_A))),

	/* one inside host a remote */
	ROW("two hosts, two remotes", OPENED,
	    OUTWARD(BARE(GRE, H2, R2), BARE(GRE, A, R2)), ANSWERED,
	    INWARD(BARE(GRE, R2, A), BARE(GRE, R2, H2))),
	ROW("two hosts, one remote: the second is refused", OPENED,
	    TAKEN(LAN, BARE(GRE, H2, R)), ANSWERED),
	ROW("a fragment that is refused is not answered", OPENED,
	    STOP(LAN, remote_taken, WITH(BARE(GRE, H2, R), .fragment = 185))),
	ROW("until the first is idle", OPENED,
	    TAKEN(LAN, BARE(GRE, H2, R), .later = PLANE_TICKS(299)),
	    OUTWARD(BARE(GRE, H2, R), BARE(GRE, A, R), .later = PLANE_TICKS(2)),
	    INWARD(BARE(GRE, R, A), BARE(GRE, R, H2)),
	    TAKEN(LAN, BARE(GRE, H, R))),
	ROW("to our own address: no hairpin, the gateway's", OPENED,
	    STOP(LAN, local, BARE(GRE, H2, A)),
	    STOP(LAN, local, BARE(GRE, H2, GATEWAY))),
	ROW("by another protocol", OPENED,
	    OUTWARD(BARE(ESP, H2, R), BARE(ESP, A, R)), ANSWERED,
	    INWARD(BARE(ESP, R, A), BARE(ESP, R, H2))),
	ROW("by another external address", OPENED,
	    OUTWARD(BARE(GRE, H2, R), BARE(GRE, B, R), .before = select_b),
	    SEND(WAN_B, translated_in, BARE(GRE, R, B), BARE(GRE, R, H2)),
	    ANSWERED),
	{ .name = "as many as there is room for", .test = many },

	/* life */
	ROW("renewed by what goes out", OPENED,
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R),
		    .later = PLANE_TICKS(200)),
	    INWARD(BARE(GRE, R, A), BARE(GRE, R, H), .later = PLANE_TICKS(200)),
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R),
		    .later = PLANE_TICKS(99))),
	ROW("not by what comes in", OPENED,
	    INWARD(BARE(GRE, R, A), BARE(GRE, R, H), .later = PLANE_TICKS(200)),
	    STOP(WAN, local, BARE(GRE, R, A), .later = PLANE_TICKS(101))),
	ROW("another lease", OPENED,
	    STOP(WAN, local, BARE(GRE, R, A), .before = lose_a),
	    OUTWARD(BARE(GRE, H2, R), BARE(GRE, A, R))),
	ROW("a dead exit: re-bound with the next packet", OPENED,
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, B, R), .before = kill_a),
	    SEND(WAN_B, translated_in, BARE(GRE, R, B), BARE(GRE, R, H))),
	ROW("a live one keeps it", OPENED,
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R), .before = select_b)),

	/* from outside */
	ROW("never asked for", STOP(WAN, local, BARE(GRE, R, A))),
	ROW("by another remote", OPENED, STOP(WAN, local, BARE(GRE, R2, A))),
	ROW("by another protocol", OPENED, STOP(WAN, local, BARE(ESP, R, A))),
	ROW("on another uplink", OPENED, STOP(WAN_B, local, BARE(GRE, R, B)),
	    STOP(WAN_B, inside_from_outside, BARE(GRE, R, A))),
	ROW("address and port filtering has no port to look at",
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R), .before = filter_ports),
	    ANSWERED),

	/* errors about them: both addresses, nothing else */
	ROW("error from outside", OPENED,
	    SEND(WAN, error_in, ERROR(X, A, UNREACHABLE, 4, ABOUT_OUT),
		 ERROR(X, H, UNREACHABLE, 4, THE(BARE(GRE, H, R)))),
	    SEND(WAN, error_in,
		 WITH(ERROR(X, A, TIME_EXCEEDED, 0, ABOUT_OUT), .quoted = 8),
		 ERROR(X, H, TIME_EXCEEDED, 0, THE(BARE(GRE, H, R))))),
	ROW("error about a later fragment", OPENED,
	    SEND(WAN, error_in,
		 ERROR(X, A, UNREACHABLE, 4,
		       THE(BARE(GRE, A, R), .fragment = 185)),
		 ERROR(X, H, UNREACHABLE, 4, THE(BARE(GRE, H, R))))),
	ROW("error about nothing of ours", OPENED,
	    STOP(WAN, local,
		 ERROR(X, A, UNREACHABLE, 4, THE(BARE(GRE, A, R2))))),
	ROW("error from inside", OPENED,
	    SEND(LAN, error_out, ERROR(H, R, UNREACHABLE, 2, ABOUT_IN),
		 ERROR(A, R, UNREACHABLE, 2, THE(BARE(GRE, R, A)))),
	    SEND(LAN, error_out, ERROR(ROUTER, R, TIME_EXCEEDED, 0, ABOUT_IN),
		 ERROR(A, R, TIME_EXCEEDED, 0, THE(BARE(GRE, R, A))))),
	ROW("our kernel's error about one translated inwards", OPENED,
	    SEND(OUT, translated_slow_out,
		 ERROR(A, R, TIME_EXCEEDED, 0, ABOUT_IN),
		 ERROR(A, R, TIME_EXCEEDED, 0, THE(BARE(GRE, R, A))))),

	/* the guard */
	ROW("by the kernel",
	    SEND(OUT, translated_slow_out, BARE(GRE, H, R), BARE(GRE, A, R),
		 .from = PLANE_LAN),
	    ANSWERED, OPENED),
	ROW("by the kernel, when another host has it", OPENED,
	    TAKEN(OUT, BARE(GRE, H2, R), .from = PLANE_LAN)),
	ROW("by the kernel, and by the wrong uplink", OPENED,
	    SEND(OUT_B, moved, WITH(BARE(GRE, H, R), .ttl = 9),
		 WITH(BARE(GRE, A, R), .ttl = 9), .from = PLANE_LAN)),

	/* the gateway's own tunnels */
	ROW("own", STOP(OUT, own, BARE(GRE, A, R)),
	    STOP(WAN, local, BARE(GRE, R, A)), STOP(OUT, own, BARE(AH, A, R)),
	    STOP(WAN, local, BARE(AH, R, A))),
	ROW("own first: a host is refused", STOP(OUT, own, BARE(GRE, A, R)),
	    TAKEN(LAN, BARE(GRE, H, R)), STOP(WAN, local, BARE(GRE, R, A)),
	    OUTWARD(BARE(GRE, H, R2), BARE(GRE, A, R2))),
	ROW("own last: what the gateway needs it takes", OPENED,
	    STOP(OUT, own, BARE(GRE, A, R)), STOP(WAN, local, BARE(GRE, R, A)),
	    TAKEN(LAN, BARE(GRE, H, R), .later = PLANE_TICKS(1))),
	ROW("own, and then idle", STOP(OUT, own, BARE(GRE, A, R)),
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, A, R), .later = UDP_IDLE)),
	ROW("own for as long as it sends", STOP(OUT, own, BARE(GRE, A, R)),
	    STOP(OUT, own, BARE(GRE, A, R), .later = PLANE_TICKS(200)),
	    TAKEN(LAN, BARE(GRE, H, R), .later = PLANE_TICKS(200))),
	/* With tc the fast path's packets pass the guard too. */
	ROW("not own: a host's, that the fast path has translated", OPENED,
	    STOP(OUT, own, BARE(GRE, A, R), .from = PLANE_LAN,
		 .mark_in = TP_MARK(PLANE_EXIT_A)),
	    ANSWERED),

	/* ESP and its IKE */
	ROW("esp follows ike", OUTWARD(UDP(H, 500, R, 500), UDP(A, 0, R, 500)),
	    OUTWARD(BARE(ESP, H, R), BARE(ESP, A, R), .before = select_b)),
	ROW("gre does not", OUTWARD(UDP(H, 500, R, 500), UDP(A, 0, R, 500)),
	    OUTWARD(BARE(GRE, H, R), BARE(GRE, B, R), .before = select_b)),

	/* ownership: a packet without ports is a question like any */
	ROW("H8 asked, F bound",
	    SEND(LAN, question, BARE(GRE, H, R),
		 WITH(.ttl = PACKET_TTL, MY(QUESTION)), .before = with_partner),
	    OUTWARD(WITH(BARE(GRE, H, R), THEIR(RETURNED)), BARE(GRE, A, R),
		    .mark = TP_MARK(PLANE_EXIT_A) | TP_MARK_FROM_PARTNER),
	    ANSWERED),
	ROW("K3 given back",
	    SEND(LAN, returned, WITH(BARE(GRE, H, R), THEIR(QUESTION)),
		 WITH(.ttl = PACKET_TTL, MY(RETURNED)),
		 .before = with_partner)),

	/* refused */
	ROW("ah", STOP(LAN, protocol, BARE(AH, H, R)),
	    STOP(OUT, untranslated, BARE(AH, H, R), .from = PLANE_LAN)),
	ROW("with a pseudo header", STOP(LAN, protocol, BARE(DCCP, H, R)),
	    STOP(LAN, protocol, BARE(UDPLITE, H, R)),
	    STOP(LAN, protocol, BARE(HIP, H, R))),
	ROW("unknown", STOP(LAN, protocol, BARE(UNKNOWN, H, R)),
	    STOP(LAN, protocol, BARE(2, H, R))),
	ROW("to the gateway, and between hosts",
	    STOP(LAN, local, BARE(AH, H, GATEWAY)),
	    STOP(LAN, local, BARE(GRE, H, GATEWAY)),
	    STOP(LAN, inside, BARE(GRE, H, H2)),
	    STOP(LAN, inside, BARE(AH, H, H2)),
	    STOP(LAN, excluded, BARE(GRE, H, EXCLUDED))),
	ROW("a source that is not inside",
	    STOP(LAN, not_inside, BARE(GRE, X, R)),
	    STOP(OUT, untranslated, BARE(GRE, X, R), .from = PLANE_LAN)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
