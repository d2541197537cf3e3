// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * liveness_verdict.c - from questions and answers to alive or gone.
 *
 * Owns: the count.  It must never know how one asks.
 */
#include "liveness_verdict.h"

static bool is_gone(enum liveness_state state)
{
	return state == LIVENESS_GONE_BIND || state == LIVENESS_GONE_RESET;
}

static void lose(struct liveness_verdict *verdict)
{
	if (verdict->away)
		return;
	verdict->away = true;
	verdict->counters.lost++;
}

/* What was unanswered is forgotten; what was concluded from it stays. */
static void restart(struct liveness_verdict *verdict)
{
	verdict->misses = 0;
	verdict->out = false;
}

static void answered(struct liveness_verdict *verdict)
{
	verdict->counters.answered++;
	verdict->misses = 0;
	verdict->shows = 0;
	verdict->state = LIVENESS_ALIVE;
	if (!verdict->away)
		return;
	verdict->away = false;
	verdict->counters.back++;
}

/* Heard while it did not answer: it has not been away, so it does not boot. */
static void become_gone(struct liveness_verdict *verdict)
{
	verdict->state = LIVENESS_GONE_BIND;
	if (verdict->shows)
		verdict->shows = LIVENESS_SHOWS;
}

static void missed(struct liveness_verdict *verdict, msec_t now)
{
	verdict->counters.missed++;
	if (!verdict->misses++)
		verdict->since = verdict->turn;
	if (verdict->misses < LIVENESS_MISSES)
		return;
	lose(verdict);
	if (now - verdict->since >= LIVENESS_RESET)
		verdict->state = LIVENESS_GONE_RESET;
	else if (!is_gone(verdict->state))
		become_gone(verdict);
}

enum liveness_state
liveness_verdict_believed(const struct liveness_verdict *verdict)
{
	if (verdict->state == LIVENESS_NOBODY && is_gone(verdict->last))
		return verdict->last;
	return verdict->state;
}

/* What is heard after a silence is another story: it boots, perhaps. */
static void hear(struct liveness_verdict *verdict,
		 const struct liveness_turn *turn)
{
	if (turn->now - verdict->shown_at > LIVENESS_RESET)
		verdict->shows = 0;
	if (turn->shown == verdict->shown)
		return;
	verdict->shown = turn->shown;
	verdict->shown_at = turn->now;
	verdict->shows++;
}

bool liveness_verdict_deaf(const struct liveness_verdict *verdict)
{
	return is_gone(liveness_verdict_believed(verdict)) &&
	       verdict->shows >= LIVENESS_SHOWS;
}

/*
 * A partner whose MAC is known again has just answered ARP, which its kernel
 * does long before its data plane is there.  One that was gone stays so until it
 * answers, or all that a rebooting partner is asked is lost; when its data plane
 * asks anything itself, the lease is over (partner_gone in bpf/partner.h).  Of
 * any other nothing is known, and to ask is the safe side.
 */
void liveness_verdict_begin(struct liveness_verdict *verdict,
			    const struct liveness_turn *turn)
{
	restart(verdict);
	verdict->state = liveness_verdict_believed(verdict);
	if (verdict->state == LIVENESS_NOBODY)
		verdict->state = LIVENESS_ALIVE;
	verdict->seen = turn->probe;
	verdict->shown = turn->shown;
	verdict->turn = turn->now;
}

/* Without its MAC the data plane takes it for gone at once. */
void liveness_verdict_end(struct liveness_verdict *verdict)
{
	if (verdict->state == LIVENESS_ALIVE)
		lose(verdict);
	if (verdict->state != LIVENESS_NOBODY)
		verdict->last = verdict->state;
	verdict->state = LIVENESS_NOBODY;
	restart(verdict);
}

void liveness_verdict_turn(struct liveness_verdict *verdict,
			   const struct liveness_turn *turn)
{
	bool late = turn->now - verdict->turn >
		    LIVENESS_INTERVAL + LIVENESS_LAG;

	hear(verdict, turn);
	if (turn->probe != verdict->seen) {
		answered(verdict);
	} else if (late) {
		verdict->counters.late++;
		restart(verdict);
	} else if (verdict->out) {
		missed(verdict, turn->now);
	}
	verdict->seen = turn->probe;
	verdict->turn = turn->now;
}

void liveness_verdict_asked(struct liveness_verdict *verdict, bool sent)
{
	if (!sent) {
		restart(verdict);
		return;
	}
	verdict->counters.asked++;
	verdict->out = true;
}

const char *liveness_name(enum liveness_state state)
{
	static const char *const names[] = {
		[LIVENESS_NOBODY] = "nobody",
		[LIVENESS_ALIVE] = "alive",
		[LIVENESS_GONE_BIND] = "gone for new sessions",
		[LIVENESS_GONE_RESET] = "gone",
	};

	return names[state];
}
