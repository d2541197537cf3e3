/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - the lines of "watch".
 */
#ifndef TWINPATH_WATCH_H
#define TWINPATH_WATCH_H

#include <time.h>

#include "fields.h"

/* The least that a screen must have; all of a usual site is to be seen on 80x24. */
#define WATCH_LINES 10
#define WATCH_COLUMNS 60

#define WATCH_UPLINKS 16
#define WATCH_SAMPLES 60

/* What an uplink had counted at a moment. */
struct watch_sample {
	struct timespec at;
	int64_t out, in;	/* bytes */
	int64_t answered, lost; /* of the track that decides */
};

struct watch_uplink {
	char name[16];
	unsigned count; /* samples so far */
	struct watch_sample samples[WATCH_SAMPLES];
};

struct watch {
	int line; /* where the next one goes */
	struct watch_uplink uplinks[WATCH_UPLINKS];
};

/* Onto curses' standard screen, which is empty. */
void watch_draw(struct watch *watch, struct json_object *status);

#endif
