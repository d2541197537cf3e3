/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth.h - what must hold in every world, whatever the gateways believe.
 *
 * Owns: who really carries a flow or binds the endpoint, and the invariants:
 *  - a packet crosses the link at most twice, and never to a partner that is
 *    believed gone;
 *  - a reachable live session is never reset, re-bound or sent elsewhere, and
 *    a live endpoint is not bound a second time; one that waits for its exit is
 *    not reset, and no new one has to wait;
 *  - no new session is refused while a usable uplink is known;
 *  - no flow is owned twice, unless that is excused;
 *  - nothing is sent into an uplink known dead, or without a session.
 *
 * Excused, because nobody could know better: what a gateway does while nothing
 * leads to its partner; what it does, once the link has healed, by a belief
 * that is one detection interval old; and what becomes of a packet during whose
 * crossing an uplink came or went.
 */
#ifndef TWINPATH_MODEL_TRUTH_H
#define TWINPATH_MODEL_TRUTH_H

#include "world.h"

/* Before the answer is carried out. */
void truth_decides(struct world_step *step, const struct world_packet *packet,
		   const struct own_view *view, uint32_t action);

/* A packet goes out by a flow's session, or WORLD_ENDPOINT is bound. */
void truth_uses(struct world_step *step, uint8_t at, uint8_t thing, bool raced);

void truth_refuses(struct world_step *step, const struct world_packet *packet);
void truth_resets(struct world_step *step, const struct world_packet *packet);
void truth_hands(struct world_step *step, const struct world_packet *packet,
		 uint8_t kind);

/* A session, or the binding, is no more. */
void truth_loses(struct world *world, uint8_t at, uint8_t thing);

/* After every step: what must hold at rest; forget what is over. */
void truth_settle(struct world_step *step);

#endif
