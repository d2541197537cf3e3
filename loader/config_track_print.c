// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_track_print.c - the lists, levels and dampening of an uplink, as they are
 * written, and as JSON.
 */
#include "config_track.h"
#include "duration.h"
#include "track_list.h"

static void print_duration(FILE *out, const char *indent, const char *key,
			   msec_t duration)
{
	char text[DURATION_TEXT];

	fprintf(out, "%s%s = %s\n", indent, key,
		duration_print(duration, text));
}

void config_print_damp(FILE *out, const char *indent,
		       const struct damp_config *damp)
{
	char half_life[DURATION_TEXT], most[DURATION_TEXT];

	if (damp->half_life == 0)
		return;
	fprintf(out,
		"%sdampening { half-life = %s  suppress = %u  reuse = %u  "
		"max-suppress = %s }\n",
		indent, duration_print(damp->half_life, half_life),
		damp->suppress, damp->reuse, duration_print(damp->most, most));
}

static bool same(const struct damp_config *a, const struct damp_config *b)
{
	return a->half_life == b->half_life && a->suppress == b->suppress &&
	       a->reuse == b->reuse && a->most == b->most;
}

void config_print_track_keys(FILE *out, const char *indent,
			     const struct uplink_config *uplink,
			     const struct track_config *track)
{
	static const struct damp_config none;
	bool follows =
		config_follows(uplink, (unsigned)(track - uplink->tracks));

	if (track->delay_down != (follows ? uplink->delay_down : 0))
		print_duration(out, indent, "delay-down", track->delay_down);
	if (track->delay_up != (follows ? uplink->delay_up : 0))
		print_duration(out, indent, "delay-up", track->delay_up);
	if (!same(&track->damp, follows ? &uplink->damp : &none))
		config_print_damp(out, indent, &track->damp);
}

static void print_list(FILE *out, const struct uplink_config *uplink,
		       const struct track_config *list)
{
	fprintf(out, "    %s %s {\n        tracks = {",
		track_kind_name(list->kind), list->name);
	for (unsigned i = 0; i < list->members_count; i++) {
		const struct track_member *member = &list->members[i];

		fprintf(out, "%s %s", i > 0 ? "," : "",
			uplink->tracks[member->track].name);
		if (list->kind == TRACK_WEIGHT)
			fprintf(out, ":%u", member->weight);
	}
	fprintf(out, " }\n");
	if (list->kind == TRACK_WEIGHT)
		fprintf(out, "        up = %u\n        down = %u\n",
			list->weight_up, list->weight_down);
	config_print_track_keys(out, "        ", uplink, list);
	fprintf(out, "    }\n");
}

void config_print_lists(FILE *out, const struct uplink_config *uplink)
{
	for (unsigned i = 1; i < uplink->tracks_count; i++)
		if (track_is_list(uplink->tracks[i].kind))
			print_list(out, uplink, &uplink->tracks[i]);
}

void config_print_fallbacks(FILE *out, const struct uplink_config *uplink)
{
	for (unsigned i = 0; i < uplink->fallbacks_count; i++) {
		const struct fallback_config *fallback = &uplink->fallbacks[i];

		fprintf(out, "    fallback %u { track = %s  announce = %s }\n",
			fallback->level, uplink->tracks[fallback->track].name,
			fallback->announce ? "true" : "false");
	}
}

/* ---- JSON ---- */

static void put(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

static void put_damp(struct json_object *object, const struct damp_config *damp)
{
	struct json_object *out;

	if (damp->half_life == 0)
		return;
	out = json_object_new_object();
	put(out, "half_life_ms", damp->half_life);
	put(out, "suppress", damp->suppress);
	put(out, "reuse", damp->reuse);
	put(out, "max_suppress_ms", damp->most);
	json_object_object_add(object, "dampening", out);
}

static void put_members(struct json_object *object,
			const struct uplink_config *uplink,
			const struct track_config *list)
{
	struct json_object *members = json_object_new_array();

	for (unsigned i = 0; i < list->members_count; i++) {
		const struct track_member *member = &list->members[i];
		struct json_object *out = json_object_new_object();
		const char *name = uplink->tracks[member->track].name;

		json_object_object_add(out, "track",
				       json_object_new_string(name));
		put(out, "weight", member->weight);
		json_object_array_add(members, out);
	}
	json_object_object_add(object, "tracks", members);
	if (list->kind != TRACK_WEIGHT)
		return;
	put(object, "up", list->weight_up);
	put(object, "down", list->weight_down);
}

void config_put_track(struct json_object *object,
		      const struct uplink_config *uplink,
		      const struct track_config *track)
{
	if (track_is_list(track->kind))
		put_members(object, uplink, track);
	put(object, "delay_down_ms", track->delay_down);
	put(object, "delay_up_ms", track->delay_up);
	put_damp(object, &track->damp);
}

void config_put_fallbacks(struct json_object *object,
			  const struct uplink_config *uplink)
{
	struct json_object *fallbacks = json_object_new_array();

	for (unsigned i = 0; i < uplink->fallbacks_count; i++) {
		const struct fallback_config *fallback = &uplink->fallbacks[i];
		struct json_object *out = json_object_new_object();
		const char *name = uplink->tracks[fallback->track].name;

		put(out, "level", fallback->level);
		json_object_object_add(out, "track",
				       json_object_new_string(name));
		json_object_object_add(
			out, "announce",
			json_object_new_boolean(fallback->announce));
		json_object_array_add(fallbacks, out);
	}
	json_object_object_add(object, "fallbacks", fallbacks);
}
