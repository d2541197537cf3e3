/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracks.h - the site's tracks, whatever feeds them.
 *
 * Owns: site->tracks: the lists among them, what falls due, what is urgent, and
 * a line in the log for every change.  It must never send a probe or decide about
 * exits.
 */
#ifndef TWINPATH_TRACKS_H
#define TWINPATH_TRACKS_H

#include "model.h"

#define TRACKS_WHY 128

struct site;

struct tracks {
	struct site *site;
	/* The cause of the change that is delayed. */
	char why[MODEL_UPLINKS][MODEL_TRACKS][TRACKS_WHY];
};

/* Every track of the configuration, with no verdict yet. */
void tracks_init(struct tracks *tracks, struct site *site);

/*
 * These return whether a track's state has changed: then, and when all news are
 * in, tracks_settle is due.
 */
bool tracks_result(struct tracks *tracks, unsigned uplink, unsigned track,
		   bool ok, const char *because, msec_t now);
bool tracks_force(struct tracks *tracks, unsigned uplink, unsigned track,
		  enum track_state state, const char *because, msec_t now);
/* A route's verdict, or a window's: no row, but delay down. */
bool tracks_follow(struct tracks *tracks, unsigned uplink, unsigned track,
		   enum track_state state, const char *because, msec_t now);

/* What is due of this one, lists apart. */
bool tracks_tick(struct tracks *tracks, unsigned uplink, unsigned track,
		 msec_t now);

/*
 * What is due everywhere, and what follows from it: one track going down can
 * turn lists, and make another one urgent.
 */
bool tracks_settle(struct tracks *tracks, msec_t now);

/* Is there a way out by this uplink that rests on more than a cable? */
bool tracks_serve(const struct site *site, unsigned uplink);

/* When the next delayed change falls due; 0: there is none. */
msec_t tracks_due(const struct tracks *tracks);

/*
 * How long the path may be dark before this track's verdict is down, with so many
 * misses spared: of a list, its slowest member's.
 */
msec_t tracks_window(const struct uplink_config *uplink, unsigned track,
		     unsigned spared);

#endif
