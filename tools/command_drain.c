// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_drain.c - "drain": an uplink out of service, and when it is safe to
 * unplug it.
 *
 * The drain is the daemon's: whoever interrupts the waiting ends the waiting.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#include "duration.h"
#include "fields.h"
#include "wish.h"

#define STATUS_PATIENCE 5

static struct json_object *find_uplink(struct json_object *status,
				       const char *name)
{
	struct json_object *uplinks = field(status, "uplinks");

	for (size_t i = 0; i < field_count(uplinks); i++) {
		struct json_object *uplink = field_nth(uplinks, i);

		if (field_is(uplink, "name", name))
			return uplink;
	}
	return NULL;
}

static int sessions_of(struct json_object *uplink)
{
	struct json_object *sessions = field(uplink, "sessions");

	return sessions ? json_object_get_int(sessions) : -1;
}

/* NULL: not yet. */
static const char *safe_because(struct json_object *status,
				struct json_object *uplink)
{
	if (field_is(status, "selector", wish_text(uplink, "name")))
		return NULL; /* nothing else is up */
	if (field_is(uplink, "state", "dead"))
		return "it is dead";
	if (field_true(uplink, "cut"))
		return "the time of its sessions is over";
	return sessions_of(uplink) ? NULL : "no session is left there";
}

static void print_progress(struct json_object *status,
			   struct json_object *uplink)
{
	struct json_object *left = field(uplink, "cut_in_s");
	int sessions = sessions_of(uplink);
	char text[DURATION_TEXT];

	printf("%s: ", wish_text(uplink, "name"));
	if (sessions < 0)
		printf("an unknown number of sessions");
	else
		printf("%d session%s", sessions, sessions == 1 ? "" : "s");
	if (field_is(status, "selector", wish_text(uplink, "name")))
		printf(", and new ones: nothing else is up");
	else if (left)
		printf(", cut in %s",
		       duration_print(
			       (msec_t)(json_object_get_double(left) + 0.999) *
				       1000,
			       text));
	putchar('\n');
	fflush(stdout);
}

static void print_safe(const struct options *options,
		       struct json_object *uplink, const char *because)
{
	const char *name = wish_text(uplink, "name");

	if (options->json)
		printf("{\"ok\":true,\"uplink\":\"%s\",\"sessions\":%d,\"safe\":true}\n",
		       name, sessions_of(uplink));
	else
		printf("%s: safe to unplug: %s (twinpath undrain takes it back)\n",
		       name, because);
}

/* One look.  STATUS_OK with *done unset: not yet. */
static int look(const struct options *options, struct json_object *status,
		bool *done)
{
	struct json_object *intent = field(status, "intent");
	struct json_object *uplink = find_uplink(status, options->argument);
	const char *because;

	if (!uplink || !field_is(intent, "kind", "drain") ||
	    !field_is(intent, "uplink", options->argument))
		return command_failed(
			"%s is not drained any more: somebody else has asked for something else",
			options->argument);
	because = safe_because(status, uplink);
	*done = because;
	if (because)
		print_safe(options, uplink, because);
	else if (!options->json)
		print_progress(status, uplink);
	return STATUS_OK;
}

static int wait_until_safe(const struct instance *instance,
			   const struct options *options)
{
	struct json_object *answer;
	bool done = false;
	int result;

	for (;;) {
		answer = client_ask(instance, "status", NULL, STATUS_PATIENCE);
		if (!answer)
			return STATUS_FAILED;
		result = look(options, field(answer, "status"), &done);
		json_object_put(answer);
		if (done || result != STATUS_OK)
			return result;
		sleep(1);
	}
}

int command_drain(const struct options *options)
{
	struct instance instance;
	struct json_object *answer;
	int status;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	status = wish_ask(&instance, options, "drain", options->argument,
			  &answer);
	if (status != STATUS_OK)
		return status;
	if (!options->json)
		printf("new sessions leave by %s: %s (event %s)\n",
		       wish_text(answer, "selector"),
		       wish_text(answer, "reason"), wish_text(answer, "event"));
	else if (!options->wait)
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PLAIN));
	json_object_put(answer);
	return options->wait ? wait_until_safe(&instance, options) : STATUS_OK;
}
