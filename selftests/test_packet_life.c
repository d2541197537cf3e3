// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_life.c - how long sessions and bindings live: timers, the TCP
 * state machine (RFC 6146 3.5.2), leases of addresses, dying exits.  Time
 * passes by the test offset of the settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

/* ---- what the daemon changes --------------------------------------------- */

static int new_lease(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

static int fail_over(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int come_back(struct plane *plane);

static int flap(struct plane *plane)
{
	return fail_over(plane) ?: come_back(plane);
}

static int come_back(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_UP);

	return err ?: plane_select(plane, PLANE_EXIT_A);
}

static int drain(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DRAIN);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int avoid(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_AVOID);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

static int short_dns(struct plane *plane)
{
	plane->settings.timers.dns = PLANE_TICKS(10);
	return plane_set_settings(plane);
}

/* ---- rows that need more than packets ------------------------------------ */

/* Half a timer between packets, four timers long: the port stays. */
static void refreshed(struct bench *bench)
{
	uint16_t port;

	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80)));
	port = bench->port;
	for (int i = 0; i < 8; i++) {
		STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80),
				    .later = PLANE_TICKS(150)));
		assert_int_equal(bench->port, port);
	}
}

/* RFC 6888 REQ-8: a freed port stays away from other hosts. */
static void held(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80),
			    .later = PLANE_TICKS(300 + 119)));
	assert_int_not_equal(bench->port, 5000);
}

/* ---- the table ----------------------------------------------------------- */

#define AFTER(seconds) .later = PLANE_TICKS(seconds)

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define PINGED OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))
#define ANSWER(...) \
	INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000), __VA_ARGS__)
#define NO_ANSWER(...) STOP(WAN, unsolicited, UDP(R, 80, A, 5000), __VA_ARGS__)

#define LOOKED_UP(...) \
	OUTWARD(UDP(H, 5353, R, 53), UDP(A, 5353, R, 53), __VA_ARGS__)
#define RESOLVED(...) \
	INWARD(UDP(R, 53, A, 5353), UDP(R, 53, H, 5353), __VA_ARGS__)

#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define NO_SERVER(...) \
	STOP(WAN, unsolicited, TCP(R, 80, A, 5000, ACK), __VA_ARGS__)
#define HOST_LOST(...) STOP(LAN, reset, TCP(H, 5000, R, 80, ACK), __VA_ARGS__)
#define ESTABLISHED HOST(SYN), SERVER(SYN | ACK)
#define CLOSED ESTABLISHED, HOST(FIN | ACK), SERVER(FIN | ACK)

static const struct row rows[] = {
	/* UDP and ICMP */
	ROW("U6 two minutes", ASKED, ANSWER(AFTER(119.9))),
	ROW("U6 the timer", ASKED, ANSWER(AFTER(299)), NO_ANSWER(AFTER(2))),
	ROW("U6 used again after it", ASKED,
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80), AFTER(301)),
	    STOP(WAN, filtered, UDP(R, 80, A, 5000))),
	{ .name = "U8 refreshed from inside",
	  .steps = { ASKED },
	  .test = refreshed },
	ROW("U9 not refreshed from outside", ASKED, ANSWER(AFTER(200)),
	    ANSWER(AFTER(90)), NO_ANSWER(AFTER(20))),
	ROW("I3 a minute", PINGED,
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000), QUERY(ECHO_REPLY, R, H, 7000),
		   AFTER(59.5)),
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 7000), AFTER(2))),
	ROW("U7 dns by the timer of udp", LOOKED_UP(), RESOLVED(AFTER(299))),
	ROW("U7 dns by its own", LOOKED_UP(.before = short_dns), ASKED,
	    RESOLVED(AFTER(9.5)),
	    STOP(WAN, unsolicited, UDP(R, 53, A, 5353), AFTER(2)), ANSWER()),
	ROW("I11 an error about a query neither ends nor prolongs it", PINGED,
	    SEND(WAN, error_in,
		 ERROR(X, A, TIME_EXCEEDED, 0, THE(QUERY(ECHO, A, R, 7000))),
		 ERROR(X, H, TIME_EXCEEDED, 0, THE(QUERY(ECHO, H, R, 7000))),
		 AFTER(30)),
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000), QUERY(ECHO_REPLY, R, H, 7000),
		   AFTER(29.5)),
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 7000), AFTER(2))),
	{ .name = "C4 the port is held", .steps = { ASKED }, .test = held },
	ROW("C4 and then free", ASKED,
	    OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 5000, R, 80),
		    AFTER(300 + 121)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H2, 5000))),

	/* TCP */
	ROW("T7 established: two hours, four minutes", ESTABLISHED,
	    SERVER(ACK, AFTER(7439)), NO_SERVER(AFTER(2))),
	ROW("T7 from the host", ESTABLISHED, HOST(ACK, AFTER(7439)),
	    SERVER(ACK, AFTER(7439))),
	ROW("T8 a syn: four minutes", HOST(SYN), SERVER(SYN | ACK, AFTER(239))),
	ROW("T8 and not more", HOST(SYN),
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN | ACK), AFTER(241))),
	ROW("S4 syn again refreshes", HOST(SYN), HOST(SYN, AFTER(200)),
	    SERVER(SYN | ACK, AFTER(200))),
	ROW("S8 half-closed by the server is established", ESTABLISHED,
	    SERVER(FIN | ACK), HOST(ACK, AFTER(7000))),
	ROW("S9 half-closed by the host is established", ESTABLISHED,
	    HOST(FIN | ACK), SERVER(ACK, AFTER(7000))),
	ROW("S10 S13 closed: four minutes", CLOSED, HOST(ACK, AFTER(239))),
	ROW("S13 and not more", CLOSED, HOST_LOST(AFTER(241))),
	ROW("S13 packets do not keep it", CLOSED, HOST(ACK, AFTER(200)),
	    HOST_LOST(AFTER(41))),
	ROW("S14 a syn from the host opens it anew", CLOSED, HOST(SYN),
	    SERVER(SYN | ACK)),
	ROW("S14 not one from the server alone", CLOSED, SERVER(SYN),
	    HOST_LOST(AFTER(300))),
	ROW("S11 rst: four minutes", ESTABLISHED, SERVER(RST | ACK),
	    NO_SERVER(AFTER(241))),
	ROW("S12 rst taken back", ESTABLISHED, SERVER(RST),
	    HOST(ACK, AFTER(239)), SERVER(ACK, AFTER(7439))),
	ROW("T14 a forged rst does not free the port", ESTABLISHED,
	    SERVER(RST, AFTER(7000)), SERVER(ACK, AFTER(200))),
	ROW("V3 rst from the host", ESTABLISHED, HOST(RST | ACK),
	    SERVER(ACK, AFTER(239))),

	/* leases of the address */
	ROW("M9 another lease voids the binding", ASKED,
	    NO_ANSWER(.before = new_lease)),
	ROW("M9 the next packet binds anew", ASKED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 0, R, 80),
		    .before = new_lease)),
	ROW("M9 a connection is lost", ESTABLISHED,
	    HOST_LOST(.before = new_lease)),
	ROW("M9 another lease frees the ports", ASKED,
	    OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = new_lease)),

	/* exits */
	ROW("M5 dead: udp binds at the other", ASKED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
		    .before = fail_over),
	    SEND(WAN_B, translated_in, UDP(R, 80, B, 5000),
		 UDP(R, 80, H, 5000))),
	ROW("M5 dead: a connection is lost, a syn is not", ESTABLISHED,
	    HOST_LOST(.before = fail_over),
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(B, 5000, R, 80, SYN))),
	ROW("M10 back with the same address: all is valid", ESTABLISHED,
	    HOST(ACK, .before = flap), SERVER(ACK)),
	ROW("M10 but for those who were told meanwhile", ESTABLISHED,
	    HOST_LOST(.before = fail_over), HOST_LOST(.before = come_back)),
	ROW("failback: udp that moved stays", ASKED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
		    .before = fail_over),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(B, 5000, R, 80),
		    .before = come_back)),
	ROW("drain keeps what it has", ESTABLISHED, HOST(ACK, .before = drain),
	    SERVER(ACK),
	    OUTWARD(TCP(H, 5001, R, 80, SYN), TCP(B, 5001, R, 80, SYN))),
	ROW("drain takes nothing new, of its endpoints neither", ASKED,
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(B, 5000, R2, 80),
		    .before = drain),
	    ASKED),
	ROW("avoid keeps what it has", ESTABLISHED, HOST(ACK, .before = avoid),
	    SERVER(ACK), OUTWARD(UDP(H, 5001, R, 80), UDP(B, 5001, R, 80))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
