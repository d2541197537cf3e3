// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_flip.c - "flip", "undrain" and "detach": what the operator wants of the
 * daemon.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "wish.h"

/* The daemon waits for the partner to take over; its wait is bounded. */
#define DETACH_PATIENCE 120

static void print_decision(const struct options *options,
			   struct json_object *answer)
{
	if (options->json) {
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
		return;
	}
	printf("new sessions leave by %s: %s (event %s)\n",
	       wish_text(answer, "selector"), wish_text(answer, "reason"),
	       wish_text(answer, "event"));
	if (!strcmp(wish_text(answer, "degraded"), "true"))
		puts("DEGRADED: that is by force; twinpath flip auto ends it");
}

static int flip(const struct options *options, const char *to)
{
	struct instance instance;
	struct json_object *answer;
	int status;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	status = wish_ask(&instance, options, "flip", to, &answer);
	if (status != STATUS_OK)
		return status;
	print_decision(options, answer);
	json_object_put(answer);
	return STATUS_OK;
}

int command_flip(const struct options *options)
{
	return flip(options, options->argument);
}

int command_undrain(const struct options *options)
{
	return flip(options, "auto");
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
