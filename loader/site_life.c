// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site_life.c - the parts of the site are opened and closed; and what a dead
 * daemon left is removed.
 *
 * Owns: the order of that.  It must never undo what was at work before it: a
 * start that fails over an adopted data plane leaves it as it was.
 */
#include <errno.h>
#include <stdlib.h>

#include "control.h"
#include "events.h"
#include "facts.h"
#include "foreign_watch.h"
#include "hooks.h"
#include "intent.h"
#include "log.h"
#include "partner.h"
#include "probes.h"
#include "routing.h"
#include "site_private.h"
#include "sysctl.h"
#include "vrrp.h"

/* ---- what a dead daemon left ---------------------------------------------- */

static void ignore(void *arg, unsigned changes)
{
	(void)arg;
	(void)changes;
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
	err = netlink_open(&netlink, base, ignore, NULL);
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

/* ---- start and stop ------------------------------------------------------ */

static int start_plane(struct site *site)
{
	struct site_parts *parts = site->parts;
	struct interfaces_context context = site_context(site);
	char forwarding[SYSCTL_VALUE];
	int err;

	err = plane_open(&parts->plane, site->instance, &site->config);
	if (err)
		return err;
	log_info("tables %s in %s%s", parts->plane.adopted ? "adopted" : "made",
		 parts->plane.dir,
		 parts->plane.programs.taken ? ", programs as they are" : "");
	if (!parts->plane.adopted &&
	    !sysctl_get("net/ipv4/ip_forward", forwarding) &&
	    forwarding[0] == '1')
		log_warning(
			"net.ipv4.ip_forward is on before the programs are: "
			"until now the kernel could forward inside sources "
			"untranslated; leave it off, twinpathd switches on "
			"forwarding for its own interfaces");
	interfaces_init(&parts->interfaces, &site->config);
	err = maps_open(&site->maps, &parts->plane, &site->config);
	if (!err)
		maps_previous(site->maps, site_now(), &site->desired);
	for (unsigned i = 0; !err && i < site->config.uplinks_count; i++)
		site->exits[i] = maps_exit(site->maps, (int)i);
	if (!err)
		err = interfaces_start(&parts->interfaces, &context,
				       !parts->plane.adopted);
	if (!err)
		err = plane_pin_iterators(&parts->plane);
	return err;
}

int site_publish(const struct site *site, const struct maps *maps,
		 struct publish **out)
{
	struct publish_place places[MODEL_UPLINKS] = {};

	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		places[i].exit = maps_exit(maps, (int)i);
		places[i].address = maps_address(maps, places[i].exit);
	}
	return publish_open(out, &site->parts->plane, &site->config, places);
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
	err = events_open(&site->events)	     ?:
		      hooks_open(&site->hooks, site) ?:
						       site_listen(site);
	if (err)
		return err;
	err = start_plane(site);
	if (err)
		return err;
	intent_load(parts->paths.intent, &site->intent);
	parts->failback =
		failback_adopt(&site->config, &site->intent, &site->desired);
	parts->hold = hold_adopt(&site->config, &site->desired);
	return site_publish(site, site->maps, &parts->publish)		      ?:
		       partner_open(&parts->partner, site, &parts->plane)     ?:
		       census_open(&parts->census, &parts->plane)	      ?:
		       nudge_open(&parts->nudge, site->base, &parts->plane)   ?:
		       upkeep_open(&parts->upkeep, site->base, &parts->plane) ?:
		       probes_open(site)				      ?:
		       control_open(&site->control, site, parts->paths.control);
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
	facts_collect(&site->facts, &site->config, site->exits, site->netlink,
		      &site->parts->interfaces, site->started);
	announce_adopt(&site->parts->announce, site);
	site_turn(site);
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
	upkeep_close(parts->upkeep);
	partner_close(parts->partner);
	census_close(parts->census);
	publish_close(parts->publish);
	foreign_watch_close(parts->foreign);
	maps_close(site->maps);
	plane_close(&parts->plane);
	netlink_close(site->netlink);
	if (parts->turn)
		event_free(parts->turn);
	if (parts->tick)
		event_free(parts->tick);
	hooks_close(site->hooks);
	events_close(site->events);
	free(parts);
	site->parts = NULL;
}
