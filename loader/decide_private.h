/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide_private.h - what the parts of decide share.
 *
 * Pure, like decide.h: nothing but the model goes in, nothing but an answer comes
 * out.  decide_levels.c looks, decide_choose.c chooses, decide_announce.c says what
 * others see, decide_words.c has the reasons.
 */
#ifndef TWINPATH_DECIDE_PRIVATE_H
#define TWINPATH_DECIDE_PRIVATE_H

#include "decide.h"

/* How good an uplink is, apart from its level. */
enum merit {
	MERIT_NONE,	 /* a packet cannot leave there */
	MERIT_CONNECTED, /* it can leave; nothing comes back */
	MERIT_UNPROVEN,	 /* no verdict yet */
	MERIT_HEARD,	 /* track down, but something arrives from beyond */
	MERIT_DRAINED,	 /* it would be up, but the operator drains it */
	MERIT_UP,
};

/* An uplink as a candidate: by its own track, or as one of its fallbacks. */
struct standing {
	enum merit merit;
	unsigned level;
	unsigned track; /* that says so */
	bool fallback;
	bool announce; /* others may know of it */
};

/* The arguments, and what was worked out of them on the way. */
struct view {
	const struct config *config;
	const struct facts *facts;
	const struct intent *intent;
	const struct desired *previous;
	struct standing standings[MODEL_UPLINKS];
	int keep;		/* the uplink in use: it wins among equals */
	bool partner_reachable; /* a frame can be sent to it */
	bool partner_known;	/* and it says that it has an exit */
};

/* ---- decide_levels.c ---- */

/* Fills in what of the view is worked out. */
void decide_look(struct view *view);

/* What its sessions are to believe, once the selector is known. */
enum tp_exit_state decide_exit_state(const struct view *view, unsigned index,
				     int selector);

/* The best of this merit. */
int decide_best(const struct view *view, enum merit merit);
/* Likewise, of those that others may know of. */
int decide_best_announced(const struct view *view);

unsigned decide_level(const struct view *view, int index);
const char *decide_uplink_name(const struct view *view, int index);

/* ---- decide_choose.c ---- */

/*
 * The exit that the operator's wish comes to, with the reason; or MODEL_NOBODY:
 * he leaves it to us, or cannot have it (which the reason says).
 */
int decide_wanted(const struct view *view, struct desired *desired);
int decide_choose(const struct view *view, struct desired *desired, int wish);

/* ---- decide_settle.c ---- */

/* Takes the choice back, if it is no necessity and comes too soon. */
void decide_settle(const struct view *view, struct desired *desired, int wish);

/* ---- decide_share.c ---- */

bool decide_shares_with_partner(const struct view *view, int mine);
void decide_share(const struct view *view, struct desired *desired, int wish);

/* ---- decide_partner.c ---- */

bool decide_partner_is_equal(const struct view *view, int mine);
bool decide_partner_is_better(const struct view *view, int mine);
/* What is better there, in words. */
const char *decide_partner_words(const struct view *view, int mine);
/* Is the partner, for certain, not the site's exit? */
bool decide_partner_is_no_exit(const struct view *view);

/* ---- decide_announce.c ---- */

void decide_announce(const struct view *view, struct desired *desired,
		     int wish);

/* ---- decide_words.c ---- */

void decide_say(struct desired *desired, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* That this uplink of mine is taken. */
void decide_say_best(const struct view *view, struct desired *desired,
		     int mine);
/* Why this uplink is not up. */
void decide_say_fault(const struct view *view, struct desired *desired,
		      int index);
/* The uplink that ought to carry the traffic, and why it does not. */
void decide_say_best_fault(const struct view *view, struct desired *desired);
/* Why it is not one of a better level. */
void decide_say_missing(const struct view *view, struct desired *desired,
			int mine);

#endif
