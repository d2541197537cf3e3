/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site_private.h - what the site*.c files share: the parts, and the turn.  Of the
 * others only who looks at the whole of it (doctor*.c, simulate.c) includes this.
 */
#ifndef TWINPATH_SITE_PRIVATE_H
#define TWINPATH_SITE_PRIVATE_H

#include "announce.h"
#include "conflict.h"
#include "hold.h"
#include "interfaces.h"
#include "maps.h"
#include "nudge.h"
#include "paths.h"
#include "plane.h"
#include "publish.h"
#include "site.h"
#include "upkeep.h"

struct site_parts {
	struct paths paths;
	struct plane plane;
	struct interfaces interfaces;
	struct conflicts conflicts;
	struct announce announce;
	struct failback failback;
	struct hold hold;
	struct nudge *nudge;
	struct upkeep *upkeep;
	struct partner *partner;
	struct census *census;
	struct publish *publish;
	struct foreign_watch *foreign;
	struct event *turn;
	msec_t turn_due; /* 0: none is */
	struct event *tick;
	unsigned changes; /* enum netlink_change, since the last turn */
	int lock;
	msec_t detach_until;
	void (*detached)(void *arg);
	void *detached_arg;
};

/* site.c: listen to the kernel, and be ready to take turns. */
int site_listen(struct site *site);
/* Facts -> decide -> carry out, now. */
void site_turn(struct site *site);
/* One after that delay at the latest: the soonest wish counts. */
void site_turn_in(struct site *site, msec_t delay);

struct interfaces_context site_context(const struct site *site);

/* site_intent.c: the operator's wish ends with its time. */
void site_expire_intent(struct site *site);

/* site_life.c: what is published, by the configuration in force and the ids
 * that `maps` gave it. */
int site_publish(const struct site *site, const struct maps *maps,
		 struct publish **out);

#endif
