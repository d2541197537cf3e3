/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track.h - from single probe results to a track's state.
 *
 * Pure like decide: it is told results and the time, and says when it wants
 * to be asked again.  It sends nothing.  (probe.c sends.)
 *
 * A raw result changes the raw state after `misses` or `hits` in a row; the
 * raw state becomes the track's state after delay down or up, and up not before
 * dampening lets it; a raw state that returns before that cancels the change.
 * The first verdict is the track's at once.
 */
#ifndef TWINPATH_TRACK_H
#define TWINPATH_TRACK_H

#include "track_damp.h"

struct track {
	const struct track_config *config;
	enum track_state raw;
	enum track_state state;
	unsigned row;	  /* equal results in a row, against raw */
	bool row_ok;	  /* what that row is made of */
	unsigned changes; /* change number, as IOS counts them */
	msec_t changed;	  /* when state last changed */
	msec_t due;	  /* when a delayed change falls due; 0: none */
	struct track_damp damp;
	uint64_t sent, answered, late, lost;
	msec_t rtt_us_last; /* microseconds; -1: none yet */
};

/* What became of the track with this call; for the log. */
enum track_event {
	TRACK_SAME,
	TRACK_DELAYED,	 /* "change delayed for 5s" */
	TRACK_CANCELLED, /* "change delay cancelled" */
	TRACK_CHANGED,
};

void track_init(struct track *track, const struct track_config *config);

/* One probe's result.  `urgent`: nothing else is up, wait for nothing. */
enum track_event track_result(struct track *track, bool ok, bool urgent,
			      msec_t now);

/* A verdict that needs no row and no delay down: carrier, interface. */
enum track_event track_force(struct track *track, enum track_state state,
			     bool urgent, msec_t now);

/* The verdict of a list, a route, a window: no row, but delay down. */
enum track_event track_follow(struct track *track, enum track_state state,
			      bool urgent, msec_t now);

/* Time passed: carries out a delayed change that is due. */
enum track_event track_tick(struct track *track, bool urgent, msec_t now);

const char *track_state_name(enum track_state state);

#endif
