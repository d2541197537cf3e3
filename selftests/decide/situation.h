/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * situation.h - all that decide.c decides from, written as three short texts; what
 * is not written is as on a good day.
 *
 * Owns: the notation.  It must never know what ought to be decided.
 *
 * uplinks: one word each, its level and its state, in the file's order
 *   1u up   1a down but heard from beyond   1d down   1?  no verdict
 *   1i no interface  1m admin down  1c no carrier  1n no address
 *   1h next hop nowhere  1t not attached
 *   with fallbacks behind it, each with its track: 1d3d5u, and "-" behind one
 *   that is not announced
 * partner: one letter each
 *   c configured  l address on the LAN  a MAC known  m marker  o default
 *   g gone  x three questions unanswered
 *   1 it says: my own uplink, of level 1  0 it says: not mine
 *   s3 it says: my own uplink, of level 3  t3 it says: not mine, but I have one
 *   of level 3 (0: I have none)
 *   f its address is the higher one  w it may be heard any moment
 * intent: "", "partner", an uplink's name (u0, u1, ...), or "-u0" to drain it;
 *   with a "!" behind it by force
 */
#ifndef DECIDE_SITUATION_H
#define DECIDE_SITUATION_H

#include "decide.h"

struct situation {
	struct config config;
	struct facts facts;
	struct intent intent;
};

void situation_parse(struct situation *situation, const char *uplinks,
		     const char *partner, const char *intent);

struct desired situation_decide(const struct situation *situation,
				const struct desired *before);

/* A last answer of which nothing is known but whom it selected. */
struct desired situation_answer(int selector);

#endif
