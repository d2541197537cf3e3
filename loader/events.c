// SPDX-License-Identifier: GPL-2.0-or-later
/* events.c - see events.h. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "events.h"
#include "log.h"

struct events {
	uint64_t count; /* that ever were */
	LIST_HEAD(, events_listener) listeners;
	struct events_entry ring[EVENTS_ROOM];
};

static int64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A listener may go when it is told. */
static void tell(struct events *events, const struct events_entry *entry)
{
	struct events_listener *one, *next;

	for (one = LIST_FIRST(&events->listeners); one; one = next) {
		next = LIST_NEXT(one, link);
		one->heard(one, entry);
	}
}

/* By the words of the log; what begins with none of them is an interface. */
static enum event_kind kind_of(const char *what)
{
	static const struct {
		const char *begin;
		enum event_kind kind;
	} kinds[] = {
		{ "selector", EVENT_SELECTOR },
		{ "shares", EVENT_SELECTOR },
		{ "exit ", EVENT_EXIT },
		{ "track ", EVENT_TRACK },
		{ "sessions ", EVENT_SESSIONS },
		{ "announced ", EVENT_ANNOUNCED },
		{ "site", EVENT_SITE },
		{ "the operator's wish", EVENT_WISH },
		{ "published ", EVENT_PUBLISHED },
		{ "partner's data plane", EVENT_PARTNER },
		{ "configuration", EVENT_DAEMON },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i].begin);
		bool open = kinds[i].begin[length - 1] == ' ';

		/* Up to the blank, or the whole of it. */
		if (!strncmp(what, kinds[i].begin, length + !open))
			return kinds[i].kind;
	}
	return EVENT_INTERFACE;
}

static void note(void *arg, unsigned event, const char *what, const char *from,
		 const char *to, const char *because)
{
	struct events *events = arg;
	struct events_entry *entry = &events->ring[events->count % EVENTS_ROOM];

	*entry = (struct events_entry){
		.serial = ++events->count,
		.time = wall_clock(),
		.event = event,
		.kind = kind_of(what),
	};
	snprintf(entry->what, sizeof(entry->what), "%s", what);
	snprintf(entry->from, sizeof(entry->from), "%s", from);
	snprintf(entry->to, sizeof(entry->to), "%s", to);
	snprintf(entry->because, sizeof(entry->because), "%s",
		 because ? because : "");
	tell(events, entry);
}

int events_open(struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	LIST_INIT(&events->listeners);
	log_listen(note, events);
	*out = events;
	return 0;
}

void events_close(struct events *events)
{
	log_listen(NULL, NULL);
	free(events);
}

void events_listen(struct events *events, struct events_listener *listener)
{
	LIST_INSERT_HEAD(&events->listeners, listener, link);
}

void events_deafen(struct events_listener *listener)
{
	LIST_REMOVE(listener, link);
}

const struct events_entry *events_nth(const struct events *events, unsigned n)
{
	uint64_t first =
		events->count > EVENTS_ROOM ? events->count - EVENTS_ROOM : 0;

	if (n >= events->count - first)
		return NULL;
	return &events->ring[(first + n) % EVENTS_ROOM];
}

/* ISO 8601, in the machine's time zone, as its log has it. */
static void print_time(int64_t time, char text[40])
{
	time_t seconds = (time_t)(time / 1000);
	char day[24], zone[8];
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local);
	snprintf(text, 40, "%s.%03d%s", day, (int)(time % 1000), zone);
}

static void add(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

struct json_object *events_json(const struct events_entry *entry)
{
	struct json_object *json = json_object_new_object();
	char time[40];

	print_time(entry->time, time);
	json_object_object_add(json, "serial",
			       json_object_new_uint64(entry->serial));
	add(json, "time", time);
	json_object_object_add(
		json, "event",
		entry->event ? json_object_new_int64(entry->event) : NULL);
	add(json, "kind", config_kinds_of_event[entry->kind]);
	add(json, "what", entry->what);
	add(json, "from", entry->from);
	add(json, "to", entry->to);
	add(json, "because", entry->because);
	return json;
}
