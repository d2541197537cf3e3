/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce.h - the routes that go with what is desired, and the pace at which
 * others are told.
 *
 * Owns: the memory of what was announced, and when.  It must never decide what
 * is announced: decide does.
 */
#ifndef TWINPATH_ANNOUNCE_H
#define TWINPATH_ANNOUNCE_H

#include "routing.h"

struct site;

struct announce {
	int uplink; /* of the default that others were told */
	uint32_t metric;
	msec_t at;
	msec_t back_at; /* when to step back from the best; 0: not going to */
	int left; /* uplink whose default waits for the partner's, or nobody */
	msec_t left_at;
	msec_t robbed_until; /* see announce.c */
	msec_t robbed_said;
	unsigned robbed_unsaid;
	struct routing_report routing;
};

/* A default that the daemon before us announced is not announced anew. */
void announce_adopt(struct announce *told, const struct site *site);

/* Routes and rules.  Returns after how long to be called again; 0: no need. */
msec_t announce_apply(struct announce *told, const struct site *site);

/*
 * The kernel drops the routes of an interface that lost its last address without
 * telling anyone; zebra would go on announcing our default.
 */
void announce_address_lost(const struct announce *told, const struct site *site,
			   const struct facts *before);

#endif
