// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_firewall.c - the user's own rules: with firewall = kernel the first
 * packet of each session goes through the kernel, both ways; what is excluded,
 * under IPsec or a foreign rule always does; ports that the gateway needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/plane_routes.h"
#include "harness/rows.h"

#define MARK_A TP_MARK(PLANE_EXIT_A)
#define MARK_IN TP_MARK_INWARD(0) /* address id of A */
#define FROM_PARTNER TP_MARK_FROM_PARTNER
#define THEIR(kind) .from = MAC_THEIRS(TP_KIND_##kind)
#define MY(kind) .to = MAC_PARTNER, .from = MAC_MINE(TP_KIND_##kind)

/* ---- what the daemon writes ---------------------------------------------- */

static int show_first(struct plane *plane)
{
	plane->settings.rules = TP_RULES_FIRST;
	return plane_set_settings(plane);
}

static int show_first_open(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT) ?: show_first(plane);
}

static int show_first_with_partner(struct plane *plane)
{
	return show_first(plane) ?:
				   plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

static int select_partner(struct plane *plane)
{
	return show_first_with_partner(plane) ?:
		       plane_select(plane, PLANE_EXIT_PARTNER);
}

static int foreign_rules(struct plane *plane)
{
	plane->settings.rules |= TP_RULES_ROUTE;
	return plane_set_settings(plane);
}

static int partner_and_rules(struct plane *plane)
{
	return select_partner(plane) ?: foreign_rules(plane);
}

static int publish_tcp(struct plane *plane)
{
	struct tp_publish publish = { .inside = plane_address(H),
				      .inside_port = htons(80),
				      .port = htons(8080),
				      .plane = TP_PLANE_TCP,
				      .exit = PLANE_EXIT_A,
				      .filtering = TP_FILTER_ENDPOINT };

	return plane_publish(plane, &publish) ?: show_first(plane);
}

static int set_route(struct plane *plane, uint32_t address,
		     struct tp_route route)
{
	return plane_route(plane, address, 32, &route);
}

/* A rule like "from H lookup 100". */
static int rule_from_h(struct plane *plane)
{
	return set_route(plane, H,
			 (struct tp_route){ .kind = TP_ROUTE_INSIDE,
					    .from_kernel = 1,
					    .ifindex = PLANE_LAN });
}

/* A policy for R that comes while sessions go there. */
static int policy_to_r(struct plane *plane)
{
	plane->settings.confirm++;
	return plane_set_settings(plane) ?:
					   set_route(plane, R,
						     (struct tp_route){ .kind = TP_ROUTE_KERNEL });
}

static int reserve(struct plane *plane, enum tp_plane which, uint16_t port)
{
	struct tp_ports ports;
	int err = plane_get(plane->skel->maps.reserved, which, &ports);

	ports.word[port / 64] |= 1ULL << port % 64;
	return err ?: plane_set(plane->skel->maps.reserved, which, &ports);
}

static int reserve_5000(struct plane *plane)
{
	return reserve(plane, TP_PLANE_UDP, 5000);
}

/* ---- rows ------------------------------------------------------------------ */

#define NEW UDP(H, 5000, R, 80)
/* clang-format off */
#define SHOWN(packet)                                         \
	{ .side = LAN, .why = TP_REASON_firewall,             \
	  .in = { packet }, .before = show_first, .mark = MARK_A }
#define LET_OUT(packet, result)                                   \
	{ .side = OUT, .why = TP_REASON_translated_slow_out,      \
	  .in = { packet }, .out = { result }, .from = PLANE_LAN, \
	  .mark_in = MARK_A }
#define LET_IN(packet)                                            \
	{ .side = BACK, .why = TP_REASON_COUNT, .in = { packet }, \
	  .from = PLANE_ISP_A, .mark_in = MARK_IN }
/* As it is by XDP; by tc translated, aged by the kernel after. */
#define ROW_IN(title, hook, ...)  \
	{ .name = (title), .hooks = (hook), .steps = { __VA_ARGS__ } }
/* clang-format on */

static int listen_on(int type, uint32_t address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(address),
				  .sin_port = htons(port) };
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/*
 * A service that starts on a port that NAT has given away: the host keeps whom
 * it talks to, the service gets everybody else; then the port is the gateway's.
 */
static void late_listener(struct bench *bench)
{
	int udp = listen_on(SOCK_DGRAM, A, 5000);
	int tcp = listen_on(SOCK_STREAM, A, 5000);

	STEP(bench, INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000)));
	STEP(bench, STOP(WAN, local, UDP(R2, 80, A, 5000)));
	STEP(bench, STOP(WAN, local, TCP(R2, 80, A, 5000, SYN)));
	STEP(bench, STOP(OUT, own, UDP(A, 5000, R2, 80)));
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)));
	STEP(bench, OUTWARD(UDP(H, 5000, R, 80), UDP(A, 0, R, 80),
			    .later = PLANE_TICKS(301)));
	assert_int_not_equal(bench->port, 5000);
	close(udp);
	close(tcp);
	STEP(bench, STOP(WAN, unsolicited, UDP(R2, 80, A, 5000)));
}

static void reserved(struct bench *bench)
{
	assert_int_not_equal(bench->port, 5000);
	/* Of UDP, on A; not of TCP, and not on B. */
	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)));
	STEP(bench, OUTWARD(UDP(H2, 5000, R, 80), UDP(B, 5000, R, 80),
			    .before = select_b));
}

/* The whole range but one port, which alone is left. */
static void all_but_one(struct bench *bench)
{
	struct plane *plane = bench->plane;
	struct tp_ports ports;

	memset(&ports, 0xff, sizeof(ports));
	ports.word[2001 / 64] &= ~(1ULL << 2001 % 64);
	plane->settings.port_min = 2000;
	plane->settings.port_max = 2063;
	assert_int_equal(plane_set_settings(plane), 0);
	assert_int_equal(
		plane_set(plane->skel->maps.reserved, TP_PLANE_TCP, &ports), 0);
	STEP(bench,
	     OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 2001, R, 80, SYN)));
	STEP(bench, STOP(LAN, ports_full, TCP(H2, 5000, R, 80, SYN),
			 .told = TOLD(UNREACHABLE, 13)));
}

static const struct row rows[] = {
	/* firewall = kernel: from inside */
	ROW("udp", SHOWN(NEW), LET_OUT(NEW, UDP(A, 5000, R, 80)),
	    OUTWARD(NEW, UDP(A, 5000, R, 80)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))),
	ROW("tcp", SHOWN(TCP(H, 5000, R, 80, SYN)),
	    LET_OUT(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN)),
	    INWARD(TCP(R, 80, A, 5000, SYN | ACK),
		   TCP(R, 80, H, 5000, SYN | ACK)),
	    OUTWARD(TCP(H, 5000, R, 80, ACK), TCP(A, 5000, R, 80, ACK))),
	ROW("icmp", SHOWN(QUERY(ECHO, H, R, 7000)),
	    LET_OUT(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    INWARD(QUERY(ECHO_REPLY, R, A, 7000),
		   QUERY(ECHO_REPLY, R, H, 7000))),
	ROW("gre", SHOWN(BARE(47, H, R)),
	    LET_OUT(BARE(47, H, R), BARE(47, A, R)),
	    OUTWARD(BARE(47, H, R), BARE(47, A, R)),
	    INWARD(BARE(47, R, A), BARE(47, R, H))),
	ROW("until it is let out: each packet", SHOWN(NEW), SHOWN(NEW),
	    STOP(WAN, unsolicited, UDP(R, 80, A, 5000))),
	ROW("each session of an endpoint", SHOWN(NEW),
	    LET_OUT(NEW, UDP(A, 5000, R, 80)), SHOWN(UDP(H, 5000, R2, 80)),
	    LET_OUT(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80))),
	ROW("mid-stream is no first packet",
	    SEND(LAN, reset, TCP(H, 5000, R, 80, ACK), TCP(H, 5000, R, 80, ACK),
		 .before = show_first)),
	ROW("what is not for outside is as ever",
	    STOP(LAN, local, UDP(H, 5000, GATEWAY, 53), .before = show_first),
	    STOP(LAN, inside, UDP(H, 5000, H2, 53))),

	/* ... and by which exit */
	ROW("by the one that tc chose", SHOWN(NEW),
	    { .side = OUT,
	      .why = TP_REASON_translated_slow_out,
	      .in = { NEW },
	      .out = { UDP(A, 5000, R, 80) },
	      .from = PLANE_LAN,
	      .mark_in = MARK_A,
	      .before = select_b }),
	ROW("not by one that the kernel alone chose",
	    STOP(LAN, firewall, NEW, .before = show_first, .mark = MARK_A),
	    STOP(OUT_B, untranslated, NEW, .from = PLANE_LAN,
		 .mark_in = MARK_A)),
	ROW("but by one that the user's rules chose",
	    STOP(LAN, firewall, NEW, .before = show_first, .mark = MARK_A),
	    SEND(OUT_B, translated_slow_out, NEW, UDP(B, 5000, R, 80),
		 .from = PLANE_LAN, .before = foreign_rules),
	    OUTWARD(NEW, UDP(B, 5000, R, 80))),
	ROW("what follows it, where the user's rules may have sent it elsewhere",
	    STOP(LAN, firewall, TCP(H, 5000, R, 80, ACK),
		 .before = foreign_rules, .mark = MARK_A),
	    STOP(OUT, untranslated, TCP(H, 5000, R, 80, ACK), .from = PLANE_LAN,
		 .mark_in = MARK_A),
	    STOP(LAN, firewall,
		 ERROR(H, R, UNREACHABLE, 3, THE(UDP(R, 80, H, 5000))),
		 .mark = MARK_A)),
	ROW("also when the partner would take it",
	    STOP(LAN, firewall, NEW, .before = partner_and_rules,
		 .mark = TP_MARK(PLANE_EXIT_PARTNER)),
	    SEND(LAN, question, TCP(H, 5000, R, 80, ACK),
		 WITH(.ttl = PACKET_TTL, MY(QUESTION)))),
	ROW("taken over for the partner, by whatever lives here",
	    STOP(LAN, firewall, WITH(NEW, .from = MAC_PARTNER),
		 .before = select_partner, .mark = MARK_A | FROM_PARTNER),
	    LET_OUT(NEW, UDP(A, 5000, R, 80))),
	ROW("asked, returned, then shown",
	    SEND(LAN, question, NEW, WITH(.ttl = PACKET_TTL, MY(QUESTION)),
		 .before = show_first_with_partner),
	    STOP(LAN, firewall, WITH(NEW, THEIR(RETURNED)),
		 .mark = MARK_A | FROM_PARTNER),
	    LET_OUT(NEW, UDP(A, 5000, R, 80))),

	/* firewall = kernel: from outside */
	ROW_IN("by xdp left as it is", ROW_XDP, SHOWN(NEW),
	       LET_OUT(NEW, UDP(A, 5000, R, 80)),
	       STOP(WAN, firewall, UDP(R, 81, A, 5000))),
	ROW_IN("another remote port: another session", ROW_TC, SHOWN(NEW),
	       LET_OUT(NEW, UDP(A, 5000, R, 80)),
	       SEND(WAN, firewall, UDP(R, 81, A, 5000), UDP(R, 81, H, 5000),
		    .mark = MARK_IN),
	       LET_IN(UDP(R, 81, H, 5000)),
	       INWARD(UDP(R, 81, A, 5000), UDP(R, 81, H, 5000)),
	       OUTWARD(UDP(H, 5000, R, 81), UDP(A, 5000, R, 81))),
	ROW_IN("another remote, with endpoint-independent filtering", ROW_TC,
	       STOP(LAN, firewall, NEW, .before = show_first_open,
		    .mark = MARK_A),
	       LET_OUT(NEW, UDP(A, 5000, R, 80)),
	       SEND(WAN, firewall, UDP(R2, 9, A, 5000), UDP(R2, 9, H, 5000),
		    .mark = MARK_IN),
	       SEND(WAN, firewall, UDP(R2, 9, A, 5000), UDP(R2, 9, H, 5000),
		    .mark = MARK_IN),
	       LET_IN(UDP(R2, 9, H, 5000)),
	       INWARD(UDP(R2, 9, A, 5000), UDP(R2, 9, H, 5000))),
	ROW_IN("a published server", ROW_TC,
	       SEND(WAN, firewall, TCP(R, 5000, A, 8080, SYN),
		    TCP(R, 5000, H, 80, SYN), .before = publish_tcp,
		    .mark = MARK_IN),
	       LET_IN(TCP(R, 5000, H, 80, SYN)),
	       OUTWARD(TCP(H, 80, R, 5000, SYN | ACK),
		       TCP(A, 8080, R, 5000, SYN | ACK)),
	       INWARD(TCP(R, 5000, A, 8080, ACK), TCP(R, 5000, H, 80, ACK))),
	ROW_IN("a spoofed one is not even shown", ROW_TC,
	       STOP(WAN, spoofed, TCP(H2, 5000, A, 8080, SYN),
		    .before = publish_tcp)),
	ROW_IN("an error needs no session of its own", ROW_BOTH, SHOWN(NEW),
	       LET_OUT(NEW, UDP(A, 5000, R, 80)),
	       SEND(WAN, error_in,
		    ERROR(X, A, UNREACHABLE, 3, THE(UDP(A, 5000, R, 80))),
		    ERROR(X, H, UNREACHABLE, 3, THE(UDP(H, 5000, R, 80))))),
	/* What comes by a LAN's egress without having been a first packet. */
	ROW("nothing is opened by a mark alone",
	    { .side = BACK,
	      .why = TP_REASON_COUNT,
	      .in = { UDP(R, 9, H, 5000) },
	      .mark_in = MARK_IN },
	    { .side = BACK,
	      .why = TP_REASON_COUNT,
	      .in = { UDP(R, 9, H, 5000) },
	      .mark_in = MARK_A },
	    OUTWARD(NEW, UDP(A, 5000, R, 80))),

	/* excluded, under IPsec, under a foreign rule */
	ROW("excluded: each packet by the kernel",
	    STOP(LAN, excluded, UDP(H, 5000, EXCLUDED, 80)),
	    SEND(OUT, translated_slow_out, UDP(H, 5000, EXCLUDED, 80),
		 UDP(A, 5000, EXCLUDED, 80), .from = PLANE_LAN),
	    STOP(LAN, excluded, UDP(H, 5000, EXCLUDED, 80)),
	    SEND(OUT, translated_slow_out, UDP(H, 5000, EXCLUDED, 80),
		 UDP(A, 5000, EXCLUDED, 80), .from = PLANE_LAN),
	    INWARD(UDP(EXCLUDED, 80, A, 5000), UDP(EXCLUDED, 80, H, 5000))),
	ROW("excluded: by whichever uplink the kernel takes",
	    SEND(OUT_B, translated_slow_out, UDP(H, 5000, EXCLUDED, 80),
		 UDP(B, 5000, EXCLUDED, 80), .from = PLANE_LAN)),
	ROW("a rule for a host: all of it by the kernel",
	    STOP(LAN, excluded, NEW, .before = rule_from_h),
	    SEND(OUT_B, translated_slow_out, NEW, UDP(B, 5000, R, 80),
		 .from = PLANE_LAN),
	    STOP(LAN, excluded, NEW),
	    OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 5000, R, 80))),
	ROW("a policy that comes later holds for what lives",
	    OUTWARD(NEW, UDP(A, 5000, R, 80)),
	    STOP(LAN, excluded, NEW, .before = policy_to_r),
	    STOP(LAN, excluded, TCP(H, 5000, R, 80, SYN))),

	/* ports of the gateway's own */
	{ .name = "a service that starts late",
	  .steps = { OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
		     OUTWARD(TCP(H, 5000, R, 80, SYN),
			     TCP(A, 5000, R, 80, SYN)) },
	  .test = late_listener },
	{ .name = "a port that is kept",
	  .steps = { OUTWARD(UDP(H, 5000, R, 80), UDP(A, 0, R, 80),
			     .before = reserve_5000) },
	  .test = reserved },
	{ .name = "all ports but one", .test = all_but_one },
	ROW("the answer to a ping of the gateway's",
	    OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000)),
	    STOP(OUT, own, QUERY(ECHO, A, R2, 7000)),
	    STOP(WAN, local, QUERY(ECHO_REPLY, R2, A, 7000))),
};

int main(void)
{
	return ROWS_RUN(rows);
}
