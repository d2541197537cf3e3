// SPDX-License-Identifier: GPL-2.0-or-later
/* status_partner.c - see status_partner.h. */
#include <json-c/json.h>

#include "status_partner.h"
#include "track.h"

static const char *const selector_names[] = {
	[HEARTBEAT_NONE] = "none",
	[HEARTBEAT_SELF] = "self",
	[HEARTBEAT_PARTNER] = "partner",
};

static const char *const state_names[] = {
	[TP_EXIT_DEAD] = "dead",
	[TP_EXIT_AVOID] = "avoid",
	[TP_EXIT_DRAIN] = "drain",
	[TP_EXIT_UP] = "up",
};

static void add(struct json_object *to, const char *key,
		struct json_object *value)
{
	json_object_object_add(to, key, value);
}

static struct json_object *liveness_json(const struct liveness_view *view)
{
	struct json_object *json = json_object_new_object();

	add(json, "state", json_object_new_string(liveness_name(view->state)));
	add(json, "asked", json_object_new_uint64(view->counters.asked));
	add(json, "answered", json_object_new_uint64(view->counters.answered));
	add(json, "missed", json_object_new_uint64(view->counters.missed));
	return json;
}

static struct json_object *uplink_json(const struct heartbeat_uplink *uplink)
{
	struct json_object *json = json_object_new_object();

	add(json, "name", json_object_new_string(uplink->name));
	add(json, "level", json_object_new_int(uplink->level));
	add(json, "level_now",
	    uplink->now ? json_object_new_int(uplink->now) : NULL);
	add(json, "share",
	    uplink->share ? json_object_new_int(uplink->share) : NULL);
	add(json, "state", json_object_new_string(state_names[uplink->state]));
	add(json, "track",
	    json_object_new_string(track_state_name(uplink->track)));
	return json;
}

static struct json_object *report_json(const struct heartbeat_report *report)
{
	struct json_object *json = json_object_new_object();
	struct json_object *uplinks = json_object_new_array();

	add(json, "version", json_object_new_string(report->version));
	add(json, "ready", json_object_new_boolean(report->ready));
	add(json, "selector",
	    json_object_new_string(selector_names[report->selector]));
	add(json, "quiet", json_object_new_boolean(report->quiet));
	add(json, "sessions", json_object_new_uint64(report->sessions));
	add(json, "bindings", json_object_new_uint64(report->bindings));
	for (unsigned i = 0; i < report->uplinks_count; i++)
		json_object_array_add(uplinks,
				      uplink_json(&report->uplinks[i]));
	add(json, "uplinks", uplinks);
	return json;
}

static struct json_object *heartbeat_json(const struct heartbeat_view *view,
					  msec_t now)
{
	const struct heartbeat_counters *counters = &view->counters;
	struct json_object *json = json_object_new_object();

	add(json, "fresh", json_object_new_boolean(view->fresh));
	add(json, "two_way", json_object_new_boolean(view->two_way));
	add(json, "age_s",
	    view->known ?
		    json_object_new_double((double)(now - view->at) / 1000) :
		    NULL);
	add(json, "accepted", json_object_new_uint64(counters->accepted));
	add(json, "forged", json_object_new_uint64(counters->forged));
	add(json, "replayed", json_object_new_uint64(counters->replayed));
	add(json, "stale", json_object_new_uint64(counters->stale));
	add(json, "malformed", json_object_new_uint64(counters->malformed));
	add(json, "version", json_object_new_uint64(counters->version));
	return json;
}

void status_partner_add(struct json_object *to,
			const struct liveness_view *liveness,
			const struct heartbeat_view *heartbeat, msec_t now)
{
	add(to, "data_plane", liveness_json(liveness));
	add(to, "heartbeat",
	    heartbeat->running ? heartbeat_json(heartbeat, now) : NULL);
	/* That it need not be asked, as it stands now. */
	add(to, "quiet",
	    json_object_new_boolean(heartbeat->fresh &&
				    heartbeat->theirs.quiet &&
				    liveness->state == LIVENESS_ALIVE));
	add(to, "says",
	    heartbeat->known ? report_json(&heartbeat->theirs) : NULL);
}
