// SPDX-License-Identifier: GPL-2.0-or-later
/* conflict.c - see conflict.h. */
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "conflict.h"
#include "log.h"

#define DEFAULT_LENGTH 96 /* of 0.0.0.0/0 */
#define HOST_LENGTH 128

static bool overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_contains(a, &b->address) ||
	       prefix_contains(b, &a->address);
}

static const char *lan_of(const struct config *config,
			  const struct netlink *netlink, unsigned ifindex)
{
	for (unsigned i = 0; i < config->lans_count; i++) {
		const struct netlink_link *link =
			netlink_link_by_name(netlink, config->lans[i]);

		if (link && link->index == ifindex)
			return config->lans[i];
	}
	return NULL;
}

/* The LAN interface by which a part of `subnet` is reached; NULL: none. */
static const char *inside(const struct config *config,
			  const struct netlink *netlink,
			  const struct prefix *subnet)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_next_route(netlink, route))) {
		const char *lan;

		if (route->table != RT_TABLE_MAIN ||
		    route->type != RTN_UNICAST ||
		    route->to.length <= DEFAULT_LENGTH ||
		    !overlap(&route->to, subnet))
			continue;
		lan = lan_of(config, netlink, route->oif);
		if (lan)
			return lan;
	}
	return NULL;
}

/* The first subnet of an interface that is inside, too. */
static const char *find(const struct config *config,
			const struct netlink *netlink, const char *interface,
			struct prefix *subnet)
{
	const struct netlink_link *link =
		netlink_link_by_name(netlink, interface);
	const struct netlink_address *own = NULL;
	const char *lan;

	while (link && (own = netlink_next_address(netlink, own))) {
		if (own->ifindex != link->index ||
		    !address_is_v4(&own->address) || own->length == HOST_LENGTH)
			continue;
		*subnet = prefix_of(&own->peer, own->length);
		lan = inside(config, netlink, subnet);
		if (lan)
			return lan;
	}
	memset(subnet, 0, sizeof(*subnet));
	return NULL;
}

void conflicts_watch(struct conflicts *conflicts, const struct config *config,
		     const struct netlink *netlink)
{
	for (unsigned i = 0; i < config->uplinks_count; i++) {
		const struct uplink_config *uplink = &config->uplinks[i];
		struct prefix subnet, *said = &conflicts->subnet[i];
		const char *lan =
			find(config, netlink, uplink->interface, &subnet);
		char text[ADDRESS_TEXT];

		if (prefix_equal(&subnet, said))
			continue;
		if (lan)
			log_error("uplink %s: the subnet %s of %s is inside, "
				  "too, behind %s: its hosts out there cannot "
				  "be reached; renumber one of the two",
				  uplink->name, prefix_print(&subnet, text),
				  uplink->interface, lan);
		else
			log_info("uplink %s: the subnet %s is no more on both "
				 "sides",
				 uplink->name, prefix_print(said, text));
		*said = subnet;
	}
}
