// SPDX-License-Identifier: GPL-2.0-or-later
/* status_rules.c - see status_rules.h. */
#include "status_rules.h"
#include "address.h"

static const char *const modes[] = {
	[FIREWALL_AUTO] = "auto",
	[FIREWALL_KERNEL] = "kernel",
	[FIREWALL_NONE] = "none",
};

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static struct json_object *list_json(const struct foreign_list *list)
{
	struct json_object *array = json_object_new_array();
	char text[ADDRESS_TEXT];

	for (unsigned i = 0; i < list->count; i++) {
		struct json_object *one = json_object_new_object();

		add_text(one, "prefix",
			 prefix_print(&list->list[i].prefix, text));
		add_text(one, "origin", rules_origin(list->list[i].origin));
		json_object_array_add(array, one);
	}
	return array;
}

static struct json_object *shaped_json(const struct rules_view *rules)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < rules->shaped_count; i++) {
		struct json_object *one = json_object_new_object();

		add_text(one, "interface", rules->shaped[i].interface);
		add_text(one, "qdisc", rules->shaped[i].qdisc);
		json_object_array_add(array, one);
	}
	return array;
}

struct json_object *status_rules_json(const struct rules_view *rules)
{
	struct json_object *json = json_object_new_object();

	add_text(json, "firewall", modes[rules->firewall]);
	json_object_object_add(json, "first_packets",
			       json_object_new_boolean(rules->first));
	add_text(json, "because", rules->because);
	json_object_object_add(json, "unasked",
			       rules->unasked[0] ?
				       json_object_new_string(rules->unasked) :
				       NULL);
	json_object_object_add(
		json, "any",
		rules->foreign->any[0] ?
			json_object_new_string(rules->foreign->any) :
			NULL);
	json_object_object_add(json, "to", list_json(&rules->foreign->to));
	json_object_object_add(json, "from", list_json(&rules->foreign->from));
	json_object_object_add(json, "shaped", shaped_json(rules));
	return json;
}
