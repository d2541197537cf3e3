// SPDX-License-Identifier: GPL-2.0-or-later
/* failback.c - see failback.h. */
#include <string.h>

#include "failback.h"

/* A phone's registration or a tunnel's pause: it is soon over, and unnoticed. */
#define HOME ((msec_t)30 * 60 * 1000)
/* UDP and ICMP leave before the cut: none of their answers is under way then. */
#define LEAD 1000
#define NO_END (-1)

static bool ordered(const struct config *config, const struct intent *intent,
		    unsigned i)
{
	return intent->kind == INTENT_DRAIN &&
	       !strcmp(intent->uplink, config->uplinks[i].name);
}

/* How long the sessions left on this uplink may stay; 0: not at all. */
static msec_t grace(const struct config *config, const struct intent *intent,
		    unsigned i)
{
	const struct uplink_config *uplink = &config->uplinks[i];
	bool asked = intent->kind != INTENT_DRAIN || ordered(config, intent, i);

	if (intent->drain && asked)
		return intent->drain;
	switch (uplink->failback) {
	case FAILBACK_STICKY:
		return NO_END;
	case FAILBACK_DRAIN:
		return uplink->drain;
	case FAILBACK_NOW:
		break;
	}
	return 0;
}

struct failback failback_adopt(const struct config *config,
			       const struct intent *intent,
			       const struct desired *previous)
{
	struct failback failback = { .selector = previous->selector };

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		struct failback_uplink *uplink = &failback.uplinks[i];

		uplink->home_after = previous->home_after[i];
		if (previous->states[i] != TP_EXIT_DRAIN)
			continue;
		uplink->draining = true;
		uplink->ordered = ordered(config, intent, i);
		uplink->since = intent->since;
		/* Where there is no deadline, none was: UDP leaves alone. */
		if (uplink->ordered && grace(config, intent, i) == NO_END)
			continue;
		if (uplink->home_after)
			uplink->deadline = uplink->home_after + LEAD;
		uplink->cut = !uplink->deadline;
		uplink->draining = uplink->ordered || uplink->deadline;
	}
	return failback;
}

/* A drain; UDP and ICMP leave in time even if no daemon lives then. */
static void drain(struct failback_uplink *uplink, msec_t length, msec_t now)
{
	uplink->draining = true;
	uplink->cut = false;
	uplink->deadline = length == NO_END ? 0 : now + length;
	uplink->home_after = length == NO_END ? now + HOME :
						now + length - LEAD;
}

/* Its sessions stay; what has no end of its own comes home after a while. */
static void stick(struct failback_uplink *uplink, msec_t now)
{
	*uplink = (struct failback_uplink){ .home_after = now + HOME };
}

/* The selector is elsewhere, or has just gone there. */
static void leave(struct failback_uplink *uplink, enum tp_exit_state state,
		  msec_t length, msec_t now)
{
	/* One to be avoided resets nobody: perhaps it is as good as ever. */
	if (length == NO_END || state == TP_EXIT_AVOID)
		stick(uplink, now);
	else
		drain(uplink, length, now);
}

/* Is the deadline here?  Then the uplink is an idle one. */
static bool expire(struct failback_uplink *uplink, msec_t now)
{
	if (!uplink->draining || !uplink->deadline || now < uplink->deadline)
		return false;
	uplink->deadline = 0;
	uplink->home_after = 0;
	uplink->cut = true;
	uplink->draining = uplink->ordered;
	return true;
}

/* The news of a turn about an uplink that lives and is not the selector. */
struct news {
	enum tp_exit_state state;
	bool left;    /* it was the selector */
	bool ordered; /* to drain */
	msec_t since; /* the order */
	msec_t grace;
};

/* Returns whether to cut it. */
static bool idle(struct failback_uplink *uplink, const struct news *news,
		 msec_t now)
{
	bool again = uplink->ordered && uplink->since != news->since;

	if (news->ordered && (!uplink->ordered || again)) {
		drain(uplink, news->grace, now);
		uplink->ordered = true;
		uplink->since = news->since;
	} else if (!news->ordered && uplink->ordered) {
		/* The order is withdrawn, but others go on being better. */
		uplink->ordered = false;
		uplink->draining = false;
		if (!uplink->cut)
			leave(uplink, news->state, news->grace, now);
	} else if (news->left && !news->ordered) {
		leave(uplink, news->state, news->grace, now);
	}
	return expire(uplink, now);
}

static bool is_used(const struct desired *desired, int i)
{
	for (unsigned n = 0; n < desired->shares_count; n++)
		if (desired->shares[n].candidate == i)
			return true;
	return desired->selector == i;
}

uint32_t failback_turn(struct failback *failback, const struct config *config,
		       const struct intent *intent, msec_t now,
		       struct desired *desired)
{
	uint32_t cut = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		struct failback_uplink *uplink = &failback->uplinks[i];
		enum tp_exit_state *state = &desired->states[i];
		struct news news = {
			.state = *state,
			.left = failback->selector == (int)i,
			.ordered = ordered(config, intent, i),
			.since = intent->since,
			.grace = grace(config, intent, i),
		};

		/* In use, or nothing there that could be saved: the next time
		 * that it is left is another story. */
		if (*state == TP_EXIT_DEAD || is_used(desired, (int)i))
			memset(uplink, 0, sizeof(*uplink));
		else if (idle(uplink, &news, now))
			cut |= 1U << i;
		if (uplink->draining && *state > TP_EXIT_DRAIN)
			*state = TP_EXIT_DRAIN;
		desired->home_after[i] = uplink->home_after;
	}
	failback->selector = desired->selector;
	return cut;
}

msec_t failback_due(const struct failback *failback)
{
	msec_t due = 0;

	for (unsigned i = 0; i < MODEL_UPLINKS; i++) {
		msec_t deadline = failback->uplinks[i].deadline;

		if (deadline && (!due || deadline < due))
			due = deadline;
	}
	return due;
}
