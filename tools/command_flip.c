// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_flip.c - "flip" and "detach": what the operator wants of the daemon.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "client.h"

#define FLIP_PATIENCE 10
/* The daemon waits for the partner to take over; its wait is bounded. */
#define DETACH_PATIENCE 120

static const char *text_of(struct json_object *answer, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(answer, key, &value) ?
		       json_object_get_string(value) :
		       "?";
}

int command_flip(const struct options *options)
{
	struct instance instance;
	struct json_object *answer;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	answer =
		client_ask(&instance, "flip", options->argument, FLIP_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	if (options->json)
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
	else
		printf("new sessions leave by %s: %s (event %s)\n",
		       text_of(answer, "selector"), text_of(answer, "reason"),
		       text_of(answer, "event"));
	json_object_put(answer);
	return STATUS_OK;
}

int command_detach(const struct options *options)
{
	struct instance instance;
	struct json_object *answer;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	answer = client_ask(&instance, "detach", NULL, DETACH_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	if (options->json)
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
	else
		printf("twinpathd (instance %s) has withdrawn and ended: nothing of it is left on this machine\n",
		       instance.name);
	json_object_put(answer);
	return STATUS_OK;
}
