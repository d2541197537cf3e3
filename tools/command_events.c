// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_events.c - "events": what has changed since the daemon started, as far
 * as it remembers, and with --follow what changes from here on.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "fields.h"

#define EVENTS_PATIENCE 5

/* "2026-03-01 12:00:00.123" of the daemon's ISO 8601. */
static void print_time(const char *time)
{
	printf("%.10s %.12s  ", time, strlen(time) > 11 ? time + 11 : "");
}

static void print_event(struct json_object *event)
{
	const char *because = field_text(event, "because");

	print_time(field_text(event, "time"));
	printf("%s: %s -> %s", field_text(event, "what"),
	       field_text(event, "from"), field_text(event, "to"));
	if (*because)
		printf(", because %s", because);
	if (field(event, "event"))
		printf(" [event %s]", field_text(event, "event"));
	putchar('\n');
}

static void print_line(struct json_object *event, bool json)
{
	if (json)
		puts(json_object_to_json_string_ext(event,
						    JSON_C_TO_STRING_PLAIN));
	else
		print_event(event);
}

static void print_array(struct json_object *list)
{
	size_t count = field_count(list);

	putchar('[');
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? ",\n" : "\n",
		       json_object_to_json_string_ext(field_nth(list, i),
						      JSON_C_TO_STRING_PLAIN));
	puts(count ? "\n]" : "]");
}

static bool heard(void *arg, struct json_object *said)
{
	const struct options *options = arg;
	struct json_object *list = field(said, "events");

	for (size_t i = 0; i < field_count(list); i++)
		print_line(field_nth(list, i), options->json);
	if (!list)
		print_line(said, options->json);
	/* Whoever reads our output may have gone. */
	return !fflush(stdout);
}

int command_events(const struct options *options)
{
	struct json_object *request = json_object_new_object(), *answer;
	struct instance instance;

	if (!instance_find(&instance, options)) {
		json_object_put(request);
		return STATUS_FAILED;
	}
	if (options->follow) {
		json_object_object_add(request, "follow",
				       json_object_new_boolean(true));
		return client_follow(&instance, "events", request,
				     EVENTS_PATIENCE, heard, (void *)options);
	}
	answer = client_send(&instance, "events", request, EVENTS_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	if (options->json)
		print_array(field(answer, "events"));
	else
		heard((void *)options, answer);
	json_object_put(answer);
	return STATUS_OK;
}
