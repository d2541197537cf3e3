/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_flight.h - the probes of one prober that are under way.
 *
 * Owns: struct probe, which probe.c and probe_flight.c share, and what becomes
 * of each probe.  When the next one is sent is probe.c's.
 */
#ifndef TWINPATH_PROBE_FLIGHT_H
#define TWINPATH_PROBE_FLIGHT_H

#include "probe_kind.h"

#define PROBE_SHOTS 64 /* remembered; divides 65536 */

struct probe {
	struct event_base *base;
	const struct probe_kind *kind;
	struct probe_settings settings;
	struct probe_calls calls;
	void *arg;
	struct probe_path path;
	bool awake; /* there is a path, and where needed a socket for it */
	int socket; /* the shared one; -1: none */
	struct event *readable;
	struct event *timer;
	int64_t interval;
	int64_t due;  /* what the timer was set for */
	int64_t next; /* the next probe */
	int64_t last; /* when the last one was sent; 0: never */
	bool lost;    /* the last one that had a fate */
	uint16_t sequence;
	struct probe_shot shots[PROBE_SHOTS];
	struct probe_statistics statistics;
};

/* Not CLOCK_MONOTONIC: a suspended machine has overslept, and must see it. */
int64_t probe_usec(void);

/* Send one, or begin to wait for what it needs. */
void probe_shoot(struct probe *probe);

/* Read all that has arrived. */
void probe_drain(struct probe *probe);

/* Give up what is overdue at `now`, which must have been read first. */
void probe_expire(struct probe *probe, int64_t now);

/* When the next one is overdue; `otherwise` where that is earlier. */
int64_t probe_first_deadline(const struct probe *probe, int64_t otherwise);

/* Forget them all. */
void probe_forget(struct probe *probe);

#endif
