// SPDX-License-Identifier: GPL-2.0-or-later
/* status_track.c - see status_track.h. */
#include <json-c/json.h>
#include <stdio.h>

#include "address.h"
#include "status_track.h"
#include "track_list.h"

static void add(struct json_object *to, const char *key,
		struct json_object *value)
{
	json_object_object_add(to, key, value);
}

static void add_count(struct json_object *to, const char *key, uint64_t value)
{
	add(to, key, json_object_new_uint64(value));
}

/* Thousandths of what is printed, without a double's binary rounding. */
static void add_thousandths(struct json_object *to, const char *key,
			    int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld.%03lld", (long long)value / 1000,
		 (long long)value % 1000);
	add(to, key, json_object_new_double_s((double)value / 1000, text));
}

/* What is left until an instant; null where there is none. */
static void add_left(struct json_object *to, const char *key, msec_t instant,
		     msec_t now)
{
	if (instant)
		add_thousandths(to, key, instant > now ? instant - now : 0);
	else
		add(to, key, NULL);
}

static void add_target(struct json_object *to,
		       const struct track_config *config)
{
	char text[ADDRESS_TEXT];

	add(to, "target",
	    address_is_zero(&config->target) ?
		    NULL :
		    json_object_new_string(
			    address_print(&config->target, text)));
}

/* What it consists of, and what of that is up. */
static void add_list(struct json_object *to, const struct uplink_config *uplink,
		     const struct track_config *list,
		     const struct track tracks[])
{
	struct track_weights weights = track_list_weights(list, tracks);
	struct json_object *names;

	if (!track_is_list(list->kind)) {
		add(to, "tracks", NULL);
		return;
	}
	names = json_object_new_array();
	for (unsigned i = 0; i < list->members_count; i++) {
		const char *name = uplink->tracks[list->members[i].track].name;

		json_object_array_add(names, json_object_new_string(name));
	}
	add(to, "tracks", names);
	add_count(to, "weight", weights.up);
	add_count(to, "weight_of", weights.total);
}

static void add_damp(struct json_object *to, const struct track *track,
		     msec_t now)
{
	const struct damp_config *config = &track->config->damp;

	if (!config->half_life) {
		add(to, "penalty", NULL);
		add(to, "suppressed_s", NULL);
		return;
	}
	add_count(to, "penalty", track_damp_penalty(&track->damp, config, now));
	add_left(to, "suppressed_s",
		 track_damp_until(&track->damp, config, now), now);
}

struct json_object *status_track_json(const struct uplink_config *uplink,
				      const struct track tracks[],
				      unsigned index, msec_t now)
{
	const struct track_config *config = &uplink->tracks[index];
	const struct track *track = &tracks[index];
	struct json_object *json = json_object_new_object();

	add(json, "name", json_object_new_string(config->name));
	add(json, "kind",
	    json_object_new_string(track_kind_name(config->kind)));
	add_target(json, config);
	add_list(json, uplink, config, tracks);
	add(json, "state",
	    json_object_new_string(track_state_name(track->state)));
	add(json, "raw", json_object_new_string(track_state_name(track->raw)));
	add_count(json, "changes", track->changes);
	if (track->changed)
		add_thousandths(json, "since_s", now - track->changed);
	else
		add(json, "since_s", NULL);
	add_left(json, "pending_s", track->due, now);
	add_damp(json, track, now);
	add_count(json, "sent", track->sent);
	add_count(json, "answered", track->answered);
	add_count(json, "late", track->late);
	add_count(json, "lost", track->lost);
	if (track->rtt_us_last >= 0 && config->kind != TRACK_INTERFACE)
		add_thousandths(json, "rtt_ms", track->rtt_us_last);
	else
		add(json, "rtt_ms", NULL);
	return json;
}
