// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * track.c - from single probe results to a track's state.
 *
 * Owns: the counting of results in a row, delay down and delay up, and the
 * change number.  (The arithmetic of dampening is track_damp.c's.)  It must never
 * read a clock, send a packet or log: it is told everything and answers with what
 * became of the track.
 *
 * The first verdict is taken at once.  Delays exist to ride out a change; with
 * nothing known there is nothing to ride out.
 */
#include <string.h>

#include "track.h"

static enum track_event commit(struct track *track, msec_t now)
{
	track->state = track->raw;
	track->changes++;
	track->changed = now;
	track->due = 0;
	return TRACK_CHANGED;
}

static msec_t later(msec_t a, msec_t b)
{
	return a > b ? a : b;
}

/* The raw state has just become another one: now, later or never mind? */
static enum track_event turn(struct track *track, bool urgent, msec_t now)
{
	const struct track_config *config = track->config;
	msec_t until = 0;

	if (track->raw == track->state) {
		if (!track->due)
			return TRACK_SAME;
		track->due = 0;
		return TRACK_CANCELLED;
	}
	if (track->state == TRACK_UNKNOWN)
		return commit(track, now);
	if (track->raw == TRACK_DOWN)
		until = now + config->delay_down;
	else if (!urgent)
		until = later(now + config->delay_up,
			      track_damp_until(&track->damp, &config->damp,
					       now));
	if (until <= now)
		return commit(track, now);
	track->due = until;
	return TRACK_DELAYED;
}

/* Dampening counts what the delays may hide from everybody else. */
static void set_raw(struct track *track, enum track_state raw, msec_t now)
{
	if (track->raw == TRACK_UP && raw == TRACK_DOWN)
		track_damp_flap(&track->damp, &track->config->damp, now);
	track->raw = raw;
}

static unsigned needed(const struct track *track, bool ok)
{
	unsigned rows = ok ? track->config->hits : track->config->misses;

	return rows ? rows : 1;
}

void track_init(struct track *track, const struct track_config *config)
{
	memset(track, 0, sizeof(*track));
	track->config = config;
	track->raw = TRACK_UNKNOWN;
	track->state = TRACK_UNKNOWN;
	track->rtt_us_last = -1;
}

enum track_event track_result(struct track *track, bool ok, bool urgent,
			      msec_t now)
{
	enum track_state verdict = ok ? TRACK_UP : TRACK_DOWN;

	if (ok)
		track->answered++;
	else
		track->lost++;
	if (verdict == track->raw) {
		track->row = 0;
		return track_tick(track, urgent, now);
	}
	/* With no verdict yet, either kind of result can make a row. */
	if (track->row && track->row_ok != ok)
		track->row = 0;
	track->row_ok = ok;
	if (++track->row < needed(track, ok))
		return track_tick(track, urgent, now);
	track->row = 0;
	set_raw(track, verdict, now);
	return turn(track, urgent, now);
}

enum track_event track_force(struct track *track, enum track_state state,
			     bool urgent, msec_t now)
{
	if (state == TRACK_UNKNOWN)
		return TRACK_SAME;
	track->row = 0;
	if (state == TRACK_DOWN && track->state != TRACK_DOWN) {
		set_raw(track, TRACK_DOWN, now);
		return commit(track, now);
	}
	return track_follow(track, state, urgent, now);
}

enum track_event track_follow(struct track *track, enum track_state state,
			      bool urgent, msec_t now)
{
	track->row = 0;
	if (state == TRACK_UNKNOWN || state == track->raw)
		return track_tick(track, urgent, now);
	set_raw(track, state, now);
	return turn(track, urgent, now);
}

enum track_event track_tick(struct track *track, bool urgent, msec_t now)
{
	if (!track->due)
		return TRACK_SAME;
	if (now < track->due && !(urgent && track->raw == TRACK_UP))
		return TRACK_SAME;
	return commit(track, now);
}

const char *track_state_name(enum track_state state)
{
	switch (state) {
	case TRACK_UP:
		return "up";
	case TRACK_DOWN:
		return "down";
	case TRACK_UNKNOWN:
		break;
	}
	return "unknown";
}
