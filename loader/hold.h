/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.h - how long the TCP sessions of a dead uplink wait for it.
 *
 * With "hold" in its section the data plane drops their packets for that time
 * instead of telling their hosts: back with the same address, they go on.  After
 * it they are told as they would have been at once.
 *
 * Pure: no clock, no allocation, no input or output.  The end of a wait stands in
 * the data plane's maps, where it holds without a daemon, and from where a new
 * one adopts it.
 */
#ifndef TWINPATH_HOLD_H
#define TWINPATH_HOLD_H

#include "model.h"

struct hold {
	msec_t until[MODEL_UPLINKS]; /* 0: nothing waits */
};

/* hold_adopt - go on where the daemon before us ended. */
struct hold hold_adopt(const struct config *config,
		       const struct desired *previous);

/*
 * hold_turn - after every decide: sets wait_until of `desired`.
 * @moved: a bit for each uplink that has another address: its sessions are void,
 * and nothing of it waits
 * @previous: as of the last turn
 * Returns the uplinks whose sessions are lost as of now, a bit each: dead and
 * not waited for, or waited for long enough.
 */
uint32_t hold_turn(struct hold *hold, const struct config *config, msec_t now,
		   uint32_t moved, const struct desired *previous,
		   struct desired *desired);

/* When the next wait ends; 0: nothing waits. */
msec_t hold_due(const struct hold *hold);

#endif
