// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site_reload.c - another configuration for the running daemon: parse, validate,
 * then swap.
 *
 * Owns: the order of that.  All that can fail is made beside what is at work, and
 * taken away again when any of it fails; a reload that is refused has changed
 * nothing.  What is swapped in adopts the data plane as a new daemon would, so
 * that a reload and a restart cannot mean different things; but tracks, the
 * partner's heartbeat and what others were told live on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "log.h"
#include "partner.h"
#include "probes.h"
#include "site_private.h"
#include "site_reload.h"
#include "vrrp.h"

struct reload {
	struct site *site;
	struct config before;
	/* What takes the place of the site's. */
	struct maps *maps;
	struct publish *publish;
	struct partner *partner;
	bool other_partner;
	struct interfaces interfaces;
	/* Exits that are none any more, and the sessions they had. */
	unsigned gone_count;
	unsigned gone[MODEL_UPLINKS];
	uint16_t generations[MODEL_UPLINKS];
};

/* ---- what it may not change ---------------------------------------------- */

static void refuse(struct config_messages *messages,
		   const struct config_text *text, const char *key,
		   const char *why)
{
	config_error(messages, config_text_line(text, key), "%s: %s", key, why);
}

static int check_fixed(const struct config *was, const struct config *is,
		       struct config_messages *messages)
{
	static const char tables[] =
		"the tables keep their size as long as they are in use: "
		"'twinpath detach' and a new start change it";
	struct config_text text;
	int err = config_text_read(is->file, &text, messages);

	if (!err && is->mode != was->mode)
		refuse(messages, &text, "mode",
		       "a reload cannot change it: restart twinpathd, sessions "
		       "live on");
	if (!err && is->sessions != was->sessions)
		refuse(messages, &text, "sessions", tables);
	if (!err && is->max_addresses != was->max_addresses)
		refuse(messages, &text, "max-addresses", tables);
	config_text_free(&text);
	return messages->errors ? -EINVAL : err;
}

/* ---- beside what is at work ----------------------------------------------- */

static int prepare(struct reload *reload)
{
	struct site *site = reload->site;
	struct site_parts *parts = site->parts;
	struct interfaces_context context = site_context(site);
	int err;

	err = maps_open(&reload->maps, &parts->plane, &site->config);
	if (!err)
		err = site_publish(site, reload->maps, &reload->publish);
	reload->other_partner =
		!partner_is(parts->partner, &reload->before, &site->config);
	if (!err && reload->other_partner)
		err = partner_open(&reload->partner, site, &parts->plane);
	if (err)
		return err;
	err = interfaces_reload(&reload->interfaces, &parts->interfaces,
				&context);
	if (err)
		return err;
	err = probes_reload(site, &reload->before);
	if (err)
		interfaces_release(&parts->interfaces, &reload->interfaces,
				   &context);
	return err;
}

static void forget(struct reload *reload)
{
	reload->site->config = reload->before;
	publish_close(reload->publish);
	partner_close(reload->partner);
	maps_close(reload->maps);
}

/* ---- the swap -------------------------------------------------------------- */

/* A candidate of the configuration before, in the present one. */
static int moved(const struct reload *reload, int candidate)
{
	const struct config *is = &reload->site->config;

	if (candidate < 0)
		return candidate;
	for (unsigned i = 0; i < is->uplinks_count; i++)
		if (!strcmp(is->uplinks[i].name,
			    reload->before.uplinks[candidate].name))
			return (int)i;
	return MODEL_NOBODY;
}

static void note_gone(struct reload *reload)
{
	const struct site *site = reload->site;

	for (unsigned i = 0; i < reload->before.uplinks_count; i++) {
		unsigned n = reload->gone_count;

		if (moved(reload, (int)i) != MODEL_NOBODY)
			continue;
		reload->gone[n] = site->exits[i];
		reload->generations[n] =
			maps_generation(site->maps, site->exits[i]);
		reload->gone_count++;
	}
}

/* What the daemon remembers of its uplinks goes with their names. */
static void move_memory(struct reload *reload)
{
	struct site *site = reload->site;
	struct announce *told = &site->parts->announce;
	struct facts facts = site->facts;
	struct conflicts conflicts = site->parts->conflicts;
	bool told_gone = told->uplink >= 0;

	memset(site->facts.uplinks, 0, sizeof(site->facts.uplinks));
	memset(&site->parts->conflicts, 0, sizeof(conflicts));
	for (unsigned i = 0; i < reload->before.uplinks_count; i++) {
		int to = moved(reload, (int)i);

		if (to < 0)
			continue;
		site->facts.uplinks[to] = facts.uplinks[i];
		site->parts->conflicts.subnet[to] = conflicts.subnet[i];
	}
	site->last.from = moved(reload, site->last.from);
	site->last.to = moved(reload, site->last.to);
	told->uplink = moved(reload, told->uplink);
	told->left = moved(reload, told->left);
	/* Its default is to be replaced at once, not at a pace. */
	if (told_gone && told->uplink < 0)
		told->at = 0;
}

/* Of the decision before: what is no news if it comes out the same. */
static void move_decision(const struct reload *reload,
			  const struct desired *was, struct desired *is)
{
	is->degraded = was->degraded;
	for (unsigned i = 0; i < reload->before.uplinks_count; i++) {
		int to = moved(reload, (int)i);

		if (to >= 0)
			is->levels[to] = was->levels[i];
	}
	memcpy(is->shares, was->shares, sizeof(is->shares));
	is->shares_count = was->shares_count;
	for (unsigned i = 0; i < was->shares_count; i++)
		is->shares[i].candidate =
			moved(reload, was->shares[i].candidate);
}

/* As a new daemon adopts them. */
static void adopt(struct reload *reload)
{
	struct site *site = reload->site;
	struct desired was = site->desired;

	maps_close(site->maps);
	site->maps = reload->maps;
	maps_previous(site->maps, site_now(), &site->desired);
	move_decision(reload, &was, &site->desired);
	for (unsigned i = 0; i < site->config.uplinks_count; i++)
		site->exits[i] = maps_exit(site->maps, (int)i);
	site->parts->failback =
		failback_adopt(&site->config, &site->intent, &site->desired);
	site->parts->hold = hold_adopt(&site->config, &site->desired);
}

static void swap(struct reload *reload)
{
	struct site_parts *parts = reload->site->parts;

	note_gone(reload);
	move_memory(reload);
	adopt(reload);
	publish_close(parts->publish);
	parts->publish = reload->publish;
	if (reload->other_partner) {
		partner_close(parts->partner);
		parts->partner = reload->partner;
	}
	census_forget(parts->census);
	parts->changes = ~0U;
}

/* Once nothing is sent there any more. */
static void clear_away(struct reload *reload, const struct interfaces *old,
		       const char *vrrp)
{
	struct site *site = reload->site;
	struct interfaces_context context = site_context(site);

	for (unsigned i = 0; i < reload->gone_count; i++)
		nudge_start(site->parts->nudge, reload->gone[i],
			    reload->generations[i]);
	interfaces_release(&site->parts->interfaces, old, &context);
	if (strcmp(vrrp, site_vrrp_file(site)) != 0)
		vrrp_remove(vrrp);
}

static int carry_out(struct reload *reload, const struct config *wanted)
{
	struct site *site = reload->site;
	struct interfaces old = site->parts->interfaces;
	char vrrp[sizeof(site->config.vrrp_file)];
	int err;

	snprintf(vrrp, sizeof(vrrp), "%s", site_vrrp_file(site));
	reload->before = site->config;
	site->config = *wanted;
	err = prepare(reload);
	if (err) {
		forget(reload);
		return err;
	}
	swap(reload);
	site->parts->interfaces = reload->interfaces;
	site_turn(site);
	clear_away(reload, &old, vrrp);
	return 0;
}

/* ---- the call -------------------------------------------------------------- */

int site_reload(struct site *site, const char *because,
		struct config_messages *messages)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	struct config *wanted = calloc(1, sizeof(*wanted));
	int err = reload && wanted ? 0 : -ENOMEM;

	config_messages_init(messages, site->config.file);
	if (!err)
		err = config_load(site->config.file, wanted, messages);
	if (!err)
		err = check_fixed(&site->config, wanted, messages);
	if (err)
		config_messages_drop_warnings(messages);
	config_messages_log(messages, "reload: ");
	if (!err) {
		reload->site = site;
		err = carry_out(reload, wanted);
	}
	if (err)
		log_error("reload: %s; nothing was changed",
			  messages->errors ? "the configuration is refused" :
					     strerror(-err));
	else
		log_change(site->event, "configuration", "in force", "reloaded",
			   because);
	free(wanted);
	free(reload);
	return err;
}
