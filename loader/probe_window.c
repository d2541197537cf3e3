// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_window.c - the last probes of a track: loss, RTT, jitter.
 *
 * Owns: the arithmetic.  Loss is counted against the whole window, also while
 * there were fewer probes: one lost of two is not half of a path's traffic.
 */
#include <string.h>

#include "probe_window.h"

void probe_window_init(struct probe_window *window, unsigned size)
{
	uint64_t slow = window->slow;

	memset(window, 0, sizeof(*window));
	window->size = size > PROBE_WINDOW ? PROBE_WINDOW : size;
	window->slow = slow;
}

void probe_window_add(struct probe_window *window, int64_t rtt_us)
{
	if (!window->size)
		return;
	window->rtt_us[window->next] = rtt_us;
	window->next = (window->next + 1) % window->size;
	if (window->count < window->size)
		window->count++;
}

/* The i-th, oldest first. */
static int64_t rtt_of(const struct probe_window *window, unsigned i)
{
	unsigned first = window->next + window->size - window->count;

	return window->rtt_us[(first + i) % window->size];
}

struct probe_quality probe_window_quality(const struct probe_window *window)
{
	struct probe_quality quality = { window->count, 0, -1, -1 };
	int64_t sum = 0, differences = 0, last = -1, rtt;
	unsigned answered = 0;

	for (unsigned i = 0; i < window->count; i++) {
		rtt = rtt_of(window, i);
		if (rtt < 0) {
			quality.lost++;
			continue;
		}
		if (answered++)
			differences += rtt > last ? rtt - last : last - rtt;
		sum += rtt;
		last = rtt;
	}
	if (answered)
		quality.rtt_us = sum / answered;
	if (answered > 1)
		quality.jitter_us = differences / (answered - 1);
	return quality;
}

static bool lossy(const struct probe_window *window,
		  const struct track_config *config,
		  const struct probe_quality *quality)
{
	unsigned lost = quality->lost * 100;

	return window->lossy ? lost > config->loss_up * window->size :
			       lost >= config->loss_down * window->size;
}

/* A single answer is no average. */
static bool tardy(const struct probe_window *window,
		  const struct track_config *config,
		  const struct probe_quality *quality)
{
	if (quality->rtt_us < 0 || 2 * quality->count < window->size)
		return window->tardy;
	return window->tardy ? quality->rtt_us > config->rtt_up * 1000 :
			       quality->rtt_us >= config->rtt_down * 1000;
}

bool probe_window_judge(struct probe_window *window,
			const struct track_config *config)
{
	struct probe_quality quality = probe_window_quality(window);

	if (config->loss_down)
		window->lossy = lossy(window, config, &quality);
	if (config->rtt_down)
		window->tardy = tardy(window, config, &quality);
	return !window->lossy && !window->tardy;
}
