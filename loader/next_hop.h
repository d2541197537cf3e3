/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * next_hop.h - an uplink's next hop: configured, or what its DHCP client got.
 *
 * The client puts its default route into the uplink's own table, and there it
 * is read.  What was learned stays true until another such route comes, or the
 * uplink has another address: so neither a flushed table nor a client that is
 * started anew takes the next hop away.  Our own default, beside the client's,
 * carries it over a restart of the daemon.
 *
 * Owns: what is learned.  It reads the netlink tables and changes no route.
 */
#ifndef TWINPATH_NEXT_HOP_H
#define TWINPATH_NEXT_HOP_H

#include "netlink.h"

struct site;

/* All zero: it has none, or DHCP has not given one. */
static inline const struct tp_addr *
next_hop_of(const struct uplink_config *config,
	    const struct uplink_facts *facts)
{
	return config->dhcp ? &facts->router : &config->next_hop;
}

/*
 * Of next-hop = dhcp: facts->router, router_for and astray.  The interface's
 * facts must be there.
 */
void next_hop_learn(struct uplink_facts *facts, const struct netlink *netlink);

/* A line for every uplink with another next hop, or another address. */
void next_hop_log(const struct site *site, const struct facts *before);

#endif
