// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp.c - RFC 4787: network address translation of unicast UDP.
 */
#include "config.h"
#include "offload.h"
#include "race.h"
#include "settings.h"
#include "wired.h"

#define AFTER(seconds) .later = PLANE_TICKS(seconds)

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define ANSWER(...) \
	INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000), __VA_ARGS__)
#define NO_ANSWER(...) STOP(WAN, any_dropped, UDP(R, 80, A, 5000), __VA_ARGS__)

/* ---- mapping ------------------------------------------------------------- */

/* A port that is not the host's own is kept for every remote, too. */
static void one_changed_port(struct bench *bench)
{
	uint16_t port;

	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80)));
	port = bench->port;
	EXPECT(bench, port != 5000, "two endpoints have port 5000");
	STEP(bench, OUTWARD(UDP(H2, 5000, R2, 90), UDP(A, 0, R2, 90)));
	EXPECT(bench, bench->port == port, "port %u, then %u", port,
	       bench->port);
	STEP(bench, OUTWARD(UDP(H2, 5000, X, 53), UDP(A, 0, X, 53)));
	EXPECT(bench, bench->port == port, "port %u, then %u", port,
	       bench->port);
}

static const struct vector mapping[] = {
	VECTOR("the host's own port", ASKED,
	       OUTWARD(UDP(H, 5000, R2, 90), UDP(A, 5000, R2, 90))),
	VECTOR_TEST("a port that is not its own", one_changed_port, ASKED),
};

static const struct vector pooling[] = {
	VECTOR("two ports of a host", ASKED,
	       OUTWARD(UDP(H, 5001, R, 80), UDP(A, 5001, R, 80)),
	       OUTWARD(TCP(H, 5002, R, 80, SYN), TCP(A, 5002, R, 80, SYN))),
	VECTOR_OURS("with another uplink there: the endpoint stays", ASKED,
		    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
			    .before = set_select_b)),
};

/* Remotes differ, and still no port serves two endpoints. */
static void no_overloading(struct bench *bench)
{
	struct packet back = { UDP(R2, 80, A, 0) };
	struct step step = INWARD(UDP(R2, 80, A, 1), UDP(R2, 80, H2, 5000));

	STEP(bench, OUTWARD(UDP(H2, 5000, R2, 80), UDP(A, 0, R2, 80)));
	EXPECT(bench, bench->port != 5000, "two endpoints have port 5000");
	back.dport = bench->port;
	step.in = back;
	rows_step(bench, &step);
	STEP(bench, ANSWER(.later = 0));
}

static const struct vector overloading[] = {
	VECTOR_TEST("another host, another remote", no_overloading, ASKED),
};

static const struct vector deterministic[] = {
	VECTOR_OURS_TEST("two CPUs, colliding ports", race_run),
	VECTOR_OURS_TEST("two CPUs, one session", race_together),
};

/* ---- port classes -------------------------------------------------------- */

/* All of a host's ports, when another host holds them already. */
static void class_kept(struct bench *bench)
{
	for (uint16_t port = 40000; port < 40040; port++) {
		STEP(bench, { .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = { UDP(H2, port, R, 80) },
			      .out = { UDP(A, port, R, 80) } });
		STEP(bench, { .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = { UDP(H, port, R, 80) },
			      .out = { UDP(A, 0, R, 80) } });
		EXPECT(bench, bench->port >= 1024, "port %u became %u", port,
		       bench->port);
	}
}

static const struct vector classes[] = {
	VECTOR_TEST("dynamic ports stay above 1023", class_kept),
};

static void parity_kept(struct bench *bench)
{
	for (uint16_t port = 5004; port < 5104; port++) {
		STEP(bench, { .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = { UDP(H2, port, R, 80) },
			      .out = { UDP(A, port, R, 80) } });
		STEP(bench, { .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = { UDP(H, port, R, 80) },
			      .out = { UDP(A, 0, R, 80) } });
		EXPECT(bench, bench->port % 2 == port % 2, "port %u became %u",
		       port, bench->port);
	}
}

static const struct vector parity[] = {
	VECTOR("free ports", OUTWARD(UDP(H, 5004, R, 80), UDP(A, 5004, R, 80)),
	       OUTWARD(UDP(H, 5005, R, 80), UDP(A, 5005, R, 80))),
	VECTOR_TEST("ports that are taken", parity_kept),
};

/* ---- timers -------------------------------------------------------------- */

static void default_five_minutes(struct bench *bench)
{
	struct config config;

	config_defaults(&config);
	EXPECT(bench, config.udp >= 5 * 60000, "the default is %ld ms",
	       config.udp);
}

static const struct vector timer[] = {
	VECTOR("two minutes", ASKED, ANSWER(AFTER(119.9))),
	VECTOR("five minutes and not more", ASKED, ANSWER(AFTER(299)),
	       NO_ANSWER(AFTER(2))),
	VECTOR_OURS_TEST("the default", default_five_minutes),
};

static const struct vector by_port[] = {
	VECTOR("port 53 lives as long as others",
	       OUTWARD(UDP(H, 5000, R, 53), UDP(A, 5000, R, 53)),
	       INWARD(UDP(R, 53, A, 5000), UDP(R, 53, H, 5000), AFTER(299))),
};

/* Half a timer between packets, four timers long. */
static void refreshed(struct bench *bench)
{
	uint16_t port;

	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80)));
	port = bench->port;
	for (int i = 0; i < 8; i++) {
		STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80),
				    AFTER(150)));
		EXPECT(bench, bench->port == port, "port %u, then %u", port,
		       bench->port);
	}
}

static const struct vector outbound_refresh[] = {
	VECTOR_TEST("four timers long", refreshed, ASKED),
};

static const struct vector inbound_refresh[] = {
	VECTOR("off: expires", ASKED, ANSWER(AFTER(200)), ANSWER(AFTER(90)),
	       NO_ANSWER(AFTER(20))),
};

/* ---- filtering ----------------------------------------------------------- */

#define FROM(remote, port, ...)                                        \
	INWARD(UDP(remote, port, A, 5000), UDP(remote, port, H, 5000), \
	       __VA_ARGS__)
#define NOT_FROM(remote, port, ...) \
	STOP(WAN, filtered, UDP(remote, port, A, 5000), __VA_ARGS__)

static const struct vector filtering[] = {
	VECTOR("address-dependent (default)", ASKED, ANSWER(.later = 0),
	       FROM(R, 9, .later = 0), NOT_FROM(R2, 80, .later = 0),
	       NOT_FROM(R2, 9, .later = 0)),
	VECTOR_OURS("endpoint-independent", ASKED,
		    FROM(R2, 9, .before = set_filter_endpoint),
		    FROM(R, 9, .later = 0)),
	VECTOR_OURS("address- and port-dependent", ASKED,
		    NOT_FROM(R, 9, .before = set_filter_address_and_port),
		    NOT_FROM(R2, 80, .later = 0), ANSWER(.later = 0)),
	VECTOR("two remotes of one endpoint", ASKED,
	       OUTWARD(UDP(H, 5000, R2, 90), UDP(A, 5000, R2, 90)),
	       ANSWER(.later = 0), FROM(R2, 90, .later = 0),
	       NOT_FROM(X, 80, .later = 0)),
};

/* ---- hairpin ------------------------------------------------------------- */

#define AT_H(...) WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN)
#define AT_H2(...) WITH(__VA_ARGS__, .to = MAC_H2, .from = MAC_LAN)

/* H2 to A:5000, as which H is known; H sees A, and its answer goes back. */
static void hairpin_both_ways(struct bench *bench)
{
	struct packet answer = { UDP(H, 5000, A, 0) };
	struct step step = { .side = LAN,
			     .why = TP_REASON_any_forwarded,
			     .out = { AT_H2(UDP(A, 5000, H2, 6000)) } };

	STEP(bench,
	     SEND(LAN, any_forwarded, UDP(H2, 6000, A, 5000),
		  AT_H(UDP(A, 0, H, 5000)), .before = set_filter_endpoint));
	answer.dport = bench->port;
	step.in = answer;
	rows_step(bench, &step);
	/* What H2 is known by here is what the Internet knows it by. */
	STEP(bench, { .side = LAN,
		      .why = TP_REASON_translated_out,
		      .in = { UDP(H2, 6000, R, 80) },
		      .out = { UDP(A, bench->port, R, 80) } });
}

/* Both know each other's external endpoint and send to it, as ICE does. */
static void hairpin_punched(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 6000, R, 80), UDP(A, 6000, R, 80)));
	bench->row = "either fate of the first will do";
	STEP(bench, SEND(LAN, any_forwarded, UDP(H, 5000, A, 6000),
			 AT_H2(UDP(A, 5000, H2, 6000)),
			 .before = set_filter_endpoint));
	STEP(bench, SEND(LAN, any_forwarded, UDP(H2, 6000, A, 5000),
			 AT_H(UDP(A, 6000, H, 5000))));
}

static const struct vector hairpin[] = {
	VECTOR_TEST("out and back", hairpin_both_ways, ASKED),
	VECTOR_TEST("both send", hairpin_punched, ASKED),
	VECTOR("to a host behind an inner router",
	       OUTWARD(UDP(DEEP, 5000, R, 80), UDP(A, 5000, R, 80)),
	       SEND(LAN, any_forwarded, UDP(H2, 6000, A, 5000),
		    WITH(UDP(A, 6000, DEEP, 5000), .to = MAC_ROUTER,
			 .from = MAC_LAN),
		    .before = set_filter_endpoint)),
	VECTOR("to nothing: not forwarded",
	       STOP(LAN, local, UDP(H2, 6000, A, 5000))),
};

/* ---- no ALG -------------------------------------------------------------- */

#define SIP                                    \
	"REGISTER sip:example.org SIP/2.0\r\n" \
	"Contact: <sip:alice@192.168.0.10:5060>\r\n\r\n"

static const struct vector sip[] = {
	VECTOR("a SIP request", OUTWARD(WITH(UDP(H, 5060, R, 5060), .text = SIP,
					     .payload = sizeof(SIP)),
					UDP(A, 5060, R, 5060))),
};

/* ---- ICMP ---------------------------------------------------------------- */

#define ABOUT(type, code, from)                                    \
	SEND(WAN, error_in,                                        \
	     ERROR(from, A, type, code, THE(UDP(A, 5000, R, 80))), \
	     ERROR(from, H, type, code, THE(UDP(H, 5000, R, 80))))

static const struct vector mapping_survives[] = {
	VECTOR("port unreachable", ASKED, ABOUT(UNREACHABLE, 3, R),
	       ANSWER(.later = 0)),
	VECTOR("time exceeded", ASKED, ABOUT(TIME_EXCEEDED, 0, R),
	       ANSWER(.later = 0)),
	VECTOR("parameter problem", ASKED, ABOUT(PARAMETER, 0, R),
	       ANSWER(.later = 0)),
};

static const struct vector by_a_router[] = {
	VECTOR("unreachable, by a router on the way", ASKED,
	       ABOUT(UNREACHABLE, 1, X)),
	VECTOR("time exceeded, by a router on the way", ASKED,
	       ABOUT(TIME_EXCEEDED, 0, X)),
};

/* ---- checksums, malformed packets ---------------------------------------- */

/* Payloads tuned so that the checksum after translation comes to zero. */
static void sum_of_zero_out(struct bench *bench)
{
	struct packet out = { UDP(A, 5000, R, 80), .word = 1 };
	struct step step = OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));

	out.word = packet_l4_checksum(&out) + 1;
	EXPECT(bench, packet_l4_checksum(&out) == 0xffff, "badly tuned");
	step.in.word = out.word;
	rows_step(bench, &step);
}

static void sum_of_zero_in(struct bench *bench)
{
	struct packet out = { UDP(R, 80, H, 5000), .word = 1 };
	struct step step = INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000));

	out.word = packet_l4_checksum(&out) + 1;
	EXPECT(bench, packet_l4_checksum(&out) == 0xffff, "badly tuned");
	step.in.word = out.word;
	rows_step(bench, &step);
}

static const struct vector checksum[] = {
	VECTOR("none stays none",
	       OUTWARD(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		       UDP(A, 5000, R, 80)),
	       INWARD(WITH(UDP(R, 80, A, 5000), .no_checksum = true),
		      UDP(R, 80, H, 5000))),
	VECTOR_TEST("a sum of zero is sent as ones, out", sum_of_zero_out),
	VECTOR_TEST("a sum of zero is sent as ones, in", sum_of_zero_in, ASKED),
	VECTOR("a wrong one stays as wrong",
	       OUTWARD(WITH(UDP(H, 5000, R, 80), .l4_error = 0x0101),
		       UDP(A, 5000, R, 80))),
	VECTOR("odd length, DSCP, ECN, IP ID",
	       OUTWARD(WITH(UDP(H, 5000, R, 80), .tos = 0xb9, .id = 0x1234,
			    .fragment = 0x4000, .payload = 33),
		       UDP(A, 5000, R, 80))),
	{ .row = { .name = "owed by the sender",
		   .test = offload_owed_udp,
		   .hooks = ROW_TC },
	  .wire = true },
	{ .row = { .name = "owed, in",
		   .test = offload_owed_in,
		   .hooks = ROW_TC,
		   .steps = { ASKED } },
	  .wire = true },
	{ .row = { .name = "owed, tcp",
		   .test = offload_owed_tcp,
		   .hooks = ROW_TC },
	  .wire = true },
	{ .row = { .name = "a super-packet",
		   .test = offload_segments,
		   .hooks = ROW_TC },
	  .ours = true },
};

#define BAD(...) STOP(LAN, any_dropped, WITH(UDP(H, 5000, R, 80), __VA_ARGS__))
#define BAD_IN(...) \
	STOP(WAN, any_dropped, WITH(UDP(R, 80, A, 5000), __VA_ARGS__))

static const struct vector malformed[] = {
	VECTOR("UDP length under 8", BAD(.udp_length = 7)),
	VECTOR("UDP length past the packet", BAD(.udp_length = 41)),
	VECTOR("IP header of 16 bytes", BAD(.version_ihl = 0x44)),
	VECTOR("IP version 5", BAD(.version_ihl = 0x55)),
	VECTOR("IP length past the frame", BAD(.total_length = 100)),
	VECTOR("IP length under the header", BAD(.total_length = 19)),
	/* No kernel lets tc see the first. */
	{ .row = { .name = "cut in the IP header",
		   .hooks = ROW_XDP,
		   .steps = { BAD(.cut = 30) } },
	  .ours = true },
	VECTOR("cut in the UDP header", BAD(.cut = 38)),
	VECTOR("of a session too", ASKED, BAD_IN(.udp_length = 7),
	       BAD_IN(.udp_length = 41), BAD_IN(.version_ihl = 0x44),
	       BAD_IN(.total_length = 100)),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "U1", "4787", "REQ-1", MUST,
	  "one endpoint, one port, for all remotes", SHOWN_BY(mapping) },
	{ "U2", "4787", "REQ-2", RECOMMENDED, "a host has one external address",
	  SHOWN_BY(pooling) },
	{ "U3", "4787", "REQ-3", MUST_NOT,
	  "a port serves two endpoints, were it for two remotes",
	  SHOWN_BY(overloading) },
	{ "U4", "4787", "REQ-3a", RECOMMENDED,
	  "ports stay in their range: up to 1023, or above",
	  SHOWN_BY(classes) },
	{ "U5", "4787", "REQ-4", RECOMMENDED, "even ports stay even, odd odd",
	  SHOWN_BY(parity) },
	{ "U6", "4787", "REQ-5", MUST_NOT,
	  "mappings expire before two minutes; default five", SHOWN_BY(timer) },
	{ "U7", "4787", "REQ-5a", MAY, "shorter timers for well-known ports",
	  SHOWN_BY(by_port) },
	{ "U8", "4787", "REQ-6", MUST, "packets from inside keep a mapping",
	  SHOWN_BY(outbound_refresh) },
	{ "U9", "4787", "REQ-6a", MAY, "packets from outside keep it",
	  SHOWN_BY(inbound_refresh) },
	{ "U10", "4787", "REQ-7", MUST,
	  "an uplink with the LAN's own subnet is told of", .site = true },
	{ "U11", "4787", "REQ-8", RECOMMENDED,
	  "who may send to a mapping: three ways, address-dependent by default",
	  SHOWN_BY(filtering) },
	{ "U12", "4787", "REQ-9", MUST,
	  "two inside endpoints meet by their external ones", SHOWN_BY(hairpin),
	  .wire = true },
	{ "U13", "4787", "REQ-10", SHOULD, "payload is left alone (SIP)",
	  SHOWN_BY(sip) },
	{ "U14", "4787", "REQ-11", MUST,
	  "mapping does not change under load, with collisions, on all CPUs",
	  SHOWN_BY(deterministic) },
	{ "U15", "4787", "REQ-12", MUST, "ICMP errors end no mapping",
	  SHOWN_BY(mapping_survives) },
	{ "U16", "4787", "REQ-12a", SHOULD,
	  "errors are translated whoever sends them", SHOWN_BY(by_a_router) },
	{ "U21", "768", "", MUST, "UDP checksums: none, zero, owed",
	  SHOWN_BY(checksum) },
	{ "U22", "1122", "", OWN, "malformed packets leave nothing behind",
	  SHOWN_BY(malformed) },
};

const struct section section_udp = ROWS_OF("UDP, RFC 4787", rows);
