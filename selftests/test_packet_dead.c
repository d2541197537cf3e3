// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_dead.c - what a dead exit leaves behind: sessions that wait for it
 * (rule W, "hold"), and bindings whose endpoints have left (rule K2 of a partner
 * that comes back).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

#define HOLD PLANE_TICKS(10)

/* ---- what the daemon changes --------------------------------------------- */

static int dead(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int held(struct plane *plane)
{
	return dead(plane) ?: plane_wait(plane, PLANE_EXIT_A, HOLD);
}

static int back(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_UP);

	return err ?: plane_select(plane, PLANE_EXIT_A);
}

/* It comes back with another address. */
static int new_address(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

static int twin(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int held_and_twin(struct plane *plane)
{
	return held(plane) ?: twin(plane);
}

/* All exits of mine are dead, so that it is the partner's turn. */
static int nothing_left(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_B, TP_EXIT_DEAD);

	plane->settings.confirm++;
	return err ?: dead(plane) ?: twin(plane);
}

static int nothing_left_but_hope(struct plane *plane)
{
	return nothing_left(plane) ?: plane_wait(plane, PLANE_EXIT_A, HOLD);
}

static int all_back(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_B, TP_EXIT_UP);

	return err ?: back(plane);
}

/* ---- frames -------------------------------------------------------------- */

#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))
#define RETURNED HANDED(MAC_MINE(TP_KIND_RETURNED))
#define FROM_PARTNER(kind, ...) WITH(__VA_ARGS__, .from = MAC_THEIRS(kind))
#define ASKED(...) FROM_PARTNER(TP_KIND_QUESTION, __VA_ARGS__)
#define ASKED_SESSION(...) FROM_PARTNER(TP_KIND_SESSION_QUESTION, __VA_ARGS__)
#define GIVEN_BACK(...) FROM_PARTNER(TP_KIND_RETURNED, __VA_ARGS__)
#define TAKEN(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)

#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define ESTABLISHED HOST(SYN), SERVER(SYN | ACK)
#define DATA TCP(H, 5000, R, 80, ACK)
#define WAITS(packet, ...) STOP(LAN, hold, WITH(packet), __VA_ARGS__)
#define RESET(...) STOP(LAN, reset, DATA, __VA_ARGS__)
#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))

/* ---- lines that others could use ------------------------------------------ */

/* Without judgement: does a datagram from this port leave? */
static bool leaves(struct bench *bench, unsigned int port)
{
	const struct packet packet = { UDP(H2, port, R, 80), .to = MAC_LAN,
				       .from = MAC_H2, .ttl = PACKET_TTL };
	uint8_t frame[PACKET_MAX];
	const struct plane_input input = {
		.hook = bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
		.ifindex = PLANE_LAN,
		.frame = frame,
		.size = packet_build(&packet, frame),
	};

	assert_int_equal(plane_run(bench->plane, &input, &bench->output), 0);
	/* A host that is refused is told so, in a packet of another size. */
	return bench->output.verdict == PLANE_FORWARDED &&
	       bench->output.size == input.size;
}

/* A full table sweeps what nobody misses: not what is waited for. */
static void not_swept(struct bench *bench)
{
	struct step step = STOP(LAN, hold, TCP(H, 5000, R, 80, ACK));
	unsigned int count = 0, n;

	assert_int_equal(held(bench->plane), 0);
	for (n = 0; n < 2 * bench->plane->lines; n++)
		count += leaves(bench, 2000 + n);
	assert_in_range(count, bench->plane->lines / 2, bench->plane->lines);
	rows_step(bench, &step);
}

static const struct row rows[] = {
	/* hold */
	ROW("W a connection waits, and goes on", ESTABLISHED,
	    WAITS(DATA, .before = held), WAITS(DATA, AFTER(9.5)),
	    HOST(ACK, .before = back), SERVER(ACK)),
	ROW("W not for ever", ESTABLISHED, WAITS(DATA, .before = held),
	    RESET(AFTER(10.2)), RESET(.before = back)),
	ROW("W not without hold", ESTABLISHED, RESET(.before = dead)),
	ROW("W not for another address", ESTABLISHED,
	    WAITS(DATA, .before = held), RESET(.before = new_address)),
	ROW("W a half-closed one waits too", ESTABLISHED, HOST(FIN | ACK),
	    WAITS(DATA, .before = held), HOST(ACK, .before = back)),
	ROW("W its reset does not get through either", ESTABLISHED,
	    WAITS(TCP(H, 5000, R, 80, RST | ACK), .before = held)),
	ROW("W an error about it", ESTABLISHED,
	    STOP(LAN, hold,
		 ERROR(H, R, UNREACHABLE, 3, THE(TCP(R, 80, H, 5000, ACK))),
		 .before = held)),
	ROW("W a syn opens it anew", ESTABLISHED,
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(B, 5000, R, 80, SYN),
		    .before = held),
	    OUTWARD(DATA, TCP(B, 5000, R, 80, ACK)),
	    OUTWARD(DATA, TCP(B, 5000, R, 80, ACK), .before = back)),
	ROW("W a syn that the partner takes", ESTABLISHED,
	    SEND(LAN, take, TCP(H, 5000, R, 80, SYN), HANDED(MAC_LAN),
		 .before = nothing_left_but_hope),
	    SEND(LAN, question, DATA, QUESTION, .before = all_back)),
	ROW("W datagrams and pings go elsewhere at once", OPENED,
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80), .before = held),
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, B, R, 7000))),
	ROW("W whoever brings it", ESTABLISHED,
	    WAITS(DATA, .before = held_and_twin), WAITS(ASKED(DATA)),
	    WAITS(ASKED_SESSION(DATA)), WAITS(TAKEN(DATA))),
	{ .name = "W its line is not swept",
	  .steps = { ESTABLISHED },
	  .test = not_swept },

	/* endpoints that left */
	ROW("K2 an endpoint that had no packet is still mine", OPENED,
	    STOP(BACK, COUNT, UDP(H, 5000, R, 80), .before = nothing_left),
	    OUTWARD(ASKED(UDP(H, 5000, R2, 80)), UDP(A, 5000, R2, 80),
		    .before = all_back)),
	ROW("K2 not one that had to leave", OPENED,
	    SEND(LAN, take, UDP(H, 5000, R2, 80), HANDED(MAC_LAN),
		 .before = nothing_left),
	    SEND(LAN, returned, ASKED(UDP(H, 5000, R2, 80)), RETURNED,
		 .before = all_back)),
	ROW("K2 nor one that the partner asked about", OPENED,
	    SEND(LAN, returned, ASKED(UDP(H, 5000, R2, 80)), RETURNED,
		 .before = nothing_left),
	    SEND(LAN, returned, ASKED(UDP(H, 5000, R2, 80)), RETURNED,
		 .before = all_back)),
	ROW("H8 bound here again: with its port, and mine again", OPENED,
	    SEND(LAN, take, UDP(H, 5000, R2, 80), HANDED(MAC_LAN),
		 .before = nothing_left),
	    SEND(LAN, question, UDP(H, 5000, R2, 80), QUESTION,
		 .before = all_back),
	    OUTWARD(GIVEN_BACK(UDP(H, 5000, R2, 80)), UDP(A, 5000, R2, 80)),
	    OUTWARD(ASKED(UDP(H, 5000, X, 80)), UDP(A, 5000, X, 80))),
	ROW("K2 a syn as well", HOST(SYN),
	    SEND(LAN, take, TCP(H, 5000, R2, 80, SYN), HANDED(MAC_LAN),
		 .before = nothing_left),
	    SEND(LAN, returned, ASKED(TCP(H, 5000, R2, 80, SYN)), RETURNED,
		 .before = all_back)),
	ROW("U1 an endpoint that moved stays where it is", OPENED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80), .before = dead),
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(B, 5000, R2, 80),
		    .before = back)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
