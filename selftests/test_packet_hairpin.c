// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_hairpin.c - from inside to an external address of this gateway: RFC
 * 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7.  tc alone does it; each way is two
 * packets, the one that is turned round on the LAN interface and what then enters
 * by the uplink.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/pieces.h"

#define H3 IP(192, 168, 0, 40) /* a host that nobody resolved */

static int anybody(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

/* H:5080 on A:8080, or B:8080, for anybody. */
static int publish(struct plane *plane, enum tp_plane which, uint32_t host,
		   enum plane_exit exit)
{
	const struct tp_publish ask = {
		.inside = plane_address(host),
		.inside_port = htons(5080),
		.port = htons(8080),
		.plane = (uint8_t)which,
		.exit = (uint8_t)exit,
		.address = exit == PLANE_EXIT_B,
		.filtering = TP_FILTER_ENDPOINT,
	};

	return plane_publish(plane, &ask);
}

static int publish_tcp(struct plane *plane)
{
	return publish(plane, TP_PLANE_TCP, H, PLANE_EXIT_A);
}

static int publish_udp(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, H, PLANE_EXIT_A);
}

static int publish_on_b(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, H, PLANE_EXIT_B);
}

static int publish_deep(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, DEEP, PLANE_EXIT_A);
}

static int publish_unknown(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP, H3, PLANE_EXIT_A);
}

static int publish_and_flip(struct plane *plane)
{
	return publish_udp(plane) ?: plane_select(plane, PLANE_EXIT_B);
}

static int publish_with_partner(struct plane *plane)
{
	return publish_udp(plane) ?:
				    plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int publish_and_die(struct plane *plane)
{
	return publish_tcp(plane) ?:
		       plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);
}

static int cut(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

/* On the LAN interface: `packet` leaves its source translated, for nobody. */
#define TURNED(packet, result, ...)                                      \
	{                                                                \
		.side = LAN, .why = TP_REASON_hairpin, .in = { packet }, \
		.out = { result, .nobody = true, .ttl = PACKET_TTL },    \
		.mark = TP_MARK_HAIRPIN, __VA_ARGS__                     \
	}
/* On the uplink: delivered to a host; `mac` is its, or its router's. */
#define ENTERS(packet, result, mac, ...)                             \
	{                                                            \
		.side = WAN, .why = TP_REASON_translated_in,         \
		.in = { packet, .nobody = true },                    \
		.out = { result, .to = mac, .from = MAC_LAN },       \
		.mark_in = TP_MARK_HAIRPIN, .mark = TP_MARK_HAIRPIN, \
		__VA_ARGS__                                          \
	}
#define ENTERS_B(packet, result, mac)                               \
	{                                                           \
		.side = WAN_B, .why = TP_REASON_translated_in,      \
		.in = { packet, .nobody = true },                   \
		.out = { result, .to = mac, .from = MAC_LAN },      \
		.mark_in = TP_MARK_HAIRPIN, .mark = TP_MARK_HAIRPIN \
	}
#define REFUSED(reason, packet, ...)                                          \
	{                                                                     \
		.side = WAN, .why = TP_REASON_##reason,                       \
		.in = { packet, .nobody = true }, .mark_in = TP_MARK_HAIRPIN, \
		.mark = TP_MARK_HAIRPIN, __VA_ARGS__                          \
	}

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))

/* ---- rows that need more than packets ------------------------------------ */

#define CLIENT(flags, ...)                                                  \
	TURNED(TCP(H2, 6000, A, 8080, flags), TCP(A, 6000, A, 8080, flags), \
	       __VA_ARGS__)
#define TO_SERVER(flags, ...)                                              \
	ENTERS(TCP(A, 6000, A, 8080, flags), TCP(A, 6000, H, 5080, flags), \
	       MAC_H, __VA_ARGS__)
#define SERVER(flags, ...)                                                 \
	TURNED(TCP(H, 5080, A, 6000, flags), TCP(A, 8080, A, 6000, flags), \
	       __VA_ARGS__)
#define TO_CLIENT(flags, ...)                                               \
	ENTERS(TCP(A, 8080, A, 6000, flags), TCP(A, 8080, H2, 6000, flags), \
	       MAC_H2, __VA_ARGS__)

/* T11 from the handshake to the end, and two hours of silence in between. */
static void whole_connection(struct bench *bench)
{
	STEP(bench, CLIENT(ACK));
	STEP(bench, TO_SERVER(ACK));
	STEP(bench, CLIENT(PSH | ACK, .later = PLANE_TICKS(7000)));
	STEP(bench, TO_SERVER(PSH | ACK));
	STEP(bench, SERVER(ACK, .later = PLANE_TICKS(400)));
	STEP(bench, TO_CLIENT(ACK));
	STEP(bench, CLIENT(FIN | ACK));
	STEP(bench, TO_SERVER(FIN | ACK));
	STEP(bench, SERVER(FIN | ACK));
	STEP(bench, TO_CLIENT(FIN | ACK));
	STEP(bench, CLIENT(ACK));
	STEP(bench, TO_SERVER(ACK));
}

/* A second client, and one from outside, by the same port at the same time. */
static void others_too(struct bench *bench)
{
	STEP(bench, TURNED(UDP(H2, 6001, A, 8080), UDP(A, 6001, A, 8080)));
	STEP(bench,
	     ENTERS(UDP(A, 6001, A, 8080), UDP(A, 6001, H, 5080), MAC_H));
	STEP(bench, INWARD(UDP(R, 6000, A, 8080), UDP(R, 6000, H, 5080)));
	STEP(bench, TURNED(UDP(H, 5080, A, 6000), UDP(A, 8080, A, 6000)));
	STEP(bench, TURNED(UDP(H, 5080, A, 6001), UDP(A, 8080, A, 6001)));
	STEP(bench, OUTWARD(UDP(H, 5080, R, 6000), UDP(A, 8080, R, 6000)));
}

/* It shows nothing of the path, which may well be dead. */
static void shows_nothing(struct bench *bench)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_exit_counters counters[cpus];
	uint32_t exit = PLANE_EXIT_A;
	int fd = bpf_map__fd(bench->plane->skel->maps.exit_counters);

	assert_int_equal(bpf_map_lookup_elem(fd, &exit, counters), 0);
	for (int i = 0; i < cpus; i++)
		assert_int_equal(counters[i].beyond, 0);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H, 5080)));
	assert_int_equal(bpf_map_lookup_elem(fd, &exit, counters), 0);
	for (int i = 0; i < cpus; i++)
		if (counters[i].beyond)
			return;
	fail_msg("not even what came from beyond");
}

/* Each piece after the first does what the first did, on either side. */
static void fragments(struct bench *bench)
{
	const struct packet whole = { UDP(H2, 6000, A, 8080) };
	struct packet turned = { UDP(A, 6000, A, 8080), .nobody = true };

	turned.id = 0x1234 ^ plane_id_mask(H2);
	for (unsigned int i = FIRST; i < PIECES; i++) {
		struct step on_lan =
			TURNED(UDP(0, 0, 0, 0), UDP(A, 6000, A, 8080));

		on_lan.in = piece(whole, i);
		rows_step(bench, &on_lan);
	}
	for (unsigned int i = FIRST; i < PIECES; i++) {
		struct step on_uplink =
			ENTERS(UDP(0, 0, 0, 0), UDP(A, 6000, H, 5080), MAC_H);

		on_uplink.in = piece(turned, i);
		rows_step(bench, &on_uplink);
	}
}

/* Nobody inside has the port: they are not kept waiting for anything. */
static void own_fragments(struct bench *bench)
{
	const struct packet whole = { UDP(H2, 6000, A, 4444) };

	for (unsigned int i = PIECES; i-- > FIRST;) {
		struct step step = stop(LAN, TP_REASON_local, whole, i);

		rows_step(bench, &step);
	}
}

/* A listener of the gateway's has the port: no binding, and so no turn. */
static void own_listener(struct bench *bench)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons(5000),
				    .sin_addr.s_addr = htonl(A) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&name, sizeof(name)), 0);
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(A, 0, R, 80)));
	assert_int_not_equal(bench->port, 5000);
	STEP(bench, STOP(LAN, local, UDP(H2, 6000, A, 5000)));
	close(fd);
}

/* ---- the table ----------------------------------------------------------- */

#define TC_ROW(title, ...)                                                 \
	{                                                                  \
		.name = (title), .hooks = ROW_TC, .steps = { __VA_ARGS__ } \
	}
#define TC_TEST(title, function, ...)                                 \
	{                                                             \
		.name = (title), .hooks = ROW_TC, .test = (function), \
		.steps = {                                            \
			__VA_ARGS__                                   \
		}                                                     \
	}

static const struct row rows[] = {
	/* U12: both see external addresses and ports */
	TC_ROW("U12 to a mapping, and back",
	       OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		       .before = anybody),
	       TURNED(UDP(H2, 6000, A, 5000), UDP(A, 6000, A, 5000)),
	       ENTERS(UDP(A, 6000, A, 5000), UDP(A, 6000, H, 5000), MAC_H),
	       TURNED(UDP(H, 5000, A, 6000), UDP(A, 5000, A, 6000)),
	       ENTERS(UDP(A, 5000, A, 6000), UDP(A, 5000, H2, 6000), MAC_H2)),
	TC_ROW("U12 filtered like anybody from outside", ASKED,
	       TURNED(UDP(H2, 6000, A, 5000), UDP(A, 6000, A, 5000)),
	       REFUSED(filtered, UDP(A, 6000, A, 5000)),
	       TURNED(UDP(H, 5000, A, 6000), UDP(A, 5000, A, 6000)),
	       ENTERS(UDP(A, 5000, A, 6000), UDP(A, 5000, H2, 6000), MAC_H2),
	       ENTERS(UDP(A, 6000, A, 5000), UDP(A, 6000, H, 5000), MAC_H)),
	TC_ROW("U12 an address that was sent to, by any port", ASKED,
	       OUTWARD(UDP(H2, 6000, R, 80), UDP(A, 6000, R, 80)),
	       TURNED(UDP(H, 5000, A, 6000), UDP(A, 5000, A, 6000)),
	       TURNED(UDP(H2, 6001, A, 5000), UDP(A, 6001, A, 5000)),
	       ENTERS(UDP(A, 6001, A, 5000), UDP(A, 6001, H, 5000), MAC_H)),
	TC_ROW("U1 one mapping for outside and inside", ASKED,
	       OUTWARD(UDP(H2, 6000, R, 80), UDP(A, 6000, R, 80)),
	       TURNED(UDP(H2, 6000, A, 5000), UDP(A, 6000, A, 5000)),
	       OUTWARD(UDP(H2, 6000, R2, 80), UDP(A, 6000, R2, 80)),
	       INWARD(UDP(R, 9, A, 6000), UDP(R, 9, H2, 6000))),
	TC_ROW("to itself",
	       OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		       .before = anybody),
	       TURNED(UDP(H, 5000, A, 5000), UDP(A, 5000, A, 5000)),
	       ENTERS(UDP(A, 5000, A, 5000), UDP(A, 5000, H, 5000), MAC_H)),
	TC_ROW("U21 no checksum stays none",
	       TURNED(WITH(UDP(H2, 6000, A, 8080), .no_checksum = true),
		      UDP(A, 6000, A, 8080), .before = publish_udp),
	       ENTERS(WITH(UDP(A, 6000, A, 8080), .no_checksum = true),
		      UDP(A, 6000, H, 5080), MAC_H)),
	TC_ROW("dscp, ecn, id, df, odd length stay",
	       TURNED(WITH(UDP(H2, 6000, A, 8080), .tos = 0x2b, .id = 0xfffe,
			   .fragment = 0x4000, .payload = 1001),
		      UDP(A, 6000, A, 8080), .before = publish_udp),
	       ENTERS(WITH(UDP(A, 6000, A, 8080), .tos = 0x2b, .id = 0xfffe,
			   .fragment = 0x4000, .payload = 1001),
		      UDP(A, 6000, H, 5080), MAC_H)),

	/* published servers */
	TC_TEST("T11 a whole connection", whole_connection,
		CLIENT(SYN, .before = publish_tcp), TO_SERVER(SYN),
		SERVER(SYN | ACK), TO_CLIENT(SYN | ACK)),
	TC_TEST("several clients of a server", others_too,
		TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		       .before = publish_udp),
		ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H)),
	TC_ROW("behind an inner router",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_deep),
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, DEEP, 5080),
		      MAC_ROUTER),
	       TURNED(UDP(DEEP, 5080, A, 6000), UDP(A, 8080, A, 6000)),
	       ENTERS(UDP(A, 8080, A, 6000), UDP(A, 8080, H2, 6000), MAC_H2)),
	TC_ROW("the address says which exit, not the selector",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_and_flip),
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H)),
	TC_ROW("by the other uplink's address",
	       TURNED(UDP(H2, 6000, B, 8080), UDP(B, 6000, B, 8080),
		      .before = publish_on_b),
	       ENTERS_B(UDP(B, 6000, B, 8080), UDP(B, 6000, H, 5080), MAC_H),
	       TURNED(UDP(H, 5080, B, 6000), UDP(B, 8080, B, 6000)),
	       ENTERS_B(UDP(B, 8080, B, 6000), UDP(B, 8080, H2, 6000), MAC_H2)),
	TC_ROW("a host that nobody resolved: the kernel does",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_unknown),
	       { .side = WAN,
		 .why = TP_REASON_translated_in,
		 .in = { UDP(A, 6000, A, 8080), .nobody = true },
		 .out = { UDP(A, 6000, H3, 5080), .nobody = true },
		 .mark_in = TP_MARK_HAIRPIN,
		 .mark = TP_MARK_HAIRPIN }),

	TC_TEST("F1 a datagram in three pieces", fragments,
		TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		       .before = publish_udp)),

	/* I12, REQ-7: errors, of the host and of a router on the way */
	TC_ROW("I12 port unreachable",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_udp),
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H),
	       { .side = LAN,
		 .why = TP_REASON_hairpin,
		 .in = { ERROR(H, A, UNREACHABLE, 3,
			       THE(UDP(A, 6000, H, 5080), .ttl = 63)) },
		 .out = { .source = A,
			  .destination = A,
			  .nobody = true,
			  .ttl = PACKET_TTL,
			  .quote = THE(UDP(A, 6000, A, 8080)) },
		 .mark = TP_MARK_HAIRPIN },
	       { .side = WAN,
		 .why = TP_REASON_error_in,
		 .in = { ERROR(A, A, UNREACHABLE, 3,
			       THE(UDP(A, 6000, A, 8080), .ttl = 63)),
			 .nobody = true },
		 .out = { .source = A,
			  .destination = H2,
			  .to = MAC_H2,
			  .from = MAC_LAN,
			  .quote = THE(UDP(H2, 6000, A, 8080)) },
		 .mark_in = TP_MARK_HAIRPIN,
		 .mark = TP_MARK_HAIRPIN }),
	TC_ROW("I12 time exceeded at an inner router",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_deep),
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, DEEP, 5080),
		      MAC_ROUTER),
	       { .side = LAN,
		 .why = TP_REASON_hairpin,
		 .in = { ERROR(ROUTER, A, TIME_EXCEEDED, 0,
			       THE(UDP(A, 6000, DEEP, 5080), .ttl = 1)) },
		 .out = { .source = A,
			  .destination = A,
			  .nobody = true,
			  .ttl = PACKET_TTL,
			  .quote = THE(UDP(A, 6000, A, 8080)) },
		 .mark = TP_MARK_HAIRPIN }),
	TC_ROW("I12 about a mapping without a session",
	       OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		       .before = anybody),
	       TURNED(UDP(H2, 6000, A, 5000), UDP(A, 6000, A, 5000)),
	       { .side = LAN,
		 .why = TP_REASON_hairpin,
		 .in = { ERROR(H, A, UNREACHABLE, 3,
			       THE(UDP(A, 6000, H, 5000), .ttl = 63)) },
		 .out = { .source = A,
			  .destination = A,
			  .nobody = true,
			  .ttl = PACKET_TTL,
			  .quote = THE(UDP(A, 6000, A, 5000)) },
		 .mark = TP_MARK_HAIRPIN }),
	TC_ROW("an error about nothing of its sender's",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_udp),
	       STOP(LAN, error_lost,
		    ERROR(H2, A, UNREACHABLE, 3,
			  THE(UDP(A, 6000, H2, 7777), .ttl = 63)))),

	/* what is not turned: the gateway's own */
	ROW("nobody has the port", STOP(LAN, local, UDP(H2, 6000, A, 5000)),
	    STOP(LAN, local, TCP(H2, 6000, A, 5000, SYN))),
	ROW("U12 another protocol's port", ASKED,
	    STOP(LAN, local, TCP(H2, 6000, A, 5000, SYN))),
	ROW("a ping of our address",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    STOP(LAN, local, QUERY(ECHO, H2, A, 7000)),
	    STOP(LAN, local, QUERY(ECHO_REPLY, H2, A, 7000))),
	ROW("ttl 1, options",
	    STOP(LAN, local, WITH(UDP(H2, 6000, A, 8080), .ttl = 1),
		 .before = publish_udp),
	    STOP(LAN, local, WITH(UDP(H2, 6000, A, 8080), .options = 1))),
	TC_TEST("later fragments of the gateway's own", own_fragments,
		STOP(LAN, local, UDP(H2, 6000, A, 4444))),
	ROW("the gateway's LAN address",
	    STOP(LAN, local, UDP(H2, 6000, GATEWAY, 8080),
		 .before = publish_udp)),
	{ .name = "a listener of the gateway", .test = own_listener },
	ROW("its uplink is dead", STOP(LAN, local, TCP(H2, 6000, A, 8080, SYN),
				       .before = publish_and_die)),
	{ .name = "XDP passes it up",
	  .steps = { STOP(LAN, local, UDP(H2, 6000, A, 8080),
			  .before = publish_udp) },
	  .hooks = ROW_XDP },

	/* what is stopped */
	TC_ROW("no session: the host is told",
	       STOP(LAN, reset, TCP(H2, 6000, A, 8080, ACK),
		    .before = publish_tcp),
	       STOP(LAN, no_session, TCP(H2, 6000, A, 8080, RST))),
	TC_ROW("cut: both hosts are told", CLIENT(SYN, .before = publish_tcp),
	       TO_SERVER(SYN), SERVER(SYN | ACK), TO_CLIENT(SYN | ACK),
	       STOP(LAN, reset, TCP(H2, 6000, A, 8080, ACK), .before = cut),
	       STOP(LAN, local, TCP(H, 5080, A, 6000, ACK))),
	TC_ROW("a source that is not inside",
	       STOP(LAN, not_inside, UDP(X, 6000, A, 8080),
		    .before = publish_udp)),
	TC_ROW("too large for the host's network, or used up: nobody is told",
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H,
		      .before = publish_udp),
	       REFUSED(hairpin_lost,
		       WITH(UDP(A, 6000, A, 8080), .payload = 1480)),
	       REFUSED(hairpin_lost, WITH(UDP(A, 6000, A, 8080), .ttl = 1))),

	/* what comes from the wire instead */
	ROW("our own address from the wire",
	    STOP(WAN, inside_from_outside, UDP(A, 6000, A, 8080),
		 .before = publish_udp),
	    STOP(WAN, inside_from_outside, TCP(A, 6000, A, 8080, SYN),
		 .before = publish_tcp)),
	ROW("to nobody, and not marked",
	    STOP(WAN, not_for_us, WITH(UDP(A, 6000, A, 8080), .nobody = true),
		 .before = publish_udp)),
	TC_ROW("to nobody, and marked for an exit",
	       STOP(WAN, not_for_us,
		    WITH(UDP(A, 6000, A, 8080), .nobody = true),
		    .before = publish_udp, .mark_in = TP_MARK(PLANE_EXIT_A),
		    .mark = TP_MARK(PLANE_EXIT_A))),
	TC_TEST("it shows nothing of the path", shows_nothing,
		TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		       .before = publish_udp),
		ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H)),

	/* by the partner: whoever has the address has the binding */
	TC_ROW("asked by the partner",
	       TURNED(WITH(UDP(H2, 6000, A, 8080),
			   .from = MAC_THEIRS(TP_KIND_QUESTION)),
		      UDP(A, 6000, A, 8080), .before = publish_with_partner),
	       ENTERS(UDP(A, 6000, A, 8080), UDP(A, 6000, H, 5080), MAC_H),
	       TURNED(WITH(UDP(H, 5080, A, 6000), .from = MAC_PARTNER),
		      UDP(A, 8080, A, 6000)),
	       ENTERS(UDP(A, 8080, A, 6000), UDP(A, 8080, H2, 6000), MAC_H2)),
	TC_ROW("not asked of the partner",
	       TURNED(UDP(H2, 6000, A, 8080), UDP(A, 6000, A, 8080),
		      .before = publish_with_partner)),
	TC_ROW("of the partner's, where nobody has the port",
	       STOP(LAN, local,
		    WITH(UDP(H2, 6000, A, 5000),
			 .from = MAC_THEIRS(TP_KIND_QUESTION)),
		    .before = publish_with_partner,
		    .mark = TP_MARK_FROM_PARTNER)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
