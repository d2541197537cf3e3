// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_egress.c - the guard: what the kernel sends out of an uplink is
 * translated or dropped, unless it is the gateway's own.  The kernel has aged
 * and framed the packet already: neither TTL nor MAC addresses change.
 */
#include <stdint.h>

#include "harness/rows.h"

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

static int lose_next_hop_b(struct plane *plane)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_B, &exit);

	exit.flags &= ~TP_EXIT_HAS_NEXT_HOP;
	return err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_B, &exit);
}

static int kill_a(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int forget_link(struct plane *plane)
{
	const struct tp_link none = { 0 };

	return plane_set(plane->skel->maps.links, PLANE_ISP_A, &none);
}

#define FROM_R THE(UDP(R, 80, H, 5000)) /* quoted by an error */
#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define OPENED_BY_B \
	OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80), .before = select_b)
/* Forwarded by the kernel, from the LAN to isp-a. */
/* clang-format off */
#define FORWARDED(packet, result)                               \
	{ .side = OUT, .why = TP_REASON_translated_slow_out,    \
	  .in = { packet }, .out = { result }, .from = PLANE_LAN }
#define CAUGHT(reason, packet, ...)                        \
	{ .side = OUT, .why = TP_REASON_##reason,          \
	  .in = { packet }, .from = PLANE_LAN, __VA_ARGS__ }
/* clang-format on */

static const struct row rows[] = {
	/* translated */
	ROW("a new session",
	    FORWARDED(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))),
	ROW("a new connection",
	    FORWARDED(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))),
	ROW("a new query",
	    FORWARDED(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))),
	ROW("with the ttl, dscp and id that the kernel gave it",
	    FORWARDED(WITH(UDP(H, 5000, R, 80), .ttl = 1, .tos = 0xb9,
			   .id = 0x1234),
		      UDP(A, 5000, R, 80))),
	ROW("by the fast path's session", OPENED,
	    FORWARDED(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))),
	ROW("a session of the fast path's endpoint", OPENED,
	    FORWARDED(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80))),
	ROW("U21 no checksum stays none",
	    FORWARDED(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		      UDP(A, 5000, R, 80))),
	ROW("with options", FORWARDED(WITH(UDP(H, 5000, R, 80), .options = 3),
				      UDP(A, 5000, R, 80))),
	ROW("an error of an inner router", OPENED,
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)),
	    FORWARDED(ERROR(ROUTER, R, UNREACHABLE, 1, FROM_R),
		      ERROR(A, R, UNREACHABLE, 1, THE(UDP(R, 80, A, 5000))))),
	ROW("our kernel's error about a packet translated inwards", OPENED,
	    SEND(OUT, translated_slow_out,
		 ERROR(A, R, TIME_EXCEEDED, 0, FROM_R),
		 ERROR(A, R, TIME_EXCEEDED, 0, THE(UDP(R, 80, A, 5000))))),

	/* the gateway's own */
	ROW("own", STOP(OUT, own, UDP(A, 61000, R, 53)),
	    STOP(OUT, own, TCP(A, 22, R, 5000, SYN | ACK)),
	    STOP(OUT, own, QUERY(ECHO, A, R, 61000)),
	    STOP(OUT_B, own, UDP(B, 61000, R, 53))),
	ROW("own error",
	    STOP(OUT, own, ERROR(A, R, UNREACHABLE, 3, THE(UDP(R, 80, A, 9))))),
	ROW("dhcp without an address",
	    STOP(OUT, own, UDP(0, 68, IP(255, 255, 255, 255), 67))),
	ROW("arp and ipv6",
	    STOP(OUT, not_ip, WITH(.ethertype = 0x0806, .payload = 46)),
	    STOP(OUT, ipv6, WITH(.ethertype = 0x86dd, .payload = 80))),

	/* the wrong uplink */
	ROW("put right", OPENED_BY_B,
	    SEND(OUT, moved, WITH(UDP(H, 5000, R, 80), .ttl = 9),
		 WITH(UDP(B, 5000, R, 80), .ttl = 9), .from = PLANE_LAN)),
	ROW("cannot be put right", OPENED_BY_B,
	    CAUGHT(wrong_uplink, UDP(H, 5000, R, 80),
		   .before = lose_next_hop_b)),
	ROW("never bound anew there",
	    CAUGHT(untranslated, UDP(H, 5000, R, 80), .before = select_b)),
	ROW("a dead exit's session is none", OPENED,
	    CAUGHT(untranslated, UDP(H, 5000, R, 80), .before = kill_a)),

	/* never untranslated */
	ROW("mid-stream", CAUGHT(untranslated, TCP(H, 5000, R, 80, ACK))),
	ROW("echo reply", CAUGHT(untranslated, QUERY(ECHO_REPLY, H, R, 7))),
	ROW("a protocol that cannot be translated",
	    CAUGHT(untranslated, BARE(51, H, R))),
	ROW("a fragment",
	    CAUGHT(fragment, WITH(UDP(H, 5000, R, 80), .fragment = 185))),
	ROW("an error about nothing of ours",
	    CAUGHT(error_lost, ERROR(H, R, UNREACHABLE, 3, FROM_R))),
	ROW("a redirect",
	    CAUGHT(untranslated, ERROR(H, R, REDIRECT, 1, FROM_R))),
	ROW("a source that is not inside",
	    CAUGHT(untranslated, UDP(X, 5000, R, 80))),
	ROW("our own address inside",
	    STOP(OUT, untranslated, UDP(GATEWAY, 5000, R, 80))),
	ROW("no address, and not dhcp",
	    STOP(OUT, untranslated, UDP(0, 5000, R, 80))),
	ROW("malformed",
	    CAUGHT(malformed, WITH(UDP(H, 5000, R, 80), .udp_length = 7))),
	ROW("by an uplink that we do not know",
	    CAUGHT(untranslated, UDP(H, 5000, R, 80), .before = forget_link),
	    STOP(OUT, not_ip, WITH(.ethertype = 0x0806, .payload = 46))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
