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
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "facts.h"
#include "foreign_watch.h"
#include "freshen.h"
#include "log.h"
#include "next_hop.h"
#include "partner.h"
#include "probes.h"
#include "site_log.h"
#include "site_private.h"
#include "tracks.h"
#include "vrrp.h"

#define TICK 500
#define DATA_PLANE_TICK (1000 / TP_TICKS_PER_SECOND + 1)
#define HUSH_TURN 5

msec_t site_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct interfaces_context site_context(const struct site *site)
{
	return (struct interfaces_context){
		.plane = &site->parts->plane,
		.netlink = site->netlink,
		.config = &site->config,
		.instance = site->instance,
		.foreign = foreign_seen(site->parts->foreign),
		.sysctls = site->parts->paths.sysctls,
	};
}

/* ---- facts ------------------------------------------------------------------------- */

void site_turn_in(struct site *site, msec_t delay)
{
	struct site_parts *parts = site->parts;
	struct timeval timeout = { delay / 1000, delay % 1000 * 1000 };
	msec_t due = site_now() + delay;

	if (parts->turn_due && parts->turn_due <= due)
		return;
	parts->turn_due = due;
	event_add(parts->turn, &timeout);
}

/*
 * How long something from beyond the next hop shows that the path works.  It may
 * have come just before the path died, up to an interval after the last answer:
 * with that taken off, a dead path is dead when its track says so.
 */
static msec_t beyond_window(const struct uplink_config *uplink)
{
	return tracks_window(uplink, uplink->track, 1);
}

/* What came before its carrier did says nothing of the link as it is now. */
static bool heard_beyond(struct site *site, unsigned i)
{
	msec_t window = beyond_window(&site->config.uplinks[i]);
	msec_t age = maps_beyond_age(site->maps, site->exits[i]);
	msec_t linked = site->facts.uplinks[i].linked;

	if (age < 0 || age >= window ||
	    site->facts.now - age - DATA_PLANE_TICK < linked)
		return false;
	site_turn_in(site, window - age); /* it lapses without any event */
	return true;
}

static void collect(struct site *site)
{
	struct facts *facts = &site->facts;

	facts_collect(facts, &site->config, site->exits, site->netlink,
		      &site->parts->interfaces, site_now());
	probes_update(site);
	partner_collect(site->parts->partner, &site->facts.partner);
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_config *uplink = &site->config.uplinks[i];
		const struct track *track = &site->tracks[i][uplink->track];

		facts->uplinks[i].track = track->state;
		for (unsigned n = 0; n < uplink->fallbacks_count; n++)
			facts->uplinks[i].fallbacks[n] =
				site->tracks[i][uplink->fallbacks[n].track]
					.state;
		/* What only delay-up holds back does work. */
		facts->uplinks[i].beyond = track->state == TRACK_DOWN &&
					   (track->raw == TRACK_UP ||
					    probes_beyond(site, i) ||
					    heard_beyond(site, i));
	}
}

/* ---- desired state -------------------------------------------------------------------- */

/* On the way out: attract nothing, and send new sessions to the partner. */
static void leave(const struct site *site, struct desired *desired)
{
	desired->announce = MODEL_NOBODY;
	desired->last_resort = MODEL_NOBODY;
	desired->marker = false;
	desired->vrrp = 0;
	memset(desired->levels, 0, sizeof(desired->levels));
	desired->shares_count = 0;
	if (site->facts.partner.mac_known)
		desired->selector = MODEL_PARTNER;
	snprintf(desired->reason, sizeof(desired->reason),
		 "twinpath is being detached");
}

/* ---- the turn ------------------------------------------------------------------------------ */

/* Sessions that are none any more, and whose hosts may be waiting in vain. */
static void tell_hosts(const struct site *site, uint32_t lost,
		       const uint16_t generations[MODEL_UPLINKS])
{
	struct nudge *nudge = site->parts->nudge;

	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		unsigned exit = site->exits[i];
		uint16_t now = maps_generation(site->maps, exit);

		if (lost & (1U << i) || now != generations[i])
			nudge_start(nudge, exit, generations[i]);
		if (site->desired.states[i] != TP_EXIT_DEAD)
			nudge_spare(nudge, exit, now);
	}
}

/* The data plane.  Cut is what has nothing new coming. */
static void apply_maps(struct site *site, const struct maps_input *input,
		       const struct site_fates *fates)
{
	uint16_t generations[MODEL_UPLINKS];

	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		generations[i] = maps_generation(site->maps, site->exits[i]);
	maps_apply(site->maps, input);
	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		if (fates->cut & (1U << i))
			maps_cut(site->maps, site->exits[i]);
	tell_hosts(site, fates->lost, generations);
}

static void carry_out(struct site *site, const struct site_fates *fates)
{
	struct interfaces_context context = site_context(site);
	struct site_parts *parts = site->parts;
	struct partner_belief belief = partner_belief(parts->partner);
	struct maps_input input = {
		.config = &site->config,
		.facts = &site->facts,
		.desired = &site->desired,
		.netlink = site->netlink,
		.interfaces = &parts->interfaces,
		.belief = &belief,
		.foreign = foreign_seen(parts->foreign),
		.event = site->event,
	};
	msec_t later;
	int err;

	apply_maps(site, &input, fates);
	log_release();
	if (parts->changes & (NETLINK_LINKS | NETLINK_ADDRESSES))
		interfaces_forward(&parts->interfaces, &context);
	partner_follow(parts->partner, maps_partner(site->maps),
		       &site->facts.partner.local);
	if (parts->changes &
	    (NETLINK_ROUTES | NETLINK_ADDRESSES | NETLINK_LINKS))
		maps_apply_routes(site->maps, &input);
	if (parts->changes & (NETLINK_NEIGHBOURS | NETLINK_LINKS))
		maps_apply_neighbours(site->maps, &input);
	parts->changes = 0;
	later = publish_apply(parts->publish, &site->facts, site->event);
	if (later)
		site_turn_in(site, later);
	later = announce_apply(&parts->announce, site);
	if (later)
		site_turn_in(site, later);
	err = site->detaching ?
		      vrrp_remove(site_vrrp_file(site)) :
		      vrrp_write(site_vrrp_file(site), site->desired.vrrp);
	if (err)
		log_error("cannot write %s: %s", site_vrrp_file(site),
			  strerror(-err));
	probes_follow(site);
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

/* Whose sessions nobody waits for, or any more. */
static uint32_t lose(struct site *site, uint32_t moved, struct desired *desired)
{
	struct hold *hold = &site->parts->hold;
	msec_t now = site->facts.now, due;
	uint32_t lost = hold_turn(hold, &site->config, now, moved,
				  &site->desired, desired);

	due = hold_due(hold);
	if (due)
		site_turn_in(site, due - now);
	return lost;
}

/* What drains, and until when.  On the way out nothing is to be saved. */
static uint32_t fail_back(struct site *site, struct desired *desired)
{
	struct failback *failback = &site->parts->failback;
	msec_t now = site->facts.now, due;
	uint32_t cut;

	if (site->detaching) {
		leave(site, desired);
		return 0;
	}
	cut = failback_turn(failback, &site->config, &site->intent, now,
			    desired);
	due = failback_due(failback);
	if (due)
		site_turn_in(site, due > now ? due - now : 0);
	return cut;
}

static void turn(struct site *site)
{
	struct interfaces_context context = site_context(site);
	struct facts before = site->facts;
	struct site_fates fates;
	struct desired desired;
	bool news;

	if (site->detaching && !site->parts->detached)
		return;
	if (site->parts->changes & (NETLINK_LINKS | NETLINK_ADDRESSES))
		interfaces_update(&site->parts->interfaces, &context);
	if (site->parts->changes & (NETLINK_ADDRESSES | NETLINK_ROUTES))
		conflicts_watch(&site->parts->conflicts, &site->config,
				site->netlink);
	collect(site);
	next_hop_log(site, &before);
	site_expire_intent(site);
	desired = decide(&site->config, &site->facts, &site->intent,
			 &site->desired);
	if (!site->detaching &&
	    partner_hush(site->parts->partner, desired.selector)) {
		site_turn_in(site, HUSH_TURN);
		return;
	}
	fates.cut = fail_back(site, &desired);
	fates.moved = maps_moved(site->maps, &site->config, &site->facts);
	fates.lost = lose(site, fates.moved, &desired);
	site_log_decision(site, &desired, &fates);
	news = desired.selector != site->desired.selector ||
	       memcmp(desired.states, site->desired.states,
		      sizeof(desired.states)) != 0 ||
	       memcmp(desired.levels, site->desired.levels,
		      sizeof(desired.levels)) != 0 ||
	       desired.shares_count != site->desired.shares_count;
	site->desired = desired;
	if (news)
		partner_poke(site->parts->partner);
	carry_out(site, &fates);
	if (desired.settled)
		site_turn_in(site, desired.settled - site->facts.now);
	announce_address_lost(&site->parts->announce, site, &before);
	if (site->detaching && (site->facts.partner.offers_default ||
				site->config.partner.type == TP_PARTNER_NONE ||
				site_now() >= site->parts->detach_until))
		finish_detach(site);
}

void site_turn(struct site *site)
{
	log_hold();
	turn(site);
	log_release();
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct site *site = arg;

	(void)fd;
	(void)what;
	site->parts->turn_due = 0;
	site_turn(site);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct site *site = arg;

	(void)fd;
	(void)what;
	freshen(site->netlink, &site->config, &site->facts,
		&site->parts->interfaces);
	site_turn(site);
}

static void on_netlink(void *arg, unsigned changes)
{
	struct site *site = arg;

	site->parts->changes |= changes;
	site_turn(site);
}

/* Routes, neighbours and exits: each may have to leave more to the kernel. */
static void on_foreign(void *arg, const struct foreign *was)
{
	struct site *site = arg;
	struct interfaces_context context = site_context(site);

	foreign_log(was, context.foreign, site->config.firewall);
	interfaces_shape(&site->parts->interfaces, &context);
	site->parts->changes |= NETLINK_ROUTES | NETLINK_NEIGHBOURS;
	site_turn(site);
}

void site_changed(struct site *site)
{
	site_turn_in(site, 0);
}

void site_unquiet(const struct site *site)
{
	maps_unquiet(site->maps);
}

/* ---- listening ------------------------------------------------------------------------------ */

int site_listen(struct site *site)
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
	err = foreign_watch_open(&parts->foreign, site->base, on_foreign, site);
	if (err)
		return err;
	foreign_log(NULL, foreign_seen(parts->foreign), site->config.firewall);
	event_add(parts->tick, &tick);
	return 0;
}
