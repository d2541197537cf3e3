// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_publish.c - static bindings: an inside server on a port of an
 * external address, made and taken away by the "publish" program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/rows.h"

#define A2 IP(203, 0, 113, 6) /* the address that the uplink gets next */
#define AFTER(seconds) .later = PLANE_TICKS(seconds)

/* H:5080 on A:8080, for anybody. */
static struct tp_publish server(enum tp_plane which)
{
	return (struct tp_publish){
		.inside = plane_address(H),
		.inside_port = htons(5080),
		.port = htons(8080),
		.plane = (uint8_t)which,
		.exit = PLANE_EXIT_A,
		.filtering = TP_FILTER_ENDPOINT,
	};
}

static int publish_udp(struct plane *plane)
{
	const struct tp_publish ask = server(TP_PLANE_UDP);

	return plane_publish(plane, &ask);
}

static int publish_tcp(struct plane *plane)
{
	const struct tp_publish ask = server(TP_PLANE_TCP);

	return plane_publish(plane, &ask);
}

static int publish_on_b(struct plane *plane, enum tp_plane which)
{
	struct tp_publish ask = server(which);

	ask.address = 1;
	ask.exit = PLANE_EXIT_B;
	return plane_publish(plane, &ask);
}

static int publish_both(struct plane *plane)
{
	return publish_tcp(plane)			 ?:
		       publish_on_b(plane, TP_PLANE_TCP) ?:
		       publish_udp(plane)		 ?:
		       publish_on_b(plane, TP_PLANE_UDP);
}

static int withdraw(struct plane *plane, enum tp_plane which)
{
	struct tp_publish ask = server(which);

	ask.action = TP_PUBLISH_WITHDRAW;
	return plane_publish(plane, &ask);
}

static int withdraw_udp(struct plane *plane)
{
	return withdraw(plane, TP_PLANE_UDP);
}

static int withdraw_tcp(struct plane *plane)
{
	return withdraw(plane, TP_PLANE_TCP);
}

static int publish_to(struct plane *plane, enum tp_filtering filtering)
{
	struct tp_publish ask = server(TP_PLANE_UDP);

	ask.filtering = filtering;
	return plane_publish(plane, &ask);
}

static int publish_to_known(struct plane *plane)
{
	return publish_to(plane, TP_FILTER_ADDRESS);
}

static int publish_to_exact(struct plane *plane)
{
	return publish_to(plane, TP_FILTER_ADDRESS_AND_PORT);
}

static int another_server(struct plane *plane)
{
	struct tp_publish ask = server(TP_PLANE_TCP);

	ask.inside = plane_address(H2);
	return plane_publish(plane, &ask);
}

static int own_port(struct plane *plane)
{
	struct tp_publish ask = server(TP_PLANE_UDP);

	ask.port = ask.inside_port;
	return plane_publish(plane, &ask);
}

static int cut(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

static int another_address(struct plane *plane)
{
	struct tp_address address;
	int err = plane_get(plane->skel->maps.addresses, 0, &address);

	address.address = plane_address(A2);
	address.generation++;
	return err ?: plane_set(plane->skel->maps.addresses, 0, &address);
}

static int flip(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

/* isp-a was left for isp-b, so long ago that UDP has to come home. */
static int come_home(struct plane *plane)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.home_after = plane_now(plane) - 1;
	return err ?:
		       plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit) ?:
		       flip(plane);
}

static int twin(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int twin_and_both(struct plane *plane)
{
	return publish_both(plane) ?: twin(plane);
}

static int twin_selected(struct plane *plane)
{
	return twin(plane) ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

#define UDP_ASKED(...) \
	INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 5080), __VA_ARGS__)
#define UDP_ANSWERED(...) \
	OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 8080, R, 5000), __VA_ARGS__)
#define CLIENT(flags, ...)                                                 \
	INWARD(TCP(R, 5000, A, 8080, flags), TCP(R, 5000, H, 5080, flags), \
	       __VA_ARGS__)
#define SERVER(flags, ...)                                                  \
	OUTWARD(TCP(H, 5080, R, 5000, flags), TCP(A, 8080, R, 5000, flags), \
		__VA_ARGS__)
#define CONNECTED(...) CLIENT(SYN, __VA_ARGS__), SERVER(SYN | ACK), CLIENT(ACK)
/* A client of H2's, which has the port before it is published. */
#define TAKEN OUTWARD(UDP(H2, 8080, R, 80), UDP(A, 8080, R, 80))
#define FROM_PARTNER(kind, ...) WITH(__VA_ARGS__, .from = MAC_THEIRS(kind))
#define HANDED(kind) \
	.to = MAC_PARTNER, .from = MAC_MINE(kind), .ttl = PACKET_TTL

/* ---- rows that need more than packets ------------------------------------ */

static void busy(struct bench *bench)
{
	assert_int_equal(publish_udp(bench->plane), -EBUSY);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H2, 8080)));
}

/* Taking away what was never published leaves others' bindings alone. */
static void not_published(struct bench *bench)
{
	assert_true(withdraw_udp(bench->plane) < 0);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H2, 8080)));
}

static void never_claimed(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 8080, R, 80), UDP(A, 0, R, 80)));
	assert_int_not_equal(bench->port, 8080);
}

/*
 * Taken from another endpoint: for as long as that may still send from it, the
 * port is nobody's; then it is the server's, and the other has another one.
 */
static void taken_over(struct bench *bench)
{
	struct tp_publish ask = server(TP_PLANE_UDP);

	ask.action = TP_PUBLISH_TAKE;
	assert_int_equal(plane_publish(bench->plane, &ask), -EAGAIN);
	STEP(bench, TAKEN);
	STEP(bench, STOP(WAN, unsolicited, UDP(R, 80, A, 8080)));
	STEP(bench, OUTWARD(UDP(H2, 8080, R, 80), UDP(A, 0, R, 80), AFTER(1)));
	assert_int_not_equal(bench->port, 8080);
	assert_int_equal(plane_publish(bench->plane, &ask), -EAGAIN);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H, 5080), AFTER(1)));
	assert_int_equal(plane_publish(bench->plane, &ask), 0);
	STEP(bench, INWARD(UDP(X, 80, A, 8080), UDP(X, 80, H, 5080)));
}

/* Just run out: its sessions may think otherwise for a moment. */
static void expired(struct bench *bench)
{
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(300)), 0);
	assert_int_equal(publish_udp(bench->plane), -EAGAIN);
	STEP(bench, STOP(WAN, unsolicited, UDP(R, 5000, A, 8080)));
	STEP(bench, UDP_ASKED(AFTER(2)));
	assert_int_equal(publish_udp(bench->plane), 0);
}

/* Asked again, as a new daemon does: not one connection notices. */
static void again(struct bench *bench)
{
	assert_int_equal(publish_tcp(bench->plane), 0);
	STEP(bench, SERVER(ACK, AFTER(2)));
	STEP(bench, CLIENT(FIN | ACK));
	STEP(bench, SERVER(FIN | ACK));
}

/* ---- the table ----------------------------------------------------------- */

/* The partner is told of its host, before any packet; 221: see host.h. */
static void host_noted(struct bench *bench)
{
	struct tp_host_bound bound;

	assert_int_equal(publish_udp(bench->plane), 0);
	assert_int_equal(
		plane_get(bench->plane->skel->maps.host_bound, 221, &bound), 0);
	assert_in_range(plane_now(bench->plane) - bound.tick, 0, 2);
}

static const struct row rows[] = {
	{ .name = "its host has a binding now", .test = host_noted },
	ROW("udp, by anybody", UDP_ASKED(.before = publish_udp),
	    INWARD(UDP(R2, 9, A, 8080), UDP(R2, 9, H, 5080))),
	ROW("udp, answered from the public port",
	    UDP_ASKED(.before = publish_udp), UDP_ANSWERED(), UDP_ASKED()),
	ROW("tcp", CONNECTED(.before = publish_tcp), SERVER(ACK),
	    CLIENT(FIN | ACK), SERVER(FIN | ACK)),
	ROW("another protocol is another port",
	    STOP(WAN, unsolicited, TCP(R, 5000, A, 8080, SYN),
		 .before = publish_udp)),
	ROW("never expires", UDP_ASKED(.before = publish_udp),
	    UDP_ASKED(AFTER(100000))),
	ROW("withdrawn", UDP_ASKED(.before = publish_udp),
	    STOP(WAN, unsolicited, UDP(R, 5000, A, 8080),
		 .before = withdraw_udp)),
	ROW("withdrawn: its connections are told",
	    CONNECTED(.before = publish_tcp),
	    STOP(WAN, unsolicited, TCP(R, 5000, A, 8080, ACK),
		 .before = withdraw_tcp),
	    STOP(LAN, reset, TCP(H, 5080, R, 5000, ACK), AFTER(1))),

	/* what others have */
	{ .name = "not over a living binding",
	  .steps = { TAKEN },
	  .test = busy },
	{ .name = "only what was published is withdrawn",
	  .steps = { TAKEN },
	  .test = not_published },
	{ .name = "its port is never given away",
	  .steps = { UDP_ASKED(.before = publish_udp) },
	  .test = never_claimed },
	{ .name = "taken from another endpoint",
	  .steps = { TAKEN },
	  .test = taken_over },
	{ .name = "where one just ran out",
	  .steps = { TAKEN },
	  .test = expired },
	{ .name = "asked again",
	  .steps = { CONNECTED(.before = publish_tcp) },
	  .test = again },
	ROW("of an endpoint that had the port by chance",
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 5080, R, 5000)),
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 5080, R, 5000),
		    .before = own_port, AFTER(2)),
	    INWARD(UDP(X, 9, A, 5080), UDP(X, 9, H, 5080)),
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 5080, R, 5000), AFTER(299))),
	ROW("another server: the old one's connections are told",
	    CONNECTED(.before = publish_tcp),
	    INWARD(TCP(X, 9, A, 8080, SYN), TCP(X, 9, H2, 5080, SYN),
		   .before = another_server),
	    STOP(LAN, reset, TCP(H, 5080, R, 5000, ACK), AFTER(1))),

	/* REQ-1: what the server sends by itself */
	ROW("U1 outbound from the public port",
	    OUTWARD(UDP(H, 5080, R, 9), UDP(A, 8080, R, 9),
		    .before = publish_udp),
	    OUTWARD(UDP(H, 5080, R2, 10), UDP(A, 8080, R2, 10)),
	    OUTWARD(UDP(H, 5081, R2, 10), UDP(A, 5081, R2, 10))),
	ROW("T1 outbound from the public port",
	    OUTWARD(TCP(H, 5080, R, 9, SYN), TCP(A, 8080, R, 9, SYN),
		    .before = publish_tcp)),
	ROW("it draws nothing to its uplink",
	    OUTWARD(UDP(H, 5080, R, 9), UDP(A, 8080, R, 9),
		    .before = publish_udp),
	    OUTWARD(UDP(H, 5080, R2, 9), UDP(B, 5080, R2, 9), .before = flip),
	    OUTWARD(UDP(H, 5080, R, 9), UDP(A, 8080, R, 9))),

	/* M11, S39: answers go back by the way the question came */
	ROW("M11 answered by its uplink, whichever is selected",
	    CLIENT(SYN, .before = publish_both),
	    SERVER(SYN | ACK, .before = flip), UDP_ASKED(), UDP_ANSWERED()),
	ROW("M11 both uplinks at once", CLIENT(SYN, .before = publish_both),
	    SEND(WAN_B, translated_in, TCP(R2, 5000, B, 8080, SYN),
		 TCP(R2, 5000, H, 5080, SYN)),
	    SERVER(SYN | ACK),
	    OUTWARD(TCP(H, 5080, R2, 5000, SYN | ACK),
		    TCP(B, 8080, R2, 5000, SYN | ACK))),
	ROW("M11 answered by its uplink after half an hour",
	    UDP_ASKED(.before = publish_both), UDP_ANSWERED(),
	    UDP_ANSWERED(.before = come_home, AFTER(10)),
	    UDP_ANSWERED(AFTER(10))),
	ROW("what it sent by itself comes home",
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 8080, R, 5000),
		    .before = publish_both),
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(B, 8080, R, 5000),
		    .before = come_home, AFTER(10))),
	ROW("K1 answered for the partner, which has the host",
	    CLIENT(SYN, .before = twin_and_both),
	    OUTWARD(FROM_PARTNER(TP_KIND_QUESTION,
				 TCP(H, 5080, R, 5000, SYN | ACK)),
		    TCP(A, 8080, R, 5000, SYN | ACK)),
	    UDP_ASKED(.before = twin_selected), UDP_ANSWERED()),
	ROW("H3 the partner's connection, answered by a host of mine",
	    SEND(LAN, question, TCP(H, 5080, R, 5000, SYN | ACK),
		 HANDED(TP_KIND_QUESTION), .before = twin_and_both)),
	ROW("H6 published proves nothing: the partner is asked",
	    SEND(LAN, session_question, UDP(H, 5080, R, 5000),
		 HANDED(TP_KIND_SESSION_QUESTION), .before = twin_and_both)),
	ROW("K3 published proves nothing: not mine",
	    SEND(LAN, returned,
		 FROM_PARTNER(TP_KIND_QUESTION, UDP(H, 5080, R, 5000)),
		 HANDED(TP_KIND_RETURNED), .before = twin_and_both)),

	/* cuts and other addresses end sessions, not what is published */
	ROW("a cut", UDP_ASKED(.before = publish_udp), UDP_ASKED(.before = cut),
	    UDP_ANSWERED()),
	ROW("a cut ends its connections", CONNECTED(.before = publish_tcp),
	    STOP(LAN, reset, TCP(H, 5080, R, 5000, ACK), .before = cut),
	    CLIENT(SYN), SERVER(SYN | ACK)),
	ROW("a cut: the client comes again by the same port",
	    CONNECTED(.before = publish_tcp), CLIENT(SYN, .before = cut),
	    SERVER(SYN | ACK)),
	ROW("another address", CONNECTED(.before = publish_tcp),
	    INWARD(TCP(X, 9, A2, 8080, SYN), TCP(X, 9, H, 5080, SYN),
		   .before = another_address),
	    OUTWARD(TCP(H, 5080, X, 9, SYN | ACK),
		    WITH(TCP(A2, 8080, X, 9, SYN | ACK), .to = MAC_NEXT_A,
			 .from = MAC_ISP_A)),
	    STOP(LAN, reset, TCP(H, 5080, R, 5000, ACK))),
	ROW("U11 address-dependent",
	    INWARD(UDP(X, 9, A, 8080), UDP(X, 9, H, 5080),
		   .before = publish_udp),
	    STOP(WAN, filtered, UDP(R, 5000, A, 8080),
		 .before = publish_to_known),
	    OUTWARD(UDP(H, 5080, R, 9), UDP(A, 8080, R, 9)), UDP_ASKED(),
	    STOP(WAN, filtered, UDP(R2, 9, A, 8080))),
	ROW("U11 address-dependent: every remote",
	    OUTWARD(UDP(H, 5080, R, 9), UDP(A, 8080, R, 9),
		    .before = publish_to_known),
	    OUTWARD(UDP(H, 5080, R2, 9), UDP(A, 8080, R2, 9)), UDP_ASKED(),
	    INWARD(UDP(R2, 7, A, 8080), UDP(R2, 7, H, 5080)),
	    STOP(WAN, filtered, UDP(X, 9, A, 8080))),
	ROW("U11 address and port",
	    OUTWARD(UDP(H, 5080, R, 5000), UDP(A, 8080, R, 5000),
		    .before = publish_to_exact),
	    UDP_ASKED(), STOP(WAN, filtered, UDP(R, 9, A, 8080))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
