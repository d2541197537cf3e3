// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status_publish.c - the published servers on the screen of "status".
 *
 * Owns: the wording; nothing is printed where nothing is published.
 */
#include <stdio.h>

#include "columns.h"
#include "command_status.h"
#include "fields.h"

/* "443", or "8000-8099". */
static void print_ports(struct json_object *of, const char *key, char *out,
			size_t size)
{
	struct json_object *range = field(of, key);
	int first = 0, last = 0;

	if (field_count(range) == 2) {
		first = json_object_get_int(field_nth(range, 0));
		last = json_object_get_int(field_nth(range, 1));
	}
	if (first == last)
		snprintf(out, size, "%d", first);
	else
		snprintf(out, size, "%d-%d", first, last);
}

static bool add(struct columns *columns, struct json_object *item)
{
	char ports[16], to_ports[16], to[80], state[160];
	bool inside = field_true(item, "inside");
	bool why = field(item, "why");

	print_ports(item, "ports", ports, sizeof(ports));
	print_ports(item, "to_ports", to_ports, sizeof(to_ports));
	snprintf(to, sizeof(to), "%s:%s", field_text(item, "to"), to_ports);
	snprintf(state, sizeof(state), "%s%s%s%s", field_text(item, "state"),
		 why ? ": " : "", why ? field_text(item, "why") : "",
		 inside ? "" : "; its host is not inside");
	return columns_add(
		columns,
		(const char *const[]){ field_text(item, "name"),
				       field_text(item, "uplink"),
				       field_text(item, "protocol"), ports, to,
				       field_text(item, "filtering"), state });
}

bool command_status_publish(struct json_object *published)
{
	static const char *const titles[] = {
		"published", "uplink",	  "protocol", "port",
		"leads to",  "filtering", "state",
	};
	struct columns columns;
	size_t i, count = field_count(published);
	bool ok;

	if (!count)
		return true;
	ok = columns_init(&columns, 7, titles);
	for (i = 0; ok && i < count; i++)
		ok = add(&columns, field_nth(published, i));
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}
