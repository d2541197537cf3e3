// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_simulate.c - "simulate down UPLINK": what would happen now.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "fields.h"

#define SIMULATE_PATIENCE 5

int command_simulate(const struct options *options)
{
	struct json_object *request, *answer, *lines;
	struct instance instance;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	request = json_object_new_object();
	json_object_object_add(request, "what",
			       json_object_new_string(options->words[0]));
	json_object_object_add(request, "to",
			       json_object_new_string(options->words[1]));
	answer = client_send(&instance, "simulate", request, SIMULATE_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	lines = field(answer, "lines");
	if (options->json)
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
	else
		for (size_t i = 0; i < field_count(lines); i++)
			puts(json_object_get_string(field_nth(lines, i)));
	json_object_put(answer);
	return STATUS_OK;
}
