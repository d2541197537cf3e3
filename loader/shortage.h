/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shortage.h - when new sessions are refused, from the first to a minute after
 * the last: two lines in the log, whatever their number (RFC 6888 REQ-11c).
 *
 * Owns: the judgement alone.  No clock, no map, no log: a pure function of the
 * counters of the reasons and the time.
 */
#ifndef TWINPATH_SHORTAGE_H
#define TWINPATH_SHORTAGE_H

#include "model.h"
#include "twinpath/reasons.h"

#define SHORTAGE_OVER 60000 /* without a refusal: it is over */

/* The reasons that are watched. */
enum shortage_kind {
	SHORTAGE_PORTS,
	SHORTAGE_SESSIONS,
	SHORTAGE_HOST_SESSIONS,
	SHORTAGE_HOST_PORTS,
	SHORTAGE_HOST_RATE,
	SHORTAGE_HOST_QUESTIONS,
	SHORTAGES,
};

struct shortage {
	bool primed; /* the first look tells nothing: the maps outlive us */
	uint64_t seen[SHORTAGES];
	uint64_t refused[SHORTAGES]; /* in this shortage; 0: there is none */
	msec_t last[SHORTAGES];	     /* when any was */
};

/* What there is to say: began, or is over. */
struct shortage_change {
	enum shortage_kind kind;
	bool over;
	uint64_t refused; /* so far, or in all */
};

/* The counters that are watched, out of all. */
void shortage_counts(const struct tp_reasons *all, uint64_t counts[SHORTAGES]);

/* Fills in at most SHORTAGES changes; returns how many. */
unsigned shortage_look(struct shortage *shortage,
		       const uint64_t counts[SHORTAGES], msec_t now,
		       struct shortage_change changes[SHORTAGES]);

/* "what: from -> to" of a change. */
const char *shortage_what(enum shortage_kind kind);
const char *shortage_state(enum shortage_kind kind, bool over);

#endif
