// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_share.c - new sessions by the inside host: one exit for all that a
 * host sends, whatever the selector is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "harness/rows.h"

/* The slot of H: of ::ffff:a.b.c.d, mixed FNV-1a; worked out elsewhere. */
#define SLOT_H 7954

static int give(struct plane *plane, uint8_t h, uint8_t others)
{
	struct tp_selector selector = { .exit = PLANE_EXIT_A, .shared = 1 };
	static struct tp_shares shares;
	int err;

	memset(&shares, others, sizeof(shares));
	shares.exit[SLOT_H] = h;
	err = plane_set(plane->skel->maps.shares, 0, &shares);
	return err ?: plane_set(plane->skel->maps.selector, 0, &selector);
}

static int h_by_b(struct plane *plane)
{
	return give(plane, PLANE_EXIT_B, PLANE_EXIT_A);
}

/* The same table, but not in use. */
static int not_shared(struct plane *plane)
{
	return h_by_b(plane) ?: plane_select(plane, PLANE_EXIT_A);
}

static int others_by_b(struct plane *plane)
{
	return give(plane, PLANE_EXIT_A, PLANE_EXIT_B);
}

static int h_by_nobody(struct plane *plane)
{
	return give(plane, 0, PLANE_EXIT_B);
}

static int b_is(struct plane *plane, enum tp_exit_state state)
{
	return h_by_b(plane) ?:
			       plane_set_exit_state(plane, PLANE_EXIT_B, state);
}

static int b_is_dead(struct plane *plane)
{
	return b_is(plane, TP_EXIT_DEAD);
}

static int b_is_avoided(struct plane *plane)
{
	return b_is(plane, TP_EXIT_AVOID);
}

static int b_drains(struct plane *plane)
{
	return b_is(plane, TP_EXIT_DRAIN);
}

static int h_by_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH) ?:
		       give(plane, PLANE_EXIT_PARTNER, PLANE_EXIT_A);
}

static int h_mine_with_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH) ?: h_by_b(plane);
}

#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define TAKE HANDED(MAC_LAN)
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))
#define TAKEN(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)

#define BY_B OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80), .before = h_by_b)

static const struct row rows[] = {
	ROW("a host's share", BY_B,
	    OUTWARD(UDP(H2, 5001, R, 80), UDP(A, 5001, R, 80)),
	    OUTWARD(UDP(DEEP, 5002, R, 80), UDP(A, 5002, R, 80))),
	ROW("all that it sends, wherever to", BY_B,
	    OUTWARD(UDP(H, 5000, R2, 90), UDP(B, 5000, R2, 90)),
	    OUTWARD(UDP(H, 6000, R2, 53), UDP(B, 6000, R2, 53)),
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(B, 5000, R, 80, SYN)),
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, B, R, 7000))),
	ROW("the slots are those of another machine, too",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = others_by_b),
	    OUTWARD(UDP(H2, 5001, R, 80), UDP(B, 5001, R, 80)),
	    OUTWARD(UDP(DEEP, 5002, R, 80), UDP(B, 5002, R, 80))),
	ROW("not while the selector says that nothing is shared",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = not_shared)),
	ROW("nobody's slot is the selector's",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = h_by_nobody)),
	ROW("the share of a dead exit",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = b_is_dead)),
	ROW("of one to be avoided",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = b_is_avoided)),
	ROW("of one that drains",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN),
		    .before = b_drains)),
	ROW("a session stays where it is",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = h_by_b)),
	ROW("M3 binding beats share",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
		    .before = h_by_b)),
	ROW("M2 a syn binds by the share",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    OUTWARD(TCP(H, 5000, R2, 80, SYN), TCP(B, 5000, R2, 80, SYN),
		    .before = h_by_b)),
	ROW("what the kernel shall send goes by it, too",
	    STOP(LAN, ttl, WITH(UDP(H, 5000, R, 80), .ttl = 1),
		 .before = h_by_b, .mark = TP_MARK(PLANE_EXIT_B)),
	    STOP(LAN, ttl, WITH(UDP(H2, 5000, R, 80), .ttl = 1),
		 .mark = TP_MARK(PLANE_EXIT_A))),
	ROW("so does a tunnel",
	    OUTWARD(BARE(47, H, R), BARE(47, B, R), .before = h_by_b)),
	ROW("H5 the partner's share is handed over",
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE, .before = h_by_partner),
	    SEND(LAN, take, TCP(H, 5000, R, 80, SYN), TAKE),
	    SEND(LAN, question, UDP(H2, 5000, R, 80), QUESTION)),
	ROW("H8 mine is asked about: never quiet",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION,
		 .before = h_mine_with_partner)),
	ROW("K4 what the partner hands over goes by its share",
	    OUTWARD(TAKEN(UDP(H, 5000, R, 80)), UDP(B, 5000, R, 80),
		    .before = h_mine_with_partner)),
	ROW("K4 and by mine, when we disagree",
	    OUTWARD(TAKEN(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
		    .before = h_by_partner)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
