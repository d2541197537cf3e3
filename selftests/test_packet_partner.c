// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_partner.c - handing packets to the partner gateway and taking
 * them: the rules H1 .. F, with packets.  A packet that is handed over keeps
 * every byte but its MAC addresses, the TTL too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/rows.h"

/* ---- what the daemon says ------------------------------------------------ */

static int router(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_ROUTER);
}

static int twin(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

static int router_selected(struct plane *plane)
{
	int err = router(plane);

	return err ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

static int twin_selected(struct plane *plane)
{
	int err = twin(plane);

	return err ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

static int kill_uplinks(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_set_exit_state(plane, PLANE_EXIT_B, TP_EXIT_DEAD);
}

static int alone_and_dead(struct plane *plane)
{
	return kill_uplinks(plane) ?: plane_select(plane, 0);
}

static int router_and_dead(struct plane *plane)
{
	return alone_and_dead(plane) ?: router(plane);
}

static int twin_and_dead(struct plane *plane)
{
	return alone_and_dead(plane) ?: twin(plane);
}

static int raise_confirm(struct plane *plane)
{
	plane->settings.confirm++;
	return plane_set_settings(plane);
}

/* Leases of a second, as the daemon would renew them. */
static int lease(struct plane *plane, bool gone, bool quiet)
{
	uint32_t until = plane_now(plane) + PLANE_TICKS(1);
	struct tp_partner partner;
	int err = plane_get(plane->skel->maps.partner, 0, &partner);

	partner.gone_bind = partner.gone_reset = gone ? until : 0;
	partner.quiet = quiet ? until : 0;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

static int gone(struct plane *plane)
{
	return twin(plane) ?: lease(plane, true, false);
}

static int unconfirmed(struct plane *plane)
{
	return raise_confirm(plane) ?: twin(plane);
}

/* For 0.3 s nothing came back: not long enough to reset anybody. */
static int unconfirmed_and_just_gone(struct plane *plane)
{
	struct tp_partner partner;
	int err = raise_confirm(plane) ?: gone(plane);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.gone_reset = 0;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

static int unconfirmed_and_gone(struct plane *plane)
{
	return raise_confirm(plane) ?: gone(plane);
}

static int quiet(struct plane *plane)
{
	return twin(plane) ?: lease(plane, false, true);
}

static int doubted_at(struct plane *plane, uint32_t tick)
{
	struct tp_partner partner;
	int err = twin(plane);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.doubted = tick;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

/* It has never given anything back, says the daemon; and it is dead since. */
static int doubted(struct plane *plane)
{
	return doubted_at(plane, plane_now(plane));
}

/* The daemon knew it for less than a second. */
static int doubted_soon(struct plane *plane)
{
	return doubted_at(plane, plane_now(plane) + PLANE_TICKS(1));
}

/* Its MAC is not known yet, or not any more. */
static int unreachable(struct plane *plane)
{
	struct tp_partner partner;
	int err = twin(plane);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.reachable = 0;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

static int unconfirmed_and_unreachable(struct plane *plane)
{
	return raise_confirm(plane) ?: unreachable(plane);
}

static int unreachable_and_gone(struct plane *plane)
{
	return unreachable(plane) ?: lease(plane, true, false);
}

static int gone_and_deaf(struct plane *plane)
{
	struct tp_partner partner;
	int err = gone(plane);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.deaf = 1;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

/* 221: FNV-1a of ::ffff:192.168.0.10, folded; worked out elsewhere. */
static int quiet_but_for_h(struct plane *plane)
{
	struct tp_partner partner;
	int err = quiet(plane);

	err = err ?: plane_get(plane->skel->maps.partner, 0, &partner);
	partner.busy[221 / 8] |= 1 << 221 % 8;
	return err ?: plane_set(plane->skel->maps.partner, 0, &partner);
}

static int quiet_selects_partner(struct plane *plane)
{
	return quiet(plane) ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

static int select_a(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_A);
}

/* ---- frames -------------------------------------------------------------- */

/* What a packet becomes when it is handed over as such a kind. */
#define HANDED(source) .to = MAC_PARTNER, .from = source, .ttl = PACKET_TTL
#define TAKE HANDED(MAC_LAN)
#define QUESTION HANDED(MAC_MINE(TP_KIND_QUESTION))
#define SESSION_QUESTION HANDED(MAC_MINE(TP_KIND_SESSION_QUESTION))
#define RETURNED HANDED(MAC_MINE(TP_KIND_RETURNED))
/* The same packet, come from the partner as such a kind. */
#define TAKEN(...) WITH(__VA_ARGS__, .from = MAC_PARTNER)
#define ASKED(...) WITH(__VA_ARGS__, .from = MAC_THEIRS(TP_KIND_QUESTION))
#define ASKED_SESSION(...) \
	WITH(__VA_ARGS__, .from = MAC_THEIRS(TP_KIND_SESSION_QUESTION))
#define GIVEN_BACK(...) WITH(__VA_ARGS__, .from = MAC_THEIRS(TP_KIND_RETURNED))

#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define CONNECTED OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN))
#define DATA TCP(H, 5000, R, 80, ACK)

/* ---- what the partner is told of ------------------------------------------- */

static uint32_t bound_at(struct bench *bench, uint32_t host)
{
	struct tp_host_bound bound;

	assert_int_equal(plane_get(bench->plane->skel->maps.host_bound, host,
				   &bound),
			 0);
	return bound.tick;
}

static void noted(struct bench *bench)
{
	uint32_t first = bound_at(bench, 221);

	assert_in_range(plane_now(bench->plane) - first, 0, 2);
	assert_int_equal(bound_at(bench, 137), 0);
	/* Another session of the same binding is no news. */
	STEP(bench, OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
			    .later = PLANE_TICKS(2)));
	assert_int_equal(bound_at(bench, 221), first);
	STEP(bench, OUTWARD(UDP(H, 5001, R2, 80), UDP(A, 5001, R2, 80)));
	assert_true(bound_at(bench, 221) > first);
}

static const struct row rows[] = {
	ROW("router: take",
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE,
		 .before = router_selected),
	    SEND(LAN, take, TCP(H, 5000, R, 80, SYN), TAKE),
	    SEND(LAN, take, QUERY(ECHO, H, R, 7000), TAKE),
	    SEND(LAN, take, DATA, TAKE)),
	ROW("router: every byte stays",
	    SEND(LAN, take,
		 WITH(UDP(H, 5000, R, 80), .tos = 0xb9, .id = 7, .ttl = 2,
		      .fragment = 0x4000, .l4_error = 0x0101, .payload = 33),
		 WITH(.to = MAC_PARTNER, .from = MAC_LAN, .ttl = 2),
		 .before = router_selected)),
	ROW("router: ttl 1 is the kernel's",
	    STOP(LAN, ttl, WITH(UDP(H, 5000, R, 80), .ttl = 1),
		 .before = router_selected,
		 .mark = TP_MARK(PLANE_EXIT_PARTNER))),
	ROW("router: inside, local, excluded stay here",
	    STOP(LAN, inside, UDP(H, 5000, H2, 80), .before = router_selected),
	    STOP(LAN, local, UDP(H, 5000, GATEWAY, 80)),
	    STOP(LAN, excluded, UDP(H, 5000, EXCLUDED, 80)),
	    STOP(LAN, not_inside, UDP(X, 5000, R, 80))),
	ROW("M1 router: a session of mine stays mine", OPENED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = router_selected)),
	ROW("M3 router: a bound endpoint stays mine", OPENED,
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
		    .before = router_selected)),
	ROW("H5 router: no live exit", SEND(LAN, take, UDP(H, 5000, R, 80),
					    TAKE, .before = router_and_dead)),
	ROW("nobody: no live exit",
	    STOP(LAN, no_exit, UDP(H, 5000, R, 80), .before = alone_and_dead)),
	ROW("K4 router: bound whatever the selector says",
	    OUTWARD(TAKEN(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
		    .before = router_selected),
	    OUTWARD(TAKEN(TCP(H, 5001, R, 80, SYN)), TCP(A, 5001, R, 80, SYN)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))),
	ROW("F router: nothing goes back",
	    STOP(LAN, reset, TAKEN(DATA), .before = router_selected),
	    STOP(LAN, no_exit, TAKEN(UDP(H, 5000, R, 80)),
		 .before = router_and_dead)),
	ROW("F router: nor what is not known to be inside",
	    STOP(LAN, not_inside, TAKEN(UDP(X, 5000, R, 80)),
		 .before = router_selected)),
	ROW("from a host, not the partner, when its MAC is another",
	    SEND(LAN, take, WITH(UDP(H, 5000, R, 80), .from = MAC_ROUTER), TAKE,
		 .before = router_selected)),
	ROW("a take to the virtual MAC is not ours",
	    STOP(LAN, not_for_us, TAKEN(UDP(H, 5000, R, 80), .to = MAC_VIRTUAL),
		 .before = router_selected)),
	ROW("from the partner to inside: marked, not to go back",
	    STOP(LAN, inside, TAKEN(UDP(H, 5000, H2, 80)),
		 .before = router_selected, .mark = TP_MARK_FROM_PARTNER)),
	ROW("ping-pong: from the partner, by the kernel, back to it",
	    STOP(BACK, ping_pong, UDP(H, 5000, R, 80), .before = router,
		 .mark_in = TP_MARK_FROM_PARTNER),
	    STOP(BACK, COUNT, UDP(H, 5000, R, 80)),
	    STOP(BACK, COUNT, WITH(UDP(H, 5000, H2, 80), .to = MAC_H2),
		 .mark_in = TP_MARK_FROM_PARTNER)),

	/* the twin is asked */
	ROW("H8 asked, then finished where it returns",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION, .before = twin),
	    OUTWARD(GIVEN_BACK(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80)),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000))),
	ROW("H8 a syn as well",
	    SEND(LAN, question, TCP(H, 5000, R, 80, SYN), QUESTION,
		 .before = twin),
	    OUTWARD(GIVEN_BACK(TCP(H, 5000, R, 80, SYN)),
		    TCP(A, 5000, R, 80, SYN))),
	ROW("H8 quiet: bound at once",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .before = quiet)),
	ROW("H8 quiet is a lease",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .before = quiet),
	    SEND(LAN, question, UDP(H, 5001, R, 80), QUESTION,
		 .later = PLANE_TICKS(2))),
	ROW("H8 quiet, but not for a host that it holds something of",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION,
		 .before = quiet_but_for_h),
	    OUTWARD(WITH(UDP(H2, 5000, R, 80), .from = MAC_H2),
		    UDP(A, 5000, R, 80))),
	ROW("H3 quiet is not for what is under way",
	    SEND(LAN, question, DATA, QUESTION, .before = quiet)),
	ROW("quiet: ended by a take, sent",
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE,
		 .before = quiet_selects_partner),
	    SEND(LAN, question, UDP(H, 5001, R, 80), QUESTION,
		 .before = select_a)),
	ROW("quiet: ended by a take, given back",
	    SEND(LAN, returned, TAKEN(DATA), RETURNED, .before = quiet),
	    SEND(LAN, question, UDP(H, 5001, R, 80), QUESTION)),
	{ .name = "a host that got a binding is known, with its tick",
	  .steps = { OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)) },
	  .test = noted },
	ROW("H1 my session is not asked", OPENED,
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .before = twin)),
	ROW("H2 an unconfirmed session is asked", CONNECTED,
	    SEND(LAN, session_question, DATA, SESSION_QUESTION,
		 .before = unconfirmed),
	    OUTWARD(GIVEN_BACK(DATA), TCP(A, 5000, R, 80, ACK)),
	    OUTWARD(DATA, TCP(A, 5000, R, 80, ACK))),
	ROW("H2 unconfirmed, partner gone: confirmed and sent", CONNECTED,
	    OUTWARD(DATA, TCP(A, 5000, R, 80, ACK),
		    .before = unconfirmed_and_gone)),
	ROW("H2 unconfirmed, partner just gone: mine is served at once",
	    CONNECTED,
	    OUTWARD(DATA, TCP(A, 5000, R, 80, ACK),
		    .before = unconfirmed_and_just_gone),
	    SEND(LAN, question, TCP(H, 5001, R, 80, ACK), QUESTION)),
	ROW("H2 unconfirmed, nobody can be asked: mine is served", CONNECTED,
	    OUTWARD(DATA, TCP(A, 5000, R, 80, ACK),
		    .before = unconfirmed_and_unreachable)),
	ROW("H3 mid-stream is asked, and nobody's when it returns",
	    SEND(LAN, question, DATA, QUESTION, .before = twin),
	    STOP(LAN, reset, GIVEN_BACK(DATA))),
	ROW("H3 gone: nobody's", STOP(LAN, reset, DATA, .before = gone)),
	ROW("H4 gone: bound",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80), .before = gone)),
	ROW("doubted: never asked, however long",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = doubted),
	    STOP(LAN, reset, DATA, .later = PLANE_TICKS(3600)),
	    OUTWARD(UDP(H, 5001, R, 80), UDP(A, 5001, R, 80))),
	ROW("doubted: not before its time",
	    SEND(LAN, question, DATA, QUESTION, .before = doubted_soon),
	    STOP(LAN, reset, DATA, .later = PLANE_TICKS(1))),
	ROW("doubted: until it shows itself",
	    STOP(LAN, reset, DATA, .before = doubted),
	    SEND(LAN, returned, ASKED(UDP(H2, 5000, R, 80)), RETURNED,
		 .later = PLANE_TICKS(1)),
	    SEND(LAN, question, DATA, QUESTION),
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION)),
	ROW("doubted: its kernel's packets prove nothing",
	    OUTWARD(TAKEN(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
		    .before = doubted, .later = PLANE_TICKS(1)),
	    STOP(LAN, reset, DATA)),
	ROW("gone: not any more when it shows itself",
	    STOP(LAN, reset, DATA, .before = gone),
	    SEND(LAN, returned, ASKED(UDP(H2, 5000, R, 80)), RETURNED,
		 .later = 2),
	    SEND(LAN, question, DATA, QUESTION)),
	ROW("gone: as long as it shows itself without an answer",
	    STOP(LAN, reset, DATA, .before = gone_and_deaf),
	    SEND(LAN, returned, ASKED(UDP(H2, 5000, R, 80)), RETURNED,
		 .later = 2),
	    STOP(LAN, reset, DATA),
	    SEND(LAN, question, DATA, QUESTION, .later = PLANE_TICKS(1))),
	ROW("not reachable yet: nobody is reset",
	    STOP(LAN, no_session, DATA, .before = unreachable),
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80)),
	    STOP(LAN, reset, TCP(H, 5001, R, 80, ACK),
		 .before = unreachable_and_gone)),
	ROW("H5 take",
	    SEND(LAN, take, UDP(H, 5000, R, 80), TAKE, .before = twin_selected),
	    SEND(LAN, take, UDP(H, 5001, R, 80), TAKE,
		 .before = twin_and_dead)),
	ROW("K3 K5 not known here to be inside: not mine",
	    SEND(LAN, returned, ASKED(UDP(X, 5000, R, 80)), RETURNED,
		 .before = twin),
	    SEND(LAN, returned, ASKED_SESSION(TCP(X, 5000, R, 80, ACK)),
		 RETURNED),
	    SEND(LAN, returned, TAKEN(UDP(X, 5000, R, 80)), RETURNED),
	    STOP(LAN, not_inside, GIVEN_BACK(UDP(X, 5000, R, 80))),
	    STOP(LAN, not_inside, UDP(X, 5000, R, 80))),
	ROW("H6 my endpoint: do you hold this very session?", OPENED,
	    SEND(LAN, session_question, UDP(H, 5000, R2, 80), SESSION_QUESTION,
		 .before = twin),
	    OUTWARD(GIVEN_BACK(UDP(H, 5000, R2, 80)), UDP(A, 5000, R2, 80))),
	ROW("H6 quiet: bound", OPENED,
	    OUTWARD(UDP(H, 5000, R2, 80), UDP(A, 5000, R2, 80),
		    .before = quiet)),
	ROW("H7 an unconfirmed endpoint", OPENED,
	    SEND(LAN, question, UDP(H, 5000, R2, 80), QUESTION,
		 .before = unconfirmed)),
	ROW("K1 my session is served, whoever asks", CONNECTED,
	    OUTWARD(ASKED(DATA), TCP(A, 5000, R, 80, ACK), .before = twin),
	    OUTWARD(ASKED_SESSION(DATA), TCP(A, 5000, R, 80, ACK)),
	    OUTWARD(TAKEN(DATA), TCP(A, 5000, R, 80, ACK))),
	ROW("K2 my endpoint is served with its port", OPENED,
	    OUTWARD(ASKED(UDP(H, 5000, R2, 80)), UDP(A, 5000, R2, 80),
		    .before = twin)),
	ROW("K3 not mine: returned",
	    SEND(LAN, returned, ASKED(UDP(H, 5000, R, 80)), RETURNED,
		 .before = twin),
	    SEND(LAN, returned, ASKED(DATA), RETURNED),
	    SEND(LAN, returned, ASKED_SESSION(DATA), RETURNED)),
	ROW("K3 my endpoint, not my session: returned", OPENED,
	    SEND(LAN, returned, ASKED_SESSION(UDP(H, 5000, R2, 80)), RETURNED,
		 .before = twin)),
	ROW("K4 bound whatever the selector says",
	    OUTWARD(TAKEN(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80),
		    .before = twin_selected)),
	ROW("K5 what cannot be bound is returned",
	    SEND(LAN, returned, TAKEN(DATA), RETURNED, .before = twin),
	    SEND(LAN, returned, TAKEN(UDP(H, 5000, R, 80)), RETURNED,
		 .before = twin_and_dead)),
	ROW("R1 a session that a racing packet made",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION, .before = twin),
	    OUTWARD(GIVEN_BACK(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80)),
	    OUTWARD(GIVEN_BACK(UDP(H, 5000, R, 80)), UDP(A, 5000, R, 80))),
	ROW("F no live exit",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION, .before = twin),
	    STOP(LAN, no_exit, GIVEN_BACK(UDP(H, 5000, R, 80)),
		 .before = twin_and_dead)),
	ROW("returned, but never asked",
	    STOP(LAN, stray_return, GIVEN_BACK(UDP(H, 5000, R, 80)),
		 .before = twin)),
	ROW("returned too late",
	    SEND(LAN, question, UDP(H, 5000, R, 80), QUESTION, .before = twin),
	    STOP(LAN, stray_return, GIVEN_BACK(UDP(H, 5000, R, 80)),
		 .later = PLANE_TICKS(3))),
	ROW("silent: three questions, a second, then bound",
	    SEND(LAN, question, TCP(H, 5001, R, 80, SYN), QUESTION,
		 .before = twin),
	    SEND(LAN, question, TCP(H, 5002, R, 80, SYN), QUESTION),
	    SEND(LAN, question, TCP(H, 5003, R, 80, SYN), QUESTION),
	    OUTWARD(UDP(H, 5003, R, 80), UDP(A, 5003, R, 80),
		    .later = PLANE_TICKS(2)),
	    SEND(LAN, question, DATA, QUESTION)),
	/* A partner that serves them sends nothing back. */
	ROW("silent: not for datagrams alone",
	    SEND(LAN, question, UDP(H, 5001, R, 80), QUESTION, .before = twin),
	    SEND(LAN, question, UDP(H, 5002, R, 80), QUESTION),
	    SEND(LAN, question, UDP(H, 5003, R, 80), QUESTION),
	    SEND(LAN, question, UDP(H, 5003, R, 80), QUESTION,
		 .later = PLANE_TICKS(2))),
	ROW("not from outside",
	    STOP(WAN, unsolicited, UDP(R, 80, A, 5000), .before = twin)),
};

int main(void)
{
	return ROWS_RUN(rows);
}
