// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site_view.c - what the others may know of the site's parts: status, hooks, the
 * heartbeat.
 *
 * It asks the part that knows; none of them is changed by that.
 */
#include "explain.h"
#include "foreign_watch.h"
#include "partner.h"
#include "rules.h"
#include "site_private.h"

const char *site_vrrp_file(const struct site *site)
{
	return site->config.vrrp_file[0] ? site->config.vrrp_file :
					   site->parts->paths.vrrp;
}

void site_rules(const struct site *site, struct rules_view *rules)
{
	rules_view(&site->config, foreign_seen(site->parts->foreign), rules);
}

void site_partner_views(const struct site *site, struct liveness_view *liveness,
			struct heartbeat_view *heartbeat)
{
	partner_views(site->parts->partner, liveness, heartbeat);
}

const struct census_count *site_census(const struct site *site, unsigned uplink)
{
	return census_of(site->parts->census, site->exits[uplink]);
}

msec_t site_waits(const struct site *site, unsigned uplink)
{
	return site->parts->hold.until[uplink];
}

bool site_census_hosts(const struct site *site, struct census_hosts *hosts)
{
	return census_hosts_of(site->parts->census, hosts);
}

const struct failback_uplink *site_failback(const struct site *site,
					    unsigned uplink)
{
	return &site->parts->failback.uplinks[uplink];
}

const struct publish_item *site_published(const struct site *site,
					  unsigned *count)
{
	return publish_items(site->parts->publish, count);
}

bool site_is_inside(const struct site *site, const struct tp_addr *address)
{
	return publish_inside(site->parts->publish, address);
}

bool site_counters(const struct site *site, unsigned uplink,
		   struct tp_exit_counters *sum)
{
	return maps_counters(site->maps, site->exits[uplink], sum);
}

int site_explain(const struct site *site, struct tp_explain *ask)
{
	return explain_ask(&site->parts->plane, ask);
}
