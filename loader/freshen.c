// SPDX-License-Identifier: GPL-2.0-or-later
/* freshen.c - see freshen.h. */
#include <linux/neighbour.h>

#include "freshen.h"
#include "next_hop.h"

#define HOSTS_A_CALL 32

static bool is_fresh(const struct netlink *netlink, unsigned ifindex,
		     const struct tp_addr *address)
{
	const struct netlink_neighbour *neighbour =
		netlink_find_neighbour(netlink, ifindex, address);

	return neighbour &&
	       neighbour->state & (NUD_REACHABLE | NUD_DELAY | NUD_PROBE |
				   NUD_PERMANENT | NUD_NOARP);
}

static void freshen_one(struct netlink *netlink, unsigned ifindex,
			const struct tp_addr *address)
{
	if (ifindex && !is_fresh(netlink, ifindex, address))
		netlink_neighbour_probe(netlink, ifindex, address);
}

void freshen(struct netlink *netlink, const struct config *config,
	     const struct facts *facts, const struct interfaces *interfaces)
{
	const struct netlink_neighbour *host = NULL;
	unsigned left = HOSTS_A_CALL;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (facts->uplinks[i].next_hop && !facts->uplinks[i].raw)
			freshen_one(netlink, facts->uplinks[i].ifindex,
				    next_hop_of(&config->uplinks[i],
						&facts->uplinks[i]));
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (!facts->partner.links[kind].raw)
			freshen_one(netlink, facts->partner.links[kind].ifindex,
				    &config->partner.address);
	while (left && (host = netlink_next_neighbour(netlink, host))) {
		const struct interface *one =
			interfaces_find(interfaces, host->ifindex);

		if (!one || one->role != ATTACH_LAN ||
		    !(host->state & NUD_STALE))
			continue;
		netlink_neighbour_probe(netlink, host->ifindex, &host->address);
		left--;
	}
}
