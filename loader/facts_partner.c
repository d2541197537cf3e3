// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * facts_partner.c - where the partner is, and what its routes say.
 *
 * Owns: the interface that leads there, and those of the kinds of handover.  The
 * latter need no addresses: the partner answers ARP for its one address on all
 * of them, as Linux does (arp_ignore 0).
 */
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "facts_private.h"

#define GATEWAYS 8

static void collect_link(struct partner_link *out,
			 const struct netlink_link *link,
			 const struct tp_addr *partner,
			 const struct netlink *netlink)
{
	memcpy(out->name, link->name, sizeof(out->name));
	out->ifindex = link->index;
	out->mtu = link->mtu;
	out->raw = link->raw;
	memcpy(out->own, link->mac, 6);
	out->known = link->flags & IFF_UP &&
		     (link->raw ||
		      facts_find_mac(netlink, link->index, partner, out->mac));
}

/* The interface named for it, or the LAN that it is on. */
static const struct netlink_link *find_link(const struct config *config,
					    const struct netlink *netlink)
{
	const struct partner_config *partner = &config->partner;
	const struct netlink_link *link;

	if (partner->links[TP_KIND_TAKE][0])
		return netlink_link_by_name(netlink,
					    partner->links[TP_KIND_TAKE]);
	for (unsigned i = 0; i < config->lans_count; i++) {
		link = netlink_link_by_name(netlink, config->lans[i]);
		if (link && facts_near(netlink, link->index, &partner->address))
			return link;
	}
	return NULL;
}

/* Without MACs and without links of their own the kinds cannot be told. */
static bool is_mute(const struct partner_facts *facts,
		    const struct partner_config *partner)
{
	return facts->links[TP_KIND_TAKE].raw &&
	       partner->type == TP_PARTNER_TWINPATH &&
	       !partner->links[TP_KIND_QUESTION][0];
}

static void collect_links(struct partner_facts *facts,
			  const struct partner_config *partner,
			  const struct netlink *netlink)
{
	facts->mac_known = facts->links[TP_KIND_TAKE].known &&
			   !is_mute(facts, partner);
	for (unsigned kind = TP_KIND_QUESTION; kind < TP_KINDS; kind++) {
		struct partner_link *out = &facts->links[kind];
		const struct netlink_link *link;

		if (!partner->links[kind][0]) {
			*out = facts->links[TP_KIND_TAKE];
			continue;
		}
		link = netlink_link_by_name(netlink, partner->links[kind]);
		if (link)
			collect_link(out, link, &partner->address, netlink);
		facts->mac_known &= out->known;
	}
}

/*
 * The addresses by which its routes come.  With a link of its own these are
 * those of whatever link the IGP prefers; but the marker is the partner's alone,
 * and where that is, there it is.
 */
struct gateways {
	unsigned count;
	struct tp_addr list[GATEWAYS];
};

static bool is_gateway(const struct gateways *gateways,
		       const struct tp_addr *address)
{
	for (unsigned i = 0; i < gateways->count; i++)
		if (address_equal(&gateways->list[i], address))
			return true;
	return false;
}

/* A route that a routing daemon put there, and that could be used. */
static bool is_learned(const struct netlink_route *route)
{
	return route->table == RT_TABLE_MAIN && route->type == RTN_UNICAST &&
	       route->protocol != MODEL_RTPROT &&
	       !(route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN));
}

static bool is_marker(const struct netlink_route *route,
		      const struct partner_config *partner)
{
	return partner->marker.length &&
	       prefix_equal(&route->to, &partner->marker);
}

static void find_gateways(struct gateways *gateways,
			  const struct partner_config *partner,
			  const struct netlink *netlink)
{
	const struct netlink_route *route = NULL;

	gateways->list[0] = partner->address;
	gateways->count = 1;
	if (!partner->links[TP_KIND_TAKE][0])
		return;
	while ((route = netlink_next_route(netlink, route)))
		if (is_learned(route) && is_marker(route, partner) &&
		    address_is_v4(&route->gateway) &&
		    gateways->count < GATEWAYS)
			gateways->list[gateways->count++] = route->gateway;
}

/* What the partner's routing daemon told ours. */
static void collect_offer(struct partner_facts *facts,
			  const struct partner_config *partner,
			  const struct netlink *netlink)
{
	const struct netlink_route *route = NULL;
	struct gateways gateways;

	find_gateways(&gateways, partner, netlink);
	while ((route = netlink_next_route(netlink, route))) {
		if (!is_learned(route) ||
		    !is_gateway(&gateways, &route->gateway))
			continue;
		if (address_is_v4(&route->gateway) && route->to.length == 96)
			facts->offers_default = true;
		if (is_marker(route, partner))
			facts->marker = true;
	}
}

void facts_collect_partner(struct partner_facts *facts,
			   const struct config *config,
			   const struct netlink *netlink)
{
	const struct partner_config *partner = &config->partner;
	const struct netlink_link *link;
	const struct tp_addr *local = NULL;

	memset(facts, 0, sizeof(*facts));
	if (partner->type == TP_PARTNER_NONE)
		return;
	collect_offer(facts, partner, netlink);
	link = find_link(config, netlink);
	if (link)
		local = facts_near(netlink, link->index, &partner->address);
	if (!local)
		return;
	facts->address_on_lan = true;
	facts->local = *local;
	collect_link(&facts->links[TP_KIND_TAKE], link, &partner->address,
		     netlink);
	collect_links(facts, partner, netlink);
}
