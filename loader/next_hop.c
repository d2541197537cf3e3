// SPDX-License-Identifier: GPL-2.0-or-later
/* next_hop.c - see next_hop.h. */
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "log.h"
#include "next_hop.h"
#include "site.h"

static bool is_default(const struct netlink_route *route,
		       const struct uplink_facts *facts)
{
	return route->type == RTN_UNICAST && route->to.length == 96 &&
	       address_is_v4(&route->to.address) && !route->tos &&
	       route->oif == facts->ifindex &&
	       !address_is_zero(&route->gateway) &&
	       !(route->flags & RTNH_F_DEAD);
}

/* The best default by this interface, ours or somebody else's; NULL: none. */
static const struct netlink_route *best(const struct uplink_facts *facts,
					const struct netlink *netlink,
					unsigned table, bool ours)
{
	const struct netlink_route *route = NULL, *found = NULL;

	while ((route = netlink_next_route(netlink, route)))
		if (route->table == table && is_default(route, facts) &&
		    (route->protocol == MODEL_RTPROT) == ours &&
		    (!found || route->metric < found->metric))
			found = route;
	return found;
}

void next_hop_learn(struct uplink_facts *facts, const struct netlink *netlink)
{
	const struct netlink_route *route;

	facts->astray = false;
	if (!facts->has_address)
		return; /* whether what is known holds, the next one shows */
	if (!address_equal(&facts->router_for, &facts->address)) {
		memset(&facts->router, 0, sizeof(facts->router));
		facts->router_for = facts->address;
	}
	route = best(facts, netlink, facts->table, false);
	if (!route && address_is_zero(&facts->router)) {
		/* An earlier daemon's; of another address it is no news. */
		route = best(facts, netlink, facts->table, true);
		if (route && !address_equal(&route->source, &facts->address))
			route = NULL;
	}
	if (route)
		facts->router = route->gateway;
	else if (address_is_zero(&facts->router))
		facts->astray = best(facts, netlink, RT_TABLE_MAIN, false);
}

static const char *text_of(const struct tp_addr *address,
			   char text[ADDRESS_TEXT])
{
	return address_is_zero(address) ? "none" : address_print(address, text);
}

static void log_one(const char *what, const char *name,
		    const struct tp_addr *was, const struct tp_addr *is,
		    const char *because)
{
	char whose[MODEL_NAME + 16], from[ADDRESS_TEXT], to[ADDRESS_TEXT];

	if (address_equal(was, is))
		return;
	snprintf(whose, sizeof(whose), "%s %s", what, name);
	log_change(0, whose, text_of(was, from), text_of(is, to), because);
}

void next_hop_log(const struct site *site, const struct facts *before)
{
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_config *config = &site->config.uplinks[i];
		const struct uplink_facts *was = &before->uplinks[i];
		const struct uplink_facts *is = &site->facts.uplinks[i];
		char because[MODEL_REASON];

		/* An address that goes is said by the exit, which is dead. */
		snprintf(because, sizeof(because), "%s has another one",
			 config->interface);
		if (!address_is_zero(&was->address))
			log_one("address", config->name, &was->address,
				&is->address, because);
		snprintf(because, sizeof(because),
			 address_is_zero(&is->router) ?
				 "%s has another address, and no default "
				 "route in table %u" :
				 "so says the default route by %s in table %u",
			 config->interface, is->table);
		if (config->dhcp)
			log_one("next hop", config->name, &was->router,
				&is->router, because);
	}
}
