// SPDX-License-Identifier: GPL-2.0-or-later
/* partner.c - see partner.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "log.h"
#include "partner_private.h"
#include "twinpath.skel.h"

/* Two daemons that run have met by then (heartbeat_accept.h). */
#define AWAITED 1000
/* Longer than what a partner that stops leaves on the wire. */
#define DEAF 2000

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

bool partner_is(const struct partner *partner, const struct config *was,
		const struct config *is)
{
	const struct partner_config *a = &was->partner, *b = &is->partner;
	struct key key = {};
	bool same;

	same = a->type == b->type && a->port == b->port &&
	       address_equal(&a->address, &b->address) &&
	       !memcmp(a->links, b->links, sizeof(a->links)) &&
	       !strcmp(a->key_file, b->key_file);
	if (!same || !partner || !partner->has_key)
		return same;
	same = !key_load(b->key_file, &key) &&
	       !memcmp(&key, &partner->key, sizeof(key));
	key_forget(&key);
	return same;
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
	facts->failing = facts->gone || liveness.believed == LIVENESS_GONE_BIND;
	facts->first = partner && partner_is_first(partner);
	facts->told = heartbeat.fresh;
	facts->awaited = heartbeat_awaited(partner, &heartbeat);
	facts->told_self = heartbeat.fresh && heartbeat.theirs.ready &&
			   heartbeat.theirs.selector == HEARTBEAT_SELF;
	collect_shares(&heartbeat, facts);
	facts->told_proved = heartbeat.fresh && heartbeat.theirs.proved;
	facts->told_level = heartbeat.fresh && heartbeat.theirs.ready ?
				    heartbeat.theirs.best_level :
				    0;
}

/* The heartbeat speaks from the LAN that leads there, wherever that is today. */
static void follow_heartbeat(struct partner *partner,
			     const struct tp_addr *local)
{
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
		       &partner_talk, partner);
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
