/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failback.h - what becomes of the sessions of an uplink that new ones do not
 * take any more, although it is up: a better exit came back, the partner took
 * over, the operator flipped or drains.
 *
 *   sticky  it stays up, and its TCP sessions stay until they end.  UDP and ICMP
 *           come home after half an hour, or phones and tunnels never would.
 *   drain   it is shown as draining, until a deadline; then it is cut.
 *   now     it is cut at once.
 *
 * To be cut is: the generation of its external address is raised, and with that
 * all its sessions and bindings are none.  An uplink that the operator drains
 * stays in "drain" afterwards; any other one is an idle standby again.
 *
 * Pure: no clock, no allocation, no input or output.  And no memory of its own
 * that must survive: all that counts is the state, the instant and the selector
 * that stand in the data plane's maps, from which a new daemon adopts it.
 */
#ifndef TWINPATH_FAILBACK_H
#define TWINPATH_FAILBACK_H

#include "model.h"

struct failback_uplink {
	bool draining;
	bool ordered;	   /* by the operator's INTENT_DRAIN */
	msec_t since;	   /* of that intent: another one is another order */
	bool cut;	   /* it was, and still drains */
	msec_t deadline;   /* of the drain; 0: none, or it has passed */
	msec_t home_after; /* UDP and ICMP re-bind then; 0: never */
};

struct failback {
	int selector; /* as of the last turn */
	struct failback_uplink uplinks[MODEL_UPLINKS];
};

/*
 * failback_adopt - go on where the daemon before us ended.
 * @previous: as the maps had it: selector, states, home_after
 */
struct failback failback_adopt(const struct config *config,
			       const struct intent *intent,
			       const struct desired *previous);

/*
 * failback_turn - after every decide: sets the states and home_after of
 * `desired`.  Returns the uplinks to cut now, a bit each (1U << index).
 */
uint32_t failback_turn(struct failback *failback, const struct config *config,
		       const struct intent *intent, msec_t now,
		       struct desired *desired);

/* When the next deadline is due; 0: none is. */
msec_t failback_due(const struct failback *failback);

#endif
