/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quiet.h - may the partner be told that it need not ask me, and for how long
 * must a change wait that makes this untrue?
 *
 * Quiet is a lease of a second that each heartbeat renews.  I grant it while
 * nothing that I might bind could get here without having been asked about or
 * handed over by the partner itself: my selector is the partner, and I take it
 * for alive.  What I asked about before that comes back within a second, or
 * counts no more; hence the pause.  Before I select an exit of mine the partner
 * has to hear that it must ask again: that is a round trip on the LAN, unless it
 * does not hear me.
 *
 * Pure: no clock, no allocation, no input or output.
 */
#ifndef TWINPATH_QUIET_H
#define TWINPATH_QUIET_H

#include "model.h"

#define QUIET_PAUSE 1500
#define QUIET_LEASE 1500  /* and what a message may be old */
#define QUIET_PATIENCE 20 /* then the partner does not hear me */

struct quiet {
	msec_t idle;	/* since then; 0: I am not */
	msec_t granted; /* when I last said so; 0: not since I took it back */
	bool taking;	/* it back */
	uint64_t told;	/* the message that says so */
	msec_t told_at;
};

/* For a message that leaves now.  `idle`: see above. */
bool quiet_say(struct quiet *quiet, bool idle, msec_t now);

enum quiet_step {
	QUIET_GO,   /* on with it */
	QUIET_TELL, /* send a message, say which (quiet_told), and ask again */
	QUIET_WAIT, /* ask again when it has been heard, or soon */
};

/*
 * Before the selector becomes an exit of mine.
 * @heard: up to which message the partner has heard me
 * @two_way: it does at all
 */
enum quiet_step quiet_leave(struct quiet *quiet, uint64_t heard, bool two_way,
			    msec_t now);
void quiet_told(struct quiet *quiet, uint64_t message, msec_t now);

/* It stays the partner. */
void quiet_stay(struct quiet *quiet);

#endif
