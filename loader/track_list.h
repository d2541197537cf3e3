/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track_list.h - what a list of tracks comes to.
 *
 * Pure.  Three-valued: what cannot be known while some member has no verdict is
 * unknown, what no missing verdict could change is said at once.
 */
#ifndef TWINPATH_TRACK_LIST_H
#define TWINPATH_TRACK_LIST_H

#include "track.h"

struct track_weights {
	unsigned up;	   /* of the members that are up */
	unsigned possible; /* and of those that may turn out to be */
	unsigned total;
};

bool track_is_list(enum track_kind kind);

struct track_weights track_list_weights(const struct track_config *list,
					const struct track tracks[]);

/* tracks: of its uplink.  was: the verdict that a weight list may keep. */
enum track_state track_list_verdict(const struct track_config *list,
				    const struct track tracks[],
				    enum track_state was);

/* Does a verdict of this track rest on any answer from outside? */
bool track_proves(const struct uplink_config *uplink, unsigned track);

/* "any", "interface" ...: as in the configuration. */
const char *track_kind_name(enum track_kind kind);

#endif
