// SPDX-License-Identifier: GPL-2.0-or-later
/* quiet.c - see quiet.h. */
#include "quiet.h"

bool quiet_say(struct quiet *quiet, bool idle, msec_t now)
{
	if (!idle || quiet->taking) {
		quiet->idle = 0;
		return false;
	}
	if (!quiet->idle)
		quiet->idle = now;
	if (now - quiet->idle < QUIET_PAUSE)
		return false;
	quiet->granted = now;
	return true;
}

enum quiet_step quiet_leave(struct quiet *quiet, uint64_t heard, bool two_way,
			    msec_t now)
{
	bool may_count = quiet->granted && two_way &&
			 now - quiet->granted < QUIET_LEASE;

	if (!quiet->taking && may_count) {
		quiet->taking = true;
		quiet->granted = 0;
		return QUIET_TELL;
	}
	if (quiet->taking && heard < quiet->told &&
	    now - quiet->told_at < QUIET_PATIENCE)
		return QUIET_WAIT;
	quiet->taking = false;
	return QUIET_GO;
}

void quiet_told(struct quiet *quiet, uint64_t message, msec_t now)
{
	quiet->told = message;
	quiet->told_at = now;
}

void quiet_stay(struct quiet *quiet)
{
	quiet->taking = false;
}
