// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status_publish.c - the published servers on the screen of "status".
 *
 * Owns: the wording; nothing is printed where nothing is published.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "columns.h"
#include "command_status.h"

static const char *text(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) && value ?
		       json_object_get_string(value) :
		       "-";
}

/* "443", or "8000-8099". */
static void print_ports(struct json_object *of, const char *key, char *out,
			size_t size)
{
	struct json_object *range = json_object_object_get(of, key);
	int first = 0, last = 0;

	if (json_object_is_type(range, json_type_array) &&
	    json_object_array_length(range) == 2) {
		first = json_object_get_int(
			json_object_array_get_idx(range, 0));
		last = json_object_get_int(json_object_array_get_idx(range, 1));
	}
	if (first == last)
		snprintf(out, size, "%d", first);
	else
		snprintf(out, size, "%d-%d", first, last);
}

static bool add(struct columns *columns, struct json_object *item)
{
	char ports[16], to_ports[16], to[80], state[160];
	bool inside =
		json_object_get_boolean(json_object_object_get(item, "inside"));
	bool why = json_object_object_get(item, "why") != NULL;

	print_ports(item, "ports", ports, sizeof(ports));
	print_ports(item, "to_ports", to_ports, sizeof(to_ports));
	snprintf(to, sizeof(to), "%s:%s", text(item, "to"), to_ports);
	snprintf(state, sizeof(state), "%s%s%s%s", text(item, "state"),
		 why ? ": " : "", why ? text(item, "why") : "",
		 inside ? "" : "; its host is not inside");
	return columns_add(
		columns,
		(const char *const[]){ text(item, "name"), text(item, "uplink"),
				       text(item, "protocol"), ports, to,
				       text(item, "filtering"), state });
}

bool command_status_publish(struct json_object *published)
{
	static const char *const titles[] = {
		"published", "uplink",	  "protocol", "port",
		"leads to",  "filtering", "state",
	};
	struct columns columns;
	size_t i, count;
	bool ok;

	if (!json_object_is_type(published, json_type_array))
		return true;
	count = json_object_array_length(published);
	if (!count)
		return true;
	ok = columns_init(&columns, 7, titles);
	for (i = 0; ok && i < count; i++)
		ok = add(&columns, json_object_array_get_idx(published, i));
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}
