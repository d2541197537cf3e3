// SPDX-License-Identifier: GPL-2.0-or-later
/* facts.c - see facts.h; the partner is in facts_partner.c. */
#include <string.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "facts_private.h"
#include "next_hop.h"

#define USABLE                                                               \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | \
	 NUD_NOARP)

bool facts_find_mac(const struct netlink *netlink, unsigned ifindex,
		    const struct tp_addr *address, uint8_t mac[6])
{
	const struct netlink_neighbour *neighbour =
		netlink_find_neighbour(netlink, ifindex, address);

	if (!neighbour || !(neighbour->state & USABLE))
		return false;
	memcpy(mac, neighbour->mac, 6);
	return true;
}

/* The address that the uplink translates to: the configured, or the first. */
static bool find_address(const struct netlink *netlink, unsigned ifindex,
			 const struct tp_addr *wanted, struct tp_addr *out)
{
	const struct netlink_address *address = NULL;

	while ((address = netlink_next_address(netlink, address))) {
		if (address->ifindex != ifindex ||
		    !address_is_v4(&address->address))
			continue;
		if (address_is_zero(wanted) ?
			    !address->secondary :
			    address_equal(&address->address, wanted)) {
			*out = address->address;
			return true;
		}
	}
	return false;
}

const struct tp_addr *facts_near(const struct netlink *netlink,
				 unsigned ifindex, const struct tp_addr *what)
{
	const struct netlink_address *address = NULL;

	while ((address = netlink_next_address(netlink, address))) {
		struct prefix subnet =
			prefix_of(&address->peer, address->length);

		if (address->ifindex == ifindex &&
		    prefix_contains(&subnet, what))
			return &address->address;
	}
	return NULL;
}

static bool on_subnet(const struct netlink *netlink, unsigned ifindex,
		      const struct tp_addr *what)
{
	return facts_near(netlink, ifindex, what) != NULL;
}

static void find_next_hop(struct uplink_facts *facts,
			  const struct uplink_config *config,
			  const struct netlink *netlink)
{
	const struct tp_addr *next_hop = next_hop_of(config, facts);
	bool none;

	if (config->dhcp)
		next_hop_learn(facts, netlink);
	none = address_is_zero(next_hop);
	/* At the other end of a link to one end there is the next hop. */
	facts->next_hop_mac_known =
		facts->raw ||
		(!none && facts_find_mac(netlink, facts->ifindex, next_hop,
					 facts->next_hop_mac));
	facts->stranded = none && !facts->raw && !config->dhcp;
	/* DHCP's may be on no subnet: then the client has said "on link". */
	facts->next_hop =
		none ? facts->raw :
		       config->dhcp ||
				on_subnet(netlink, facts->ifindex, next_hop);
}

static void collect_uplink(struct uplink_facts *facts,
			   const struct uplink_config *config, unsigned exit,
			   const struct netlink *netlink,
			   const struct interfaces *interfaces, msec_t now)
{
	const struct netlink_link *link =
		netlink_link_by_name(netlink, config->interface);

	facts->present = link != NULL;
	facts->admin_up = link && link->flags & IFF_UP;
	facts->carrier = link && link->flags & IFF_RUNNING;
	if (!facts->carrier)
		facts->linked = 0;
	else if (!facts->linked)
		facts->linked = now;
	facts->has_address = false;
	facts->next_hop = false;
	facts->stranded = false;
	facts->astray = false;
	facts->table = MODEL_TABLE_BASE + exit;
	facts->attached = false;
	facts->next_hop_mac_known = false;
	facts->raw = false;
	facts->ifindex = 0;
	if (!link)
		return;
	facts->ifindex = link->index;
	facts->raw = link->raw;
	facts->mtu = link->mtu;
	if (config->mtu && config->mtu < link->mtu)
		facts->mtu = config->mtu;
	memcpy(facts->mac, link->mac, 6);
	facts->has_address = find_address(netlink, link->index,
					  &config->address, &facts->address);
	facts->attached = interfaces_find(interfaces, link->index) != NULL;
	find_next_hop(facts, config, netlink);
}

void facts_collect(struct facts *facts, const struct config *config,
		   const unsigned exits[MODEL_UPLINKS],
		   const struct netlink *netlink,
		   const struct interfaces *interfaces, msec_t now)
{
	facts->now = now;
	facts->ready = interfaces_ready(interfaces, netlink);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		collect_uplink(&facts->uplinks[i], &config->uplinks[i],
			       exits[i], netlink, interfaces, now);
	facts_collect_partner(&facts->partner, config, netlink);
}
