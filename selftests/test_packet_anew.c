// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_anew.c - a port that is used again: the SYN of another connection
 * goes where new sessions go, though the session that it had before is still in
 * the table, on the exit that they have left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

/* ---- what the daemon changes --------------------------------------------- */

static int select_a(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_A);
}

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

static int select_partner(struct plane *plane)
{
	int err = plane_set_partner(plane, TP_PARTNER_TWINPATH);

	return err ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

/* A was dead for a while, in which no packet of the session came. */
static int select_partner_unconfirmed(struct plane *plane)
{
	plane->settings.confirm++;
	return plane_set_settings(plane) ?: select_partner(plane);
}

static int select_router(struct plane *plane)
{
	int err = plane_set_partner(plane, TP_PARTNER_ROUTER);

	return err ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

static int twin(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

/* ---- frames -------------------------------------------------------------- */

#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define TAKE HANDED(MAC_LAN)
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))
#define RETURNED HANDED(MAC_MINE(TP_KIND_RETURNED))
#define TAKEN(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)
#define ASKED(...) WITH(__VA_ARGS__, .from = MAC_THEIRS(TP_KIND_QUESTION))
#define ASKED_SESSION(...) \
	WITH(__VA_ARGS__, .from = MAC_THEIRS(TP_KIND_SESSION_QUESTION))

#define SENT(flags) TCP(H, 5000, R, 80, flags)
#define BY_A(flags, ...) \
	OUTWARD(SENT(flags), TCP(A, 5000, R, 80, flags), __VA_ARGS__)
#define BY_B(flags, ...) \
	OUTWARD(SENT(flags), TCP(B, 5000, R, 80, flags), __VA_ARGS__)
#define ANSWER(flags) \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags))
#define ANSWER_B(flags)                                        \
	SEND(WAN_B, translated_in, TCP(R, 80, B, 5000, flags), \
	     TCP(R, 80, H, 5000, flags))
#define TO_PARTNER(...) SEND(LAN, take, SENT(SYN), TAKE, __VA_ARGS__)

#define UNANSWERED BY_A(SYN)
#define ESTABLISHED BY_A(SYN), ANSWER(SYN | ACK)
#define FINISHED ESTABLISHED, BY_A(FIN | ACK), ANSWER(FIN | ACK)
#define REFUSED BY_A(SYN), ANSWER(RST | ACK)

static const struct row rows[] = {
	/* to another uplink of this gateway */
	ROW("nobody answered: by the selector", UNANSWERED,
	    BY_B(SYN, .before = select_b), ANSWER_B(SYN | ACK), BY_B(ACK)),
	ROW("nobody answered: nor will anybody who does so late", UNANSWERED,
	    BY_B(SYN, .before = select_b),
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN | ACK)),
	    ANSWER_B(SYN | ACK)),
	ROW("finished: by the selector", FINISHED,
	    BY_B(SYN, .before = select_b), ANSWER_B(SYN | ACK), BY_B(ACK)),
	ROW("refused: by the selector", REFUSED, BY_B(SYN, .before = select_b),
	    ANSWER_B(SYN | ACK)),
	ROW("half closed: by the selector", ESTABLISHED, BY_A(FIN | ACK),
	    BY_B(SYN, .before = select_b), ANSWER_B(SYN | ACK)),
	ROW("there again: each time by the selector", UNANSWERED,
	    BY_B(SYN, .before = select_b), BY_B(SYN),
	    BY_A(SYN, .before = select_a), ANSWER(SYN | ACK)),

	/* what stays */
	ROW("the selector as it was: the same session", FINISHED, BY_A(SYN),
	    ANSWER(SYN | ACK)),
	ROW("established: stays, for the answer may be under way", ESTABLISHED,
	    BY_A(SYN, .before = select_b), BY_A(ACK), ANSWER(ACK)),
	ROW("what follows the SYN of one that ended stays", FINISHED,
	    BY_A(ACK, .before = select_b)),
	ROW("the outside has begun one: answered by the way it came",
	    UNANSWERED, ANSWER(SYN), BY_A(SYN, .before = select_b)),

	/* to the partner */
	ROW("H5 nobody answered: taken", UNANSWERED,
	    TO_PARTNER(.before = select_partner)),
	ROW("H5 the same, and the exit was dead since", UNANSWERED,
	    TO_PARTNER(.before = select_partner_unconfirmed)),
	ROW("H5 finished: taken; what follows is not held here", FINISHED,
	    TO_PARTNER(.before = select_partner),
	    SEND(LAN, question, SENT(ACK), QUESTION)),
	ROW("router: nobody answered: taken", UNANSWERED,
	    TO_PARTNER(.before = select_router)),

	/* the partner asks */
	ROW("K3 my new ones are the partner's: not mine", UNANSWERED,
	    SEND(LAN, returned, ASKED(SENT(SYN)), RETURNED,
		 .before = select_partner),
	    SEND(LAN, returned, ASKED(SENT(ACK)), RETURNED)),
	ROW("K3 nor this very session", FINISHED,
	    SEND(LAN, returned, ASKED_SESSION(SENT(SYN)), RETURNED,
		 .before = select_partner)),
	ROW("K1 my new ones are mine: served", UNANSWERED,
	    OUTWARD(ASKED(SENT(SYN)), TCP(A, 5000, R, 80, SYN), .before = twin),
	    OUTWARD(ASKED_SESSION(SENT(SYN)), TCP(A, 5000, R, 80, SYN))),
	ROW("K4 taken: bound here all the same", UNANSWERED,
	    OUTWARD(TAKEN(SENT(SYN)), TCP(A, 5000, R, 80, SYN),
		    .before = select_partner),
	    ANSWER(SYN | ACK)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
