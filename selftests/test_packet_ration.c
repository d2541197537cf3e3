// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_ration.c - what one inside host may have: sessions, ports, new
 * sessions a second, questions to the partner (RFC 6888 REQ-4 and REQ-5).  Who
 * overdoes it is refused and told; the others notice nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <string.h>
#include <cmocka.h>

#include "harness/audit.h"
#include "harness/rows.h"

#define MOST 8
#define FIRST 5000

#define REFUSED .told = TOLD(UNREACHABLE, 13)
#define AFTER(seconds) .later = PLANE_TICKS(seconds)

/* ---- what the daemon says ------------------------------------------------ */

static int few_ports(struct plane *plane)
{
	plane->settings.limits.ports = MOST;
	return plane_set_settings(plane);
}

static int few_sessions(struct plane *plane)
{
	plane->settings.limits.sessions = MOST;
	return plane_set_settings(plane);
}

static int slowly(struct plane *plane)
{
	plane->settings.limits.rate = MOST;
	return plane_set_settings(plane);
}

static int with_partner(struct plane *plane)
{
	plane->settings.limits.questions = MOST;
	return plane_set_partner(plane, TP_PARTNER_TWINPATH) ?:
		       plane_set_settings(plane);
}

static int no_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_NONE);
}

/* H:80 on A:8080. */
static int publish(struct plane *plane)
{
	const struct tp_publish ask = { .inside = plane_address(H),
					.inside_port = htons(80),
					.port = htons(8080),
					.plane = TP_PLANE_TCP,
					.exit = PLANE_EXIT_A,
					.filtering = TP_FILTER_ENDPOINT };

	return plane_publish(plane, &ask);
}

/* ---- one packet ---------------------------------------------------------- */

static void refused(struct bench *bench, enum tp_reason why, uint32_t host,
		    uint16_t port)
{
	struct step step = STOP(LAN, host_ports, UDP(H, 0, R, 80), REFUSED);

	step.why = why;
	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
}

static void opens_most(struct bench *bench, uint32_t host)
{
	for (uint16_t n = 0; n < MOST; n++)
		rows_open(bench, host, FIRST + n);
}

/* One turn of the daemon after the other, until nobody is near a limit or all
 * has been passed. */
static void sweep_all(struct bench *bench)
{
	unsigned int turns = 0;

	while (plane_sweep(bench->plane) && ++turns < 4)
		;
	assert_int_not_equal(turns, 0);
	audit_rations(bench->plane);
}

/* ---- ports --------------------------------------------------------------- */

static void ports(struct bench *bench)
{
	assert_int_equal(few_ports(bench->plane), 0);
	opens_most(bench, H);
	refused(bench, TP_REASON_host_ports, H, 6000);
	STEP(bench, STOP(LAN, host_ports, TCP(H, 6000, R, 80, SYN), REFUSED));
	STEP(bench, STOP(LAN, host_ports, QUERY(ECHO, H, R, 6000), REFUSED));
	/* A port that it has is as good as ever, for new sessions too. */
	STEP(bench, OUTWARD(UDP(H, FIRST, R2, 80), UDP(A, FIRST, R2, 80)));
	opens_most(bench, H);
	/* And nobody else pays for it. */
	opens_most(bench, H2);
	refused(bench, TP_REASON_host_ports, H2, 6000);
	opens_most(bench, DEEP);
	audit_rations(bench->plane);
}

/* C1 as the conformance table has it. */
static void hundred(struct bench *bench)
{
	bench->plane->settings.limits.ports = 100;
	assert_int_equal(plane_set_settings(bench->plane), 0);
	for (uint16_t n = 0; n < 100; n++)
		rows_open(bench, H, FIRST + n);
	refused(bench, TP_REASON_host_ports, H, FIRST + 100);
	rows_open(bench, H2, FIRST + 100);
}

static void ports_expire(struct bench *bench)
{
	assert_int_equal(few_ports(bench->plane), 0);
	opens_most(bench, H);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	sweep_all(bench);
	/* Its own, held ones first: and all of them count again. */
	opens_most(bench, H);
	refused(bench, TP_REASON_host_ports, H, 6000);
	audit_rations(bench->plane);
}

static uint32_t ports_of(const struct plane *plane, uint32_t host)
{
	const struct tp_addr address = plane_address(host);

	for (uint32_t i = 0; i < TP_RATION_LINES; i++)
		if (!memcmp(&plane->rations[i].address, &address,
			    sizeof(address)))
			return TP_RATION_PORTS(plane->rations[i].held);
	return 0;
}

/* Without a daemon each refusal makes a bit of the walk, 128 a second. */
static void ports_expire_alone(struct bench *bench)
{
	unsigned int tries = 0;

	assert_int_equal(few_ports(bench->plane), 0);
	opens_most(bench, H);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	while (ports_of(bench->plane, H) == MOST) {
		struct step step =
			STOP(LAN, host_ports, UDP(H, 6000, R, 80), REFUSED);

		step.later = tries++ % 64 ? 0 : TP_TICKS_PER_SECOND;
		rows_step(bench, &step);
		assert_true(tries < 2000);
	}
	rows_open(bench, H, 6000);
}

/* Held for H, a port that nobody counts goes to H2 after its time. */
static void held(struct bench *bench)
{
	bench->plane->settings.port_min = 2000;
	bench->plane->settings.port_max = 2000;
	bench->plane->settings.limits.ports = 1;
	assert_int_equal(plane_set_settings(bench->plane), 0);
	rows_open(bench, H, 100);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	sweep_all(bench);
	STEP(bench,
	     STOP(LAN, ports_full, UDP(H2, 100, R, 80), REFUSED, AFTER(117)));
	rows_open(bench, H, 102);
	refused(bench, TP_REASON_host_ports, H, 104);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	sweep_all(bench);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(121)), 0);
	rows_open(bench, H2, 100);
	audit_rations(bench->plane);
}

/* Finished connections make room for who is near its limit, after 30 s. */
static void finished(struct bench *bench)
{
	assert_int_equal(few_ports(bench->plane), 0);
	for (uint16_t n = 0; n < MOST; n++) {
		struct step steps[] = {
			OUTWARD(TCP(H, FIRST, R, 80, SYN),
				TCP(A, FIRST, R, 80, SYN)),
			INWARD(TCP(R, 80, A, FIRST, SYN | ACK),
			       TCP(R, 80, H, FIRST, SYN | ACK)),
			OUTWARD(TCP(H, FIRST, R, 80, FIN | ACK),
				TCP(A, FIRST, R, 80, FIN | ACK)),
			INWARD(TCP(R, 80, A, FIRST, FIN | ACK),
			       TCP(R, 80, H, FIRST, FIN | ACK)),
		};

		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			struct step *one = &steps[i];

			*(i % 2 ? &one->in.dport : &one->in.sport) += n;
			*(i % 2 ? &one->out.dport : &one->out.sport) += n;
			rows_step(bench, one);
		}
	}
	refused(bench, TP_REASON_host_ports, H, 6000);
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(31)), 0);
	sweep_all(bench); /* ends their lives */
	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(2)), 0);
	sweep_all(bench); /* and takes them out of use */
	rows_open(bench, H, 6000);
}

/* ---- sessions ------------------------------------------------------------ */

static void session(struct bench *bench, enum tp_reason why, uint32_t remote)
{
	struct step step = OUTWARD(UDP(H, FIRST, R, 80), UDP(A, FIRST, R, 80));

	if (why != TP_REASON_translated_out)
		step = (struct step)STOP(LAN, host_sessions,
					 UDP(H, FIRST, R, 80), REFUSED);
	step.in.destination = remote;
	step.out.destination = remote;
	rows_step(bench, &step);
}

static void sessions(struct bench *bench)
{
	assert_int_equal(few_sessions(bench->plane), 0);
	for (uint32_t n = 0; n < MOST; n++)
		session(bench, TP_REASON_translated_out, R + 100 + n);
	session(bench, TP_REASON_host_sessions, R);
	for (uint32_t n = 0; n < MOST; n++)
		session(bench, TP_REASON_translated_out, R + 100 + n);
	/* A new port for nothing is given back. */
	refused(bench, TP_REASON_host_sessions, H, 6000);
	opens_most(bench, H2);
	audit_rations(bench->plane);

	assert_int_equal(plane_later(bench->plane, PLANE_TICKS(301)), 0);
	/* The same session again is not one more. */
	session(bench, TP_REASON_translated_out, R + 100);
	session(bench, TP_REASON_host_sessions, R);
	sweep_all(bench);
	for (uint32_t n = 1; n < MOST; n++)
		session(bench, TP_REASON_translated_out, R + 200 + n);
	session(bench, TP_REASON_host_sessions, R);
	audit_rations(bench->plane);
}

/* Those that come from outside are the host's as well; nobody is told. */
static void from_outside(struct bench *bench)
{
	assert_int_equal(few_sessions(bench->plane), 0);
	assert_int_equal(publish(bench->plane), 0);
	for (uint16_t n = 0; n <= MOST; n++) {
		struct step step = INWARD(TCP(R, 4000, A, 8080, SYN),
					  TCP(R, 4000, H, 80, SYN));

		if (n == MOST)
			step = (struct step)STOP(WAN, host_sessions,
						 TCP(R, 4000, A, 8080, SYN));
		step.in.sport += n;
		step.out.sport += n;
		rows_step(bench, &step);
	}
	audit_rations(bench->plane);
}

/* ---- new ones a second --------------------------------------------------- */

static void rate(struct bench *bench)
{
	uint32_t now = plane_now(bench->plane);

	assert_int_equal(slowly(bench->plane), 0);
	assert_int_equal(
		plane_later(bench->plane,
			    TP_TICKS_PER_SECOND - now % TP_TICKS_PER_SECOND),
		0);
	opens_most(bench, H);
	refused(bench, TP_REASON_host_rate, H, 6000);
	opens_most(bench, H); /* these are not new */
	opens_most(bench, H2);
	assert_int_equal(plane_later(bench->plane, TP_TICKS_PER_SECOND), 0);
	rows_open(bench, H, 6000);
}

/* ---- questions to the partner -------------------------------------------- */

#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))

static void asks(struct bench *bench, uint32_t host, uint16_t port)
{
	struct step step = SEND(LAN, question, UDP(H, 0, R, 80), QUESTION);

	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
}

static void questions(struct bench *bench)
{
	struct step step = STOP(LAN, host_questions, UDP(H, 6000, R, 80));
	uint32_t now = plane_now(bench->plane);

	assert_int_equal(with_partner(bench->plane), 0);
	assert_int_equal(
		plane_later(bench->plane,
			    TP_TICKS_PER_SECOND - now % TP_TICKS_PER_SECOND),
		0);
	for (uint16_t n = 0; n < MOST; n++)
		asks(bench, H, FIRST + n);
	rows_step(bench, &step);
	/* Of a flow that was asked about all is asked, as fast as it comes. */
	for (int i = 0; i < 100; i++)
		asks(bench, H, FIRST);
	/* And what belongs to a session that is somewhere. */
	STEP(bench, SEND(LAN, question, TCP(H, 7000, R, 80, ACK), QUESTION));
	for (uint16_t n = 0; n < MOST; n++)
		asks(bench, H2, FIRST + n);
	step = (struct step)SEND(LAN, question, UDP(H, 6000, R, 80), QUESTION,
				 .later = TP_TICKS_PER_SECOND);
	rows_step(bench, &step);
	/* Without a partner nobody is asked, and nothing limited. */
	assert_int_equal(no_partner(bench->plane), 0);
	for (uint16_t n = 0; n < 2 * MOST; n++)
		rows_open(bench, H, 7000 + n);
}

static const struct row rows[] = {
	{ .name = "C1 ports", .test = ports },
	{ .name = "C1 a hundred ports", .test = hundred },
	{ .name = "C1 ports that expired", .test = ports_expire },
	{ .name = "C1 ports that expired, and no daemon",
	  .test = ports_expire_alone },
	{ .name = "C1 C4 ports that are held", .test = held },
	{ .name = "C1 ports of finished connections", .test = finished },
	{ .name = "C2 sessions", .test = sessions },
	{ .name = "C2 sessions from outside", .test = from_outside },
	{ .name = "C2 new sessions a second", .test = rate },
	{ .name = "questions a second", .test = questions },
};

int main(void)
{
	return ROWS_RUN(rows);
}
