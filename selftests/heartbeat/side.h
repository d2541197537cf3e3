/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * side.h - two gateways' heartbeats over real sockets, on loopback addresses that
 * nothing else uses.
 *
 * Owns: what each has to say, and what it heard.  Nothing waits for a fixed time:
 * the loop runs until a condition holds, or fails.
 */
#ifndef HEARTBEAT_SIDE_H
#define HEARTBEAT_SIDE_H

#include "../loop.h"
#include "heartbeat.h"

struct side {
	struct tp_addr address;
	struct heartbeat *heartbeat;	/* NULL: it is not open */
	struct heartbeat_report report; /* what it fills in */
	struct heartbeat_view told;
	unsigned changes;
	struct heartbeat_report heard;
	uint64_t sent_when_heard;
};

extern struct side side_a, side_b;
extern struct loop side_loop;
extern uint16_t side_port;
extern const uint8_t side_key[KEY_BYTES];
extern const struct heartbeat_callbacks side_callbacks;

#define SIDE_WAIT(condition) LOOP_WAIT(&side_loop, condition)

/* Neither side is open when a test begins. */
int side_set_up(void **state);
int side_tear_down(void **state);

int side_open(struct side *side, const struct side *partner);
void side_close(struct side *side);

struct heartbeat_view side_view(const struct side *side);

#endif
