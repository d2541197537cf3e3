// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ownership.c - rows of our own: several uplinks, two gateways, and which of
 * them a session belongs to.  What takes two running gateways is marked.
 */
#include "settings.h"

/* clang-format off */
#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define NOW .later = 0

/* What a packet becomes when it is handed over, and when it comes so. */
#define HANDED(kind) \
	.to = MAC_PARTNER, .from = MAC_MINE(kind), .ttl = PACKET_TTL
#define TAKE .to = MAC_PARTNER, .from = MAC_LAN, .ttl = PACKET_TTL
#define COME(kind, ...) WITH(__VA_ARGS__, .from = MAC_THEIRS(kind))
#define COME_TAKE(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define ESTABLISHED HOST(SYN, NOW), SERVER(SYN | ACK, NOW), HOST(ACK, NOW)
/* clang-format on */

static const struct vector handover[] = {
	VECTOR_OURS("the middle of a session that I do not have",
		    SEND(LAN, question, TCP(H, 5000, R, 80, ACK),
			 HANDED(TP_KIND_QUESTION), .before = set_partner)),
	VECTOR_OURS("with a TTL of 2, which stays",
		    SEND(LAN, question,
			 WITH(TCP(H, 5000, R, 80, ACK), .ttl = 2),
			 WITH(.to = MAC_PARTNER,
			      .from = MAC_MINE(TP_KIND_QUESTION), .ttl = 2),
			 .before = set_partner)),
};

static const struct vector new_session[] = {
	VECTOR_OURS("asked, given back, and mine",
		    SEND(LAN, question, TCP(H, 5000, R, 80, SYN),
			 HANDED(TP_KIND_QUESTION), .before = set_partner),
		    SEND(LAN, translated_out,
			 COME(TP_KIND_RETURNED, TCP(H, 5000, R, 80, SYN)),
			 TCP(A, 5000, R, 80, SYN)),
		    SERVER(SYN | ACK, NOW)),
	VECTOR_OURS("by the selector, of two uplinks here",
		    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(B, 5000, R, 80, SYN),
			    .before = set_select_b)),
};

static const struct vector bound[] = {
	VECTOR_OURS("a new remote, the old exit", ASKED,
		    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
			    .before = set_select_b)),
	VECTOR_OURS("a partner that holds it binds what is asked for", ASKED,
		    SEND(LAN, translated_out,
			 COME(TP_KIND_QUESTION, UDP(H, 5000, R2, 80)),
			 UDP(A, 5000, R2, 80), .before = set_partner)),
};

static int cut(struct plane *plane)
{
	return set_select_b(plane) ?: set_new_lease(plane);
}

static const struct vector deadline[] = {
	VECTOR_OURS("tcp is told, and opens at the other", ESTABLISHED,
		    HOST(ACK, .before = set_drain_a),
		    STOP(LAN, reset, TCP(H, 5000, R, 80, ACK), .before = cut)),
	VECTOR_OURS("udp re-binds", ASKED,
		    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
			    .before = cut)),
};

static const struct vector dead[] = {
	VECTOR_OURS(
		"tcp is told in its window, a SYN goes elsewhere", ESTABLISHED,
		STOP(LAN, reset, TCP(H, 5000, R, 80, ACK),
		     .before = set_fail_over),
		OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(B, 5000, R, 80, SYN))),
	VECTOR_OURS("udp re-binds with its next packet", ASKED,
		    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
			    .before = set_fail_over)),
};

static const struct vector unknown[] = {
	VECTOR_OURS("asked once, given back, told",
		    SEND(LAN, question, TCP(H, 5000, R, 80, ACK),
			 HANDED(TP_KIND_QUESTION), .before = set_partner),
		    STOP(LAN, reset,
			 COME(TP_KIND_RETURNED, TCP(H, 5000, R, 80, ACK)))),
	VECTOR_OURS("given back without having been asked: dropped",
		    STOP(LAN, stray_return,
			 COME(TP_KIND_RETURNED, UDP(H, 5000, R, 80)),
			 .before = set_partner)),
};

static const struct vector both_believe[] = {
	VECTOR_OURS("what is given back is finished here",
		    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE,
			 .before = set_partner_selected),
		    SEND(LAN, translated_out,
			 COME(TP_KIND_RETURNED, UDP(H, 5000, R, 80)),
			 UDP(A, 5000, R, 80))),
	VECTOR_OURS("what is taken is bound, whatever is selected here",
		    SEND(LAN, translated_out, COME_TAKE(UDP(H, 5000, R, 80)),
			 UDP(A, 5000, R, 80), .before = set_partner_selected)),
	VECTOR_OURS(
		"a question is given back once",
		SEND(LAN, returned, COME(TP_KIND_QUESTION, UDP(H, 5000, R, 80)),
		     HANDED(TP_KIND_RETURNED), .before = set_partner_selected)),
};

static void another_port(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H, 5000, R, 51820), UDP(A, 0, R, 51820),
			    .before = set_new_lease, AFTER(25)));
}

static const struct vector re_dial[] = {
	VECTOR_OURS_TEST("a new mapping with the next packet", another_port,
			 OUTWARD(UDP(H, 5000, R, 51820),
				 UDP(A, 5000, R, 51820))),
	VECTOR_OURS("the old one answers nothing", ASKED,
		    STOP(WAN, any_dropped, UDP(R, 80, A, 5000),
			 .before = set_new_lease)),
};

static int flap(struct plane *plane)
{
	return set_fail_over(plane) ?: set_fail_back(plane);
}

static const struct vector same_address[] = {
	VECTOR_OURS("tcp goes on", ESTABLISHED, HOST(ACK, .before = flap),
		    SERVER(ACK, NOW)),
	VECTOR_OURS("udp goes on", ASKED,
		    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
			    .before = flap)),
};

/* clang-format off */
static const struct vector published[] = {
	VECTOR_OURS("asked by B, answered by B, whoever is selected",
		    SEND(WAN_B, translated_in, TCP(R, 6000, B, 8080, SYN),
			 TCP(R, 6000, H, 80, SYN), .before = set_published),
		    OUTWARD(TCP(H, 80, R, 6000, SYN | ACK),
			    TCP(B, 8080, R, 6000, SYN | ACK)),
		    SEND(WAN_B, translated_in, TCP(R, 6000, B, 8080, ACK),
			 TCP(R, 6000, H, 80, ACK))),
	VECTOR_OURS("asked by A, answered by A",
		    INWARD(TCP(R, 6000, A, 8080, SYN), TCP(R, 6000, H, 80, SYN),
			   .before = set_published),
		    OUTWARD(TCP(H, 80, R, 6000, SYN | ACK),
			    TCP(A, 8080, R, 6000, SYN | ACK),
			    .before = set_select_b)),
};
/* clang-format on */

static const struct vector virtual_mac[] = {
	VECTOR_OURS("served by its own and by the virtual MAC",
		    OUTWARD(WITH(UDP(H, 5000, R, 80), .to = MAC_VIRTUAL),
			    UDP(A, 5000, R, 80)),
		    OUTWARD(WITH(UDP(H, 5000, R, 80), .to = MAC_LAN),
			    UDP(A, 5000, R, 80)),
		    STOP(LAN, not_for_us,
			 WITH(UDP(H, 5000, R, 80), .to = MAC_PARTNER))),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "M1", "", "", OWN,
	  "after a failback the partner serves what it holds: handed over as "
	  "it is",
	  SHOWN_BY(handover) },
	{ "M2", "", "", OWN, "a new session goes by the selector",
	  SHOWN_BY(new_session) },
	{ "M3", "", "", OWN, "a bound endpoint keeps its exit for new remotes",
	  SHOWN_BY(bound) },
	{ "M4", "", "", OWN, "at a drain's deadline sessions are told and move",
	  SHOWN_BY(deadline) },
	{ "M5", "", "", OWN, "a dead uplink's sessions are told, or re-bind",
	  SHOWN_BY(dead) },
	{ "M6", "", "", OWN, "an unknown session is asked for once",
	  SHOWN_BY(unknown) },
	{ "M7", "", "", OWN, "a packet crosses twice at most",
	  SHOWN_BY(both_believe) },
	{ "M8", "", "", OWN,
	  "a gateway that starts attracts nothing before it is ready",
	  .site = true },
	{ "M9", "", "", OWN, "another address: mappings end at once",
	  SHOWN_BY(re_dial) },
	{ "M10", "", "", OWN, "the same address back: all mappings hold",
	  SHOWN_BY(same_address) },
	{ "M11", "", "", OWN,
	  "published: the reply leaves by the uplink the question came by",
	  SHOWN_BY(published) },
	{ "M14", "", "", OWN, "probes leave by their own uplink, always",
	  .site = true },
	{ "M15", "", "", OWN, "a flip loses no packet of a session",
	  .site = true },
	{ "M16", "", "", OWN, "the virtual MAC may move at any time",
	  SHOWN_BY(virtual_mac) },
	{ "M18", "", "", OWN,
	  "without its daemon the data plane goes on, and is adopted",
	  .site = true },
};

const struct section section_ownership = ROWS_OF("Ownership", rows);
