// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_json.c - a configuration and the messages about it, for programs.
 *
 * Owns: the JSON of `twinpath check --json`.  Keys are the configuration's
 * own, with '_' for '-', and _ms behind durations.
 */
#include <errno.h>
#include <json-c/json.h>

#include "address.h"
#include "config.h"
#include "config_local.h"
#include "config_print.h"
#include "config_probe.h"
#include "config_times.h"
#include "config_track.h"
#include "track_list.h"

static void put(struct json_object *object, const char *key,
		struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void put_number(struct json_object *object, const char *key,
		       uint64_t number)
{
	put(object, key, json_object_new_int64((int64_t)number));
}

static void put_text(struct json_object *object, const char *key,
		     const char *text)
{
	put(object, key, json_object_new_string(text));
}

static void put_address(struct json_object *object, const char *key,
			const struct tp_addr *address)
{
	char text[ADDRESS_TEXT];

	if (!address_is_zero(address))
		put_text(object, key, address_print(address, text));
}

static void put_prefix(struct json_object *object, const char *key,
		       const struct prefix *prefix)
{
	char text[ADDRESS_TEXT];

	if (prefix->length != 0)
		put_text(object, key, prefix_print(prefix, text));
}

static void put_range(struct json_object *object, const char *key,
		      uint16_t first, uint16_t last)
{
	struct json_object *range = json_object_new_array();

	json_object_array_add(range, json_object_new_int(first));
	json_object_array_add(range, json_object_new_int(last));
	put(object, key, range);
}

static void put_locals(struct json_object *object,
		       const struct local_ports *locals, unsigned count)
{
	struct json_object *list = json_object_new_array();
	char text[CONFIG_LOCAL_TEXT];
	unsigned i;

	for (i = 0; i < count; i++)
		json_object_array_add(
			list, json_object_new_string(
				      config_local_text(&locals[i], text)));
	put(object, "local", list);
}

static struct json_object *track_json(const struct uplink_config *uplink,
				      const struct track_config *track)
{
	struct json_object *object = json_object_new_object();

	put_text(object, "name", track->name);
	put_text(object, "kind", track_kind_name(track->kind));
	put(object, "used",
	    json_object_new_boolean(track == &uplink->tracks[uplink->track]));
	put_number(object, "detection_ms",
		   (uint64_t)config_detection(uplink, track));
	put_number(object, "recovery_ms",
		   (uint64_t)config_recovery(uplink, track));
	config_put_track(object, uplink, track);
	if (config_is_probe(track->kind))
		config_put_probe(object, track);
	return object;
}

static void put_sizes(struct json_object *object,
		      const struct uplink_config *uplink)
{
	if (uplink->mtu != 0)
		put_number(object, "mtu", uplink->mtu);
	if (uplink->mss == MSS_MOST)
		put_number(object, "mss_clamp", uplink->mss_most);
	else
		put_text(object, "mss_clamp",
			 uplink->mss == MSS_OFF ? "off" : "auto");
}

static struct json_object *uplink_json(const struct uplink_config *uplink)
{
	struct json_object *object = json_object_new_object();
	struct json_object *tracks = json_object_new_array();
	unsigned i;

	put_text(object, "name", uplink->name);
	put_text(object, "interface", uplink->interface);
	if (uplink->dhcp)
		put_text(object, "next_hop", "dhcp");
	else
		put_address(object, "next_hop", &uplink->next_hop);
	put_address(object, "address", &uplink->address);
	put_locals(object, uplink->locals, uplink->locals_count);
	put_number(object, "level", uplink->level);
	if (uplink->share != 0)
		put_number(object, "share", uplink->share);
	put_sizes(object, uplink);
	put_text(object, "track", uplink->tracks[uplink->track].name);
	put_number(object, "delay_down_ms", (uint64_t)uplink->delay_down);
	put_number(object, "delay_up_ms", (uint64_t)uplink->delay_up);
	put_text(object, "filtering", config_filterings[uplink->filtering]);
	put(object, "metered", json_object_new_boolean(uplink->metered));
	put_text(object, "failback", config_failbacks[uplink->failback]);
	if (uplink->failback == FAILBACK_DRAIN)
		put_number(object, "drain_ms", (uint64_t)uplink->drain);
	put_number(object, "hold_ms", (uint64_t)uplink->hold);
	for (i = 0; i < uplink->tracks_count; i++)
		json_object_array_add(tracks,
				      track_json(uplink, &uplink->tracks[i]));
	put(object, "tracks", tracks);
	config_put_fallbacks(object, uplink);
	return object;
}

static struct json_object *publish_json(const struct config *config,
					const struct publish_config *publish)
{
	struct json_object *object = json_object_new_object();
	struct json_object *uplinks = json_object_new_array();
	unsigned i;

	put_text(object, "name", publish->name);
	put_text(object, "protocol", config_protocols[publish->protocol]);
	put_range(object, "ports", publish->first, publish->last);
	put_address(object, "to", &publish->to);
	put_range(object, "to_ports", publish->to_first, publish->to_last);
	for (i = 0; i < config->uplinks_count; i++)
		if (publish->uplinks & (1U << i))
			json_object_array_add(uplinks,
					      json_object_new_string(
						      config->uplinks[i].name));
	put(object, "uplinks", uplinks);
	put_text(object, "filtering", config_filterings[publish->filtering]);
	return object;
}

static struct json_object *partner_json(const struct partner_config *partner)
{
	static const char *const links[TP_KINDS] = { "interface", "question",
						     "session_question",
						     "returned" };
	struct json_object *object;

	if (partner->type == TP_PARTNER_NONE)
		return NULL;
	object = json_object_new_object();
	put_address(object, "address", &partner->address);
	for (unsigned i = 0; i < TP_KINDS; i++)
		if (partner->links[i][0] != '\0')
			put_text(object, links[i], partner->links[i]);
	put_text(object, "kind",
		 config_kinds[partner->type - TP_PARTNER_ROUTER]);
	put_prefix(object, "marker", &partner->marker);
	if (partner->type != TP_PARTNER_TWINPATH)
		return object;
	if (partner->key_file[0] != '\0')
		put_text(object, "key", partner->key_file);
	put_number(object, "heartbeat_port", partner->port);
	return object;
}

static struct json_object *hook_json(const struct hook_config *hook)
{
	struct json_object *object = json_object_new_object();
	struct json_object *on = json_object_new_array();

	put_text(object, "name", hook->name);
	put_text(object, "run", hook->run);
	for (unsigned i = 0; config_kinds_of_event[i]; i++)
		if (hook->on & (1U << i))
			json_object_array_add(
				on, json_object_new_string(
					    config_kinds_of_event[i]));
	put(object, "on", on);
	put_number(object, "timeout_ms", (uint64_t)hook->timeout);
	return object;
}

static void put_lists(struct json_object *object, const struct config *config)
{
	struct json_object *lans = json_object_new_array();
	struct json_object *exclude = json_object_new_array();
	struct json_object *uplinks = json_object_new_array();
	struct json_object *publishes = json_object_new_array();
	struct json_object *hooks = json_object_new_array();
	char text[ADDRESS_TEXT];
	unsigned i;

	for (i = 0; i < config->lans_count; i++)
		json_object_array_add(lans,
				      json_object_new_string(config->lans[i]));
	for (i = 0; i < config->exclude_count; i++)
		json_object_array_add(exclude,
				      json_object_new_string(prefix_print(
					      &config->exclude[i], text)));
	for (i = 0; i < config->uplinks_count; i++)
		json_object_array_add(uplinks,
				      uplink_json(&config->uplinks[i]));
	for (i = 0; i < config->publishes_count; i++)
		json_object_array_add(
			publishes, publish_json(config, &config->publishes[i]));
	put(object, "lan", lans);
	put(object, "exclude", exclude);
	put(object, "uplinks", uplinks);
	put(object, "publish", publishes);
	for (i = 0; i < config->hooks_count; i++)
		json_object_array_add(hooks, hook_json(&config->hooks[i]));
	put(object, "hooks", hooks);
}

static struct json_object *limits_json(const struct config *config)
{
	struct json_object *object = json_object_new_object();

	put_number(object, "host_sessions", config->host_sessions);
	put_number(object, "host_ports", config->host_ports);
	put_number(object, "host_rate", config->host_rate);
	put_number(object, "host_questions", config->host_questions);
	return object;
}

static struct json_object *timers_json(const struct config *config)
{
	struct json_object *object = json_object_new_object();

	put_number(object, "udp_ms", (uint64_t)config->udp);
	put_number(object, "icmp_ms", (uint64_t)config->icmp);
	put_number(object, "tcp_established_ms",
		   (uint64_t)config->tcp_established);
	put_number(object, "dns_ms", (uint64_t)config->dns);
	put_number(object, "tcp_opening_ms", (uint64_t)config->tcp_opening);
	put_number(object, "tcp_closing_ms", (uint64_t)config->tcp_closing);
	put_number(object, "tcp_incoming_ms", (uint64_t)config->tcp_incoming);
	put_number(object, "hold_ms", (uint64_t)config->hold);
	return object;
}

static struct json_object *config_json(const struct config *config)
{
	struct json_object *object = json_object_new_object();

	put_lists(object, config);
	put_text(object, "mode", config_modes[config->mode]);
	put_prefix(object, "marker", &config->marker);
	put(object, "partner", partner_json(&config->partner));
	put_number(object, "sessions", config->sessions);
	put_number(object, "max_addresses", config->max_addresses);
	put_range(object, "ports", config->port_min, config->port_max);
	put_range(object, "local_ports", config->local_min, config->local_max);
	put_text(object, "port_choice",
		 config_port_choices[config->port_choice]);
	put(object, "port_parity",
	    json_object_new_boolean(config->port_parity));
	put_locals(object, config->locals, config->locals_count);
	put_text(object, "filtering", config_filterings[config->filtering]);
	put_text(object, "refusal", config_refusals[config->refusal]);
	put_text(object, "firewall", config_firewalls[config->firewall]);
	put(object, "limits", limits_json(config));
	put(object, "timers", timers_json(config));
	if (config->vrrp_file[0] != '\0')
		put_text(object, "vrrp_file", config->vrrp_file);
	put(object, "last_resort",
	    json_object_new_boolean(config->last_resort));
	put_number(object, "settle_ms", (uint64_t)config->settle);
	put_number(object, "session_bytes", config_session_bytes(config));
	put_number(object, "binding_bytes", config_binding_bytes(config));
	put_number(object, "fragment_bytes", config_fragment_bytes());
	return object;
}

static struct json_object *messages_json(const struct config_messages *messages)
{
	struct json_object *array = json_object_new_array();
	unsigned i;

	for (i = 0; i < messages->count; i++) {
		const struct config_message *message = &messages->list[i];
		struct json_object *object = json_object_new_object();

		put_text(object, "severity",
			 message->severity == CONFIG_ERROR ? "error" :
							     "warning");
		if (message->line != 0)
			put_number(object, "line", message->line);
		put_text(object, "text", message->text);
		json_object_array_add(array, object);
	}
	return array;
}

int config_print_json(FILE *out, const struct config *config,
		      const struct config_messages *messages)
{
	struct json_object *object = json_object_new_object();
	const char *text;

	if (object == NULL)
		return -ENOMEM;
	put(object, "ok", json_object_new_boolean(config != NULL));
	put_text(object, "file", messages->file);
	put(object, "messages", messages_json(messages));
	put_number(object, "dropped", messages->dropped);
	if (config != NULL)
		put(object, "config", config_json(config));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (text != NULL)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text != NULL ? 0 : -ENOMEM;
}
