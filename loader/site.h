/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site.h - the running daemon in one struct: what it was told, what it knows,
 * what it wants, and the parts that carry it out.
 *
 * Owns: the turn "facts changed -> decide -> carry out", and the numbering of
 * its events.  Everything else asks site, or is asked by it.
 */
#ifndef TWINPATH_SITE_H
#define TWINPATH_SITE_H

#include <event2/event.h>

#include "census.h"
#include "decide.h"
#include "failback.h"
#include "instance_name.h"
#include "model.h"
#include "netlink.h"
#include "track.h"

struct site_switch { /* the last change of the selector */
	unsigned event;
	msec_t at;
	int from, to;
	char reason[MODEL_REASON];
};

struct site {
	char instance[INSTANCE_NAME];
	struct event_base *base;
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired desired;
	struct track tracks[MODEL_UPLINKS][MODEL_TRACKS]; /* as in the config */
	unsigned exits[MODEL_UPLINKS]; /* exit ids, as in the config */
	unsigned event;		       /* id of the last decision */
	struct site_switch last;
	msec_t started;
	bool detaching;
	struct netlink *netlink;
	struct maps *maps;
	struct control *control;
	struct events *events;
	struct hooks *hooks;
	struct probes *probes;
	struct site_parts *parts; /* site_private.h */
};

/*
 * site_start - load or adopt the data plane, attach, listen, and take the first
 * turn.  Returns 0 or a negative errno after one line that says what is wrong;
 * on a first start nothing is left attached then.
 */
int site_start(struct site *site);

/* The end of the daemon, not of forwarding: everything pinned stays. */
void site_stop(struct site *site);

/*
 * site_clean - what a dead daemon left: routes, rules, programs, sysctls, pins.
 * Needs no configuration.  Returns 0 or a negative errno.
 */
int site_clean(const char *instance);

/* CLOCK_BOOTTIME in milliseconds. */
msec_t site_now(void);

/*
 * site_set_intent - the operator's wish, persisted, carried out at once.
 * Returns 0, -ENOENT (no such uplink), -ENOTCONN (that exit is not up; without
 * force it is not taken), with the sentence for the operator in `why`.
 */
int site_set_intent(struct site *site, const struct intent *intent,
		    char why[MODEL_REASON]);

/* What the uplink holds, see census_of; NULL: it cannot be counted. */
const struct census_count *site_census(const struct site *site,
				       unsigned uplink);

/* The partner is to be asked about new sessions, as of now. */
void site_unquiet(const struct site *site);

/* Which inside hosts have bindings here; false: not known. */
struct census_hosts;
bool site_census_hosts(const struct site *site, struct census_hosts *hosts);

/* Until when a dead uplink's TCP sessions wait for it; 0: they do not. */
msec_t site_waits(const struct site *site, unsigned uplink);

/* Whether it drains, and until when. */
const struct failback_uplink *site_failback(const struct site *site,
					    unsigned uplink);

/* What is published, and how far; and is an address inside? */
struct publish_item;
const struct publish_item *site_published(const struct site *site,
					  unsigned *count);
bool site_is_inside(const struct site *site, const struct tp_addr *address);

/*
 * site_explain - ask the data plane what it would do with such a packet; nothing
 * is changed by that.  Returns 0 or a negative errno.
 */
int site_explain(const struct site *site, struct tp_explain *ask);

/* What left and came by an uplink, since its tables were made. */
bool site_counters(const struct site *site, unsigned uplink,
		   struct tp_exit_counters *sum);

/* The track file of VRRP. */
const char *site_vrrp_file(const struct site *site);
/* The machine's own rules as they were last read, and what they come to. */
struct rules_view;
void site_rules(const struct site *site, struct rules_view *rules);

struct liveness_view;
struct heartbeat_view;
void site_partner_views(const struct site *site, struct liveness_view *liveness,
			struct heartbeat_view *heartbeat);

/* The same wish, asked for at the partner: taken as it is. */
void site_adopt_intent(struct site *site, const struct intent *intent);

/*
 * site_detach - withdraw route, marker and VRRP weight, wait for the partner
 * to take over (bounded), detach the programs, restore what was changed, remove
 * the pins; then `done` is called from the loop and the daemon ends.
 */
int site_detach(struct site *site, void (*done)(void *arg), void *arg);

/* Something that decide looks at may have changed: one turn, soon. */
void site_changed(struct site *site);

#endif
