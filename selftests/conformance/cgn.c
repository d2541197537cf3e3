// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cgn.c - RFC 6888: common requirements for carrier-grade NATs, which are good
 * for small ones, too.
 */
#include "answer.h"
#include "settings.h"

#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))

static uint16_t send_from(struct bench *bench, uint32_t host, uint16_t port,
			  enum plane_verdict *verdict)
{
	const struct packet packet = { UDP(host, port, R, 80), .to = MAC_LAN,
				       .from = MAC_ROUTER };
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
		.ifindex = PLANE_LAN,
		.frame = frame,
		.size = packet_build(&packet, frame),
	};

	assert_int_equal(plane_run(bench->plane, &input, &bench->output), 0);
	*verdict = bench->output.verdict;
	return bench->output.frame[34] << 8 | bench->output.frame[35];
}

/* ---- what one host may have ----------------------------------------------- */

#define MOST 100
#define TOLD_SO .told = TOLD(UNREACHABLE, 13)

static void send_once(struct bench *bench, uint32_t host, uint16_t port,
		      uint32_t remote)
{
	struct step step = OUTWARD(UDP(H, 0, R, 80), UDP(A, 0, R, 80));

	step.in.source = host;
	step.in.sport = port;
	step.in.destination = step.out.destination = remote;
	rows_step(bench, &step);
}

static void more_ports(struct bench *bench)
{
	for (uint16_t n = 1; n < MOST; n++)
		send_once(bench, H, 5000 + n, R);
	STEP(bench, STOP(LAN, any_dropped, UDP(H, 6000, R, 80), TOLD_SO));
	send_once(bench, H, 5000 + MOST - 1, R2);
	send_once(bench, H2, 6000, R);
}

static void more_sessions(struct bench *bench)
{
	for (uint32_t n = 1; n < MOST; n++)
		send_once(bench, H, 5000, R + n);
	STEP(bench,
	     STOP(LAN, any_dropped, UDP(H, 5000, R + MOST, 80), TOLD_SO));
	send_once(bench, H, 5000, R);
	send_once(bench, H2, 5000, R);
}

/* Four seconds' worth, in less time than that. */
static void faster(struct bench *bench)
{
	unsigned int refused = 0;

	for (uint16_t n = 0; n < 4 * MOST; n++) {
		enum plane_verdict verdict;

		send_from(bench, H, 6000 + n, &verdict);
		refused += verdict != PLANE_FORWARDED ||
			   bench->output.frame[23] != IPPROTO_UDP;
	}
	EXPECT(bench, refused > 0, "none of %u was refused", 4 * MOST);
	send_once(bench, H2, 6000, R);
}

static const struct vector host_ports[] = {
	VECTOR_OURS_TEST("the 101st port of a hundred", more_ports,
			 OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
				 .before = set_hundred_ports)),
};

static const struct vector host_state[] = {
	VECTOR_OURS_TEST("the 101st session of a hundred", more_sessions,
			 OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
				 .before = set_hundred_sessions)),
	VECTOR_OURS_TEST("a hundred new ones a second", faster,
			 OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
				 .before = set_hundred_a_second)),
};

static const struct vector excluded[] = {
	VECTOR_OURS("left to the kernel as it is",
		    STOP(LAN, excluded, UDP(H, 5000, EXCLUDED, 80))),
};

/* ---- a freed port -------------------------------------------------------- */

static void not_before_two_minutes(struct bench *bench)
{
	STEP(bench,
	     OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 0, R, 80), AFTER(300 + 119)));
	EXPECT(bench, bench->port != 5000, "another host's after 119 s");
}

static const struct vector hold[] = {
	VECTOR_OURS_TEST("not another host's for two minutes",
			 not_before_two_minutes, ASKED),
	VECTOR_OURS("another's after them", ASKED,
		    OUTWARD(UDP(H2, 5000, R, 80), UDP(A, 5000, R, 80),
			    AFTER(300 + 121))),
	VECTOR_OURS("its own host's at once", ASKED,
		    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
			    AFTER(301))),
};

/* ---- full tables --------------------------------------------------------- */

#define ENDPOINTS 30000 /* the bench has lines for 16,640 sessions */
#define HOST_OF(i) IP(192, 168, 50, 1) + (i) / 200, 2000 + (i) % 200

/* Twice what there is room for: nobody who was served loses it. */
static void keep_the_old(struct bench *bench)
{
	static uint16_t ports[ENDPOINTS];
	unsigned int served = 0, refused = 0;
	enum plane_verdict verdict;

	for (unsigned int i = 0; i < ENDPOINTS; i++) {
		uint16_t port = send_from(bench, HOST_OF(i), &verdict);
		bool ours = verdict == PLANE_FORWARDED &&
			    bench->output.frame[23] == IPPROTO_UDP;

		ports[i] = ours ? port : 0;
		served += ours;
		refused += !ours;
	}
	EXPECT(bench, served > 10000 && refused > 1000,
	       "%u served, %u refused: not full", served, refused);
	for (unsigned int i = 0; i < ENDPOINTS; i++) {
		if (!ports[i])
			continue;
		EXPECT(bench,
		       send_from(bench, HOST_OF(i), &verdict) == ports[i] &&
			       verdict == PLANE_FORWARDED,
		       "endpoint %u of %u served lost its port", i, served);
	}
}

static const struct vector no_eviction[] = {
	VECTOR_OURS_TEST("twice as many as there is room for", keep_the_old),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "C1", "6888", "REQ-4", MUST,
	  "one host's external ports are limited, nobody else pays",
	  SHOWN_BY(host_ports) },
	{ "C2", "6888", "REQ-5", SHOULD,
	  "one host's state is limited, and how fast it is made",
	  SHOWN_BY(host_state),
	  .note = "half of the state by default; a rate is for the operator to "
		  "set: what is harmless differs too much between hosts" },
	{ "C3", "6888", "REQ-6", MUST, "destinations that are not translated",
	  SHOWN_BY(excluded) },
	{ "C4", "6888", "REQ-8", SHOULD_NOT,
	  "a freed port goes to another host within two minutes",
	  SHOWN_BY(hold) },
	{ "C5", "6888", "REQ-11", MUST_NOT,
	  "existing mappings make room for new ones", SHOWN_BY(no_eviction) },
	{ "C6", "6888", "REQ-12", SHOULD_NOT,
	  "destinations are logged by default", .site = true },
};

const struct section section_cgn = ROWS_OF("CGN, RFC 6888", rows);
