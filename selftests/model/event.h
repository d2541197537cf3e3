/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what may happen next in a world.
 *
 * Owns: the events, when each is possible, and what it does.  Events that cost
 * nothing (expiry, a belief catching up) are possible whenever their cause is;
 * packets, faults and flips are drawn from the world's budgets.
 */
#ifndef TWINPATH_MODEL_EVENT_H
#define TWINPATH_MODEL_EVENT_H

#include "world.h"

enum event_kind {
	EVENT_HOST,    /* a packet from the host enters at a gateway */
	EVENT_DELIVER, /* one of the packets on the link arrives */
	EVENT_INBOUND, /* a session is opened from outside */
	EVENT_REPLY,   /* a packet from outside, of a session */
	EVENT_EXPIRE_SESSION,
	EVENT_EXPIRE_BINDING,
	EVENT_FLIP,
	EVENT_UPLINK_DIES,
	EVENT_UPLINK_RETURNS,
	EVENT_NOTICE_DEAD,
	EVENT_NOTICE_UP,
	EVENT_WAIT_ENDS,
	EVENT_POWER_OFF,
	EVENT_BOOT,
	EVENT_DAEMON_DIES,
	EVENT_LINK_BREAKS,
	EVENT_LINK_HEALS,
	EVENT_GONE,
	EVENT_SILENT,
	EVENT_ALIVE,
	EVENT_TOLD,
	EVENT_QUIET,
	EVENT_QUIET_LAPSES,
	EVENT_KINDS,
};

struct event {
	uint8_t kind;
	uint8_t gateway; /* of EVENT_DELIVER: which flight */
	uint8_t flow;
	uint8_t bindable;
};

/* The next event after `event` in a fixed order; false: that was the last. */
bool event_next(struct event *event);

bool event_possible(const struct world_step *step, const struct event *event);

/* Let it happen; only after event_possible. */
void event_do(struct world_step *step, const struct event *event);

#endif
