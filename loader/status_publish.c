// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status_publish.c - see status_publish.h.
 *
 * Owns: the names of these fields, which scripts rely on.
 */
#include "status_publish.h"
#include "address.h"
#include "config.h"
#include "publish.h"

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static void add_ports(struct json_object *to, const char *key, uint16_t first,
		      uint16_t last)
{
	struct json_object *range = json_object_new_array();

	json_object_array_add(range, json_object_new_int(first));
	json_object_array_add(range, json_object_new_int(last));
	json_object_object_add(to, key, range);
}

static struct json_object *item_json(const struct site *site,
				     const struct publish_item *item)
{
	const struct publish_config *config =
		&site->config.publishes[item->publish];
	struct json_object *json = json_object_new_object();
	char state[PUBLISH_TEXT], address[ADDRESS_TEXT];

	add_text(json, "name", config->name);
	add_text(json, "uplink", site->config.uplinks[item->uplink].name);
	add_text(json, "protocol", item->plane == TP_PLANE_TCP ? "tcp" : "udp");
	add_ports(json, "ports", config->first, config->last);
	add_text(json, "to", address_print(&config->to, address));
	add_ports(json, "to_ports", config->to_first, config->to_last);
	add_text(json, "filtering", config_filterings[config->filtering]);
	json_object_object_add(json, "open",
			       json_object_new_int((int)item->open));
	add_text(json, "state", publish_state(item, state));
	json_object_object_add(
		json, "why",
		item->trouble == PUBLISH_FINE ?
			NULL :
			json_object_new_string(publish_trouble(item)));
	json_object_object_add(
		json, "inside",
		json_object_new_boolean(site_is_inside(site, &config->to)));
	return json;
}

struct json_object *status_publish_json(const struct site *site)
{
	struct json_object *json = json_object_new_array();
	unsigned count;
	const struct publish_item *items = site_published(site, &count);

	for (unsigned i = 0; i < count; i++)
		json_object_array_add(json, item_json(site, &items[i]));
	return json;
}
