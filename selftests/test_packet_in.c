// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_in.c - what comes from the Internet: translated to the host
 * that asked for it, for the gateway itself, or dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/rows.h"

#define DF 0x4000

static int filter_endpoint(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

static int filter_address_and_port(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ADDRESS_AND_PORT);
}

static int new_routes(struct plane *plane)
{
	plane->settings.route_epoch++;
	return plane_set_settings(plane);
}

/* ---- rows that need more than packets ------------------------------------ */

/* A host whose port was taken gets its answers, not the other's. */
static void changed_port(struct bench *bench)
{
	struct packet in = { UDP(R, 80, A, 0) };
	struct step step = SEND(WAN, translated_in, UDP(R, 80, A, 1),
				UDP(R, 80, H2, 5000));

	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80)));
	in.dport = bench->port;
	step.in = in;
	rows_step(bench, &step);
	STEP(bench, INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)));
}

static void changed_identifier(struct bench *bench)
{
	struct packet in = { QUERY(ECHO_REPLY, R, A, 0) };
	struct step step =
		INWARD(UDP(R, 0, A, 0), QUERY(ECHO_REPLY, R, H2, 7000));

	STEP(bench, OUTWARD(QUERY(ECHO, H2, R, 7000), QUERY(ECHO, A, R, 0)));
	in.sport = bench->port;
	step.in = in;
	rows_step(bench, &step);
	STEP(bench, INWARD(QUERY(ECHO_REPLY, R, A, 7000),
			   QUERY(ECHO_REPLY, R, H, 7000)));
}

/* Tuned so that the checksum after translation comes to zero. */
static void udp_sum_of_zero(struct bench *bench)
{
	struct packet in = { UDP(R, 80, A, 5000) };
	struct packet out = { UDP(R, 80, H, 5000), .word = 1 };
	struct step step = INWARD(UDP(R, 80, A, 0), UDP(R, 80, H, 5000));

	in.word = out.word = packet_l4_checksum(&out) + 1;
	assert_int_equal(packet_l4_checksum(&out), 0xffff);
	step.in = in;
	rows_step(bench, &step);
}

static int listen_on(int type, uint32_t address, uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&name, sizeof(name)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The gateway's own listeners: reached, and their ports never given away. */
static void own_udp_port(struct bench *bench)
{
	int fd = listen_on(SOCK_DGRAM, A, 5000);

	STEP(bench, STOP(WAN, local, UDP(R, 80, A, 5000)));
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(A, 0, R, 80)));
	assert_int_not_equal(bench->port, 5000);
	close(fd);
}

static void own_tcp_port(struct bench *bench)
{
	int fd = listen_on(SOCK_STREAM, INADDR_ANY, 5000);

	STEP(bench, STOP(WAN, local, TCP(R, 80, A, 5000, SYN)));
	STEP(bench, OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 0, R, 80, SYN)));
	assert_int_not_equal(bench->port, 5000);
	close(fd);
}

/* ---- the table ----------------------------------------------------------- */

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define PINGED OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))
#define OPENED OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))

static const struct row rows[] = {
	/* translated */
	ROW("udp answer", ASKED,
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))),
	ROW("I1 echo reply", PINGED,
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000),
		   QUERY(ECHO_REPLY, R, H, 7000))),
	ROW("tcp handshake and data", OPENED,
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK)),
	    OUTWARD(TCP(H, 5000, R, 80, ACK), TCP(A, 5000, R, 80, ACK)),
	    OUTWARD(WITH(TCP(H, 5000, R, 80, PSH | ACK), .payload = 77),
		    TCP(A, 5000, R, 80, PSH | ACK)),
	    INWARD(WITH(TCP(R, 80, A, 5000, PSH | ACK), .payload = 1200),
		   TCP(R, 80, H, 5000, PSH | ACK))),
	ROW("T3 simultaneous open", OPENED,
	    INWARD(TCP(R, 80, A, 5000, SYN), TCP(R, 80, H, 5000, SYN)),
	    OUTWARD(TCP(H, 5000, R, 80, SYN | ACK),
		    TCP(A, 5000, R, 80, SYN | ACK)),
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK)),
	    INWARD(TCP(R, 80, A, 5000, ACK), TCP(R, 80, H, 5000, ACK))),
	ROW("T2 half-close", OPENED,
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK)),
	    OUTWARD(TCP(H, 5000, R, 80, FIN | ACK),
		    TCP(A, 5000, R, 80, FIN | ACK)),
	    INWARD(WITH(TCP(R, 80, A, 5000, ACK), .payload = 1200),
		   TCP(R, 80, H, 5000, ACK)),
	    INWARD(TCP(R, 80, A, 5000, FIN | ACK),
		   TCP(R, 80, H, 5000, FIN | ACK)),
	    OUTWARD(TCP(H, 5000, R, 80, ACK), TCP(A, 5000, R, 80, ACK))),
	ROW("T2 urgent, keepalive", OPENED,
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK)),
	    INWARD(WITH(TCP(R, 80, A, 5000, ACK | URG), .payload = 1),
		   TCP(R, 80, H, 5000, ACK | URG))),
	ROW("to a host behind an inner router",
	    OUTWARD(UDP(DEEP, 5000, R, 80), UDP(A, 5000, R, 80)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, DEEP, 5000))),
	{ .name = "to a host whose MAC is not known",
	  .steps = { OUTWARD(UDP(H3, 5000, R, 80), UDP(A, 5000, R, 80)),
		     STOP(WAN, no_neighbour, UDP(R, 80, A, 5000)) },
	  .hooks = ROW_XDP },
	{ .name = "to a host whose MAC is not known",
	  .steps = { OUTWARD(UDP(H3, 5000, R, 80), UDP(A, 5000, R, 80)),
		     SEND(WAN, translated_slow_in, UDP(R, 80, A, 5000),
			  UDP(R, 80, H3, 5000)) },
	  .hooks = ROW_TC },
	{ .name = "ttl 1",
	  .steps = { ASKED,
		     STOP(WAN, ttl, WITH(UDP(R, 80, A, 5000), .ttl = 1)) },
	  .hooks = ROW_XDP },
	{ .name = "ttl 1",
	  .steps = { ASKED, SEND(WAN, translated_slow_in,
				 WITH(UDP(R, 80, A, 5000), .ttl = 1),
				 UDP(R, 80, H, 5000)) },
	  .hooks = ROW_TC },
	{ .name = "U3 each host its own answers",
	  .steps = { ASKED },
	  .test = changed_port },
	{ .name = "I1 each host its own answers",
	  .steps = { PINGED },
	  .test = changed_identifier },
	ROW("U21 no checksum stays none", ASKED,
	    INWARD(WITH(UDP(R, 80, A, 5000), .no_checksum = true),
		   UDP(R, 80, H, 5000))),
	{ .name = "U21 sum of zero is sent as ones",
	  .steps = { ASKED },
	  .test = udp_sum_of_zero },
	ROW("a wrong checksum stays as wrong", OPENED,
	    INWARD(WITH(TCP(R, 80, A, 5000, SYN | ACK), .l4_error = 0x0101),
		   TCP(R, 80, H, 5000, SYN | ACK))),
	ROW("dscp, ecn, id, df, odd length stay", ASKED,
	    INWARD(WITH(UDP(R, 80, A, 5000), .tos = 0x2b, .id = 0xfffe,
			.fragment = DF, .payload = 1001),
		   UDP(R, 80, H, 5000))),
	ROW("smallest datagram", ASKED,
	    INWARD(WITH(UDP(R, 80, A, 5000), .payload = PACKET_EMPTY),
		   UDP(R, 80, H, 5000))),
	ROW("cached neighbour is looked up again", ASKED,
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000),
		   .before = new_routes)),

	/* U11 filtering: who may answer */
	ROW("U11 address: same host, other port", ASKED,
	    INWARD(UDP(R, 9, A, 5000), UDP(R, 9, H, 5000))),
	ROW("U11 address: other host", ASKED,
	    STOP(WAN, filtered, UDP(R2, 9, A, 5000))),
	ROW("U11 address: an earlier remote", ASKED,
	    OUTWARD(UDP(H, 5000, R2, 90), UDP(A, 5000, R2, 90)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)),
	    INWARD(UDP(R2, 90, A, 5000), UDP(R2, 90, H, 5000)),
	    STOP(WAN, filtered, UDP(X, 90, A, 5000))),
	ROW("U11 endpoint: anybody", ASKED,
	    INWARD(UDP(R2, 9, A, 5000), UDP(R2, 9, H, 5000),
		   .before = filter_endpoint)),
	ROW("U11 address and port: other port", ASKED,
	    STOP(WAN, filtered, UDP(R, 9, A, 5000),
		 .before = filter_address_and_port)),
	ROW("U11 address and port: the very one", ASKED,
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000),
		   .before = filter_address_and_port)),
	ROW("T4 address: other host", OPENED,
	    STOP(WAN, filtered, TCP(R2, 9, A, 5000, SYN))),
	/* It may be the answer to a ping of the gateway's. */
	ROW("I1 reply of another host", PINGED,
	    STOP(WAN, local, QUERY(ECHO_REPLY, R2, A, 7000))),

	/* for the gateway itself */
	ROW("ping of the gateway", STOP(WAN, local, QUERY(ECHO, R, A, 7000))),
	ROW("answer to a probe of the gateway",
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 61007))),
	ROW("dhcp answer", STOP(WAN, local, UDP(R, 67, A, 68))),
	{ .name = "own udp port", .test = own_udp_port },
	{ .name = "own tcp port", .test = own_tcp_port },
	ROW("arp", STOP(WAN, not_ip, WITH(.ethertype = 0x0806, .payload = 46))),
	ROW("ipv6", STOP(WAN, ipv6, WITH(.ethertype = 0x86dd, .payload = 80))),
	ROW("multicast",
	    STOP(WAN, group,
		 WITH(UDP(R, 9, IP(224, 0, 0, 251), 5353), .to = MAC_GROUP))),
	ROW("frame for another", ASKED,
	    STOP(WAN, not_for_us,
		 WITH(UDP(R, 80, A, 5000), .to = MAC_FOREIGN))),

	/* dropped */
	ROW("unsolicited udp", STOP(WAN, unsolicited, UDP(R, 80, A, 5000))),
	ROW("unsolicited syn",
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN))),
	ROW("unsolicited echo reply",
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 7000))),
	ROW("unsolicited ack",
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, ACK))),
	ROW("another plane is another port", ASKED,
	    STOP(WAN, unsolicited, TCP(R, 80, A, 5000, SYN)),
	    STOP(WAN_B, unsolicited, UDP(R, 80, B, 5000))),
	ROW("straight to an inside address", ASKED,
	    STOP(WAN, inside_from_outside, UDP(R, 80, H, 5000))),
	ROW("straight to an inner subnet",
	    STOP(WAN, inside_from_outside, TCP(R, 80, DEEP, 22, SYN))),
	ROW("T14 bad flags", OPENED,
	    STOP(WAN, bad_flags, TCP(R, 80, A, 5000, SYN | FIN)),
	    STOP(WAN, bad_flags, TCP(R, 80, A, 5000, 0)),
	    STOP(WAN, bad_flags, TCP(R, 80, A, 5000, FIN | PSH | URG))),
	ROW("U22 malformed", ASKED,
	    STOP(WAN, malformed,
		 WITH(UDP(R, 80, A, 5000), .version_ihl = 0x44)),
	    STOP(WAN, malformed, WITH(UDP(R, 80, A, 5000), .udp_length = 7)),
	    STOP(WAN, malformed, WITH(UDP(R, 80, A, 5000), .udp_length = 99)),
	    STOP(WAN, malformed, WITH(UDP(R, 80, A, 5000), .cut = 41)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
