// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site_intent.c - what the operator wants of the site: to turn, to drain, to go.
 *
 * Owns: the wish that is in force, and that a restart finds it again.  It must
 * never carry anything out but by a turn.
 */
#include <errno.h>
#include <string.h>

#include "intent.h"
#include "log.h"
#include "partner.h"
#include "site_private.h"
#include "wish.h"

#define DETACH_PATIENCE 5000

static void save_intent(const struct site *site)
{
	const char *path = site->parts->paths.intent;
	int err = intent_save(path, &site->intent);

	if (err)
		log_warning("the intent will not survive a restart: %s: %s",
			    path, strerror(-err));
}

void site_expire_intent(struct site *site)
{
	msec_t until = site->intent.until, now = site->facts.now;
	char was[WISH_TEXT];

	if (!until)
		return;
	if (now < until) {
		site_turn_in(site, until - now);
		return;
	}
	log_change(site->event, "the operator's wish",
		   wish_print(&site->intent, was), "auto", "its time is over");
	site->intent = (struct intent){ .since = now };
	save_intent(site);
}

int site_set_intent(struct site *site, const struct intent *intent,
		    char why[MODEL_REASON])
{
	int err = wish_possible(site, intent, why);

	if (err)
		return err;
	partner_tell(site->parts->partner, intent);
	site->intent = *intent;
	site->intent.since = site_now();
	/* An uplink of the partner's is, from here, the partner. */
	if (intent->kind == INTENT_UPLINK &&
	    wish_is_partners(site, intent->uplink)) {
		site->intent.kind = INTENT_PARTNER;
		memset(site->intent.uplink, 0, sizeof(site->intent.uplink));
	}
	/* Whoever waits for an exit to be empty must not see an old count. */
	census_forget(site->parts->census);
	site_turn(site);
	/* A drain on the way back to auto was for this one time. */
	if (intent->kind == INTENT_AUTO)
		site->intent.drain = 0;
	save_intent(site);
	return 0;
}

void site_adopt_intent(struct site *site, const struct intent *intent)
{
	site->intent = *intent;
	save_intent(site);
	site_changed(site);
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
