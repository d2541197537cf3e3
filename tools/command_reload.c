// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_reload.c - "reload": the daemon reads its configuration again.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "client.h"
#include "command.h"

/* New programs on a new interface take a moment. */
#define RELOAD_PATIENCE 20

static void print_warnings(struct json_object *answer)
{
	struct json_object *warnings;

	if (!json_object_object_get_ex(answer, "warnings", &warnings) ||
	    !json_object_is_type(warnings, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(warnings); i++)
		fprintf(stderr, "%s\n",
			json_object_get_string(
				json_object_array_get_idx(warnings, i)));
}

int command_reload(const struct options *options)
{
	struct instance instance;
	struct json_object *answer, *file;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	answer = client_ask(&instance, "reload", NULL, RELOAD_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	if (options->json) {
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
	} else {
		print_warnings(answer);
		if (json_object_object_get_ex(answer, "file", &file))
			printf("%s is in force\n",
			       json_object_get_string(file));
	}
	json_object_put(answer);
	return STATUS_OK;
}
