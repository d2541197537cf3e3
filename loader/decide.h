/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - facts and intent become the desired state.
 *
 * Pure: no clock, no allocation, no input or output; the same arguments give
 * the same answer.  It includes nothing but the model.
 */
#ifndef TWINPATH_DECIDE_H
#define TWINPATH_DECIDE_H

#include "model.h"

/*
 * decide - rank the exits and say what everything should look like.
 * @config:   the configuration in force
 * @facts:    what is known now
 * @intent:   what the operator asked for
 * @previous: the last answer, for stability among equals (NULL: none)
 */
struct desired decide(const struct config *config, const struct facts *facts,
		      const struct intent *intent,
		      const struct desired *previous);

/*
 * Does the partner say that new sessions can leave there: by its routes, or by its
 * heartbeat, which knows better?  Not whether it can be reached, or is alive.
 */
bool decide_partner_offers(const struct partner_facts *partner);

/*
 * Why an uplink is not up: the first thing that an operator would mend, without
 * the uplink's name.  For one that is up: that its track is.
 */
void decide_fault(const struct config *config, const struct facts *facts,
		  unsigned index, char fault[MODEL_REASON]);

/* "up", "drain", "avoid", "dead" */
const char *decide_state(enum tp_exit_state state);

/* The name of a candidate: an uplink's, "partner" or "none". */
const char *decide_name(const struct config *config, int candidate);

#endif
