/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * liveness_verdict.h - from questions and answers to alive or gone.
 *
 * Pure: the caller's clock, no allocation, no input or output.
 *
 * A turn judges the question of the turn before.  Three misses in a row: gone
 * for packets that may be bound here.  A second after the first unanswered
 * question: gone for resets as well.  One answer makes it alive again.
 *
 * A partner that is gone but asks me goes on being heard, one way: that it shows
 * itself does not say that it is back then, as it does when it boots.
 *
 * Whoever has not looked cannot blame the other one: a turn that comes late
 * starts the count anew, and so does a question that this machine did not send.
 */
#ifndef TWINPATH_LIVENESS_VERDICT_H
#define TWINPATH_LIVENESS_VERDICT_H

#include "model.h"

#define LIVENESS_INTERVAL 100
#define LIVENESS_SEARCH 20 /* while it is gone */
#define LIVENESS_LAG 100   /* a turn that is later than that judges nothing */
#define LIVENESS_MISSES 3
#define LIVENESS_RESET 1000
#define LIVENESS_SHOWS 2 /* heard so often while it is gone: it is not away */

enum liveness_state {
	LIVENESS_NOBODY, /* no partner to ask, or it cannot be reached */
	LIVENESS_ALIVE,	 /* or not yet known better: ask */
	LIVENESS_GONE_BIND,
	LIVENESS_GONE_RESET,
};

struct liveness_counters {
	uint64_t asked;
	uint64_t answered;
	uint64_t missed;
	uint64_t late; /* turns that judged nothing */
	uint32_t lost; /* times that it became gone */
	uint32_t back; /* times that it answered after that */
};

struct liveness_verdict {
	enum liveness_state state;
	enum liveness_state last; /* before there was nobody to ask */
	struct liveness_counters counters;
	unsigned misses; /* in a row */
	msec_t since;	 /* of the first unanswered question */
	msec_t turn;	 /* of the last turn; 0: none */
	bool out;	 /* a question was sent then */
	bool away;	 /* lost, and not back */
	uint32_t seen;	 /* partner_seen.probe at the last turn */
	uint32_t shown;	 /* partner_seen.shown, likewise */
	msec_t shown_at; /* when that changed */
	unsigned shows;	 /* times that it did, without an answer */
};

/* What a turn finds. */
struct liveness_turn {
	msec_t now;
	uint32_t probe; /* partner_seen.probe: another one is an answer */
	uint32_t shown; /* partner_seen.shown: another one, and it is heard */
};

/* There is somebody to ask: gone if he was, else alive; what was seen so far. */
void liveness_verdict_begin(struct liveness_verdict *verdict,
			    const struct liveness_turn *turn);

/* There is nobody any more. */
void liveness_verdict_end(struct liveness_verdict *verdict);

/* The state; while there is nobody to ask: gone, if it was gone before. */
enum liveness_state
liveness_verdict_believed(const struct liveness_verdict *verdict);

/* It is gone, and has been heard all the time: my frames do not reach it. */
bool liveness_verdict_deaf(const struct liveness_verdict *verdict);

/* Judge the last question. */
void liveness_verdict_turn(struct liveness_verdict *verdict,
			   const struct liveness_turn *turn);

/* A question was sent in this turn; or this machine could not. */
void liveness_verdict_asked(struct liveness_verdict *verdict, bool sent);

const char *liveness_name(enum liveness_state state);

#endif
