// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heartbeat_accept.c - which messages of the partner count.
 *
 * Owns: boots, counters and echoes.  It must never look into a report.
 */
#include <string.h>

#include "heartbeat_accept.h"

void heartbeat_accept_init(struct heartbeat_accept *state, uint64_t boot)
{
	memset(state, 0, sizeof(*state));
	state->mine.boot = boot;
}

/*
 * The echo is of the partner that counts; only without one is it of whoever was
 * heard last, so that it can prove itself.  A partner that restarts counts
 * with nobody yet: it echoes me, which is its own proof.
 */
void heartbeat_accept_stamp(struct heartbeat_accept *state, msec_t now,
			    struct heartbeat_message *message)
{
	state->mine.counter++;
	state->sent[state->mine.counter % HEARTBEAT_SENT] = now;
	message->from = state->mine;
	message->echo = state->theirs.boot ? state->theirs : state->heard;
}

/* When one of my messages was sent; false: too long ago, or never. */
static bool sent_within(const struct heartbeat_accept *state, uint64_t counter,
			msec_t now, msec_t window)
{
	return counter && counter <= state->mine.counter &&
	       state->mine.counter - counter < HEARTBEAT_SENT &&
	       now - state->sent[counter % HEARTBEAT_SENT] <= window;
}

static bool proves_itself(const struct heartbeat_accept *state,
			  const struct heartbeat_stamp *echo, msec_t now)
{
	return echo->boot == state->mine.boot &&
	       echo->counter > state->echoed &&
	       sent_within(state, echo->counter, now, HEARTBEAT_PROOF);
}

static void count_in(struct heartbeat_accept *state,
		     const struct heartbeat_message *message, msec_t now)
{
	const struct heartbeat_stamp *echo = &message->echo;

	state->theirs = message->from;
	state->at = now;
	if (echo->boot == state->mine.boot && echo->counter > state->echoed &&
	    echo->counter <= state->mine.counter)
		state->echoed = echo->counter;
}

enum heartbeat_accepted
heartbeat_accept_judge(struct heartbeat_accept *state,
		       const struct heartbeat_message *message, msec_t now)
{
	const struct heartbeat_stamp *from = &message->from;

	if (from->boot == state->mine.boot)
		return HEARTBEAT_REPLAYED; /* my own words */
	if (from->boot == state->theirs.boot) {
		if (from->counter <= state->theirs.counter)
			return HEARTBEAT_REPLAYED;
		count_in(state, message, now);
		return HEARTBEAT_ACCEPTED;
	}
	if (!proves_itself(state, &message->echo, now)) {
		state->heard = *from;
		return HEARTBEAT_STALE;
	}
	count_in(state, message, now);
	state->boots++;
	return HEARTBEAT_ACCEPTED_BOOT;
}

bool heartbeat_accept_fresh(const struct heartbeat_accept *state, msec_t now)
{
	return state->theirs.boot && now - state->at <= HEARTBEAT_FRESH;
}

bool heartbeat_accept_two_way(const struct heartbeat_accept *state, msec_t now)
{
	return heartbeat_accept_fresh(state, now) &&
	       sent_within(state, state->echoed, now, HEARTBEAT_FRESH);
}
