/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * partner.h - the partner gateway, as this daemon knows it.
 *
 * Owns: the shared key, the liveness prober and the heartbeat, and what they
 * come to: leases for the data plane, a number that must grow, and the
 * operator's intent where it is the site's.  It writes no map and decides
 * nothing; losing the heartbeat changes no forwarding.
 *
 * Every function takes a NULL partner: a site without one.
 */
#ifndef TWINPATH_PARTNER_DAEMON_H
#define TWINPATH_PARTNER_DAEMON_H

#include "heartbeat.h"
#include "liveness.h"
#include "plane.h"
#include "site.h"

struct partner;

/* 0 or a negative errno, which is logged: a key that cannot be used. */
int partner_open(struct partner **out, struct site *site,
		 const struct plane *plane);
void partner_close(struct partner *partner);

/*
 * Does a partner of the one configuration suit the other: the same gateway, by the
 * same way, with the key that stands in its file today?
 */
bool partner_is(const struct partner *partner, const struct config *was,
		const struct config *is);

/* For the maps.  `overtaken` is told once. */
struct partner_belief partner_belief(struct partner *partner);

/* What decide is told of it beyond the routes: gone, told, told_*. */
void partner_collect(const struct partner *partner,
		     struct partner_facts *facts);

/* After the maps were written: whom to ask, and from which address of mine. */
void partner_follow(struct partner *partner, const struct tp_partner *entry,
		    const struct tp_addr *local);

/* The operator asked for this here: the other gateway shall know. */
void partner_tell(struct partner *partner, const struct intent *intent);

/*
 * partner_hush - before the selector becomes this one: true, if the partner has
 * yet to hear that it must ask me again.  It is being told, and the next turn
 * comes when it has, or soon.
 */
bool partner_hush(struct partner *partner, int selector);

/* Something that the heartbeat reports has changed. */
void partner_poke(struct partner *partner);

void partner_views(const struct partner *partner,
		   struct liveness_view *liveness,
		   struct heartbeat_view *heartbeat);

#endif
