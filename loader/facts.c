// SPDX-License-Identifier: GPL-2.0-or-later
/* facts.c - see facts.h. */
#include <string.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "facts.h"

#define USABLE                                                               \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | \
	 NUD_NOARP)

static bool find_mac(const struct netlink *netlink, unsigned ifindex,
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

/* Our address on the subnet that `what` is on; NULL: on none of them. */
static const struct tp_addr *near(const struct netlink *netlink,
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
	return near(netlink, ifindex, what) != NULL;
}

static void find_next_hop(struct uplink_facts *facts,
			  const struct uplink_config *config,
			  const struct netlink *netlink)
{
	bool none = address_is_zero(&config->next_hop);

	/* At the other end of a link to one end there is the next hop. */
	facts->next_hop_mac_known =
		facts->raw ||
		(!none && find_mac(netlink, facts->ifindex, &config->next_hop,
				   facts->next_hop_mac));
	facts->stranded = none && !facts->raw;
	facts->next_hop =
		none ? facts->raw :
		       on_subnet(netlink, facts->ifindex, &config->next_hop);
}

static void collect_uplink(struct uplink_facts *facts,
			   const struct uplink_config *config,
			   const struct netlink *netlink,
			   const struct interfaces *interfaces)
{
	const struct netlink_link *link =
		netlink_link_by_name(netlink, config->interface);

	facts->present = link != NULL;
	facts->admin_up = link && link->flags & IFF_UP;
	facts->carrier = link && link->flags & IFF_RUNNING;
	facts->has_address = false;
	facts->next_hop = false;
	facts->stranded = false;
	facts->attached = false;
	facts->next_hop_mac_known = false;
	facts->raw = false;
	facts->ifindex = 0;
	if (!link)
		return;
	facts->ifindex = link->index;
	facts->raw = link->raw;
	facts->mtu = link->mtu;
	memcpy(facts->mac, link->mac, 6);
	facts->has_address = find_address(netlink, link->index,
					  &config->address, &facts->address);
	facts->attached = interfaces_find(interfaces, link->index) != NULL;
	find_next_hop(facts, config, netlink);
}

static void collect_partner(struct partner_facts *facts,
			    const struct config *config,
			    const struct netlink *netlink)
{
	const struct partner_config *partner = &config->partner;

	memset(facts, 0, sizeof(*facts));
	if (partner->type == TP_PARTNER_NONE)
		return;
	for (unsigned i = 0; i < config->lans_count; i++) {
		const struct netlink_link *link =
			netlink_link_by_name(netlink, config->lans[i]);

		if (!link ||
		    !on_subnet(netlink, link->index, &partner->address))
			continue;
		facts->address_on_lan = true;
		facts->ifindex = link->index;
		facts->mtu = link->mtu;
		facts->local = *near(netlink, link->index, &partner->address);
		facts->mac_known = find_mac(netlink, link->index,
					    &partner->address, facts->mac);
		return;
	}
}

/* What the partner's routing daemon told ours. */
static void collect_offer(struct partner_facts *facts,
			  const struct config *config,
			  const struct netlink *netlink)
{
	const struct partner_config *partner = &config->partner;
	const struct netlink_route *route = NULL;

	if (partner->type == TP_PARTNER_NONE)
		return;
	while ((route = netlink_next_route(netlink, route))) {
		if (route->table != RT_TABLE_MAIN ||
		    route->type != RTN_UNICAST ||
		    route->protocol == MODEL_RTPROT ||
		    route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) ||
		    !address_equal(&route->gateway, &partner->address))
			continue;
		if (address_is_v4(&route->gateway) && route->to.length == 96)
			facts->offers_default = true;
		if (partner->marker.length &&
		    prefix_equal(&route->to, &partner->marker))
			facts->marker = true;
	}
}

void facts_collect(struct facts *facts, const struct config *config,
		   const struct netlink *netlink,
		   const struct interfaces *interfaces, msec_t now)
{
	facts->now = now;
	facts->ready = interfaces_ready(interfaces, netlink);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		collect_uplink(&facts->uplinks[i], &config->uplinks[i], netlink,
			       interfaces);
	collect_partner(&facts->partner, config, netlink);
	collect_offer(&facts->partner, config, netlink);
}
