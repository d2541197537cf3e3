// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site.c - the turn: facts changed -> decide -> carry out.
 *
 * Whoever learns something calls site_changed; one turn of the event loop later
 * everything that was learned together is looked at once.  The order of carrying
 * out is fixed: maps first, then routes, then VRRP, so that no host is sent
 * here, and no partner, before the data plane is ready for it.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "facts.h"
#include "freshen.h"
#include "intent.h"
#include "log.h"
#include "maps.h"
#include "nudge.h"
#include "paths.h"
#include "probes.h"
#include "routing.h"
#include "site.h"
#include "sysctl.h"
#include "vrrp.h"

/* OSPF's MinLSInterval (RFC 2328 B): a faster flap costs seconds site-wide. */
#define ANNOUNCE_PACE 5000
#define DETACH_PATIENCE 5000
#define TICK 500

struct announced { /* what others were told, and when */
	int uplink;
	uint32_t metric;
	msec_t at;
};

struct site_parts {
	struct paths paths;
	struct plane plane;
	struct interfaces interfaces;
	struct routing_report routing;
	struct announced announced;
	struct nudge *nudge;
	struct event *turn;
	struct event *tick;
	unsigned changes; /* enum netlink_change, since the last turn */
	int lock;
	msec_t detach_until;
	void (*detached)(void *arg);
	void *detached_arg;
};

msec_t site_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct interfaces_context context_of(const struct site *site)
{
	return (struct interfaces_context){
		.plane = &site->parts->plane,
		.netlink = site->netlink,
		.config = &site->config,
		.instance = site->instance,
		.sysctls = site->parts->paths.sysctls,
	};
}

static const char *vrrp_path(const struct site *site)
{
	return site->config.vrrp_file[0] ? site->config.vrrp_file :
					   site->parts->paths.vrrp;
}

/* ---- facts ------------------------------------------------------------------------- */

static void turn_in(struct site *site, msec_t delay)
{
	struct timeval due = { delay / 1000, delay % 1000 * 1000 };

	event_add(site->parts->turn, &due);
}

/*
 * How long something from beyond the next hop shows that the path works.  It may
 * have come just before the path died, up to an interval after the last answer:
 * with that taken off, a dead path is dead when its track says so.
 */
static msec_t beyond_window(const struct uplink_config *uplink)
{
	const struct track_config *track = &uplink->tracks[uplink->track];

	return track->interval * (track->misses - 1) + track->timeout;
}

static bool heard_beyond(struct site *site, unsigned i)
{
	msec_t window = beyond_window(&site->config.uplinks[i]);
	msec_t age = maps_beyond_age(site->maps, site->exits[i]);

	if (age < 0 || age >= window)
		return false;
	turn_in(site, window - age); /* it lapses without any event */
	return true;
}

static void collect(struct site *site)
{
	struct facts *facts = &site->facts;

	facts_collect(facts, &site->config, site->netlink,
		      &site->parts->interfaces, site_now());
	probes_update(site);
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_config *uplink = &site->config.uplinks[i];
		enum track_state track = site->tracks[i][uplink->track].state;

		facts->uplinks[i].track = track;
		facts->uplinks[i].beyond =
			track == TRACK_DOWN &&
			(probes_beyond(site, i) || heard_beyond(site, i));
	}
}

/* ---- desired state -------------------------------------------------------------------- */

static const char *state_name(enum tp_exit_state state)
{
	static const char *const names[] = {
		[TP_EXIT_DEAD] = "dead",
		[TP_EXIT_AVOID] = "avoid",
		[TP_EXIT_DRAIN] = "drain",
		[TP_EXIT_UP] = "up",
	};

	return names[state];
}

static bool states_differ(const struct site *site, const struct desired *now)
{
	return memcmp(now->states, site->desired.states,
		      sizeof(now->states)) != 0;
}

/* One event a decision: its id stands in every line that follows from it. */
static void log_decision(struct site *site, const struct desired *now)
{
	const struct desired *was = &site->desired;
	const struct config *config = &site->config;

	if (now->selector == was->selector && !states_differ(site, now))
		return;
	site->event++;
	for (unsigned i = 0; i < config->uplinks_count; i++) {
		char what[MODEL_NAME + 8];

		if (now->states[i] == was->states[i])
			continue;
		snprintf(what, sizeof(what), "exit %s",
			 config->uplinks[i].name);
		log_change(site->event, what, state_name(was->states[i]),
			   state_name(now->states[i]), now->reason);
		if (now->states[i] == TP_EXIT_DEAD)
			nudge_start(site->parts->nudge, site->exits[i]);
	}
	if (now->selector == was->selector)
		return;
	log_change(site->event, "selector", decide_name(config, was->selector),
		   decide_name(config, now->selector), now->reason);
	site->last = (struct site_switch){ site->event, site_now(),
					   was->selector, now->selector, "" };
	snprintf(site->last.reason, sizeof(site->last.reason), "%s",
		 now->reason);
}

/* On the way out: attract nothing, and send new sessions to the partner. */
static void leave(const struct site *site, struct desired *desired)
{
	desired->announce = MODEL_NOBODY;
	desired->last_resort = MODEL_NOBODY;
	desired->marker = false;
	desired->vrrp = 0;
	if (site->facts.partner.mac_known)
		desired->selector = MODEL_PARTNER;
	snprintf(desired->reason, sizeof(desired->reason),
		 "twinpath is being detached");
}

/* ---- routes ----------------------------------------------------------------------------- */

static void wish_uplink(const struct site *site, unsigned i,
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

/*
 * Others are told at most once in five seconds; the data plane has switched
 * already, and hands over what still comes here.
 */
static void pace(struct site *site, struct routing_wish *wish)
{
	struct announced *told = &site->parts->announced;
	msec_t now = site_now();

	if (wish->announce == told->uplink && wish->metric == told->metric)
		return;
	if (!site->detaching && told->at && now - told->at < ANNOUNCE_PACE &&
	    (told->uplink < 0 || wish->uplinks[told->uplink].present)) {
		turn_in(site, ANNOUNCE_PACE - (now - told->at));
		wish->announce = told->uplink;
		wish->metric = told->metric;
		return;
	}
	log_change(site->event, "announced default",
		   decide_name(&site->config, told->uplink),
		   decide_name(&site->config, wish->announce),
		   site->desired.reason);
	*told = (struct announced){ wish->announce, wish->metric, now };
}

static void apply_routing(struct site *site)
{
	const struct desired *desired = &site->desired;
	struct routing_report *report = &site->parts->routing;
	struct routing_wish wish = {
		.uplinks_count = site->config.uplinks_count,
		.announce = desired->announce,
		.metric = desired->metric,
		.last_resort = desired->last_resort,
		.announce_marker = desired->marker &&
				   site->config.marker.length,
		.marker = site->config.marker,
	};

	for (unsigned i = 0; i < wish.uplinks_count; i++)
		wish_uplink(site, i, &wish.uplinks[i]);
	pace(site, &wish);
	routing_apply(site->netlink, &wish, report);
	if (report->reinstalled)
		log_warning("%u of our routes or rules had been removed by "
			    "somebody else: put back", report->reinstalled);
	if (report->failed)
		log_error("%s", report->error);
}

/*
 * The kernel drops the routes of an interface that lost its last address without
 * telling anyone; zebra would go on announcing our default.
 */
static void nudge(struct site *site, const struct facts *before)
{
	int told = site->parts->announced.uplink;
	struct routing_uplink uplink;

	if (told < 0 || !before->uplinks[told].has_address ||
	    site->facts.uplinks[told].has_address ||
	    !site->facts.uplinks[told].present)
		return;
	wish_uplink(site, (unsigned)told, &uplink);
	routing_nudge(site->netlink, &uplink, site->parts->announced.metric);
}

/* ---- the turn ------------------------------------------------------------------------------ */

static void carry_out(struct site *site)
{
	struct site_parts *parts = site->parts;
	struct maps_input input = {
		.config = &site->config,
		.facts = &site->facts,
		.desired = &site->desired,
		.netlink = site->netlink,
		.interfaces = &parts->interfaces,
		.event = site->event,
	};
	int err;

	maps_apply(site->maps, &input);
	if (parts->changes & (NETLINK_ROUTES | NETLINK_ADDRESSES |
			      NETLINK_LINKS))
		maps_apply_routes(site->maps, &input);
	if (parts->changes & (NETLINK_NEIGHBOURS | NETLINK_LINKS))
		maps_apply_neighbours(site->maps, &input);
	parts->changes = 0;
	apply_routing(site);
	err = site->detaching ? vrrp_remove(vrrp_path(site)) :
				vrrp_write(vrrp_path(site), site->desired.vrrp);
	if (err)
		log_error("cannot write %s: %s", vrrp_path(site),
			  strerror(-err));
}

static void finish_detach(struct site *site)
{
	struct site_parts *parts = site->parts;
	struct timeval soon = { 0, 200000 }; /* the answer is on its way */

	if (!parts->detached)
		return;
	site_clean(site->instance);
	log_info("detached: the machine is as it was");
	parts->detached(parts->detached_arg);
	parts->detached = NULL;
	event_base_loopexit(site->base, &soon);
}

static void turn(struct site *site)
{
	struct interfaces_context context = context_of(site);
	struct facts before = site->facts;
	struct desired desired;

	if (site->detaching && !site->parts->detached)
		return;
	if (site->parts->changes & (NETLINK_LINKS | NETLINK_ADDRESSES))
		interfaces_update(&site->parts->interfaces, &context);
	collect(site);
	desired = decide(&site->config, &site->facts, &site->intent,
			 &site->desired);
	if (site->detaching)
		leave(site, &desired);
	log_decision(site, &desired);
	site->desired = desired;
	carry_out(site);
	nudge(site, &before);
	if (site->detaching &&
	    (site->facts.partner.offers_default ||
	     site->config.partner.type == TP_PARTNER_NONE ||
	     site_now() >= site->parts->detach_until))
		finish_detach(site);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn(arg);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct site *site = arg;

	(void)fd;
	(void)what;
	freshen(site->netlink, &site->config, &site->facts,
		&site->parts->interfaces);
	turn(site);
}

static void on_netlink(void *arg, unsigned changes)
{
	struct site *site = arg;

	site->parts->changes |= changes;
	turn(site);
}

void site_changed(struct site *site)
{
	turn_in(site, 0);
}

/* ---- what the operator asks ------------------------------------------------------------- */

static int intent_possible(const struct site *site, const struct intent *intent,
			   char why[MODEL_REASON])
{
	const struct partner_facts *partner = &site->facts.partner;

	if (intent->kind == INTENT_AUTO)
		return 0;
	if (intent->kind == INTENT_PARTNER) {
		if (partner->offers_default || partner->marker)
			return 0;
		snprintf(why, MODEL_REASON, "the partner shows no exit: %s",
			 site->config.partner.type == TP_PARTNER_NONE ?
				 "none is configured" :
				 "neither its marker nor a default by it is "
				 "in the routing table");
		return -ENOTCONN;
	}
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		if (strcmp(site->config.uplinks[i].name, intent->uplink))
			continue;
		if (site->desired.states[i] == TP_EXIT_UP)
			return 0;
		snprintf(why, MODEL_REASON, "%s is %s, not up", intent->uplink,
			 state_name(site->desired.states[i]));
		return -ENOTCONN;
	}
	snprintf(why, MODEL_REASON, "no uplink is called %s", intent->uplink);
	return -ENOENT;
}

int site_set_intent(struct site *site, const struct intent *intent,
		    char why[MODEL_REASON])
{
	int err = intent_possible(site, intent, why);

	if (err)
		return err;
	site->intent = *intent;
	site->intent.since = site_now();
	err = intent_save(site->parts->paths.intent, &site->intent);
	if (err)
		log_warning("the intent will not survive a restart: %s: %s",
			    site->parts->paths.intent, strerror(-err));
	turn(site);
	return 0;
}

int site_detach(struct site *site, void (*done)(void *arg), void *arg)
{
	if (site->detaching)
		return -EALREADY;
	log_info("detaching: the partner takes over");
	site->detaching = true;
	site->parts->detached = done;
	site->parts->detached_arg = arg;
	site->parts->detach_until = site_now() + DETACH_PATIENCE;
	site_changed(site);
	return 0;
}

int site_clean(const char *instance)
{
	struct paths paths;
	struct event_base *base = event_base_new();
	struct netlink *netlink = NULL;
	int err, first;

	if (!base)
		return -ENOMEM;
	first = paths_init(&paths, instance);
	err = netlink_open(&netlink, base, on_netlink, NULL);
	if (!err)
		err = routing_withdraw(netlink);
	first = first ?: err;
	vrrp_remove(paths.vrrp);
	/* LAN forwarding ends before the guard does. */
	err = sysctl_restore(paths.sysctls);
	first = first ?: err;
	attach_remove_all(instance);
	err = plane_unpin(instance);
	first = first ?: err;
	netlink_close(netlink);
	event_base_free(base);
	return first;
}

/* ---- start and stop --------------------------------------------------------------------------- */

static int start_listening(struct site *site)
{
	struct timeval tick = { 0, TICK * 1000 };
	struct site_parts *parts = site->parts;
	int err;

	parts->turn = event_new(site->base, -1, 0, on_turn, site);
	parts->tick = event_new(site->base, -1, EV_PERSIST, on_tick, site);
	if (!parts->turn || !parts->tick)
		return -ENOMEM;
	err = netlink_open(&site->netlink, site->base, on_netlink, site);
	if (err) {
		log_error("cannot listen to the kernel's routing messages: %s",
			  strerror(-err));
		return err;
	}
	event_add(parts->tick, &tick);
	return 0;
}

static int start_plane(struct site *site)
{
	struct site_parts *parts = site->parts;
	struct interfaces_context context = context_of(site);
	char forwarding[SYSCTL_VALUE];
	int err;

	err = plane_open(&parts->plane, site->instance, &site->config);
	if (err)
		return err;
	log_info("tables %s in %s", parts->plane.adopted ? "adopted" : "made",
		 parts->plane.dir);
	if (!parts->plane.adopted &&
	    !sysctl_get("net/ipv4/ip_forward", forwarding) &&
	    forwarding[0] == '1')
		log_warning("net.ipv4.ip_forward is on before the programs are: "
			    "until now the kernel could forward inside sources "
			    "untranslated; leave it off, twinpathd switches on "
			    "forwarding for its own interfaces");
	interfaces_init(&parts->interfaces, &site->config);
	err = maps_open(&site->maps, &parts->plane, &site->config);
	if (!err)
		maps_previous(site->maps, &site->desired);
	for (unsigned i = 0; !err && i < site->config.uplinks_count; i++)
		site->exits[i] = maps_exit(site->maps, (int)i);
	if (!err)
		err = interfaces_start(&parts->interfaces, &context,
				       !parts->plane.adopted);
	if (!err)
		err = plane_pin_iterators(&parts->plane);
	return err;
}

static int start_parts(struct site *site)
{
	struct site_parts *parts = site->parts;
	int err;

	err = paths_init(&parts->paths, site->instance);
	if (err)
		return err;
	parts->lock = paths_lock(&parts->paths);
	if (parts->lock < 0)
		return parts->lock;
	err = start_listening(site);
	if (err)
		return err;
	err = start_plane(site);
	if (err)
		return err;
	intent_load(parts->paths.intent, &site->intent);
	return nudge_open(&parts->nudge, site->base, &parts->plane) ?:
	       probes_open(site) ?:
	       control_open(&site->control, site, parts->paths.control);
}

/* A default that the daemon before us announced is not announced anew. */
static void adopt_announced(struct site *site)
{
	const struct netlink_route *route = NULL;
	struct announced *told = &site->parts->announced;

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

int site_start(struct site *site)
{
	bool fresh = !plane_exists(site->instance);
	int err;

	site->parts = calloc(1, sizeof(*site->parts));
	if (!site->parts)
		return -ENOMEM;
	site->parts->lock = -1;
	site->started = site_now();
	err = start_parts(site);
	if (err) {
		/* Nothing half-attached; but never touch what was at work. */
		if (fresh && site->parts->lock >= 0)
			site_clean(site->instance);
		return err;
	}
	site->parts->changes = ~0U;
	facts_collect(&site->facts, &site->config, site->netlink,
		      &site->parts->interfaces, site->started);
	adopt_announced(site);
	turn(site);
	log_info("ready: %s by %s", site->instance,
		 decide_name(&site->config, site->desired.selector));
	return 0;
}

void site_stop(struct site *site)
{
	struct site_parts *parts = site->parts;

	if (!parts)
		return;
	control_close(site->control);
	probes_close(site);
	nudge_close(parts->nudge);
	maps_close(site->maps);
	plane_close(&parts->plane);
	netlink_close(site->netlink);
	if (parts->turn)
		event_free(parts->turn);
	if (parts->tick)
		event_free(parts->tick);
	free(parts);
	site->parts = NULL;
}
