// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_error.c - ICMP errors, both ways: translated together with the
 * packet they quote (RFC 5508), or dropped.  Every expected checksum, inner
 * and outer, is computed anew from the packet that was quoted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <cmocka.h>

#include "harness/rows.h"

#define PORT_UNREACHABLE 3
#define FRAGMENTATION_NEEDED 4

/* ---- I9b: what is quoted x which error ----------------------------------- */

struct quoted {
	const char *name;
	uint8_t protocol;
	uint16_t bytes; /* behind the IP header; 0: all */
	bool no_checksum;
};

static const struct quoted quoted[] = {
	{ "tcp, 8 bytes", IPPROTO_TCP, 8, false },
	{ "tcp, header", IPPROTO_TCP, 20, false },
	{ "tcp, all", IPPROTO_TCP, 0, false },
	{ "udp, 8 bytes", IPPROTO_UDP, 8, false },
	{ "udp, all", IPPROTO_UDP, 0, false },
	{ "udp without checksum", IPPROTO_UDP, 0, true },
	{ "echo, 8 bytes", IPPROTO_ICMP, 8, false },
	{ "echo, all", IPPROTO_ICMP, 0, false },
};

static const struct {
	uint8_t type, code;
	uint32_t rest;
} errors[] = {
	{ UNREACHABLE, 0, 0 },
	{ UNREACHABLE, PORT_UNREACHABLE, 0 },
	{ UNREACHABLE, FRAGMENTATION_NEEDED, 1400 },
	{ TIME_EXCEEDED, 0, 0 },
	{ PARAMETER, 0, 9 << 24 },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The packet an endpoint sends to R, or with `answer` what R sends to it. */
static struct packet packet_of(const struct quoted *what, uint32_t address,
			       uint16_t port, bool answer)
{
	struct packet query = { QUERY(ECHO, address, R, port) };
	struct packet packet = { PORTS(what->protocol, address, port, R, 80),
				 .flags = PSH | ACK, .payload = 40, .id = 77,
				 .no_checksum = what->no_checksum };

	if (what->protocol == IPPROTO_ICMP)
		packet = query;
	packet.quoted = 0;
	if (!answer)
		return packet;
	packet.source = R;
	packet.destination = address;
	if (what->protocol == IPPROTO_ICMP) {
		packet.type = ECHO_REPLY;
	} else {
		packet.sport = 80;
		packet.dport = port;
	}
	return packet;
}

static struct packet error_of(uint32_t source, uint32_t destination, size_t i,
			      const struct quoted *what,
			      const struct packet *quote)
{
	return (struct packet){ ERROR(source, destination, errors[i].type,
				      errors[i].code, quote),
				.rest = errors[i].rest, .quoted = what->bytes };
}

/* Errors about a packet of `inside`, which the outside knows as A:port. */
static void errors_about(struct bench *bench, const struct quoted *what,
			 uint32_t inside, uint16_t inside_port, uint16_t port)
{
	struct packet sent = packet_of(what, A, port, false);
	struct packet own = packet_of(what, inside, inside_port, false);
	struct packet answer = packet_of(what, A, port, true);
	struct packet arrived = packet_of(what, inside, inside_port, true);

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct step in = { WAN, TP_REASON_error_in,
				   .in = error_of(X, A, i, what, &sent),
				   .out = error_of(X, inside, i, what, &own) };
		struct step out = { LAN, TP_REASON_error_out,
				    .in = error_of(inside, R, i, what,
						   &arrived),
				    .out = error_of(A, R, i, what, &answer) };

		rows_step(bench, &in);
		rows_step(bench, &out);
	}
}

static void open_endpoint(struct bench *bench, const struct quoted *what,
			  uint32_t inside, uint16_t port)
{
	struct step step = { .side = LAN, .why = TP_REASON_translated_out };

	step.in = packet_of(what, inside, port, false);
	step.out = packet_of(what, A, 0, false);
	step.in.flags = SYN;
	rows_step(bench, &step);
}

static void matrix(struct bench *bench, uint32_t inside)
{
	const char *row = bench->row;
	char name[128];

	for (size_t i = 0; i < COUNT(quoted); i++) {
		snprintf(name, sizeof(name), "%s, %s", row, quoted[i].name);
		bench->row = name;
		open_endpoint(bench, &quoted[i], inside, 7000);
		assert_true((bench->port == 7000) == (inside == H));
		errors_about(bench, &quoted[i], inside, 7000, bench->port);
	}
	bench->row = row;
}

static void address_changes(struct bench *bench)
{
	matrix(bench, H);
}

/* H holds 7000 in every plane, so H2 gets another port. */
static void address_and_port_change(struct bench *bench)
{
	for (size_t i = 0; i < COUNT(quoted); i++)
		open_endpoint(bench, &quoted[i], H, 7000);
	matrix(bench, H2);
}

/* ---- the table ----------------------------------------------------------- */

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define PINGED OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))
#define ANSWERED INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))
#define LOST(s, d, about) ERROR(s, d, UNREACHABLE, PORT_UNREACHABLE, about)
#define ABOUT_A THE(UDP(A, 5000, R, 80))
#define ABOUT_H THE(UDP(H, 5000, R, 80))
#define FROM_R THE(UDP(R, 80, H, 5000))
#define FROM_R_TO_A THE(UDP(R, 80, A, 5000))
/* ASKED, then this error from X, which arrives at H. */
#define ERROR_IN(quote, translated) \
	SEND(WAN, error_in, LOST(X, A, THE(quote)), LOST(X, H, THE(translated)))

static const struct row rows[] = {
	{ .name = "I9 I10 address changes", .test = address_changes },
	{ .name = "I9 I10 address and port change",
	  .test = address_and_port_change },
	ROW("U16 from the remote itself", ASKED,
	    SEND(WAN, error_in, LOST(R, A, ABOUT_A), LOST(R, H, ABOUT_H))),
	ROW("about a packet on its last hop", ASKED,
	    SEND(WAN, error_in,
		 ERROR(X, A, TIME_EXCEEDED, 0,
		       THE(UDP(A, 5000, R, 80), .ttl = 1, .tos = 0xb8,
			   .id = 0xffff, .fragment = 0x4000)),
		 ERROR(X, H, TIME_EXCEEDED, 0, ABOUT_H))),
	ROW("I6 quoted options are skipped", ASKED,
	    ERROR_IN(WITH(UDP(A, 5000, R, 80), .options = 10),
		     UDP(H, 5000, R, 80))),
	ROW("I7 a wrong quoted checksum stays as wrong", ASKED,
	    ERROR_IN(WITH(UDP(A, 5000, R, 80), .l4_error = 0x0101),
		     UDP(H, 5000, R, 80))),
	ROW("odd length", ASKED,
	    ERROR_IN(WITH(UDP(A, 5000, R, 80), .payload = 33),
		     UDP(H, 5000, R, 80))),
	ROW("long quote", ASKED,
	    ERROR_IN(WITH(UDP(A, 5000, R, 80), .payload = 500),
		     UDP(H, 5000, R, 80))),
	ROW("to a host behind an inner router",
	    OUTWARD(UDP(DEEP, 5000, R, 80), UDP(A, 5000, R, 80)),
	    SEND(WAN, error_in, LOST(X, A, ABOUT_A),
		 LOST(X, DEEP, THE(UDP(DEEP, 5000, R, 80))))),
	ROW("I10 from an inner router", ASKED, ANSWERED,
	    SEND(LAN, error_out,
		 WITH(LOST(ROUTER, R, FROM_R), .from = MAC_ROUTER),
		 LOST(A, R, FROM_R_TO_A))),

	/* an error is no traffic */
	ROW("U15 the mapping survives", ASKED,
	    ERROR_IN(UDP(A, 5000, R, 80), UDP(H, 5000, R, 80)), ANSWERED),
	ROW("T13 the connection survives",
	    OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    SEND(WAN, error_in,
		 ERROR(X, A, UNREACHABLE, 1, THE(TCP(A, 5000, R, 80, SYN))),
		 ERROR(X, H, UNREACHABLE, 1, THE(TCP(H, 5000, R, 80, SYN)))),
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK))),
	ROW("V8 an error in does not refresh", ASKED,
	    SEND(WAN, error_in, LOST(X, A, ABOUT_A), LOST(X, H, ABOUT_H),
		 .later = PLANE_TICKS(290)),
	    STOP(WAN, unsolicited, UDP(R, 80, A, 5000),
		 .later = PLANE_TICKS(11))),
	ROW("V8 an error out does not refresh", ASKED, ANSWERED,
	    SEND(LAN, error_out, LOST(H, R, FROM_R), LOST(A, R, FROM_R_TO_A),
		 .later = PLANE_TICKS(290)),
	    STOP(WAN, unsolicited, UDP(R, 80, A, 5000),
		 .later = PLANE_TICKS(11))),
	ROW("I11 about a query", PINGED,
	    SEND(WAN, error_in,
		 ERROR(X, A, TIME_EXCEEDED, 0, THE(QUERY(ECHO, A, R, 7000))),
		 ERROR(X, H, TIME_EXCEEDED, 0, THE(QUERY(ECHO, H, R, 7000))),
		 .later = PLANE_TICKS(50)),
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000),
		   QUERY(ECHO_REPLY, R, H, 7000)),
	    STOP(WAN, local, QUERY(ECHO_REPLY, R, A, 7000),
		 .later = PLANE_TICKS(11))),

	/* not forwarded */
	ROW("I4 wrong checksum", ASKED,
	    STOP(WAN, bad_checksum, WITH(LOST(X, A, ABOUT_A), .l4_error = 1))),
	ROW("I4 wrong checksum, outward", ASKED, ANSWERED,
	    STOP(LAN, bad_checksum, WITH(LOST(H, R, FROM_R), .l4_error = 1))),
	ROW("I5 wrong quoted ip checksum", ASKED,
	    STOP(WAN, bad_checksum,
		 LOST(X, A, THE(UDP(A, 5000, R, 80), .ip_error = 1)))),
	ROW("I17 quote from somebody else", ASKED,
	    STOP(WAN, bad_quote, LOST(X, A, THE(UDP(B, 5000, R, 80)))),
	    STOP(WAN, bad_quote, LOST(X, A, ABOUT_H))),
	ROW("I17 quoted fragment", ASKED,
	    STOP(WAN, bad_quote,
		 LOST(X, A, THE(UDP(A, 5000, R, 80), .fragment = 185)))),
	ROW("I17 quoted error", ASKED,
	    STOP(WAN, bad_quote, LOST(X, A, THE(LOST(A, R, FROM_R_TO_A))))),
	ROW("quote too short", ASKED,
	    STOP(WAN, bad_quote, WITH(LOST(X, A, ABOUT_A), .quoted = 7))),
	ROW("about nothing of ours goes to the gateway",
	    STOP(WAN, local, LOST(X, A, ABOUT_A))),
	ROW("about nothing of ours, outward",
	    STOP(LAN, error_lost, LOST(H, R, FROM_R))),
	ROW("I15 redirect is not forwarded", ASKED,
	    STOP(WAN, local, ERROR(X, A, REDIRECT, 1, ABOUT_A))),
	ROW("I15 redirect is not forwarded, outward", ASKED, ANSWERED,
	    STOP(LAN, redirect, ERROR(H, R, REDIRECT, 1, FROM_R))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
