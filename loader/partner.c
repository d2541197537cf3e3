// SPDX-License-Identifier: GPL-2.0-or-later
/* partner.c - see partner.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "census.h"
#include "log.h"
#include "partner.h"
#include "quiet.h"
#include "tracks.h"
#include "twinpath.skel.h"
#include "twinpath/version.h"
#include "wish.h"

/* Walking the tables costs milliseconds; the figures are for people. */
#define COUNT_PACE 10000
/* Two daemons that run have met by then (heartbeat_accept.h). */
#define AWAITED 1000
/* Longer than what a partner that stops leaves on the wire. */
#define DEAF 2000

struct partner {
	struct site *site;
	const struct plane *plane;
	struct key key;
	bool has_key;
	struct liveness *liveness;
	struct heartbeat *heartbeat;
	struct tp_addr local; /* that the heartbeat speaks from */
	msec_t spoke;	      /* since then; 0: not yet */
	struct intent_site intent;
	uint32_t lost, back; /* of liveness, as acted upon */
	uint32_t their_lost; /* how often it took me for gone, likewise */
	bool heard;	     /* their_lost is theirs */
	bool deaf, equal;    /* as last said in the log */
	msec_t unheard;	     /* it is heard, but has not heard me since then */
	bool overtaken;
	msec_t nowhere; /* since then its MAC is not known; 0: it is */
	msec_t counted;
	uint64_t sessions, bindings;
	struct quiet quiet;
};

/* Is its address the higher one? */
static bool is_first(const struct partner *partner)
{
	return memcmp(&partner->site->config.partner.address,
		      &partner->site->facts.partner.local,
		      sizeof(struct tp_addr)) > 0;
}

/* ---- what I say ------------------------------------------------------------------- */

static void count(struct partner *partner)
{
	const struct site *site = partner->site;
	msec_t now = site_now();

	if (partner->counted && now - partner->counted < COUNT_PACE)
		return;
	partner->counted = now;
	partner->sessions = partner->bindings = 0;
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct census_count *counts = site_census(site, i);

		if (!counts)
			continue;
		partner->sessions += counts->sessions;
		partner->bindings += counts->bindings;
	}
}

/* All that I bind is asked about, or the partner's own gift; see quiet.h. */
static bool is_idle(const struct partner *partner)
{
	const struct site *site = partner->site;
	struct liveness_view view;

	liveness_state(partner->liveness, &view);
	return site->desired.selector == MODEL_PARTNER && site->facts.ready &&
	       view.state == LIVENESS_ALIVE && view.counters.answered;
}

static void fill_hosts(struct partner *partner, struct heartbeat_report *mine)
{
	struct census_hosts hosts;

	if (site_census_hosts(partner->site, &hosts)) {
		memcpy(mine->hosts, hosts.bits, sizeof(mine->hosts));
		mine->quiet = quiet_say(&partner->quiet, is_idle(partner),
					site_now());
	} else {
		memset(mine->hosts, 0xff, sizeof(mine->hosts));
	}
}

static void fill_uplinks(const struct site *site, struct heartbeat_report *mine)
{
	mine->uplinks_count = site->config.uplinks_count;
	for (unsigned i = 0; i < mine->uplinks_count; i++) {
		const struct uplink_config *config = &site->config.uplinks[i];
		struct heartbeat_uplink *out = &mine->uplinks[i];

		snprintf(out->name, sizeof(out->name), "%s", config->name);
		out->level = (uint8_t)config->level;
		out->state = site->desired.states[i];
		out->track = site->facts.uplinks[i].track;
		out->draining = out->state == TP_EXIT_DRAIN;
		out->now = (uint8_t)site->desired.levels[i];
		out->share = (uint8_t)config->share;
		if (!site->facts.ready || !out->now)
			continue;
		if (!mine->best_level || out->now < mine->best_level)
			mine->best_level = out->now;
		mine->proved |= tracks_serve(site, i);
	}
}

static void fill(void *arg, struct heartbeat_report *mine)
{
	struct partner *partner = arg;
	const struct site *site = partner->site;
	struct liveness_view view;

	count(partner);
	liveness_state(partner->liveness, &view);
	mine->ready = site->facts.ready;
	mine->selector = site->desired.selector >= 0 ? HEARTBEAT_SELF :
			 site->desired.selector == MODEL_PARTNER ?
						       HEARTBEAT_PARTNER :
						       HEARTBEAT_NONE;
	mine->sessions = partner->sessions;
	mine->bindings = partner->bindings;
	mine->lost = view.counters.lost;
	mine->intent = intent_site_tell(&partner->intent, site_now());
	snprintf(mine->version, sizeof(mine->version), TWINPATH_VERSION);
	fill_hosts(partner, mine);
	fill_uplinks(site, mine);
}

/* ---- what I hear -------------------------------------------------------------------- */

static void partner_names(const struct heartbeat_report *theirs,
			  struct intent_names *names)
{
	names->count = theirs->uplinks_count;
	for (unsigned i = 0; i < names->count; i++)
		memcpy(names->name[i], theirs->uplinks[i].name, MODEL_NAME);
}

/* The site's intent is another one now: what it means here. */
static void adopt_intent(struct partner *partner,
			 const struct heartbeat_report *theirs,
			 enum intent_merged merged)
{
	struct site *site = partner->site;
	struct intent_names names;
	struct intent intent;
	char was[WISH_TEXT], is[WISH_TEXT], why[MODEL_REASON] = "";
	const char *before, *after;

	partner_names(theirs, &names);
	intent = intent_site_translate(&partner->intent, &site->config, &names,
				       why);
	intent.since = site_now();
	before = wish_print(&site->intent, was);
	after = wish_print(&intent, is);
	if (strcmp(before, after) != 0)
		log_change(0, "the operator's wish", before, after,
			   merged == INTENT_MERGED_CONFLICT_THEIRS ?
				   "it was asked for at the partner as well" :
				   "it was asked for at the partner");
	if (why[0])
		log_warning("%s", why);
	site_adopt_intent(site, &intent);
}

static void hear_intent(struct partner *partner,
			const struct heartbeat_report *theirs)
{
	struct intent_site heard =
		intent_site_hear(&theirs->intent, site_now());
	enum intent_merged merged = intent_site_merge(&partner->intent, &heard);

	if (merged == INTENT_MERGED_THEIRS ||
	    merged == INTENT_MERGED_CONFLICT_THEIRS)
		adopt_intent(partner, theirs, merged);
	else if (merged == INTENT_MERGED_CONFLICT_MINE)
		log_warning("both gateways were told to flip at the same time: "
			    "this one's wish stands");
}

/* It takes it back: that must hold before it learns that I know. */
static void on_heard(void *arg, const struct heartbeat_report *theirs)
{
	struct partner *partner = arg;

	if (!theirs->quiet || theirs->lost != partner->their_lost)
		site_unquiet(partner->site);
}

static unsigned best_level(const struct config *config)
{
	unsigned best = config->uplinks[0].level;

	for (unsigned i = 1; i < config->uplinks_count; i++)
		if (config->uplinks[i].level < best)
			best = config->uplinks[i].level;
	return best;
}

/* Not an error: the rule is as clear as any.  But rarely what is meant. */
static void say_equal(struct partner *partner,
		      const struct heartbeat_report *theirs)
{
	const struct config *config = &partner->site->config;
	unsigned mine = best_level(config), best = 0;
	char text[ADDRESS_TEXT];

	for (unsigned i = 0; i < theirs->uplinks_count; i++) {
		if (theirs->uplinks[i].share)
			return; /* on purpose */
		if (!best || theirs->uplinks[i].level < best)
			best = theirs->uplinks[i].level;
	}
	if (best == mine && !partner->equal)
		log_warning("both gateways' best uplink is of level %u: the "
			    "one that carries goes on; when both would, the "
			    "one with the higher address, %s",
			    mine,
			    address_print(is_first(partner) ?
						  &config->partner.address :
						  &partner->local,
					  text));
	partner->equal = best == mine;
}

static void on_heartbeat(void *arg, const struct heartbeat_view *view)
{
	struct partner *partner = arg;

	if (!view->fresh) {
		log_warning("heartbeat: the partner is not heard; forwarding "
			    "goes on as it is");
		return;
	}
	say_equal(partner, &view->theirs);
	/* It took me for gone, and may hold what was mine. */
	if (partner->heard && view->theirs.lost != partner->their_lost)
		partner->overtaken = true;
	partner->their_lost = view->theirs.lost;
	partner->heard = true;
	hear_intent(partner, &view->theirs);
	site_changed(partner->site);
}

static void on_liveness(void *arg, const struct liveness_view *view)
{
	struct partner *partner = arg;

	(void)view; /* liveness.c has said it */
	site_changed(partner->site);
}

static int on_clock(void *arg, uint32_t *now)
{
	const struct partner *partner = arg;

	return plane_clock(partner->plane, now);
}

/* ---- life ------------------------------------------------------------------------------ */

int partner_open(struct partner **out, struct site *site,
		 const struct plane *plane)
{
	static const struct liveness_callbacks callbacks = { on_clock,
							     on_liveness };
	const struct partner_config *config = &site->config.partner;
	struct partner *partner;
	int err = 0;

	*out = NULL;
	if (config->type != TP_PARTNER_TWINPATH)
		return 0;
	partner = calloc(1, sizeof(*partner));
	if (!partner)
		return -ENOMEM;
	partner->site = site;
	partner->plane = plane;
	partner->has_key = config->key_file[0];
	if (partner->has_key)
		err = key_load(config->key_file, &partner->key);
	if (!err)
		err = liveness_open(&partner->liveness, site->base,
				    bpf_map__fd(plane->skel->maps.partner_seen),
				    &callbacks, partner);
	if (err) {
		partner_close(partner);
		return err;
	}
	*out = partner;
	return 0;
}

void partner_close(struct partner *partner)
{
	if (!partner)
		return;
	heartbeat_close(partner->heartbeat);
	if (partner->liveness)
		liveness_close(partner->liveness);
	key_forget(&partner->key);
	free(partner);
}

/* Its MAC has not been known for so long that it is not there. */
static bool is_nowhere(struct partner *partner, enum liveness_state state)
{
	msec_t now = site_now();

	if (state != LIVENESS_NOBODY)
		partner->nowhere = 0;
	else if (!partner->nowhere)
		partner->nowhere = now;
	return partner->nowhere && now - partner->nowhere >= LIVENESS_RESET;
}

static void believe_quiet(const struct partner *partner,
			  enum liveness_state state,
			  struct partner_belief *belief)
{
	struct heartbeat_view view;

	heartbeat_view(partner->heartbeat, &view);
	belief->quiet = view.fresh && view.theirs.quiet &&
			state == LIVENESS_ALIVE && !belief->overtaken;
	belief->quiet_age = site_now() - view.at;
	memcpy(belief->busy, view.theirs.hosts, sizeof(belief->busy));
}

struct partner_belief partner_belief(struct partner *partner)
{
	struct partner_belief belief = {};
	struct liveness_view view;

	if (!partner)
		return belief;
	liveness_state(partner->liveness, &view);
	belief.has_marks = partner->has_key;
	memcpy(belief.marks, partner->key.marks, sizeof(belief.marks));
	belief.gone_reset = view.believed == LIVENESS_GONE_RESET ||
			    is_nowhere(partner, view.believed);
	belief.gone_bind = view.believed == LIVENESS_GONE_BIND ||
			   belief.gone_reset;
	belief.proved = view.counters.answered;
	belief.deaf = view.deaf;
	belief.overtaken = partner->overtaken ||
			   view.counters.lost != partner->lost ||
			   view.counters.back != partner->back;
	believe_quiet(partner, view.state, &belief);
	partner->lost = view.counters.lost;
	partner->back = view.counters.back;
	partner->overtaken = false;
	return belief;
}

/* The first turn comes before its socket is open. */
static bool heartbeat_awaited(const struct partner *partner,
			      const struct heartbeat_view *view)
{
	return partner && partner->has_key && !view->known &&
	       (!partner->spoke || site_now() - partner->spoke < AWAITED);
}

/* What it shares, and at which level; it may boot, and then that is nothing. */
static void collect_shares(const struct heartbeat_view *heartbeat,
			   struct partner_facts *facts)
{
	const struct heartbeat_report *theirs = &heartbeat->theirs;

	memset(facts->told_shares, 0, sizeof(facts->told_shares));
	if (!heartbeat->fresh || !theirs->ready)
		return;
	for (unsigned i = 0; i < theirs->uplinks_count; i++) {
		const struct heartbeat_uplink *uplink = &theirs->uplinks[i];
		struct told_share *told = &facts->told_shares[i];

		memcpy(told->name, uplink->name, sizeof(told->name));
		told->level = uplink->state == TP_EXIT_UP ? uplink->now : 0;
		told->weight = uplink->share;
	}
}

void partner_collect(const struct partner *partner, struct partner_facts *facts)
{
	struct liveness_view liveness;
	struct heartbeat_view heartbeat;

	partner_views(partner, &liveness, &heartbeat);
	facts->gone = liveness.believed == LIVENESS_GONE_RESET;
	facts->first = partner && is_first(partner);
	facts->told = heartbeat.fresh;
	facts->awaited = heartbeat_awaited(partner, &heartbeat);
	facts->told_self = heartbeat.fresh && heartbeat.theirs.ready &&
			   heartbeat.theirs.selector == HEARTBEAT_SELF;
	collect_shares(&heartbeat, facts);
	facts->told_proved = heartbeat.fresh && heartbeat.theirs.proved;
	facts->told_level = heartbeat.fresh ? heartbeat.theirs.best_level : 0;
}

/* The heartbeat speaks from the LAN that leads there, wherever that is today. */
static void follow_heartbeat(struct partner *partner,
			     const struct tp_addr *local)
{
	static const struct heartbeat_callbacks callbacks = { fill, on_heard,
							      on_heartbeat };
	const struct partner_config *peer = &partner->site->config.partner;
	struct heartbeat_config config = {
		.local = *local,
		.partner = peer->address,
		.port = peer->port,
		.key = partner->key.heartbeat,
	};

	if (!partner->has_key || address_is_zero(local) ||
	    address_equal(local, &partner->local))
		return;
	partner->local = *local;
	heartbeat_close(partner->heartbeat);
	partner->heartbeat = NULL;
	partner->heard = false;
	partner->spoke = site_now();
	heartbeat_open(&partner->heartbeat, partner->site->base, &config,
		       &callbacks, partner);
}

/* Its last words, when it stops, are no loss on the LAN. */
static void say_deaf(struct partner *partner)
{
	struct heartbeat_view view;
	msec_t now = site_now();

	heartbeat_view(partner->heartbeat, &view);
	if (!view.fresh || view.two_way)
		partner->unheard = 0;
	else if (!partner->unheard)
		partner->unheard = now;
	if (view.two_way)
		partner->deaf = false;
	if (partner->deaf || !partner->unheard || now - partner->unheard < DEAF)
		return;
	partner->deaf = true;
	log_warning("heartbeat: the partner is heard, but does not hear this "
		    "gateway: the LAN loses packets one way");
}

void partner_follow(struct partner *partner, const struct tp_partner *entry,
		    const struct tp_addr *local)
{
	if (!partner)
		return;
	liveness_update(partner->liveness, entry, local);
	follow_heartbeat(partner, local);
	say_deaf(partner);
	intent_site_expire(&partner->intent, site_now());
}

void partner_tell(struct partner *partner, const struct intent *intent)
{
	struct intent_site wish = {
		.until = intent->until,
		.drain = (uint32_t)(intent->drain / 1000),
		.force = intent->force,
	};
	struct heartbeat_view view;

	if (!partner || intent->kind == INTENT_DRAIN)
		return; /* maintenance of an uplink is its gateway's own */
	heartbeat_view(partner->heartbeat, &view);
	if (intent->kind == INTENT_UPLINK) {
		wish.kind = INTENT_SITE_UPLINK;
		memcpy(wish.uplink, intent->uplink, sizeof(wish.uplink));
	} else if (intent->kind == INTENT_PARTNER) {
		if (!view.known || !view.theirs.uplinks_count)
			return; /* by routes alone it has no names */
		wish.kind = INTENT_SITE_UPLINK;
		for (unsigned i = view.theirs.uplinks_count; i-- > 0;)
			if (!wish.uplink[0] ||
			    view.theirs.uplinks[i].state == TP_EXIT_UP)
				memcpy(wish.uplink, view.theirs.uplinks[i].name,
				       sizeof(wish.uplink));
	}
	partner->intent = intent_site_command(&partner->intent, &wish);
	partner_poke(partner);
}

bool partner_hush(struct partner *partner, int selector)
{
	struct heartbeat_view view;
	msec_t now = site_now();

	if (!partner)
		return false;
	if (selector == MODEL_PARTNER) {
		quiet_stay(&partner->quiet);
		return false;
	}
	heartbeat_view(partner->heartbeat, &view);
	switch (quiet_leave(&partner->quiet, view.echoed, view.two_way, now)) {
	case QUIET_TELL:
		quiet_told(&partner->quiet, heartbeat_poke(partner->heartbeat),
			   now);
		return true;
	case QUIET_WAIT:
		return true;
	case QUIET_GO:
		break;
	}
	return false;
}

void partner_poke(struct partner *partner)
{
	if (partner && partner->heartbeat)
		heartbeat_poke(partner->heartbeat);
}

void partner_views(const struct partner *partner,
		   struct liveness_view *liveness,
		   struct heartbeat_view *heartbeat)
{
	liveness_state(partner ? partner->liveness : NULL, liveness);
	heartbeat_view(partner ? partner->heartbeat : NULL, heartbeat);
}
