// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * icmp.c - RFC 5508: NAT behavioural requirements for ICMP; and RFC 4884.
 *
 * Every checksum of what must come out, inner and outer, is computed anew from
 * the packet that is quoted.
 */
#include "config.h"
#include "fragments.h"
#include "matrix.h"
#include "settings.h"

/* clang-format off */
#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define NOW .later = 0

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define ANSWERED INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))
#define PINGED OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000))
#define PONG(...) \
	INWARD(QUERY(ECHO_REPLY, R, A, 7000), QUERY(ECHO_REPLY, R, H, 7000), \
	       __VA_ARGS__)
#define LOST(s, d, about) ERROR(s, d, UNREACHABLE, 3, about)
#define OUTSIDE THE(UDP(A, 5000, R, 80))
#define INSIDE THE(UDP(H, 5000, R, 80))
#define TO_OUTSIDE THE(UDP(R, 80, A, 5000))
#define TO_INSIDE THE(UDP(R, 80, H, 5000))
/* clang-format on */

/* ---- queries ------------------------------------------------------------- */

/* Two hosts with one identifier; each gets its own answers. */
static void two_hosts(struct bench *bench)
{
	struct packet answer = { QUERY(ECHO_REPLY, R, A, 0) };
	struct step step = INWARD(QUERY(ECHO_REPLY, R, A, 1),
				  QUERY(ECHO_REPLY, R, H2, 7000));

	STEP(bench, OUTWARD(QUERY(ECHO, H2, R, 7000), QUERY(ECHO, A, R, 0)));
	EXPECT(bench, bench->port != 7000, "two hosts have identifier 7000");
	answer.sport = bench->port;
	step.in = answer;
	rows_step(bench, &step);
	STEP(bench, PONG(NOW));
}

/* One that the range of ports does not have. */
static void small_identifier(struct bench *bench)
{
	struct packet answer = { QUERY(ECHO_REPLY, R, A, 0) };
	struct step step =
		INWARD(QUERY(ECHO_REPLY, R, A, 1), QUERY(ECHO_REPLY, R, H, 7));

	STEP(bench, OUTWARD(QUERY(ECHO, H, R, 7), QUERY(ECHO, A, R, 0)));
	answer.sport = bench->port;
	step.in = answer;
	rows_step(bench, &step);
}

static const struct vector queries[] = {
	VECTOR("echo and reply", PINGED, PONG(NOW)),
	VECTOR_TEST("two hosts, one identifier", two_hosts, PINGED),
	VECTOR_TEST("a small identifier", small_identifier),
};

static const struct vector identifiers[] = {
	VECTOR("two remotes", PINGED,
	       OUTWARD(QUERY(ECHO, H, R2, 7000), QUERY(ECHO, A, R2, 7000)),
	       INWARD(QUERY(ECHO_REPLY, R2, A, 7000),
		      QUERY(ECHO_REPLY, R2, H, 7000)),
	       PONG(NOW)),
};

static void default_a_minute(struct bench *bench)
{
	struct config config;

	config_defaults(&config);
	EXPECT(bench, config.icmp >= 60000, "the default is %ld ms",
	       config.icmp);
}

static const struct vector timer[] = {
	VECTOR("a reply after 59.5 s", PINGED, PONG(AFTER(59.5))),
	VECTOR_OURS_TEST("the default", default_a_minute),
};

/* ---- what an error must be ------------------------------------------------ */

static const struct vector bad_sum[] = {
	VECTOR("from outside", ASKED,
	       STOP(WAN, bad_checksum,
		    WITH(LOST(X, A, OUTSIDE), .l4_error = 1))),
	VECTOR("from inside", ASKED, ANSWERED,
	       STOP(LAN, bad_checksum,
		    WITH(LOST(H, R, TO_INSIDE), .l4_error = 1))),
};

static const struct vector bad_inner_sum[] = {
	VECTOR("from outside", ASKED,
	       STOP(WAN, bad_checksum,
		    LOST(X, A, THE(UDP(A, 5000, R, 80), .ip_error = 1)))),
	VECTOR("from inside", ASKED, ANSWERED,
	       STOP(LAN, bad_checksum,
		    LOST(H, R, THE(UDP(R, 80, H, 5000), .ip_error = 1)))),
};

static const struct vector inner_options[] = {
	VECTOR("ten words of them", ASKED,
	       SEND(WAN, error_in,
		    LOST(X, A, THE(UDP(A, 5000, R, 80), .options = 10)),
		    LOST(X, H, INSIDE))),
	VECTOR("one, tcp",
	       OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	       SEND(WAN, error_in,
		    LOST(X, A, THE(TCP(A, 5000, R, 80, SYN), .options = 1)),
		    LOST(X, H, THE(TCP(H, 5000, R, 80, SYN))))),
};

static const struct vector inner_l4_sum[] = {
	VECTOR("a wrong one is forwarded, as wrong", ASKED,
	       SEND(WAN, error_in,
		    LOST(X, A, THE(UDP(A, 5000, R, 80), .l4_error = 0x101)),
		    LOST(X, H, INSIDE))),
};

/*
 * RFC 4884: 128 bytes of the datagram, their length in words in the second 16
 * bits of the header, then a structure that no inner checksum covers.  Here it
 * stands where the datagram would go on.
 */
#define QUOTED 100 /* bytes of UDP payload */
#define MPLS "\x20\x00\xde\x3f\x00\x08\x01\x01\x00\x06\x41\xff"

static void extension(struct bench *bench)
{
	char text[QUOTED + sizeof(MPLS) - 1];
	struct packet sent = { UDP(A, 5000, R, 80), .payload = 500,
			       .text = text, .text_size = sizeof(text) };
	struct packet host = sent;

	memset(text, 'x', QUOTED);
	memcpy(text + QUOTED, MPLS, sizeof(MPLS) - 1);
	host.source = H;
	STEP(bench, { .side = WAN,
		      .why = TP_REASON_error_in,
		      .in = { LOST(X, A, &sent), .rest = 32 << 16,
			      .quoted = 8 + sizeof(text) },
		      .out = { LOST(X, H, &host) } });
}

static const struct vector extensions[] = {
	VECTOR_TEST("an MPLS label stack", extension, ASKED),
};

static const struct vector unmapped[] = {
	VECTOR("about nothing of ours, from inside",
	       STOP(LAN, any_dropped, LOST(H, R, TO_INSIDE))),
	VECTOR("about nothing of ours, from outside: not forwarded",
	       STOP(WAN, any_passed, LOST(X, A, OUTSIDE))),
	VECTOR("about a packet to a stranger", ASKED,
	       STOP(WAN, any_dropped, LOST(X, A, THE(UDP(A, 5000, R2, 80))))),
};

static const struct vector from_inside[] = {
	VECTOR("from the host", ASKED, ANSWERED,
	       SEND(LAN, error_out, LOST(H, R, TO_INSIDE),
		    LOST(A, R, TO_OUTSIDE))),
	VECTOR("from an inner router", ASKED, ANSWERED,
	       SEND(LAN, error_out,
		    WITH(LOST(ROUTER, R, TO_INSIDE), .from = MAC_ROUTER),
		    LOST(A, R, TO_OUTSIDE))),
};

static const struct vector no_refresh[] = {
	VECTOR("time exceeded about an echo", PINGED,
	       SEND(WAN, error_in,
		    ERROR(X, A, TIME_EXCEEDED, 0, THE(QUERY(ECHO, A, R, 7000))),
		    ERROR(X, H, TIME_EXCEEDED, 0, THE(QUERY(ECHO, H, R, 7000))),
		    AFTER(50)),
	       PONG(NOW),
	       STOP(WAN, any_passed, QUERY(ECHO_REPLY, R, A, 7000), AFTER(11))),
};

/* ---- hairpinned errors ---------------------------------------------------- */

/* clang-format off */
#define AT_H(...) WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN)
#define AT_H2(...) WITH(__VA_ARGS__, .to = MAC_H2, .from = MAC_LAN)
/* clang-format on */

/* H cannot deliver what H2 sent to A:5000: H2 hears of its own packet. */
static void hairpinned_error(struct bench *bench)
{
	STEP(bench,
	     SEND(LAN, any_forwarded, UDP(H2, 6000, A, 5000),
		  AT_H(UDP(A, 0, H, 5000)), .before = set_filter_endpoint));
	STEP(bench, { .side = LAN,
		      .why = TP_REASON_any_forwarded,
		      .in = { ERROR(H, A, TIME_EXCEEDED, 0,
				    THE(UDP(A, bench->port, H, 5000))) },
		      .out = { AT_H2(ERROR(A, H2, TIME_EXCEEDED, 0,
					   THE(UDP(H2, 6000, A, 5000)))) } });
}

static void hairpinned_router_error(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(DEEP, 5000, R, 80), UDP(A, 5000, R, 80)));
	STEP(bench, SEND(LAN, any_forwarded, UDP(H2, 6000, A, 5000),
			 WITH(UDP(A, 0, DEEP, 5000), .to = MAC_ROUTER,
			      .from = MAC_LAN),
			 .before = set_filter_endpoint));
	STEP(bench, { .side = LAN,
		      .why = TP_REASON_any_forwarded,
		      .in = { ERROR(ROUTER, A, TIME_EXCEEDED, 0,
				    THE(UDP(A, bench->port, DEEP, 5000))),
			      .from = MAC_ROUTER },
		      .out = { AT_H2(ERROR(A, H2, TIME_EXCEEDED, 0,
					   THE(UDP(H2, 6000, A, 5000)))) } });
}

static const struct vector hairpin[] = {
	VECTOR_TEST("by the host", hairpinned_error, ASKED),
	VECTOR_TEST("by an inner router", hairpinned_router_error),
};

/* ---- types --------------------------------------------------------------- */

static const struct vector types[] = {
	VECTOR("unreachable: all codes that are", ASKED,
	       SEND(WAN, error_in, ERROR(X, A, UNREACHABLE, 13, OUTSIDE),
		    ERROR(X, H, UNREACHABLE, 13, INSIDE)),
	       SEND(WAN, error_in, ERROR(X, A, UNREACHABLE, 0, OUTSIDE),
		    ERROR(X, H, UNREACHABLE, 0, INSIDE))),
	VECTOR("time exceeded", ASKED,
	       SEND(WAN, error_in, ERROR(X, A, TIME_EXCEEDED, 0, OUTSIDE),
		    ERROR(X, H, TIME_EXCEEDED, 0, INSIDE))),
	VECTOR("timestamp is a query",
	       OUTWARD(QUERY(13, H, R, 7000), QUERY(13, A, R, 7000)),
	       INWARD(QUERY(14, R, A, 7000), QUERY(14, R, H, 7000))),
};

static const struct vector never[] = {
	VECTOR("redirect from outside", ASKED,
	       STOP(WAN, any_passed, ERROR(X, A, REDIRECT, 1, OUTSIDE))),
	VECTOR("redirect from inside", ASKED, ANSWERED,
	       STOP(LAN, any_dropped, ERROR(H, R, REDIRECT, 1, TO_INSIDE))),
};

static const struct vector spoofed[] = {
	VECTOR("quotes another sender", ASKED,
	       STOP(WAN, bad_quote, LOST(X, A, THE(UDP(B, 5000, R, 80)))),
	       STOP(WAN, bad_quote, LOST(X, A, INSIDE))),
	VECTOR("quotes a later fragment", ASKED,
	       STOP(WAN, bad_quote,
		    LOST(X, A, THE(UDP(A, 5000, R, 80), .fragment = 185)))),
	VECTOR("quotes an error", ASKED,
	       STOP(WAN, bad_quote, LOST(X, A, THE(LOST(A, R, TO_OUTSIDE))))),
	VECTOR("quotes too little", ASKED,
	       STOP(WAN, bad_quote, WITH(LOST(X, A, OUTSIDE), .quoted = 7))),
};

/* ---- no room -------------------------------------------------------------- */

#define H2_HAS(port, ...) \
	OUTWARD(UDP(H2, port, R, 80), UDP(A, port, R, 80), __VA_ARGS__)

static const struct vector no_room[] = {
	VECTOR_OURS("the fifth endpoint of four ports",
		    H2_HAS(5000, .before = set_four_ports),
		    H2_HAS(5001, .later = 0), H2_HAS(5002, .later = 0),
		    H2_HAS(5003, .later = 0),
		    STOP(LAN, any_dropped, UDP(H, 6000, R, 80),
			 .told = TOLD(UNREACHABLE, 13))),
};

static const struct vector no_word[] = {
	VECTOR_OURS("the same, with refusal = silent",
		    H2_HAS(5000, .before = set_four_ports_silent),
		    H2_HAS(5001, .later = 0), H2_HAS(5002, .later = 0),
		    H2_HAS(5003, .later = 0),
		    STOP(LAN, any_dropped, UDP(H, 6000, R, 80))),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "I1", "5508", "REQ-1", MUST, "queries and their answers",
	  SHOWN_BY(queries) },
	{ "I2", "5508", "REQ-1a", SHOULD, "one identifier for all remotes",
	  SHOWN_BY(identifiers) },
	{ "I3", "5508", "REQ-2", MUST_NOT, "queries expire before 60 s",
	  SHOWN_BY(timer) },
	{ "I4", "5508", "REQ-3", SHOULD, "a wrong ICMP checksum is dropped",
	  SHOWN_BY(bad_sum) },
	{ "I5", "5508", "REQ-3a", SHOULD,
	  "a wrong checksum of the quoted IP header, too",
	  SHOWN_BY(bad_inner_sum) },
	{ "I6", "5508", "REQ-3b", MUST, "quoted IP options are skipped",
	  SHOWN_BY(inner_options) },
	{ "I7", "5508", "REQ-3c", SHOULD_NOT,
	  "the quoted transport checksum is verified", SHOWN_BY(inner_l4_sum) },
	{ "I8", "5508", "REQ-3d", MUST, "extensions (RFC 4884) stay",
	  SHOWN_BY(extensions) },
	{ "I9", "5508", "REQ-4", MUST,
	  "errors from outside: with a mapping translated, else dropped",
	  SHOWN_BY(unmapped) },
	{ "I9b", "5508", "REQ-4", MUST,
	  "address, port or both change x what is quoted x type and code",
	  SHOWN_BY(matrix_vectors) },
	{ "I10", "5508", "REQ-5", MUST,
	  "errors from inside leave with the external address",
	  SHOWN_BY(from_inside) },
	{ "I11", "5508", "REQ-6", MUST_NOT,
	  "an error about a query refreshes or ends it", SHOWN_BY(no_refresh) },
	{ "I12", "5508", "REQ-7", MUST, "hairpinned errors", SHOWN_BY(hairpin),
	  .wire = true },
	{ "I13", "5508", "REQ-8", SHOULD,
	  "no room: the host is told by ICMP 3/13, and nothing is opened",
	  SHOWN_BY(no_room) },
	{ "I14", "5508", "REQ-9", MAY, "and is not told where that is unwanted",
	  SHOWN_BY(no_word) },
	{ "I15", "5508", "REQ-10", MUST,
	  "types 3 and 11 are translated, timestamps are queries",
	  SHOWN_BY(types) },
	{ "I16", "5508", "REQ-11", MAY, "other types are not forwarded",
	  SHOWN_BY(never) },
	{ "I17", "", "", OWN, "spoofed quotes", SHOWN_BY(spoofed) },
	{ "I18", "791", "", MUST, "a ping of 3000 bytes",
	  SHOWN_BY(fragments_echo) },
};

const struct section section_icmp = ROWS_OF("ICMP, RFC 5508", rows);
