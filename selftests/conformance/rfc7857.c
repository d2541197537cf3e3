// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rfc7857.c - RFC 7857: updates to NAT behavioural requirements.
 */
#include "answer.h"
#include "fragments.h"
#include "settings.h"

/* clang-format off */
#define AFTER(seconds) .later = PLANE_TICKS(seconds)
#define NOW .later = 0

#define ASKED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define ANSWER(...) \
	INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000), __VA_ARGS__)
#define NO_ANSWER(...) \
	STOP(WAN, any_dropped, UDP(R, 80, A, 5000), __VA_ARGS__)
#define HOST(flags, ...)                                                \
	OUTWARD(TCP(H, 5000, R, 80, flags), TCP(A, 5000, R, 80, flags), \
		__VA_ARGS__)
#define SERVER(flags, ...)                                             \
	INWARD(TCP(R, 80, A, 5000, flags), TCP(R, 80, H, 5000, flags), \
	       __VA_ARGS__)
#define ESTABLISHED HOST(SYN, NOW), SERVER(SYN | ACK, NOW), HOST(ACK, NOW)
/* clang-format on */

static const struct vector resets[] = {
	VECTOR("from outside: translated, taken back by data", ESTABLISHED,
	       SERVER(RST, NOW), SERVER(ACK, AFTER(239)),
	       HOST(ACK, AFTER(7000))),
	VECTOR("from inside: translated, taken back by data", ESTABLISHED,
	       HOST(RST | ACK, NOW), HOST(ACK, AFTER(239)),
	       SERVER(ACK, AFTER(7000))),
	VECTOR("gone after four minutes", ESTABLISHED, SERVER(RST, NOW),
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, ACK), AFTER(241))),
};

static const struct vector apart[] = {
	VECTOR_OURS("half a minute to open",
		    HOST(SYN, .before = set_short_opening),
		    STOP(WAN, any_dropped, TCP(R, 80, A, 5000, SYN | ACK),
			 AFTER(31))),
	VECTOR_OURS("and still four minutes to close",
		    HOST(SYN, .before = set_short_opening),
		    SERVER(SYN | ACK, AFTER(29)), HOST(FIN | ACK, NOW),
		    SERVER(FIN | ACK, NOW), HOST(ACK, AFTER(239))),
};

static const struct vector planes[] = {
	VECTOR("a UDP mapping opens no TCP port", ASKED,
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, SYN)),
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, ACK))),
	VECTOR("a TCP mapping opens no UDP port", HOST(SYN, NOW),
	       STOP(WAN, any_dropped, UDP(R, 80, A, 5000))),
	VECTOR("another host may have the port in the other protocol", ASKED,
	       OUTWARD(TCP(H2, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))),
};

/* Strangers knock all the time; the mapping ends when the host is silent. */
static void strangers(struct bench *bench)
{
	STEP(bench, INWARD(UDP(R2, 80, A, 5000), UDP(R2, 80, H, 5000),
			   .before = set_filter_endpoint, AFTER(100)));
	STEP(bench,
	     INWARD(UDP(X, 80, A, 5000), UDP(X, 80, H, 5000), AFTER(100)));
	STEP(bench,
	     INWARD(UDP(R2, 81, A, 5000), UDP(R2, 81, H, 5000), AFTER(95)));
	STEP(bench, NO_ANSWER(AFTER(6)));
}

static const struct vector no_refresh[] = {
	VECTOR_OURS_TEST("by remotes it never sent to", strangers, ASKED),
};

/* H keeps answering that nobody is there. */
static void errors(struct bench *bench)
{
	for (int i = 0; i < 5; i++)
		STEP(bench,
		     SEND(LAN, error_out,
			  ERROR(H, R, UNREACHABLE, 3, THE(UDP(R, 80, H, 5000))),
			  ERROR(A, R, UNREACHABLE, 3, THE(UDP(R, 80, A, 5000))),
			  AFTER(59)));
	STEP(bench, NO_ANSWER(AFTER(6)));
}

static const struct vector not_by_errors[] = {
	VECTOR_TEST("ICMP errors of the host", errors, ASKED, ANSWER(NOW)),
	VECTOR("RSTs of the host", ESTABLISHED, HOST(RST, NOW),
	       HOST(RST, AFTER(100)), HOST(RST, AFTER(100)),
	       STOP(WAN, any_dropped, TCP(R, 80, A, 5000, ACK), AFTER(241))),
};

/* ---- the address that a host has ----------------------------------------- */

/* Four ports of A, and all of B: the fifth endpoint does not move there. */
static void paired(struct bench *bench)
{
	const struct packet fifth = { UDP(H, 7000, R, 80), .to = MAC_LAN,
				      .from = MAC_H };
	uint8_t frame[PACKET_MAX];
	struct plane_input input = {
		.hook = bench->xdp ? TP_HOOK_xdp_lan : TP_HOOK_tc_lan,
		.ifindex = PLANE_LAN,
		.frame = frame,
		.size = packet_build(&fifth, frame),
	};

	assert_int_equal(set_four_ports(bench->plane), 0);
	for (uint16_t port = 6000; port < 6004; port++)
		STEP(bench, { .side = LAN,
			      .why = TP_REASON_translated_out,
			      .in = { UDP(H, port, R, 80) },
			      .out = { UDP(A, 0, R, 80) } });
	assert_int_equal(plane_run(bench->plane, &input, &bench->output), 0);
	if (bench->output.verdict == PLANE_PASSED) {
		input.hook = TP_HOOK_tc_lan;
		assert_int_equal(
			plane_run(bench->plane, &input, &bench->output), 0);
	}
	EXPECT(bench, bench->output.verdict == PLANE_FORWARDED,
	       "the host is not told");
	answer_judge(bench, UNREACHABLE, 13, &fifth);
}

static const struct vector exhausted[] = {
	VECTOR_OURS_TEST("drop and ICMP, no other address", paired),
};

static void no_overlap(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 5000, R2, 80), UDP(A, 0, R2, 80)));
	EXPECT(bench, bench->port != 5000, "two endpoints have port 5000");
}

static const struct vector overlap[] = {
	VECTOR_TEST("another remote, another port", no_overlap, ASKED),
};

/* ---- the table ----------------------------------------------------------- */

static const struct requirement rows[] = {
	{ "V2", "7857", "2.2", SHOULD,
	  "timers of opening and closing connections are apart",
	  SHOWN_BY(apart) },
	{ "V3", "7857", "2.2", MUST,
	  "RST is translated, remembered for 4 min, and taken back by data",
	  SHOWN_BY(resets) },
	{ "V4", "7857", "3", MAY,
	  "ports overlap for different remotes: not done, mapping is "
	  "endpoint-independent",
	  SHOWN_BY(overlap) },
	{ "V5", "7857", "4", SHOULD,
	  "an exhausted address: drop and ICMP, never another address",
	  SHOWN_BY(exhausted) },
	{ "V6", "7857", "5", MAY, "a mapping is of one protocol",
	  SHOWN_BY(planes) },
	{ "V7", "7857", "7", SHOULD,
	  "with endpoint-independent filtering strangers refresh nothing",
	  SHOWN_BY(no_refresh) },
	{ "V8", "7857", "7.1", SHOULD_NOT, "errors refresh a mapping",
	  SHOWN_BY(not_by_errors) },
	{ "V11", "7857", "10", SHOULD,
	  "IP IDs of fragments stay apart (RFC 6864)",
	  SHOWN_BY(fragments_ids) },
};

const struct section section_7857 = ROWS_OF("Updates, RFC 7857", rows);
