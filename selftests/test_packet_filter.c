// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_filter.c - who may send to a mapping, for how long, and what does
 * not make that longer: RFC 4787 section 5 and REQ-8, RFC 5382 REQ-3, RFC 7857
 * section 7.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

#define AFTER(seconds) .later = PLANE_TICKS(seconds)

static int anybody(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

static int exactly(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ADDRESS_AND_PORT);
}

static int cut(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

static int flip(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

#define TO(remote, port, ...)                                           \
	OUTWARD(UDP(H, 5000, remote, port), UDP(A, 5000, remote, port), \
		__VA_ARGS__)
#define FROM(remote, port, ...)                                        \
	INWARD(UDP(remote, port, A, 5000), UDP(remote, port, H, 5000), \
	       __VA_ARGS__)
#define NOT_FROM(remote, port, ...) \
	STOP(WAN, filtered, UDP(remote, port, A, 5000), __VA_ARGS__)
#define GONE(remote, port, ...) \
	STOP(WAN, unsolicited, UDP(remote, port, A, 5000), __VA_ARGS__)

#define SYN_TO(remote, port, ...)                \
	OUTWARD(TCP(H, 5000, remote, port, SYN), \
		TCP(A, 5000, remote, port, SYN), __VA_ARGS__)
#define SYN_FROM(remote, port, ...)             \
	INWARD(TCP(remote, port, A, 5000, SYN), \
	       TCP(remote, port, H, 5000, SYN), __VA_ARGS__)

/* ---- rows that need more than packets ------------------------------------ */

/* How many words of permission there are. */
static unsigned int permits(const struct bench *bench)
{
	struct bpf_map *map = bench->plane->skel->maps.permits;
	struct tp_permits bucket;
	unsigned int count = 0;

	for (__u32 i = 0; i < bpf_map__max_entries(map); i++) {
		assert_int_equal(plane_get(map, i, &bucket), 0);
		for (int n = 0; n < TP_PERMIT_WORDS; n++)
			count += !!bucket.word[n];
	}
	return count;
}

/* One remote address needs no permit; each that is left has one. */
static void written(struct bench *bench)
{
	assert_int_equal(permits(bench), 0);
	STEP(bench, TO(R, 81));
	assert_int_equal(permits(bench), 0);
	STEP(bench, TO(R2, 90)); /* R is left */
	assert_int_equal(permits(bench), 1);
	STEP(bench, TO(R2, 91));
	STEP(bench, TO(R, 82)); /* R2 is */
	assert_int_equal(permits(bench), 2);
	STEP(bench, TO(X, 80)); /* R again */
	assert_int_equal(permits(bench), 2);
}

/* Where no remote is asked for, none is written down. */
static void none_written(struct bench *bench)
{
	STEP(bench, TO(R2, 90));
	assert_int_equal(permits(bench), 0);
}

/* Half a timer between packets, four timers long, to each in turn. */
static void renewed(struct bench *bench)
{
	for (int i = 0; i < 8; i++) {
		STEP(bench, TO(R, 80, AFTER(75)));
		STEP(bench, TO(R2, 90, AFTER(75)));
	}
	STEP(bench, FROM(R, 9, AFTER(70)));
	STEP(bench, FROM(R2, 9));
	STEP(bench, NOT_FROM(X, 9));
}

/* Only the second is sent to: the first is forgotten when its time is over. */
static void forgotten(struct bench *bench)
{
	STEP(bench, TO(R2, 90, AFTER(150)));
	STEP(bench, FROM(R, 9, AFTER(140))); /* 290 s; and it renews nothing */
	STEP(bench, TO(R2, 90));
	STEP(bench, NOT_FROM(R, 9, AFTER(12)));
	STEP(bench, FROM(R2, 9));
}

/* From when it was last sent to, not from when another was. */
static void since_then(struct bench *bench)
{
	STEP(bench, TO(R2, 90, AFTER(200)));
	STEP(bench, FROM(R, 9, AFTER(99)));
	STEP(bench, NOT_FROM(R, 9, AFTER(2)));
	STEP(bench, FROM(R2, 9));
}

/* The session to the first is still there, and its exact endpoint with it. */
static void session_stays(struct bench *bench)
{
	STEP(bench, TO(R2, 90, AFTER(10)));
	STEP(bench, FROM(R, 80, AFTER(289)));
	STEP(bench, NOT_FROM(R, 80, AFTER(2)));
}

/* Strangers every 50 s, for as long as the mapping lives. */
static void strangers(struct bench *bench)
{
	for (int i = 0; i < 5; i++)
		STEP(bench, FROM(IP(192, 0, 2, 100 + i), 9, AFTER(50)));
	STEP(bench, FROM(R2, 9, AFTER(49)));
	STEP(bench, GONE(R2, 9, AFTER(2)));
}

/* ---- the table ----------------------------------------------------------- */

static const struct row rows[] = {
	/* U11, T4: whoever the endpoint has sent to, from any port */
	ROW("U11 address: any port of an earlier remote", TO(R, 80), TO(R2, 90),
	    FROM(R, 9), FROM(R2, 9), NOT_FROM(X, 90)),
	ROW("U11 address: of each of three", TO(R, 80), TO(R2, 90), TO(X, 100),
	    FROM(R, 9), FROM(R2, 9), FROM(X, 9)),
	ROW("U11 address: none before it was sent to", TO(R, 80),
	    NOT_FROM(R2, 90), TO(R2, 90), FROM(R2, 9)),
	ROW("U11 address: one endpoint's are not another's", TO(R, 80),
	    TO(R2, 90), OUTWARD(UDP(H, 5001, X, 80), UDP(A, 5001, X, 80)),
	    STOP(WAN, filtered, UDP(R, 80, A, 5001)),
	    STOP(WAN, filtered, UDP(R2, 90, A, 5001)), NOT_FROM(X, 80)),
	ROW("U11 address: UDP opens nothing for TCP", TO(R, 80), TO(R2, 90),
	    SYN_TO(X, 80), STOP(WAN, filtered, TCP(R, 9, A, 5000, SYN)),
	    STOP(WAN, filtered, TCP(R2, 9, A, 5000, SYN))),
	ROW("T4 address: a SYN of an earlier remote", SYN_TO(R, 80),
	    SYN_TO(R2, 80), SYN_FROM(R, 9), SYN_FROM(R2, 9),
	    STOP(WAN, filtered, TCP(X, 9, A, 5000, SYN))),
	ROW("I2 address: a reply of an earlier remote",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    OUTWARD(QUERY(ECHO, H, R2, 7000), QUERY(ECHO, A, R2, 7000)),
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000),
		   QUERY(ECHO_REPLY, R, H, 7000)),
	    /* A stray one: the gateway itself may have asked. */
	    STOP(WAN, local, QUERY(ECHO_REPLY, X, A, 7000))),
	ROW("U11 address and port: not another port of an earlier remote",
	    TO(R, 80, .before = exactly), TO(R2, 90), FROM(R, 80),
	    NOT_FROM(R, 9), NOT_FROM(R2, 9), FROM(R2, 90)),
	ROW("U11 address and port: what was enough before is not", TO(R, 80),
	    TO(R2, 90), NOT_FROM(R, 9, .before = exactly), FROM(R, 80)),
	ROW("U11 endpoint: strangers", TO(R, 80, .before = anybody),
	    FROM(R2, 9), FROM(X, 9)),

	/* how long: a session's time since it was last sent to */
	{ .name = "U11 address: each renewed by what is sent to it",
	  .steps = { TO(R, 80), TO(R2, 90) },
	  .test = renewed },
	{ .name = "U11 address: forgotten with time, and by nothing sooner",
	  .steps = { TO(R, 80), TO(R2, 90) },
	  .test = forgotten },
	{ .name = "U11 address: since it was last sent to",
	  .steps = { TO(R, 80) },
	  .test = since_then },
	{ .name = "U11 address: the session's own remote as long as it",
	  .steps = { TO(R, 80), TO(R2, 90) },
	  .test = session_stays },
	ROW("U11 address: gone with the mapping", TO(R, 80), TO(R2, 90),
	    GONE(R, 9, AFTER(301)), TO(X, 80), NOT_FROM(R, 9), NOT_FROM(R2, 9)),
	ROW("U11 address: gone with the generation", TO(R, 80), TO(R2, 90),
	    TO(X, 80, .before = cut), NOT_FROM(R, 9), NOT_FROM(R2, 9),
	    FROM(X, 9)),

	/* at what price */
	{ .name = "a line for each remote from the second on",
	  .steps = { TO(R, 80) },
	  .test = written },
	{ .name = "endpoint: no permits",
	  .steps = { TO(R, 80, .before = anybody) },
	  .test = none_written },
	{ .name = "address and port: no permits",
	  .steps = { TO(R, 80, .before = exactly) },
	  .test = none_written },

	/* each uplink its own */
	ROW("one uplink for anybody, the other not",
	    TO(R, 80, .before = anybody), FROM(X, 9),
	    OUTWARD(UDP(H2, 6000, R, 80), UDP(B, 6000, R, 80), .before = flip),
	    SEND(WAN_B, translated_in, UDP(R, 9, B, 6000), UDP(R, 9, H2, 6000)),
	    STOP(WAN_B, filtered, UDP(X, 9, B, 6000)), FROM(R2, 9)),

	/* U9, V7: nothing from outside makes a life longer */
	{ .name = "V7 endpoint: strangers renew nothing",
	  .steps = { TO(R, 80, .before = anybody) },
	  .test = strangers },
	ROW("V7 endpoint: a stranger's connection renews nothing",
	    SYN_TO(R, 80, .before = anybody), SYN_FROM(X, 9, AFTER(200)),
	    STOP(WAN, unsolicited, TCP(X, 9, A, 5000, SYN), AFTER(41)),
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN | ACK))),
	ROW("V7 endpoint: an answered one does",
	    SYN_TO(R, 80, .before = anybody), SYN_FROM(X, 9, AFTER(200)),
	    OUTWARD(TCP(H, 5000, X, 9, SYN | ACK),
		    TCP(A, 5000, X, 9, SYN | ACK)),
	    INWARD(TCP(X, 9, A, 5000, ACK), TCP(X, 9, H, 5000, ACK),
		   AFTER(7000))),
	ROW("U9 a SYN repeated from outside renews nothing", SYN_TO(R, 80),
	    SYN_FROM(R, 80), SYN_FROM(R, 80, AFTER(7430)),
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN), AFTER(11))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
