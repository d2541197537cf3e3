// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wish.c - see wish.h.
 */
#include <json-c/json.h>

#include "duration.h"
#include "wish.h"

#define PATIENCE 10
#define LEAST 1000 /* as the daemon takes them */

const char *wish_text(struct json_object *answer, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(answer, key, &value) ?
		       json_object_get_string(value) :
		       "?";
}

/* False after saying what is wrong with the duration. */
static bool add_time(struct json_object *request, const char *key,
		     const char *option, const char *text)
{
	msec_t time;

	if (!text)
		return true;
	if (duration_parse(text, &time) || time < LEAST) {
		command_failed(
			"--%s: '%s' is no duration from 1s to 8760h, such as 90s or 2h30m",
			option, text);
		return false;
	}
	json_object_object_add(request, key, json_object_new_int64(time));
	return true;
}

int wish_ask(const struct instance *instance, const struct options *options,
	     const char *name, const char *to, struct json_object **answer)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "to", json_object_new_string(to));
	if (options->force)
		json_object_object_add(request, "force",
				       json_object_new_boolean(true));
	if (!add_time(request, "for_ms", "for", options->length) ||
	    !add_time(request, "drain_ms", "drain", options->drain)) {
		json_object_put(request);
		return STATUS_USAGE;
	}
	*answer = client_send(instance, name, request, PATIENCE);
	return *answer ? STATUS_OK : STATUS_FAILED;
}
