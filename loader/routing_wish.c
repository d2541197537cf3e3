// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * routing_wish.c - from the wish to the routes and rules that it comes to.
 *
 * Owns: what an uplink's table holds and which rules lead there.  It reads the
 * netlink tables and must never change anything in the kernel.
 */
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "routing_wish.h"

enum priority {
	RULE_FROM_NEAR = MODEL_RULE_PRIORITY + 1,
	RULE_FROM,
	RULE_OIF_NEAR,
	RULE_OIF,
	RULE_MARK = MODEL_RULE_MARK,
};

static struct prefix default_prefix(void)
{
	const struct tp_addr any = address_from_v4(INADDR_ANY);

	return prefix_of(&any, 96);
}

struct netlink_route routing_default(const struct routing_uplink *uplink,
				     unsigned table, uint32_t metric)
{
	return (struct netlink_route){
		.table = table,
		.to = default_prefix(),
		/* DHCP's may be on no subnet of ours; the client knows. */
		.flags = uplink->dhcp && !address_is_zero(&uplink->next_hop) ?
				 RTNH_F_ONLINK :
				 0,
		.type = RTN_UNICAST,
		.protocol = MODEL_RTPROT,
		.hops = 1,
		.metric = metric,
		.oif = uplink->ifindex,
		.gateway = uplink->next_hop,
		.source = uplink->address,
		.mtu = uplink->mtu,
	};
}

/*
 * It outlives the interface: without it a packet that belongs to this uplink
 * would go on to the next rule, and leave by main's default.
 */
static struct netlink_route backstop(unsigned table)
{
	return (struct netlink_route){
		.table = table,
		.to = default_prefix(),
		.type = RTN_UNREACHABLE,
		.protocol = MODEL_RTPROT,
		.hops = 1,
		.metric = ROUTING_METRIC_BACKSTOP,
	};
}

static struct netlink_route marker(const struct prefix *prefix)
{
	return (struct netlink_route){
		.table = RT_TABLE_MAIN,
		.to = *prefix,
		.type = RTN_BLACKHOLE,
		.protocol = MODEL_RTPROT,
		.hops = 1,
	};
}

static bool on_subnet(const struct netlink *netlink,
		      const struct routing_uplink *uplink)
{
	const struct netlink_address *own = NULL;
	struct prefix subnet;

	while ((own = netlink_next_address(netlink, own))) {
		if (own->ifindex != uplink->ifindex)
			continue;
		subnet = prefix_of(&own->peer, own->length);
		if (prefix_contains(&subnet, &uplink->next_hop))
			return true;
	}
	return false;
}

static bool has_address(const struct netlink *netlink,
			const struct routing_uplink *uplink)
{
	const struct netlink_address *own = NULL;

	if (address_is_zero(&uplink->address))
		return true; /* none is wished */
	while ((own = netlink_next_address(netlink, own))) {
		if (own->ifindex == uplink->ifindex &&
		    address_equal(&own->address, &uplink->address))
			return true;
	}
	return false;
}

/* Why the kernel would refuse a route by this uplink now; NULL: it would not. */
static const char *obstacle(const struct netlink *netlink,
			    const struct routing_uplink *uplink)
{
	const struct netlink_link *link = NULL;

	if (uplink->present)
		link = netlink_link_by_index(netlink, uplink->ifindex);
	if (!link)
		return "is not there";
	if (!(link->flags & IFF_UP))
		return "is down";
	if (!has_address(netlink, uplink))
		return "has lost its address";
	if (uplink->unknown)
		return "has no next hop from DHCP";
	if (!address_is_zero(&uplink->next_hop) && !uplink->dhcp &&
	    !on_subnet(netlink, uplink))
		return "has no subnet with the next hop";
	return NULL;
}

static void add_route(struct routing_plan *plan, struct netlink_route route)
{
	plan->routes[plan->routes_count++] = route;
}

static void add_default(struct routing_plan *plan, const char *why_not,
			const struct routing_uplink *uplink, unsigned table,
			uint32_t metric)
{
	if (!why_not) {
		add_route(plan, routing_default(uplink, table, metric));
		return;
	}
	if (!plan->skipped++)
		snprintf(plan->omission, sizeof(plan->omission),
			 "uplink %s: no default route in table %u: %s %s",
			 uplink->name, table, uplink->interface, why_not);
}

static void add_rule(struct routing_plan *plan, enum priority priority,
		     struct netlink_rule rule)
{
	rule.priority = priority;
	plan->rules[plan->rules_count++] = rule;
}

static void add_rules(struct routing_plan *plan,
		      const struct routing_uplink *uplink, unsigned table)
{
	struct netlink_rule mark = {
		.table = table,
		.mark = TP_MARK(uplink->exit),
		.mask = TP_MARK_MASK,
	};
	struct netlink_rule from = { .from = { uplink->address, 128 } };
	struct netlink_rule oif = { 0 };

	add_rule(plan, RULE_MARK, mark);
	if (uplink->by_mark)
		return;
	snprintf(oif.oif, sizeof(oif.oif), "%s", uplink->interface);
	oif.table = RT_TABLE_MAIN;
	oif.no_default = true;
	add_rule(plan, RULE_OIF_NEAR, oif);
	oif.table = table;
	oif.no_default = false;
	add_rule(plan, RULE_OIF, oif);
	if (address_is_zero(&uplink->address))
		return;
	from.table = RT_TABLE_MAIN;
	from.no_default = true;
	add_rule(plan, RULE_FROM_NEAR, from);
	from.table = table;
	from.no_default = false;
	add_rule(plan, RULE_FROM, from);
}

void routing_plan(const struct netlink *netlink,
		  const struct routing_wish *wish, struct routing_plan *plan)
{
	const struct routing_uplink *uplink;
	const char *why_not;
	unsigned i, table;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < wish->uplinks_count; i++) {
		uplink = &wish->uplinks[i];
		why_not = obstacle(netlink, uplink);
		table = MODEL_TABLE_BASE + uplink->exit;
		add_route(plan, backstop(table));
		add_default(plan, why_not, uplink, table,
			    uplink->dhcp ? ROUTING_METRIC_DHCP : 0);
		add_rules(plan, uplink, table);
		if (wish->last_resort == (int)i)
			add_default(plan, why_not, uplink,
				    MODEL_TABLE_LAST_RESORT, 0);
		if (wish->announce == (int)i)
			add_default(plan, why_not, uplink, RT_TABLE_MAIN,
				    wish->metric);
	}
	if (wish->announce_marker && wish->marker.length)
		add_route(plan, marker(&wish->marker));
}
