/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * life.h - a site in simulated time: real tracks.c and decide.c, fed with what the
 * cables and the probes of random or scripted outages say.
 *
 * Owns: the one site, its clock and its weather.  It must never judge.
 */
#ifndef RANDOM_LIFE_H
#define RANDOM_LIFE_H

#include "site.h"
#include "tracks.h"

#define LIFE_STEP 50 /* ms of simulated time between two looks */
#define S ((msec_t)1000)

/* The way to what a probe asks; of track 0: the cable. */
struct path {
	bool works;
	msec_t until; /* then it changes */
	msec_t next;  /* probe */
};

struct life {
	struct site site;
	struct tracks tracks;
	struct path paths[MODEL_UPLINKS][MODEL_TRACKS];
	unsigned number; /* of the site, to find it again */
};

extern struct life life;

#define HOLDS(condition)                                                      \
	do {                                                                  \
		if (!(condition))                                             \
			fail_msg("site %u at %lld: not so: %s", life.number,  \
				 (long long)life.site.facts.now, #condition); \
	} while (0)

/* Uplinks with probes, lists, delays and dampening, all thrown. */
void life_throw(struct config *config);

/* Nothing has happened yet to the site of life.site.config. */
void life_begin(void);

/* The weather and what it does, at life.site.facts.now. */
void life_step(void);

#endif
