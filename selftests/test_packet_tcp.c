// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_tcp.c - the TCP state machine (RFC 6146 3.5.2, RFC 7857 2): which
 * segment leads to which timer, for connections that begin inside, outside, or
 * on both sides at once.  The life that is left is read from the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/rows.h"

#define SERVER_PORT 80
#define PUBLIC_PORT 8080

#define ESTABLISHED_S 7440
#define OPENING_S 240
#define CLOSING_S 240
#define INCOMING_S 6

static int filter_endpoint(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

/* V2: none of the timers is made of another. */
static int four_timers(struct plane *plane)
{
	plane->settings.timers.tcp_established = PLANE_TICKS(8000);
	plane->settings.timers.tcp_opening = PLANE_TICKS(30);
	plane->settings.timers.tcp_closing = PLANE_TICKS(500);
	plane->settings.timers.tcp_incoming = PLANE_TICKS(10);
	return plane_set_settings(plane);
}

/* H:80 on A:8080. */
static int publish(struct plane *plane)
{
	const struct tp_publish ask = { .inside = plane_address(H),
					.inside_port = htons(SERVER_PORT),
					.port = htons(PUBLIC_PORT),
					.plane = TP_PLANE_TCP,
					.exit = PLANE_EXIT_A,
					.filtering = TP_FILTER_ENDPOINT };

	return plane_publish(plane, &ask);
}

/* ---- what is left of the only session, and of its binding ---------------- */

static uint32_t left(const struct plane *plane, uint64_t control)
{
	int32_t ticks = (int32_t)(TP_CONTROL_EXPIRY(control) -
				  plane_now((struct plane *)plane));

	return ticks > 0 ?
		       (ticks + TP_TICKS_PER_SECOND / 2) / TP_TICKS_PER_SECOND :
		       0;
}

static uint64_t session_control(const struct plane *plane)
{
	uint64_t found = 0;

	for (size_t i = 0; i < plane->lines; i++) {
		const struct tp_session *line =
			&plane->sessions[i / TP_BUCKET_LINES]
				 .line[i % TP_BUCKET_LINES];

		if (TP_CONTROL_LINE(line->control) != TP_LINE_LIVE)
			continue;
		assert_int_equal(found, 0);
		found = line->control;
	}
	assert_int_not_equal(found, 0);
	return found;
}

/* A slow machine may lose a tick or two on the way. */
static void lives(struct bench *bench, uint32_t seconds)
{
	uint32_t is = left(bench->plane, session_control(bench->plane));

	if (is + 1 < seconds || is > seconds)
		fail_msg("%s: %u s are left, expected %u", bench->row, is,
			 seconds);
}

static void binding_lives(struct bench *bench, uint16_t port, uint32_t seconds)
{
	const struct plane *plane = bench->plane;
	uint32_t index = TP_BINDING_INDEX(0, TP_PLANE_TCP, port);
	uint32_t is = left(plane, plane->bindings[index].control);

	if (is + 1 < seconds || is > seconds)
		fail_msg("%s: %u s are left of %u, expected %u", bench->row, is,
			 port, seconds);
}

/* ---- from inside --------------------------------------------------------- */

#define AFTER(seconds) .later = PLANE_TICKS(seconds)

#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define NO_SERVER(...) \
	STOP(WAN, unsolicited, TCP(R, 80, A, 5000, ACK), __VA_ARGS__)

static void open_out(struct bench *bench)
{
	STEP(bench, HOST(SYN));
	lives(bench, OPENING_S); /* S1 */
	STEP(bench, SERVER(SYN | ACK));
	lives(bench, ESTABLISHED_S); /* S3 */
	binding_lives(bench, 5000, ESTABLISHED_S);
}

static void close_both(struct bench *bench)
{
	STEP(bench, HOST(FIN | ACK));
	lives(bench, ESTABLISHED_S); /* S9 */
	STEP(bench, SERVER(FIN | ACK));
	lives(bench, CLOSING_S); /* S10 */
	binding_lives(bench, 5000, CLOSING_S);
}

static void from_inside(struct bench *bench)
{
	open_out(bench);
	close_both(bench);
	STEP(bench, HOST(ACK, AFTER(100)));
	lives(bench, CLOSING_S - 100); /* it ages from its last step */
}

/* FINs the other way round, and again: the first one counts. */
static void closed_from_outside(struct bench *bench)
{
	open_out(bench);
	STEP(bench, SERVER(FIN | ACK));
	lives(bench, ESTABLISHED_S); /* S8 */
	STEP(bench, HOST(FIN | ACK));
	lives(bench, CLOSING_S);
	STEP(bench, SERVER(FIN | ACK, AFTER(50)));
	STEP(bench, HOST(FIN | ACK));
	lives(bench, CLOSING_S - 50);
}

static void syn_again(struct bench *bench)
{
	STEP(bench, HOST(SYN));
	STEP(bench, HOST(SYN, AFTER(100)));
	lives(bench, OPENING_S); /* S4 */
}

/* T3: two SYNs that cross, and their acknowledgements. */
static void simultaneous(struct bench *bench)
{
	STEP(bench, HOST(SYN));
	STEP(bench, SERVER(SYN));
	lives(bench, ESTABLISHED_S);
	STEP(bench, HOST(SYN | ACK));
	STEP(bench, SERVER(SYN | ACK));
	lives(bench, ESTABLISHED_S);
}

/* ---- resets -------------------------------------------------------------- */

/* S11, S12, V3: remembered for four minutes, taken back by anything else. */
static void reset_from_server(struct bench *bench)
{
	open_out(bench);
	STEP(bench, SERVER(RST | ACK));
	lives(bench, CLOSING_S);
	binding_lives(bench, 5000, CLOSING_S);
	STEP(bench, HOST(ACK, AFTER(239)));
	lives(bench, ESTABLISHED_S);
	binding_lives(bench, 5000, ESTABLISHED_S);
}

/* The same when the server goes on sending, and the host only listens. */
static void reset_then_data(struct bench *bench)
{
	open_out(bench);
	STEP(bench, SERVER(RST));
	STEP(bench, SERVER(ACK | PSH, AFTER(200)));
	lives(bench, ESTABLISHED_S);
}

static void reset_from_host(struct bench *bench)
{
	open_out(bench);
	STEP(bench, HOST(RST | ACK));
	lives(bench, CLOSING_S);
	STEP(bench, SERVER(ACK, AFTER(239)));
	lives(bench, ESTABLISHED_S);
}

/* V8: a host that answers each stray segment with an RST frees its port. */
static void resets_do_not_refresh(struct bench *bench)
{
	open_out(bench);
	STEP(bench, HOST(RST));
	for (int i = 0; i < 4; i++) {
		STEP(bench, HOST(RST, AFTER(50)));
		lives(bench, CLOSING_S - 50 * (i + 1));
	}
	STEP(bench, NO_SERVER(AFTER(41)));
}

/* An RST before the connection is open changes what it waits for, not more. */
static void refused(struct bench *bench)
{
	STEP(bench, HOST(SYN));
	STEP(bench, SERVER(RST | ACK, AFTER(100)));
	lives(bench, CLOSING_S);
	STEP(bench, HOST(SYN, AFTER(10)));
	lives(bench, OPENING_S);
}

/* ---- S14: the same addresses and ports again ----------------------------- */

static void reopened_by_host(struct bench *bench)
{
	open_out(bench);
	close_both(bench);
	STEP(bench, HOST(SYN));
	lives(bench, OPENING_S); /* a SYN one way is not a connection */
	STEP(bench, SERVER(SYN | ACK));
	lives(bench, ESTABLISHED_S);
	binding_lives(bench, 5000, ESTABLISHED_S);
}

/* The other's FIN, or its RST, was lost: S8, S9 of what comes next. */
static void reopened_while_closing(struct bench *bench)
{
	open_out(bench);
	STEP(bench, HOST(FIN | ACK));
	STEP(bench, HOST(SYN));
	lives(bench, OPENING_S);
	STEP(bench, SERVER(SYN | ACK));
	STEP(bench, SERVER(FIN | ACK));
	lives(bench, ESTABLISHED_S); /* the first FIN of this one */
	STEP(bench, HOST(SYN));
	lives(bench, OPENING_S);
	STEP(bench, SERVER(SYN | ACK));
	close_both(bench);
}

static void not_reopened_by_server(struct bench *bench)
{
	open_out(bench);
	close_both(bench);
	STEP(bench, SERVER(SYN, AFTER(100)));
	lives(bench, CLOSING_S); /* long enough for an answer */
	STEP(bench, SERVER(SYN, AFTER(10)));
	STEP(bench, SERVER(SYN, AFTER(10)));
	lives(bench, CLOSING_S - 20); /* however often it asks */
}

static void reopened_by_both(struct bench *bench)
{
	open_out(bench);
	close_both(bench);
	STEP(bench, SERVER(SYN));
	STEP(bench, HOST(SYN));
	lives(bench, ESTABLISHED_S);
	STEP(bench, HOST(ACK, AFTER(7000)));
	lives(bench, ESTABLISHED_S);
}

/* ---- to a published port ------------------------------------------------- */

#define CLIENT(flags, ...)                          \
	INWARD(TCP(R, 4000, A, PUBLIC_PORT, flags), \
	       TCP(R, 4000, H, SERVER_PORT, flags), __VA_ARGS__)
#define ANSWER(flags, ...)                           \
	OUTWARD(TCP(H, SERVER_PORT, R, 4000, flags), \
		TCP(A, PUBLIC_PORT, R, 4000, flags), __VA_ARGS__)

static void open_in(struct bench *bench)
{
	STEP(bench, CLIENT(SYN));
	lives(bench, INCOMING_S); /* S2 */
	STEP(bench, ANSWER(SYN | ACK));
	lives(bench, OPENING_S); /* the client may not exist */
	STEP(bench, CLIENT(ACK));
	lives(bench, ESTABLISHED_S); /* S6 */
}

static void from_outside(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	open_in(bench);
	STEP(bench, CLIENT(FIN | ACK, AFTER(7000)));
	lives(bench, ESTABLISHED_S);
	STEP(bench, ANSWER(FIN | ACK));
	lives(bench, CLOSING_S);
}

/* A server that speaks first shows as well that the client was heard. */
static void server_speaks(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	STEP(bench, CLIENT(SYN));
	STEP(bench, ANSWER(SYN | ACK));
	STEP(bench, ANSWER(SYN | ACK, AFTER(1)));
	lives(bench, OPENING_S);
	STEP(bench, ANSWER(ACK | PSH));
	lives(bench, ESTABLISHED_S);
}

/* An acknowledgement of what the server has not sent yet proves nothing. */
static void client_guesses(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	STEP(bench, CLIENT(SYN));
	STEP(bench, CLIENT(ACK));
	STEP(bench, ANSWER(SYN | ACK));
	lives(bench, OPENING_S);
}

static void client_asks_again(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	STEP(bench, CLIENT(SYN));
	STEP(bench, CLIENT(SYN, AFTER(3)));
	lives(bench, INCOMING_S);
	STEP(bench, ANSWER(SYN | ACK, AFTER(4)));
	lives(bench, OPENING_S);
}

/* S7: its line is free again after six seconds. */
static void nobody_answers(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	STEP(bench, CLIENT(SYN));
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(6.5)), 0);
	lives(bench, 0);
}

static void client_comes_again(struct bench *bench)
{
	assert_int_equal(publish(bench->plane), 0);
	open_in(bench);
	STEP(bench, ANSWER(FIN | ACK));
	STEP(bench, CLIENT(FIN | ACK));
	lives(bench, CLOSING_S);
	STEP(bench, CLIENT(SYN, AFTER(200)));
	lives(bench, CLOSING_S); /* long enough for the answer */
	STEP(bench, CLIENT(SYN, AFTER(10)));
	lives(bench, CLOSING_S - 10);
	STEP(bench, ANSWER(SYN | ACK));
	STEP(bench, CLIENT(ACK));
	lives(bench, ESTABLISHED_S);
	STEP(bench, ANSWER(ACK, AFTER(7000)));
	lives(bench, ESTABLISHED_S);
}

/* V7: with endpoint-independent filtering a SYN prolongs no binding. */
static void syn_does_not_prolong(struct bench *bench)
{
	assert_int_equal(filter_endpoint(bench->plane), 0);
	STEP(bench, HOST(SYN));
	STEP(bench, HOST(RST));
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(237)), 0);
	STEP(bench, INWARD(TCP(R2, 9, A, 5000, SYN), TCP(R2, 9, H, 5000, SYN)));
	binding_lives(bench, 5000, CLOSING_S - 237);
	STEP(bench, STOP(WAN, unsolicited, TCP(R2, 9, A, 5000, SYN), AFTER(4)));
}

/* ---- timers of their own ------------------------------------------------- */

static void timers_apart(struct bench *bench)
{
	assert_int_equal(four_timers(bench->plane), 0);
	STEP(bench, HOST(SYN));
	lives(bench, 30);
	STEP(bench, SERVER(SYN | ACK, AFTER(29)));
	lives(bench, 8000);
	STEP(bench, SERVER(RST));
	lives(bench, 500);
	STEP(bench, HOST(ACK));
	lives(bench, 8000);
}

static void incoming_apart(struct bench *bench)
{
	assert_int_equal(four_timers(bench->plane), 0);
	assert_int_equal(publish(bench->plane), 0);
	STEP(bench, CLIENT(SYN));
	lives(bench, 10);
}

static const struct row rows[] = {
	{ .name = "S1 S3 S9 S10 from inside", .test = from_inside },
	{ .name = "S8 S10 closed from outside", .test = closed_from_outside },
	{ .name = "S4 a syn again", .test = syn_again },
	{ .name = "T3 simultaneous open", .test = simultaneous },
	{ .name = "S11 S12 V3 a reset taken back", .test = reset_from_server },
	{ .name = "S12 V3 by data from outside", .test = reset_then_data },
	{ .name = "V3 a reset from the host", .test = reset_from_host },
	{ .name = "V8 resets do not refresh", .test = resets_do_not_refresh },
	{ .name = "a syn refused, and again", .test = refused },
	{ .name = "S14 opened anew by the host", .test = reopened_by_host },
	{ .name = "S14 opened anew before it was closed",
	  .test = reopened_while_closing },
	{ .name = "S14 not by the server alone",
	  .test = not_reopened_by_server },
	{ .name = "S14 by both", .test = reopened_by_both },
	{ .name = "S2 S6 to a published port", .test = from_outside },
	{ .name = "published: the server speaks first", .test = server_speaks },
	{ .name = "published: the client guesses", .test = client_guesses },
	{ .name = "published: the client asks again",
	  .test = client_asks_again },
	{ .name = "S7 published: nobody answers", .test = nobody_answers },
	{ .name = "S14 published: the client comes again",
	  .test = client_comes_again },
	{ .name = "V7 a syn from outside prolongs nothing",
	  .test = syn_does_not_prolong },
	{ .name = "V2 opening and closing apart", .test = timers_apart },
	{ .name = "V2 incoming apart", .test = incoming_apart },
};

int main(void)
{
	return ROWS_RUN(rows);
}
