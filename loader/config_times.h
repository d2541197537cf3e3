/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_times.h - how long it takes until a track tells what has happened.
 */
#ifndef TWINPATH_CONFIG_TIMES_H
#define TWINPATH_CONFIG_TIMES_H

#include "model.h"

/*
 * The longest time from the moment a path goes dark until the track of this
 * uplink is down, delay down included; 0 for an interface without a delay.
 */
msec_t config_detection(const struct uplink_config *uplink,
			const struct track_config *track);

/* The longest time from a path that works again until the track is up. */
msec_t config_recovery(const struct uplink_config *uplink,
		       const struct track_config *track);

#endif
