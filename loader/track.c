// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * track.c - from single probe results to a track's state.
 *
 * Owns: the counting of results in a row, delay down and delay up, and the
 * change number.  It must never read a clock, send a packet or log: it is told
 * everything and answers with what became of the track.
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

/* The raw state has just become another one: now, later or never mind? */
static enum track_event turn(struct track *track, bool urgent, msec_t now)
{
	msec_t delay = track->raw == TRACK_UP ? track->delay_up :
						track->delay_down;

	if (track->raw == track->state) {
		if (!track->due)
			return TRACK_SAME;
		track->due = 0;
		return TRACK_CANCELLED;
	}
	if (urgent && track->raw == TRACK_UP)
		delay = 0;
	if (track->state == TRACK_UNKNOWN || delay <= 0)
		return commit(track, now);
	track->due = now + delay;
	return TRACK_DELAYED;
}

static unsigned needed(const struct track *track, bool ok)
{
	unsigned rows = ok ? track->config->hits : track->config->misses;

	return rows ? rows : 1;
}

void track_init(struct track *track, const struct track_config *config,
		msec_t delay_down, msec_t delay_up)
{
	memset(track, 0, sizeof(*track));
	track->config = config;
	track->raw = TRACK_UNKNOWN;
	track->state = TRACK_UNKNOWN;
	track->delay_down = delay_down;
	track->delay_up = delay_up;
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
	track->raw = verdict;
	return turn(track, urgent, now);
}

enum track_event track_force(struct track *track, enum track_state state,
			     bool urgent, msec_t now)
{
	if (state == TRACK_UNKNOWN)
		return TRACK_SAME;
	track->row = 0;
	if (state == TRACK_DOWN && track->state != TRACK_DOWN) {
		track->raw = TRACK_DOWN;
		return commit(track, now);
	}
	if (state == track->raw)
		return track_tick(track, urgent, now);
	track->raw = state;
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
