/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeat_accept.h - which messages of the partner count, and what follows.
 *
 * Pure: the caller's clock, no allocation, no input or output; and no clock is
 * ever compared with the partner's.
 *
 * A message counts when its counter is above the last one of its boot.  Another
 * boot than the last must first prove that it lives now: it has to echo my boot
 * and a counter of mine that I sent within the last second, and that is above
 * every one that a message that counted has echoed.  So neither a recording of
 * an earlier boot nor the last words of the one before can pass for a restart,
 * even when nothing new is heard in between.
 *
 * Two gateways that start together meet like this, and one that restarts under
 * a living one the same way:
 *     A: (a, 1)           B echoes what it heard, though it does not count yet
 *     B: (b, 1) echo a 1  B counts with A, which echoes it
 *     A: (a, 2) echo b 1  A counts with B
 */
#ifndef TWINPATH_HEARTBEAT_ACCEPT_H
#define TWINPATH_HEARTBEAT_ACCEPT_H

#include "heartbeat_message.h"

#define HEARTBEAT_INTERVAL 100
#define HEARTBEAT_FRESH 500  /* three missed, and slack for a busy machine */
#define HEARTBEAT_PROOF 1000 /* what a new boot echoes is not older */
#define HEARTBEAT_SENT 256   /* of how many messages the instants are kept */

struct heartbeat_accept {
	struct heartbeat_stamp mine;   /* of the last message sent */
	struct heartbeat_stamp theirs; /* of the last one that counted */
	struct heartbeat_stamp heard;  /* sealed well, does not count (yet) */
	uint64_t echoed; /* highest of my counters that one that counted echoed */
	msec_t at;	 /* when the last one counted */
	unsigned boots; /* different ones that counted: above 1, a restart */
	msec_t sent[HEARTBEAT_SENT]; /* by counter */
};

enum heartbeat_accepted {
	HEARTBEAT_ACCEPTED,
	HEARTBEAT_ACCEPTED_BOOT, /* the first of a boot that has proved itself */
	HEARTBEAT_REPLAYED,
	HEARTBEAT_STALE, /* of another boot, without a proof */
};

/* `boot`: random, not 0. */
void heartbeat_accept_init(struct heartbeat_accept *state, uint64_t boot);

/* The next message: fills its stamps. */
void heartbeat_accept_stamp(struct heartbeat_accept *state, msec_t now,
			    struct heartbeat_message *message);

/* A message whose seal is good: does it count? */
enum heartbeat_accepted
heartbeat_accept_judge(struct heartbeat_accept *state,
		       const struct heartbeat_message *message, msec_t now);

/* I hear them. */
bool heartbeat_accept_fresh(const struct heartbeat_accept *state, msec_t now);

/* And they hear me: they have echoed something that I sent just now. */
bool heartbeat_accept_two_way(const struct heartbeat_accept *state, msec_t now);

#endif
