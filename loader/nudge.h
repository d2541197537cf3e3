/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nudge.h - makes hosts speak whose TCP sessions died with their uplink, or were
 * cut.
 *
 * A host that sends is told by the data plane, in answer to its next segment.
 * One that only receives would wait for ever.  So each such session gets one
 * segment that is certainly out of its window, without data: TCP must answer it
 * with an acknowledgement (RFC 9293, 3.10.7.4), and the answer to that is the
 * reset.  No sequence numbers need to be kept for it, and a session that has
 * meanwhile moved or ended is not harmed.
 *
 * Owns: a reader of the session table.  It never writes there.
 */
#ifndef TWINPATH_NUDGE_H
#define TWINPATH_NUDGE_H

#include <event2/event.h>

#include "plane.h"

struct nudge;

int nudge_open(struct nudge **out, struct event_base *base,
	       const struct plane *plane);
void nudge_close(struct nudge *nudge);

/*
 * nudge_start - this exit has just died, or was cut: nudge its established
 * sessions in a second, at a bounded pace.
 * @generation: theirs; older ones too, unless they have had their nudge
 */
void nudge_start(struct nudge *nudge, unsigned exit, uint16_t generation);

/*
 * nudge_spare - this exit lives: whoever said nothing meanwhile has lost nothing.
 * @generation: whose sessions are its own again; older ones get their nudge
 */
void nudge_spare(struct nudge *nudge, unsigned exit, uint16_t generation);

#endif
