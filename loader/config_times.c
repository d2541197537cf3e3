// SPDX-License-Identifier: GPL-2.0-or-later
/* config_times.c - see config_times.h. */
#include "config_times.h"

/*
 * Carrier and address are told by the kernel, not asked for; a list waits for its
 * slowest member.
 */
static msec_t until(const struct uplink_config *uplink,
		    const struct track_config *track, enum track_state state)
{
	unsigned probes = state == TRACK_UP ? track->hits : track->misses;
	msec_t time = probes * track->interval + track->timeout;

	for (unsigned i = 0; i < track->members_count; i++) {
		unsigned member = track->members[i].track;
		msec_t one = until(uplink, &uplink->tracks[member], state);

		if (one > time)
			time = one;
	}
	return time + (state == TRACK_UP ? track->delay_up : track->delay_down);
}

msec_t config_detection(const struct uplink_config *uplink,
			const struct track_config *track)
{
	return until(uplink, track, TRACK_DOWN);
}

msec_t config_recovery(const struct uplink_config *uplink,
		       const struct track_config *track)
{
	return until(uplink, track, TRACK_UP);
}
