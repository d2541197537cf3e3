/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_window.h - the last probes of a track: loss, RTT, jitter, and whether
 * that is still good enough.
 *
 * Pure: it is told fates and answers questions.  A probe that was excused is
 * not told.
 */
#ifndef TWINPATH_PROBE_WINDOW_H
#define TWINPATH_PROBE_WINDOW_H

#include "model.h"

#define PROBE_WINDOW 128 /* the largest */

struct probe_window {
	unsigned size, count;
	unsigned next; /* its place */
	uint64_t slow; /* of all time: answers over the threshold */
	bool lossy, tardy;
	int64_t rtt_us[PROBE_WINDOW]; /* -1: lost */
};

struct probe_quality {
	unsigned count;	   /* probes that this is about; 0: nothing is known */
	unsigned lost;	   /* of these */
	int64_t rtt_us;	   /* average of the answered ones; -1: none was */
	int64_t jitter_us; /* average difference between one and the next; -1 */
};

void probe_window_init(struct probe_window *window, unsigned size);

/* One probe more; rtt -1: it was lost. */
void probe_window_add(struct probe_window *window, int64_t rtt_us);

struct probe_quality probe_window_quality(const struct probe_window *window);

/*
 * probe_window_judge - is it good enough for the track?  It became bad by the
 * one limit and becomes good again by the other, so what lies between the two
 * changes nothing.
 */
bool probe_window_judge(struct probe_window *window,
			const struct track_config *config);

#endif
