/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - the only writer of the maps that the daemon owns: what is desired
 * becomes what the programs read, by difference.
 *
 * Owns: exit ids, address ids and neighbour ids, and a copy of what each map
 * holds.  Ids are kept across restarts, because sessions hold them: an uplink is
 * known by its name, and its address by the id that stands in its exit.
 *
 * At a switch the order of the writes is: what gets better, the selector, what
 * gets worse; there is no moment without an exit.
 */
#ifndef TWINPATH_MAPS_WRITER_H
#define TWINPATH_MAPS_WRITER_H

#include "foreign.h"
#include "interfaces.h"

struct maps;

/* Reads what the adopted maps hold.  0 or a negative errno, which is logged. */
int maps_open(struct maps **out, const struct plane *plane,
	      const struct config *config);
void maps_close(struct maps *maps);

/* The partner is to be asked from now on, whatever it said. */
int maps_unquiet(struct maps *maps);

/* The partner as the data plane has it. */
const struct tp_partner *maps_partner(const struct maps *maps);

/* The exit id of an uplink (index in the config), or of MODEL_PARTNER. */
unsigned maps_exit(const struct maps *maps, int candidate);

/*
 * What the selector and the exits' states said when the maps were adopted; `now`
 * is CLOCK_BOOTTIME, for the instants in it.
 */
void maps_previous(struct maps *maps, msec_t now, struct desired *previous);

struct maps_input {
	const struct config *config;
	const struct facts *facts;
	const struct desired *desired;
	const struct netlink *netlink;
	const struct interfaces *interfaces;
	const struct partner_belief *belief;
	const struct foreign *foreign;
	unsigned event;
};

/* Selector, exits, addresses, links, partner, settings. */
int maps_apply(struct maps *maps, const struct maps_input *input);

/*
 * maps_cut - all sessions and bindings of this exit are none from now on: the
 * generation of its address is raised.  After maps_apply, so that their next
 * packets find the exits as they shall be.
 */
int maps_cut(struct maps *maps, unsigned exit);

/* The id of the exit's external address: where its bindings are. */
unsigned maps_address(const struct maps *maps, unsigned exit);

/*
 * maps_moved - the uplinks, a bit each, that have another address: with it
 * maps_apply will void what was translated to the old one.
 */
uint32_t maps_moved(const struct maps *maps, const struct config *config,
		    const struct facts *facts);

/* The generation of the exit's external address. */
uint16_t maps_generation(const struct maps *maps, unsigned exit);

/* Where destinations are, and the hosts' MACs; after routes or neighbours
 * changed. */
int maps_apply_routes(struct maps *maps, const struct maps_input *input);
int maps_apply_neighbours(struct maps *maps, const struct maps_input *input);

/* What left and came by the exit, so far. */
bool maps_counters(const struct maps *maps, unsigned exit,
		   struct tp_exit_counters *sum);

/*
 * Does a map hold something else than we wrote?  Its name, or NULL: none of those
 * that a switch is made of does.
 */
const char *maps_foreign(const struct maps *maps);

/* Where the data plane takes an address to be; false: outside, by no entry. */
bool maps_route_to(const struct maps *maps, const struct tp_addr *address,
		   struct prefix *prefix, struct tp_route *route);

/*
 * How long ago, in milliseconds by the data plane's clock, a packet from beyond
 * the next hop hit a binding of this exit; -1: never, or not known.
 */
msec_t maps_beyond_age(const struct maps *maps, unsigned exit);

#endif
