// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_simulate.c - "simulate": what would happen now, in words.
 */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_times.h"
#include "duration.h"
#include "request_private.h"
#include "simulate.h"
#include "site.h"

struct story {
	const struct site *site;
	const struct simulation *is;
	int victim;
	struct json_object *lines;
};

static void tell(const struct story *story, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(const struct story *story, const char *format, ...)
{
	char line[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	json_object_array_add(story->lines, json_object_new_string(line));
}

/* An uplink's index, or MODEL_PARTNER; MODEL_NOBODY: there is none such. */
static int find(const struct config *config, const char *name)
{
	if (!strcmp(name, "partner") && config->partner.type != TP_PARTNER_NONE)
		return MODEL_PARTNER;
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (!strcmp(config->uplinks[i].name, name))
			return (int)i;
	return MODEL_NOBODY;
}

static void tell_detection(const struct story *story)
{
	const struct uplink_config *uplink =
		&story->site->config.uplinks[story->victim];
	char text[DURATION_TEXT];

	if (story->is->before.states[story->victim] == TP_EXIT_DEAD)
		tell(story, "%s is dead already", uplink->name);
	tell(story,
	     "it is seen within %s when the path beyond the cable dies, "
	     "at once when the cable does",
	     duration_print(config_detection(uplink,
					     &uplink->tracks[uplink->track]),
			    text));
}

static void tell_selector(const struct story *story)
{
	const struct config *config = &story->site->config;
	const struct desired *is = &story->is->after;
	const struct desired *was = &story->is->before;

	if (is->selector == was->selector)
		tell(story, "new sessions go on by %s: %s",
		     decide_name(config, is->selector), is->reason);
	else
		tell(story, "new sessions: %s -> %s: %s",
		     decide_name(config, was->selector),
		     decide_name(config, is->selector), is->reason);
}

static void tell_announced(const struct story *story)
{
	const struct config *config = &story->site->config;
	const struct desired *is = &story->is->after;
	const struct desired *was = &story->is->before;

	if (is->announce != was->announce || is->metric != was->metric)
		tell(story, "announced default: %s, metric %u -> %s, metric %u",
		     decide_name(config, was->announce), was->metric,
		     decide_name(config, is->announce), is->metric);
	if (is->marker != was->marker)
		tell(story, "marker: %s",
		     is->marker ? "announced" : "withdrawn");
	if (is->vrrp != was->vrrp)
		tell(story, "VRRP weight: %d -> %d", was->vrrp, is->vrrp);
	if (is->last_resort != was->last_resort)
		tell(story, "last resort: %s -> %s",
		     decide_name(config, was->last_resort),
		     decide_name(config, is->last_resort));
}

static void tell_states(const struct story *story)
{
	const struct config *config = &story->site->config;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (story->is->after.states[i] != story->is->before.states[i])
			tell(story, "exit %s: %s -> %s",
			     config->uplinks[i].name,
			     decide_state(story->is->before.states[i]),
			     decide_state(story->is->after.states[i]));
}

/* ---- the sessions ------------------------------------------------------------ */

struct fate {
	unsigned kept, told, waiting, moved, refused;
};

static void add_fate(const struct story *story, unsigned i, struct fate *fate)
{
	const struct census_count *count = site_census(story->site, i);
	bool dies = story->victim == (int)i || story->is->cut & (1U << i);
	unsigned other;

	if (!count)
		return;
	other = count->sessions - count->tcp;
	if (!dies) {
		fate->kept += count->sessions;
		return;
	}
	if (story->is->after.wait_until[i])
		fate->waiting += count->tcp;
	else
		fate->told += count->tcp;
	/* They are new ones with their next packet. */
	if (story->is->after.selector == MODEL_NOBODY)
		fate->refused += other;
	else
		fate->moved += other;
}

static struct json_object *sessions_json(const struct story *story)
{
	struct json_object *json = json_object_new_object();
	struct fate fate = { 0 };

	for (unsigned i = 0; i < story->site->config.uplinks_count; i++)
		add_fate(story, i, &fate);
	json_object_object_add(json, "kept", json_object_new_int64(fate.kept));
	json_object_object_add(json, "told", json_object_new_int64(fate.told));
	json_object_object_add(json, "waiting",
			       json_object_new_int64(fate.waiting));
	json_object_object_add(json, "moved",
			       json_object_new_int64(fate.moved));
	json_object_object_add(json, "refused",
			       json_object_new_int64(fate.refused));
	tell(story,
	     "sessions: %u kept; TCP: %u told with a reset, %u wait; "
	     "others: %u re-bind by %s, %u have nowhere to go",
	     fate.kept, fate.told, fate.waiting, fate.moved,
	     decide_name(&story->site->config, story->is->after.selector),
	     fate.refused);
	return json;
}

static struct json_object *simulation(const struct story *story)
{
	const struct config *config = &story->site->config;
	const struct desired *is = &story->is->after;
	struct json_object *answer = request_granted(), *sessions;

	tell_selector(story);
	tell_states(story);
	tell_announced(story);
	sessions = sessions_json(story);
	if (story->victim >= 0)
		tell_detection(story);
	json_object_object_add(answer, "from",
			       json_object_new_string(decide_name(
				       config, story->is->before.selector)));
	json_object_object_add(
		answer, "to",
		json_object_new_string(decide_name(config, is->selector)));
	json_object_object_add(answer, "reason",
			       json_object_new_string(is->reason));
	json_object_object_add(answer, "sessions", sessions);
	json_object_object_add(answer, "lines", story->lines);
	return answer;
}

struct json_object *request_simulate(const struct request *request)
{
	const struct site *site = request->site;
	const char *what = request_text(request, "what");
	const char *name = request_text(request, "to");
	struct simulation is;
	struct story story = { .site = site, .is = &is };

	if (!what || strcmp(what, "down") != 0)
		return request_refused(
			"simulate: \"%.32s\" is not known: it is "
			"\"down\"",
			what ? what : "");
	story.victim = name ? find(&site->config, name) : MODEL_NOBODY;
	if (story.victim == MODEL_NOBODY)
		return request_refused("simulate: there is no uplink "
				       "\"%.64s\"%s",
				       name ? name : "",
				       site->config.partner.type ==
						       TP_PARTNER_NONE ?
					       ", and no partner" :
					       "");
	simulate_down(site, story.victim, &is);
	story.lines = json_object_new_array();
	return simulation(&story);
}
