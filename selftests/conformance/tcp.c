// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp.c - RFC 5382: NAT requirements for TCP.
 */
#include "config.h"
#include "settings.h"

/* clang-format off */
#define AFTER(seconds) .later = PLANE_TICKS(seconds)

#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define HOST_SENDS(flags, ...) \
	OUTWARD(WITH(TCP(H, 5000, R, 80, flags), __VA_ARGS__), \
		TCP(A, 5000, R, 80, flags))
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define SERVER_SENDS(flags, ...) \
	INWARD(WITH(TCP(R, 80, A, 5000, flags), __VA_ARGS__), \
	       TCP(R, 80, H, 5000, flags))
#define NOW .later = 0
#define ESTABLISHED HOST(SYN, NOW), SERVER(SYN | ACK, NOW), HOST(ACK, NOW)
/* clang-format on */

/* ---- mapping ------------------------------------------------------------- */

static void one_changed_port(struct bench *bench)
{
	uint16_t port;

	STEP(bench, OUTWARD(TCP(H2, 5000, R, 80, SYN), TCP(A, 0, R, 80, SYN)));
	port = bench->port;
	EXPECT(bench, port != 5000, "two endpoints have port 5000");
	STEP(bench,
	     OUTWARD(TCP(H2, 5000, R2, 90, SYN), TCP(A, 0, R2, 90, SYN)));
	EXPECT(bench, bench->port == port, "port %u, then %u", port,
	       bench->port);
}

static const struct vector mapping[] = {
	VECTOR("the host's own port", HOST(SYN, NOW),
	       OUTWARD(TCP(H, 5000, R2, 90, SYN), TCP(A, 5000, R2, 90, SYN))),
	VECTOR_TEST("a port that is not its own", one_changed_port,
		    HOST(SYN, NOW)),
};

/* Ten megabytes to a host that has closed its side. */
static void after_half_close(struct bench *bench)
{
	for (int i = 0; i < 7200; i += 72) {
		STEP(bench, SERVER_SENDS(ACK | PSH, .payload = 1460));
		STEP(bench, HOST(ACK, NOW));
	}
	STEP(bench, SERVER(ACK, AFTER(7000)));
}

/* Options: maximum segment size is ours to lower, the others are not. */
#define WINDOW_SCALE "\x01\x03\x03\x07\x08\x0a\x01\x02\x03\x04\x05\x06\x07\x08"

static const struct vector sequences[] = {
	VECTOR("a handshake and data", ESTABLISHED,
	       HOST_SENDS(ACK | PSH, .payload = 77),
	       SERVER_SENDS(ACK | PSH, .payload = 1200), HOST(ACK, NOW)),
	VECTOR("a SYN repeated", HOST(SYN, NOW), HOST(SYN, AFTER(3)),
	       HOST(SYN, AFTER(6)), SERVER(SYN | ACK, NOW)),
	VECTOR("a SYN with data", HOST_SENDS(SYN, .payload = 300),
	       SERVER(SYN | ACK, NOW)),
	VECTOR_TEST("half-closed by the host, then much data", after_half_close,
		    ESTABLISHED, HOST(FIN | ACK, NOW)),
	VECTOR("FIN before the data that it ends", ESTABLISHED,
	       SERVER(FIN | ACK, NOW), SERVER_SENDS(ACK | PSH, .payload = 500),
	       HOST(ACK, NOW)),
	VECTOR("keepalives", ESTABLISHED, HOST(ACK, AFTER(3600)),
	       SERVER(ACK, AFTER(3600)), HOST(ACK, AFTER(3600))),
	VECTOR("urgent data", ESTABLISHED,
	       HOST_SENDS(ACK | URG | PSH, .payload = 9)),
	VECTOR("options stay",
	       HOST_SENDS(SYN, .data_offset = 9, .payload = 16,
			  .text = WINDOW_SCALE),
	       SERVER_SENDS(SYN | ACK, .data_offset = 9, .payload = 16,
			    .text = WINDOW_SCALE)),
	VECTOR("both close", ESTABLISHED, HOST(FIN | ACK, NOW),
	       SERVER(FIN | ACK, NOW), HOST(ACK, NOW)),
};

static const struct vector simultaneous[] = {
	VECTOR("SYNs cross", HOST(SYN, NOW), SERVER(SYN, NOW),
	       HOST(SYN | ACK, NOW), SERVER(SYN | ACK, NOW),
	       SERVER(ACK, AFTER(7439))),
};

/* ---- filtering ----------------------------------------------------------- */

#define SYN_FROM(remote, port, ...)             \
	INWARD(TCP(remote, port, A, 5000, SYN), \
	       TCP(remote, port, H, 5000, SYN), __VA_ARGS__)
#define NO_SYN_FROM(remote, port, ...) \
	STOP(WAN, filtered, TCP(remote, port, A, 5000, SYN), __VA_ARGS__)

static const struct vector filtering[] = {
	VECTOR("address-dependent (default)", HOST(SYN, NOW),
	       SYN_FROM(R, 9, NOW), NO_SYN_FROM(R2, 80, NOW)),
	VECTOR_OURS("endpoint-independent", HOST(SYN, NOW),
		    SYN_FROM(R2, 9, .before = set_filter_endpoint)),
	VECTOR_OURS("address- and port-dependent", HOST(SYN, NOW),
		    NO_SYN_FROM(R, 9, .before = set_filter_address_and_port),
		    NO_SYN_FROM(R2, 80, NOW), SYN_FROM(R, 80, NOW)),
};

/* ---- timers -------------------------------------------------------------- */

static void default_two_hours(struct bench *bench)
{
	struct config config;

	config_defaults(&config);
	EXPECT(bench, config.tcp_established >= 7440 * 1000,
	       "the default is %ld ms", config.tcp_established);
}

static const struct vector established[] = {
	VECTOR("data after 7439 s", ESTABLISHED, SERVER(ACK, AFTER(7439))),
	VECTOR("and again", ESTABLISHED, HOST(ACK, AFTER(7439)),
	       SERVER(ACK, AFTER(7439))),
	VECTOR_OURS_TEST("the default", default_two_hours),
};

static const struct vector transitory[] = {
	VECTOR("SYN/ACK after 239 s", HOST(SYN, NOW),
	       SERVER(SYN | ACK, AFTER(239))),
	VECTOR("closing, data after 239 s", ESTABLISHED, HOST(FIN | ACK, NOW),
	       SERVER(FIN | ACK, NOW), HOST(ACK, AFTER(239))),
};

/* ---- the rest ------------------------------------------------------------ */

static const struct vector ftp[] = {
	VECTOR("a PORT command",
	       OUTWARD(TCP(H, 5000, R, 21, SYN), TCP(A, 5000, R, 21, SYN)),
	       INWARD(TCP(R, 21, A, 5000, SYN | ACK),
		      TCP(R, 21, H, 5000, SYN | ACK)),
	       OUTWARD(WITH(TCP(H, 5000, R, 21, ACK | PSH), .payload = 27,
			    .text = "PORT 192,168,0,10,19,137\r\n"),
		       TCP(A, 5000, R, 21, ACK | PSH))),
};

/* Nobody is answered for a port that nobody has, neither at once nor later. */
static const struct vector unsolicited[] = {
	VECTOR("a SYN to no mapping",
	       STOP(WAN, any_dropped, TCP(R2, 80, A, 5999, SYN))),
	VECTOR("and the host's own SYN right after it",
	       STOP(WAN, any_dropped, TCP(R2, 80, A, 5000, SYN)),
	       OUTWARD(TCP(H, 5000, R2, 80, SYN), TCP(A, 5000, R2, 80, SYN)),
	       INWARD(TCP(R2, 80, A, 5000, SYN), TCP(R2, 80, H, 5000, SYN))),
};

#define OFFERS(value)                                        \
	.tcp_options = { 2, 4, (value) >> 8, (value)&0xff }, \
	.tcp_options_size = 4

static const struct vector clamped[] = {
	VECTOR_OURS("either way, lowered only",
		    OUTWARD(WITH(TCP(H, 5000, R, 80, SYN), OFFERS(1460)),
			    WITH(TCP(A, 5000, R, 80, SYN), OFFERS(1360)),
			    .before = set_mss),
		    INWARD(WITH(TCP(R, 80, A, 5000, SYN | ACK), OFFERS(1460)),
			   WITH(TCP(R, 80, H, 5000, SYN | ACK), OFFERS(1360))),
		    OUTWARD(WITH(TCP(H, 5001, R, 80, SYN), OFFERS(536)),
			    WITH(TCP(A, 5001, R, 80, SYN), OFFERS(536)))),
};

static void no_overloading(struct bench *bench)
{
	struct packet back = { TCP(R2, 80, A, 0, SYN | ACK) };
	struct step step =
		INWARD(UDP(R2, 80, A, 1), TCP(R2, 80, H2, 5000, SYN | ACK));

	STEP(bench,
	     OUTWARD(TCP(H2, 5000, R2, 80, SYN), TCP(A, 0, R2, 80, SYN)));
	EXPECT(bench, bench->port != 5000, "two endpoints have port 5000");
	back.dport = bench->port;
	step.in = back;
	rows_step(bench, &step);
	STEP(bench, SERVER(SYN | ACK, NOW));
}

static const struct vector overloading[] = {
	VECTOR_TEST("another host, another remote", no_overloading,
		    HOST(SYN, NOW)),
};

/* clang-format off */
#define AT_H(...) WITH(__VA_ARGS__, .to = MAC_H, .from = MAC_LAN)
#define AT_H2(...) WITH(__VA_ARGS__, .to = MAC_H2, .from = MAC_LAN)
/* clang-format on */

static void client(struct bench *bench, uint8_t flags, uint16_t payload)
{
	STEP(bench,
	     SEND(LAN, any_forwarded,
		  WITH(TCP(H2, 6000, A, 5000, flags), .payload = payload),
		  AT_H(TCP(A, 0, H, 5000, flags))));
}

static void server(struct bench *bench, uint8_t flags, uint16_t payload)
{
	STEP(bench, { .side = LAN,
		      .why = TP_REASON_any_forwarded,
		      .in = { TCP(H, 5000, A, bench->port, flags),
			      .payload = payload },
		      .out = { AT_H2(TCP(A, 5000, H2, 6000, flags)) } });
}

/* A whole connection; both see only external addresses. */
static void hairpin(struct bench *bench)
{
	assert_int_equal(set_filter_endpoint(bench->plane), 0);
	client(bench, SYN, PACKET_EMPTY);
	server(bench, SYN | ACK, PACKET_EMPTY);
	client(bench, ACK, PACKET_EMPTY);
	client(bench, ACK | PSH, 400);
	server(bench, ACK | PSH, 1400);
	server(bench, FIN | ACK, PACKET_EMPTY);
	client(bench, FIN | ACK, PACKET_EMPTY);
	server(bench, ACK, PACKET_EMPTY);
}

static const struct vector hairpinned[] = {
	VECTOR_TEST("a whole connection", hairpin, HOST(SYN, NOW)),
};

#define ABOUT(t, c, ...)                                            \
	SEND(WAN, error_in,                                         \
	     WITH(ERROR(X, A, t, c, THE(TCP(A, 5000, R, 80, ACK))), \
		  __VA_ARGS__),                                     \
	     ERROR(X, H, t, c, THE(TCP(H, 5000, R, 80, ACK))))

static const struct vector path_mtu[] = {
	VECTOR("fragmentation needed", ESTABLISHED,
	       ABOUT(UNREACHABLE, 4, .rest = 1400)),
};

static const struct vector not_ended[] = {
	VECTOR("host unreachable", ESTABLISHED, ABOUT(UNREACHABLE, 1),
	       SERVER(ACK, NOW), HOST(ACK, NOW)),
	VECTOR("time exceeded", ESTABLISHED, ABOUT(TIME_EXCEEDED, 0),
	       SERVER(ACK, AFTER(7439))),
};

static const struct vector robust[] = {
	VECTOR("an RST from outside does not free the port", ESTABLISHED,
	       SERVER(RST, AFTER(7000)), SERVER(ACK, AFTER(200)),
	       HOST(ACK, AFTER(7000))),
	VECTOR("SYN+FIN, SYN+RST, null, FIN alone, xmas open nothing",
	       STOP(LAN, any_dropped, TCP(H, 5000, R, 80, SYN | FIN)),
	       STOP(LAN, any_dropped, TCP(H, 5000, R, 80, SYN | RST)),
	       STOP(LAN, any_dropped, TCP(H, 5000, R, 80, 0)),
	       STOP(LAN, any_dropped, TCP(H, 5000, R, 80, FIN)),
	       STOP(LAN, any_dropped, TCP(H, 5000, R, 80, FIN | PSH | URG))),
	VECTOR_OURS("the middle of nothing is told",
		    STOP(LAN, reset, TCP(H, 5000, R, 80, ACK)),
		    STOP(LAN, no_session, TCP(H, 5000, R, 80, RST))),
	VECTOR("the middle of nothing, from outside",
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, ACK)),
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, SYN | ACK)),
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, RST))),
	VECTOR("header too long, too short",
	       STOP(LAN, malformed,
		    WITH(TCP(H, 5000, R, 80, SYN), .data_offset = 4)),
	       STOP(LAN, malformed,
		    WITH(TCP(H, 5000, R, 80, SYN), .data_offset = 6)),
	       STOP(LAN, malformed, WITH(TCP(H, 5000, R, 80, SYN), .cut = 50))),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "T1", "5382", "REQ-1", MUST,
	  "one endpoint, one port, for all remotes", SHOWN_BY(mapping) },
	{ "T2", "5382", "REQ-2", MUST, "every valid sequence of segments",
	  SHOWN_BY(sequences) },
	{ "T3", "5382", "REQ-2a", MUST, "simultaneous open",
	  SHOWN_BY(simultaneous) },
	{ "T4", "5382", "REQ-3", RECOMMENDED,
	  "who may connect: three ways, address-dependent by default",
	  SHOWN_BY(filtering) },
	{ "T5", "5382", "REQ-4", MUST_NOT,
	  "an unsolicited SYN is answered within six seconds",
	  SHOWN_BY(unsolicited) },
	{ "T6", "5382", "REQ-4a", SHOULD,
	  "and after them, unless the policy is to stay silent",
	  SHOWN_BY(unsolicited),
	  .note = "the policy is to stay silent: whoever scans learns nothing" },
	{ "T7", "5382", "REQ-5", MUST_NOT,
	  "established connections expire before 2 h 4 min",
	  SHOWN_BY(established) },
	{ "T8", "5382", "REQ-5", MUST_NOT,
	  "opening and closing ones expire before 4 min",
	  SHOWN_BY(transitory) },
	{ "T9", "5382", "REQ-6", RECOMMENDED, "payload is left alone (FTP)",
	  SHOWN_BY(ftp) },
	{ "T10", "5382", "REQ-7", MUST_NOT, "a port serves two endpoints",
	  SHOWN_BY(overloading) },
	{ "T11", "5382", "REQ-8", MUST,
	  "a connection between two hosts by external addresses",
	  SHOWN_BY(hairpinned), .wire = true },
	{ "T12", "5382", "REQ-9", SHOULD, "path MTU discovery works",
	  SHOWN_BY(path_mtu) },
	{ "T13", "5382", "REQ-10", MUST_NOT, "an ICMP error ends a connection",
	  SHOWN_BY(not_ended) },
	{ "T14", "", "", OWN, "forged, broken and unexpected segments",
	  SHOWN_BY(robust) },
	{ "F12", "8900", "", RECOMMENDED,
	  "fragmentation is avoided: the MSS that a SYN offers is lowered",
	  SHOWN_BY(clamped) },
};

const struct section section_tcp = ROWS_OF("TCP, RFC 5382", rows);
