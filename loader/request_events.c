// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_events.c - "events": what changed lately, and, for who follows, what
 * changes from here on.
 */
#include <json-c/json.h>

#include "events.h"
#include "request_private.h"
#include "site.h"

struct json_object *request_events(const struct request *request)
{
	const struct events *events = request->site->events;
	const struct events_entry *entry;
	struct json_object *answer, *list;
	char why[MODEL_REASON];

	if (!request_flag(request, "follow", request->follow, why))
		return request_refused("events: %s", why);
	answer = request_granted();
	list = json_object_new_array();
	for (unsigned n = 0; (entry = events_nth(events, n)); n++)
		json_object_array_add(list, events_json(entry));
	json_object_object_add(answer, "events", list);
	return answer;
}
