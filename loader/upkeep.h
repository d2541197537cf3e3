/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upkeep.h - what is done for the data plane once a second.
 *
 * It goes on without: expired lines are free lines, and hosts at their limits
 * make bits of the walk themselves.  The walk only comes sooner (bpf/sweep.h), and
 * somebody is told when new sessions are refused (shortage.h).
 *
 * Owns: a timer.  It writes no map: programs do, that it runs.
 */
#ifndef TWINPATH_UPKEEP_H
#define TWINPATH_UPKEEP_H

#include <event2/event.h>

#include "plane.h"

struct upkeep;

int upkeep_open(struct upkeep **out, struct event_base *base,
		const struct plane *plane);
void upkeep_close(struct upkeep *upkeep);

#endif
