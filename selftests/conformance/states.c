// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * states.c - RFC 6146 3.5.2, as RFC 7857 section 2 has it for NAT44: every
 * transition, its state and its timer.
 */
#include "lines.h"
#include "settings.h"

#define TRANS_SECONDS 240
#define EST_SECONDS 7440

/* ---- what must be -------------------------------------------------------- */

static void is(struct bench *bench, enum state state, unsigned int seconds)
{
	enum state now = line_state(bench, H, 5000, R, 80);
	unsigned int left = line_left(bench, H, 5000, R, 80);

	EXPECT(bench, now == state, "expected %s, is %s", state_names[state],
	       state_names[now]);
	/* A tick may pass between a packet and this. */
	EXPECT(bench, left + 1 >= seconds && left <= seconds,
	       "expected %u s to live, has %u s", seconds, left);
}

static void host(struct bench *bench, uint8_t flags, uint32_t seconds)
{
	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags),
		     .later = PLANE_TICKS(seconds)));
}

static void server(struct bench *bench, uint8_t flags, uint32_t seconds)
{
	STEP(bench,
	     INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags),
		    .later = PLANE_TICKS(seconds)));
}

static void server_is_not_heard(struct bench *bench, uint8_t flags,
				uint32_t seconds)
{
	STEP(bench, STOP(WAN, any_dropped, TCP(R, 80, A, 5000, flags),
			 .later = PLANE_TICKS(seconds)));
}

static void establish(struct bench *bench)
{
	host(bench, SYN, 0);
	server(bench, SYN | ACK, 0);
	host(bench, ACK, 0);
}

static void close_both(struct bench *bench)
{
	establish(bench);
	host(bench, FIN | ACK, 0);
	server(bench, FIN | ACK, 0);
}

/* ---- the transitions ----------------------------------------------------- */

static void s1(struct bench *bench)
{
	host(bench, SYN, 0);
	is(bench, INIT_OUT, TRANS_SECONDS);
}

/* By filtering that lets it: an endpoint that has another connection. */
static void s2(struct bench *bench)
{
	STEP(bench,
	     OUTWARD(TCP(H, 5000, R2, 80, SYN), TCP(A, 5000, R2, 80, SYN),
		     .before = set_filter_endpoint));
	server(bench, SYN, 0);
	EXPECT(bench, line_state(bench, H, 5000, R, 80) == INIT_IN, "is %s",
	       state_names[line_state(bench, H, 5000, R, 80)]);
}

static void s3(struct bench *bench)
{
	host(bench, SYN, 0);
	server(bench, SYN | ACK, 0);
	is(bench, ESTABLISHED, EST_SECONDS);
}

static void s4(struct bench *bench)
{
	host(bench, SYN, 0);
	host(bench, SYN, 100);
	is(bench, INIT_OUT, TRANS_SECONDS);
}

static void s5(struct bench *bench)
{
	host(bench, SYN, 0);
	server_is_not_heard(bench, SYN | ACK, TRANS_SECONDS + 1);
	is(bench, CLOSED, 0);
	STEP(bench, OUTWARD(TCP(H2, 5000, R, 80, SYN), TCP(A, 0, R, 80, SYN)));
	EXPECT(bench, bench->port != 5000, "the port is another's at once");
}

static void s6(struct bench *bench)
{
	s2(bench);
	host(bench, SYN | ACK, 0);
	server(bench, ACK, 0);
	is(bench, ESTABLISHED, EST_SECONDS);
}

static void s7(struct bench *bench)
{
	s2(bench);
	EXPECT(bench, line_left(bench, H, 5000, R, 80) <= TRANS_SECONDS,
	       "an unanswered SYN lives %u s",
	       line_left(bench, H, 5000, R, 80));
	assert_int_equal(
		plane_later(bench->plane, PLANE_TICKS(TRANS_SECONDS + 1)), 0);
	is(bench, CLOSED, 0);
}

static void s8(struct bench *bench)
{
	establish(bench);
	server(bench, FIN | ACK, 0);
	is(bench, FIN_IN, EST_SECONDS);
}

static void s9(struct bench *bench)
{
	establish(bench);
	host(bench, FIN | ACK, 0);
	is(bench, FIN_OUT, EST_SECONDS);
}

static void s10_in_first(struct bench *bench)
{
	establish(bench);
	server(bench, FIN | ACK, 0);
	host(bench, FIN | ACK, 0);
	is(bench, FIN_BOTH, TRANS_SECONDS);
}

static void s10_out_first(struct bench *bench)
{
	close_both(bench);
	is(bench, FIN_BOTH, TRANS_SECONDS);
}

static void s11_in(struct bench *bench)
{
	establish(bench);
	server(bench, RST, 0);
	is(bench, TRANS, TRANS_SECONDS);
}

static void s11_out(struct bench *bench)
{
	establish(bench);
	host(bench, RST | ACK, 0);
	is(bench, TRANS, TRANS_SECONDS);
}

static void s12(struct bench *bench)
{
	establish(bench);
	server(bench, RST, 0);
	host(bench, ACK, 200);
	is(bench, ESTABLISHED, EST_SECONDS);
}

static void s13_trans(struct bench *bench)
{
	establish(bench);
	server(bench, RST, 0);
	server_is_not_heard(bench, ACK, TRANS_SECONDS + 1);
	is(bench, CLOSED, 0);
}

static void s13_fin(struct bench *bench)
{
	close_both(bench);
	server_is_not_heard(bench, ACK, TRANS_SECONDS + 1);
	is(bench, CLOSED, 0);
}

static void s14_from_inside(struct bench *bench)
{
	close_both(bench);
	host(bench, SYN, 0);
	server(bench, SYN | ACK, 0);
	is(bench, ESTABLISHED, EST_SECONDS);
}

static void s14_from_outside(struct bench *bench)
{
	close_both(bench);
	server(bench, SYN, 0);
	host(bench, SYN | ACK, 0);
	is(bench, ESTABLISHED, EST_SECONDS);
}

static void s14_one_way(struct bench *bench)
{
	close_both(bench);
	server(bench, SYN, 0);
	EXPECT(bench,
	       line_state(bench, H, 5000, R, 80) != ESTABLISHED &&
		       line_left(bench, H, 5000, R, 80) <= TRANS_SECONDS,
	       "a SYN from outside alone opened it for %u s",
	       line_left(bench, H, 5000, R, 80));
}

/* ---- the table ----------------------------------------------------------- */

/* Another translator's states are not ours to read: only on our tables. */
#define SHOW(n, ...) static const struct vector vectors_##n[] = { __VA_ARGS__ }
#define STATE(title, function) VECTOR_OURS_TEST(title, function)

SHOW(1, STATE("closed, SYN out", s1));
SHOW(2, STATE("closed, SYN in", s2));
SHOW(3, STATE("init out, SYN/ACK in", s3));
SHOW(4, STATE("init out, SYN out", s4));
SHOW(5, STATE("init out, timeout", s5));
SHOW(6, STATE("init in, answered", s6));
SHOW(7, STATE("init in, timeout", s7));
SHOW(8, STATE("established, FIN in", s8));
SHOW(9, STATE("established, FIN out", s9));
SHOW(10, STATE("FIN in, FIN out", s10_in_first),
     STATE("FIN out, FIN in", s10_out_first));
SHOW(11, STATE("RST in", s11_in), STATE("RST out", s11_out));
SHOW(12, STATE("trans, data", s12));
SHOW(13, STATE("trans, timeout", s13_trans),
     STATE("both FINs, timeout", s13_fin));
SHOW(14, STATE("SYN from inside", s14_from_inside),
     STATE("SYN from outside, answered", s14_from_outside),
     STATE("SYN from outside alone", s14_one_way));

#define ROW_OF(n, title)                                  \
	{                                                 \
		"S" #n, "6146", "3.5.2.2", SHOULD, title, \
			SHOWN_BY(vectors_##n)             \
	}

static const struct requirement rows[] = {
	ROW_OF(1, "closed, SYN from inside: init, 4 min"),
	ROW_OF(2, "closed, SYN from outside: init in"),
	ROW_OF(3, "init, SYN from the other side: established, 2 h 4 min"),
	ROW_OF(4, "init, SYN again: stays, refreshed"),
	ROW_OF(5, "init, timeout: closed, the port is held"),
	ROW_OF(6, "init in, answered: established"),
	ROW_OF(7, "init in, not answered: closed"),
	ROW_OF(8, "established, FIN from outside: stays open"),
	ROW_OF(9, "established, FIN from inside: stays open"),
	ROW_OF(10, "both FINs: 4 min"),
	ROW_OF(11, "established, RST: 4 min"),
	ROW_OF(12, "after an RST, anything else: established again"),
	ROW_OF(13, "closing, timeout: closed"),
	ROW_OF(14, "after both FINs a SYN both ways opens anew"),
};

const struct section section_states = ROWS_OF("TCP states, RFC 6146", rows);
