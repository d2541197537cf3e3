// SPDX-License-Identifier: GPL-2.0-or-later
/* announce.c - see announce.h. */
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "announce.h"
#include "log.h"
#include "maps.h"
#include "next_hop.h"
#include "site.h"

/* OSPF's MinLSInterval (RFC 2328 B): a faster flap costs seconds site-wide. */
#define THEFTS 3
#define THEFT_PACE 1000
#define THEFT_HUSH 10000
#define ANNOUNCE_PACE 5000
/* A daemon that has just started knows little: what was announced stays. */
#define ADOPT_PATIENCE 1000
/* For the partner to hear that it takes over. */
#define LEAVE_PATIENCE 1000
/* And for its default to come, whose pace may be the same. */
#define LEAVE_LONGEST (ANNOUNCE_PACE + 1000)

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
	out->next_hop = *next_hop_of(config, facts);
	out->dhcp = config->dhcp;
	out->unknown = config->dhcp && !facts->next_hop;
	/* Only where it is less: for a forwarded packet the kernel asks the
	 * route alone. */
	if (facts->mtu == config->mtu)
		out->mtu = config->mtu;
	if (facts->has_address)
		out->address = facts->address;
}

/* Slow packets go there when new sessions do, and to no uplink by accident. */
static void describe_partner(const struct site *site,
			     struct routing_uplink *out)
{
	const struct partner_facts *facts = &site->facts.partner;
	const struct partner_link *link = &facts->links[TP_KIND_TAKE];

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "partner");
	memcpy(out->interface, link->name, sizeof(out->interface));
	out->exit = maps_exit(site->maps, MODEL_PARTNER);
	out->present = facts->address_on_lan;
	out->ifindex = link->ifindex;
	out->next_hop = site->config.partner.address;
	out->by_mark = true;
}

/*
 * The partner took over, and the best default becomes a floating one, which is
 * withdrawn as soon as the partner's is seen here.  Others see it later: their
 * calculations are throttled, and after a boot they need a second.
 */
static bool steps_back(const struct announce *told, const struct site *site,
		       const struct routing_wish *wish)
{
	return told->uplink >= 0 && wish->announce == told->uplink &&
	       told->metric == MODEL_METRIC_BEST &&
	       wish->metric == MODEL_METRIC_FLOATING &&
	       site->facts.partner.told_self;
}

/* The earliest moment for another announcement. */
static msec_t due(struct announce *told, const struct site *site,
		  const struct routing_wish *wish, msec_t now)
{
	if (!steps_back(told, site, wish))
		told->back_at = 0;
	else if (!told->back_at)
		told->back_at = now + ANNOUNCE_PACE;
	if (site->detaching ||
	    (told->uplink >= 0 && !wish->uplinks[told->uplink].present))
		return now;
	if (told->back_at)
		return told->back_at;
	return told->at ? told->at + ANNOUNCE_PACE : now;
}

/*
 * Others are told at most once in five seconds; the data plane has switched
 * already, and hands over what still comes here.  Returns how long to wait.
 */
static msec_t pace(struct announce *told, const struct site *site,
		   struct routing_wish *wish)
{
	msec_t now = site_now(), when;

	/* Wanted again before it was withdrawn: nobody heard of it. */
	if (told->left >= 0 && wish->announce == told->left) {
		told->uplink = told->left;
		told->metric = MODEL_METRIC_FLOATING;
		told->left = MODEL_NOBODY;
	}
	when = due(told, site, wish, now);
	if (wish->announce == told->uplink && wish->metric == told->metric)
		return 0;
	if (now < when) {
		wish->announce = told->uplink;
		wish->metric = told->metric;
		return when - now;
	}
	log_change(site->event, "announced default",
		   decide_name(&site->config, told->uplink),
		   decide_name(&site->config, wish->announce),
		   site->desired.reason);
	told->left = wish->announce < 0 ? told->uplink : MODEL_NOBODY;
	told->left_at = now;
	told->uplink = wish->announce;
	told->metric = wish->metric;
	told->at = now;
	return 0;
}

/* How long our default may wait for the partner's, from now on. */
static msec_t patience(const struct announce *told, const struct site *site)
{
	const struct partner_facts *partner = &site->facts.partner;
	msec_t gone = site_now() - told->left_at;

	if (site->desired.selector != MODEL_PARTNER || !partner->told ||
	    partner->offers_default)
		return 0;
	return (partner->told_self ? LEAVE_LONGEST : LEAVE_PATIENCE) - gone;
}

/*
 * Between a default that is withdrawn and the partner's that comes, others have
 * none: 10 ms to 40 ms of what they send.  So ours stays as a floating one,
 * which steps back by itself when the partner's is there, as long as a partner
 * that listens takes over.  What still comes here is handed to it meanwhile.
 * Returns how long to wait.
 */
static msec_t leave(struct announce *told, const struct site *site,
		    struct routing_wish *wish)
{
	msec_t left = patience(told, site);

	if (told->left < 0)
		return 0;
	if (wish->announce >= 0 || left <= 0) {
		told->left = MODEL_NOBODY;
		return 0;
	}
	wish->announce = told->left;
	wish->metric = MODEL_METRIC_FLOATING;
	return left;
}

static msec_t sooner(msec_t a, msec_t b)
{
	return a && (a < b || !b) ? a : b;
}

/*
 * What somebody removes is put back at once, three times; whoever goes on gets
 * one in a second, and a line in ten: a race would be lost, and every round of
 * it is news for the whole area.  robbed_until moves on by a second with each
 * theft, and is never in the past.  Returns how long it has to wait.
 */
static msec_t robbed_wait(const struct announce *told, msec_t now)
{
	msec_t wait = told->robbed_until - now - (THEFTS - 1) * THEFT_PACE;

	return wait > 0 ? wait : 0;
}

static void robbed(struct announce *told, msec_t now)
{
	if (told->robbed_until < now)
		told->robbed_until = now;
	told->robbed_until += THEFT_PACE;
	told->robbed_unsaid += told->routing.reinstalled;
	if (robbed_wait(told, now) && told->robbed_said &&
	    now - told->robbed_said < THEFT_HUSH)
		return;
	log_warning("%u of our routes or rules had been removed by "
		    "somebody else: put back",
		    told->robbed_unsaid);
	told->robbed_unsaid = 0;
	told->robbed_said = now;
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
	msec_t later, now = site_now();

	for (unsigned i = 0; i < wish.uplinks_count; i++)
		describe(site, i, &wish.uplinks[i]);
	if (site->config.partner.type != TP_PARTNER_NONE)
		describe_partner(site, &wish.uplinks[wish.uplinks_count++]);
	later = pace(told, site, &wish);
	later = sooner(leave(told, site, &wish), later);
	report->patient = robbed_wait(told, now) > 0;
	routing_apply(site->netlink, &wish, report);
	if (report->reinstalled)
		robbed(told, now);
	if (report->deferred)
		later = sooner(robbed_wait(told, now), later);
	if (report->failed)
		log_error("%s", report->error);
	return later;
}

void announce_address_lost(const struct announce *told, const struct site *site,
			   const struct facts *before)
{
	int uplink = told->uplink < 0 ? told->left : told->uplink;
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
	told->left = MODEL_NOBODY;
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
	if (told->uplink >= 0)
		told->at = site_now() - ANNOUNCE_PACE + ADOPT_PATIENCE;
}
