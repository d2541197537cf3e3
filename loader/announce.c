// SPDX-License-Identifier: GPL-2.0-or-later
/* announce.c - see announce.h. */
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "announce.h"
#include "log.h"
#include "maps.h"
#include "site.h"

/* OSPF's MinLSInterval (RFC 2328 B): a faster flap costs seconds site-wide. */
#define ANNOUNCE_PACE 5000

static void describe(const struct site *site, unsigned i,
		     struct routing_uplink *out)
{
	const struct uplink_config *config = &site->config.uplinks[i];
	const struct uplink_facts *facts = &site->facts.uplinks[i];

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", config->name);
	snprintf(out->interface, sizeof(out->interface), "%s",
		 config->interface);
	out->exit = maps_exit(site->maps, (int)i);
	/* Nothing is routed to an interface without its guard. */
	out->present = facts->present && facts->attached;
	out->ifindex = facts->ifindex;
	out->next_hop = config->next_hop;
	if (facts->has_address)
		out->address = facts->address;
}

/* Slow packets go there when new sessions do, and to no uplink by accident. */
static void describe_partner(const struct site *site,
			     struct routing_uplink *out)
{
	const struct partner_facts *facts = &site->facts.partner;
	const struct netlink_link *link =
		netlink_link_by_index(site->netlink, facts->ifindex);

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "partner");
	snprintf(out->interface, sizeof(out->interface), "%s",
		 link ? link->name : "");
	out->exit = maps_exit(site->maps, MODEL_PARTNER);
	out->present = facts->address_on_lan;
	out->ifindex = facts->ifindex;
	out->next_hop = site->config.partner.address;
	out->by_mark = true;
}

/*
 * Others are told at most once in five seconds; the data plane has switched
 * already, and hands over what still comes here.  Returns how long to wait.
 */
static msec_t pace(struct announce *told, const struct site *site,
		   struct routing_wish *wish)
{
	msec_t now = site_now();

	if (wish->announce == told->uplink && wish->metric == told->metric)
		return 0;
	if (!site->detaching && told->at && now - told->at < ANNOUNCE_PACE &&
	    (told->uplink < 0 || wish->uplinks[told->uplink].present)) {
		wish->announce = told->uplink;
		wish->metric = told->metric;
		return ANNOUNCE_PACE - (now - told->at);
	}
	log_change(site->event, "announced default",
		   decide_name(&site->config, told->uplink),
		   decide_name(&site->config, wish->announce),
		   site->desired.reason);
	told->uplink = wish->announce;
	told->metric = wish->metric;
	told->at = now;
	return 0;
}

msec_t announce_apply(struct announce *told, const struct site *site)
{
	const struct desired *desired = &site->desired;
	struct routing_report *report = &told->routing;
	struct routing_wish wish = {
		.uplinks_count = site->config.uplinks_count,
		.announce = desired->announce,
		.metric = desired->metric,
		.last_resort = desired->last_resort,
		.announce_marker = desired->marker &&
				   site->config.marker.length,
		.marker = site->config.marker,
	};
	msec_t later;

	for (unsigned i = 0; i < wish.uplinks_count; i++)
		describe(site, i, &wish.uplinks[i]);
	if (site->config.partner.type != TP_PARTNER_NONE)
		describe_partner(site, &wish.uplinks[wish.uplinks_count++]);
	later = pace(told, site, &wish);
	routing_apply(site->netlink, &wish, report);
	if (report->reinstalled)
		log_warning("%u of our routes or rules had been removed by "
			    "somebody else: put back",
			    report->reinstalled);
	if (report->failed)
		log_error("%s", report->error);
	return later;
}

void announce_address_lost(const struct announce *told, const struct site *site,
			   const struct facts *before)
{
	int uplink = told->uplink;
	struct routing_uplink lost;

	if (uplink < 0 || !before->uplinks[uplink].has_address ||
	    site->facts.uplinks[uplink].has_address ||
	    !site->facts.uplinks[uplink].present)
		return;
	describe(site, (unsigned)uplink, &lost);
	routing_nudge(site->netlink, &lost, told->metric);
}

void announce_adopt(struct announce *told, const struct site *site)
{
	const struct netlink_route *route = NULL;

	told->uplink = MODEL_NOBODY;
	while ((route = netlink_next_route(site->netlink, route))) {
		if (route->table != RT_TABLE_MAIN ||
		    route->protocol != MODEL_RTPROT ||
		    route->type != RTN_UNICAST || route->to.length > 96)
			continue;
		for (unsigned i = 0; i < site->config.uplinks_count; i++)
			if (site->facts.uplinks[i].ifindex == route->oif)
				told->uplink = (int)i;
		told->metric = route->metric;
	}
}
