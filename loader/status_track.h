/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_track.h - one track of an uplink as JSON.
 */
#ifndef TWINPATH_STATUS_TRACK_H
#define TWINPATH_STATUS_TRACK_H

#include "track.h"

struct json_object;

/* tracks: all of the uplink. */
struct json_object *status_track_json(const struct uplink_config *uplink,
				      const struct track tracks[],
				      unsigned index, msec_t now);

#endif
