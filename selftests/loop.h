/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - an event loop for tests of what lives in the daemon's: turned by the
 * test, until something is so.  It never sleeps for longer than a tick.
 */
#ifndef SELFTESTS_LOOP_H
#define SELFTESTS_LOOP_H

#include <event2/event.h>

#include "model.h"

#define LOOP_TICK 10 /* ms */
#define LOOP_DEADLINE 5000

struct loop {
	struct event_base *base; /* NULL: it is not open */
	struct event *tick;
	unsigned ticks;
};

void loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Wait for something to do, a tick at most, and do it. */
void loop_turn(struct loop *loop);

/* The daemon's clock, see site_now(). */
msec_t loop_now(void);

#define LOOP_WAIT(loop, condition)                                 \
	do {                                                       \
		msec_t deadline = loop_now() + LOOP_DEADLINE;      \
                                                                   \
		while (!(condition)) {                             \
			if (loop_now() > deadline)                 \
				fail_msg("never: %s", #condition); \
			loop_turn(loop);                           \
		}                                                  \
	} while (0)

#endif
