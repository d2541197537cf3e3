// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status.c - the running site as a JSON object.
 *
 * Owns: the names and units of that object's fields, which scripts rely on.
 * It must never change the site, and never leave a field out because it has
 * no value now: that is null.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "address.h"
#include "next_hop.h"
#include "site.h"
#include "status.h"
#include "status_partner.h"
#include "status_probe.h"
#include "status_publish.h"
#include "status_rules.h"
#include "status_track.h"
#include "twinpath/version.h"

static const char *const mode_names[] = {
	[MODE_AUTO] = "auto",
	[MODE_XDP] = "xdp",
	[MODE_TC] = "tc",
};

static const char *const intent_names[] = {
	[INTENT_AUTO] = "auto",
	[INTENT_UPLINK] = "uplink",
	[INTENT_PARTNER] = "partner",
	[INTENT_DRAIN] = "drain",
};

static const char *const failback_names[] = {
	[FAILBACK_STICKY] = "sticky",
	[FAILBACK_DRAIN] = "drain",
	[FAILBACK_NOW] = "now",
};

static const char *const partner_names[] = {
	[TP_PARTNER_NONE] = "none",
	[TP_PARTNER_ROUTER] = "router",
	[TP_PARTNER_TWINPATH] = "twinpath",
};

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key,
			       text ? json_object_new_string(text) : NULL);
}

static void add_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static void add_count(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

/* Thousandths of what is printed: msec_t as seconds, microseconds as ms. */
static void add_thousandths(struct json_object *to, const char *key,
			    int64_t value)
{
	char text[32];

	/* Printed here: a plain double would show its binary rounding. */
	snprintf(text, sizeof(text), "%s%lld.%03lld", value < 0 ? "-" : "",
		 (long long)(value < 0 ? -value : value) / 1000,
		 (long long)(value < 0 ? -value : value) % 1000);
	json_object_object_add(
		to, key, json_object_new_double_s((double)value / 1000, text));
}

static void add_address(struct json_object *to, const char *key,
			const struct tp_addr *address)
{
	char text[ADDRESS_TEXT];

	add_text(to, key,
		 address_is_zero(address) ? NULL :
					    address_print(address, text));
}

static void add_mac(struct json_object *to, const char *key, bool known,
		    const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	add_text(to, key, known ? text : NULL);
}

/* What is left until an instant; null where there is none. */
static void add_left(struct json_object *to, const char *key, msec_t instant,
		     msec_t now)
{
	if (instant)
		add_thousandths(to, key, instant > now ? instant - now : 0);
	else
		add_text(to, key, NULL);
}

/* A candidate's name, null for nobody. */
static void add_candidate(struct json_object *to, const char *key,
			  const struct site *site, int candidate)
{
	add_text(to, key,
		 candidate == MODEL_NOBODY ?
			 NULL :
			 decide_name(&site->config, candidate));
}

static struct json_object *intent_json(const struct site *site, msec_t now)
{
	const struct intent *intent = &site->intent;
	struct json_object *json = json_object_new_object();

	add_text(json, "kind", intent_names[intent->kind]);
	add_text(json, "uplink", *intent->uplink ? intent->uplink : NULL);
	add_thousandths(json, "since_s",
			intent->since ? now - intent->since : 0);
	add_left(json, "left_s", intent->until, now);
	if (intent->drain)
		add_thousandths(json, "drain_s", intent->drain);
	else
		add_text(json, "drain_s", NULL);
	add_bool(json, "force", intent->force);
	return json;
}

static struct json_object *switch_json(const struct site *site, msec_t now)
{
	const struct site_switch *last = &site->last;
	struct json_object *json;

	if (!last->event)
		return NULL;
	json = json_object_new_object();
	add_count(json, "event", last->event);
	add_candidate(json, "from", site, last->from);
	add_candidate(json, "to", site, last->to);
	add_text(json, "reason", last->reason);
	add_thousandths(json, "ago_s", now - last->at);
	return json;
}

static void add_counters(struct json_object *json, const struct site *site,
			 unsigned i)
{
	struct tp_exit_counters sum;

	/* All zero where they cannot be read. */
	site_counters(site, i, &sum);
	add_count(json, "out_packets", sum.out_packets);
	add_count(json, "out_bytes", sum.out_bytes);
	add_count(json, "in_packets", sum.in_packets);
	add_count(json, "in_bytes", sum.in_bytes);
}

/* What it holds, and what is to become of that. */
static void add_sessions(struct json_object *json, const struct site *site,
			 unsigned i, msec_t now)
{
	const struct uplink_config *config = &site->config.uplinks[i];
	const struct failback_uplink *failback = site_failback(site, i);
	const struct census_count *count = site_census(site, i);

	if (count) {
		add_count(json, "sessions", count->sessions);
		add_count(json, "tcp_sessions", count->tcp);
		add_count(json, "bindings", count->bindings);
	} else {
		add_text(json, "sessions", NULL);
		add_text(json, "tcp_sessions", NULL);
		add_text(json, "bindings", NULL);
	}
	add_counters(json, site, i);
	add_left(json, "waits_s", site_waits(site, i), now);
	add_bool(json, "metered", config->metered);
	add_text(json, "failback", failback_names[config->failback]);
	add_left(json, "cut_in_s", failback->deadline, now);
	add_bool(json, "cut", failback->cut);
	add_left(json, "home_in_s", failback->home_after, now);
}

static struct json_object *track_json(const struct site *site, unsigned uplink,
				      unsigned t, msec_t now)
{
	struct json_object *json = status_track_json(
		&site->config.uplinks[uplink], site->tracks[uplink], t, now);

	status_probe_add(json, site, uplink, t);
	return json;
}

static struct json_object *uplink_json(const struct site *site, unsigned i,
				       msec_t now)
{
	static const struct tp_addr none;
	const struct uplink_config *config = &site->config.uplinks[i];
	const struct uplink_facts *facts = &site->facts.uplinks[i];
	struct json_object *json = json_object_new_object();
	struct json_object *tracks = json_object_new_array();
	unsigned t;

	for (t = 0; t < config->tracks_count; t++)
		json_object_array_add(tracks, track_json(site, i, t, now));
	add_text(json, "name", config->name);
	add_text(json, "interface", config->interface);
	add_count(json, "exit", site->exits[i]);
	add_count(json, "level", config->level);
	if (site->desired.levels[i])
		add_count(json, "level_now", site->desired.levels[i]);
	else
		add_text(json, "level_now", NULL);
	add_text(json, "state", decide_state(site->desired.states[i]));
	/* What it had last is remembered; what it has is asked for. */
	add_address(json, "address",
		    facts->has_address ? &facts->address : &none);
	add_address(json, "next_hop",
		    config->dhcp && !(facts->has_address && facts->next_hop) ?
			    &none :
			    next_hop_of(config, facts));
	add_text(json, "next_hop_by", config->dhcp ? "dhcp" : "configuration");
	add_count(json, "table", facts->table);
	add_mac(json, "next_hop_mac", facts->next_hop_mac_known && !facts->raw,
		facts->next_hop_mac);
	add_bool(json, "carrier", facts->carrier);
	add_sessions(json, site, i, now);
	json_object_object_add(json, "tracks", tracks);
	return json;
}

/* The way there, and where each kind of handover has its own. */
static void add_links(struct json_object *to, const struct site *site)
{
	static const char *const kinds[] = { "take", "question",
					     "session_question", "returned" };
	const struct partner_config *config = &site->config.partner;
	const struct partner_facts *facts = &site->facts.partner;
	const struct partner_link *take = &facts->links[TP_KIND_TAKE];
	struct json_object *links = json_object_new_object();

	add_text(to, "interface", take->ifindex ? take->name : NULL);
	add_mac(to, "mac", take->known && !take->raw, take->mac);
	add_bool(to, "reachable", facts->mac_known);
	for (unsigned kind = TP_KIND_QUESTION; kind < TP_KINDS; kind++)
		if (config->links[kind][0])
			add_text(links, kinds[kind], config->links[kind]);
	json_object_object_add(to, "links", links);
}

static struct json_object *partner_json(const struct site *site, msec_t now)
{
	struct heartbeat_view heartbeat;
	struct liveness_view liveness;
	const struct partner_config *config = &site->config.partner;
	const struct partner_facts *facts = &site->facts.partner;
	struct json_object *json;

	if (config->type == TP_PARTNER_NONE)
		return NULL;
	json = json_object_new_object();
	add_text(json, "type", partner_names[config->type]);
	add_address(json, "address", &config->address);
	add_links(json, site);
	add_bool(json, "marker", facts->marker);
	add_bool(json, "offers_default", facts->offers_default);
	site_partner_views(site, &liveness, &heartbeat);
	status_partner_add(json, &liveness, &heartbeat, now);
	return json;
}

static struct json_object *announce_json(const struct site *site)
{
	const struct desired *desired = &site->desired;
	struct json_object *json = json_object_new_object();

	add_candidate(json, "uplink", site, desired->announce);
	add_count(json, "metric", desired->metric);
	return json;
}

static struct json_object *uplinks_json(const struct site *site, msec_t now)
{
	struct json_object *json = json_object_new_array();
	unsigned i;

	for (i = 0; i < site->config.uplinks_count; i++)
		json_object_array_add(json, uplink_json(site, i, now));
	return json;
}

/* Who takes how much of the new sessions; none: the selector takes all. */
static struct json_object *shares_json(const struct site *site)
{
	const struct desired *desired = &site->desired;
	struct json_object *json = json_object_new_array();

	for (unsigned i = 0; i < desired->shares_count; i++) {
		const struct share *share = &desired->shares[i];
		struct json_object *one = json_object_new_object();

		add_candidate(one, "exit", site, share->candidate);
		add_count(one, "weight", share->weight);
		json_object_array_add(json, one);
	}
	return json;
}

struct json_object *status_json(const struct site *site)
{
	struct json_object *json = json_object_new_object();
	struct rules_view rules;
	msec_t now = site_now();

	if (!json)
		return NULL;
	add_text(json, "instance", site->instance);
	add_text(json, "version", TWINPATH_VERSION);
	add_bool(json, "ready", site->facts.ready);
	add_text(json, "mode", mode_names[site->config.mode]);
	add_candidate(json, "selector", site, site->desired.selector);
	json_object_object_add(json, "shares", shares_json(site));
	json_object_object_add(json, "intent", intent_json(site, now));
	add_text(json, "reason", site->desired.reason);
	add_bool(json, "degraded", site->desired.degraded);
	add_count(json, "event", site->event);
	json_object_object_add(json, "last_switch", switch_json(site, now));
	json_object_object_add(json, "uplinks", uplinks_json(site, now));
	json_object_object_add(json, "published", status_publish_json(site));
	json_object_object_add(json, "partner", partner_json(site, now));
	json_object_object_add(json, "announce", announce_json(site));
	site_rules(site, &rules);
	json_object_object_add(json, "rules", status_rules_json(&rules));
	add_candidate(json, "last_resort", site, site->desired.last_resort);
	add_bool(json, "marker", site->desired.marker);
	json_object_object_add(json, "vrrp",
			       json_object_new_int(site->desired.vrrp));
	add_thousandths(json, "uptime_s", now - site->started);
	return json;
}
