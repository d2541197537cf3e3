// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_track.c - the sections of an uplink that make tracks of tracks: any,
 * all, not, weight; fallback; dampening.
 *
 * Owns: their defaults, and names that become indices.  Whether lists contain
 * themselves is config_track_check.c's.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_track.h"
#include "track_list.h"

#define OPEN (-1) /* not written */
#define WEIGHT_MAX 1000
#define DAY (24 * 60 * CONFIG_MINUTE)

int config_find_track(const struct uplink_config *uplink, const char *name)
{
	for (unsigned i = 0; i < uplink->tracks_count; i++)
		if (strcmp(uplink->tracks[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool config_follows(const struct uplink_config *uplink, unsigned track)
{
	if (uplink->track == track)
		return true;
	for (unsigned i = 0; i < uplink->fallbacks_count; i++)
		if (uplink->fallbacks[i].track == track)
			return true;
	return false;
}

/* ---- delays and dampening ---- */

/* Half a minute's outage a minute is suppressed at the third, for a minute. */
void config_read_damp(const struct config_section *section,
		      struct damp_config *damp)
{
	struct config_section inner = { .reader = section->reader };

	if (cfg_size(section->tree, "dampening") == 0)
		return;
	inner.tree = cfg_getsec(section->tree, "dampening");
	snprintf(inner.path, sizeof(inner.path), "%.140s/dampening",
		 section->path);
	damp->half_life = CONFIG_MINUTE;
	damp->suppress = 2000;
	damp->reuse = 1000;
	config_get_duration(&inner, "half-life", 1000, DAY, &damp->half_life);
	config_get_number(&inner, "suppress", 1, 100000, &damp->suppress);
	config_get_number(&inner, "reuse", 1, 100000, &damp->reuse);
	damp->most = 4 * damp->half_life;
	config_get_duration(&inner, "max-suppress", 1000, 10 * DAY,
			    &damp->most);
}

void config_open_track(struct track_config *track)
{
	track->delay_down = OPEN;
	track->delay_up = OPEN;
	track->damp.half_life = OPEN;
}

void config_read_track_keys(const struct config_section *section,
			    struct track_config *track)
{
	config_open_track(track);
	config_get_duration(section, "delay-down", 0, DAY, &track->delay_down);
	config_get_duration(section, "delay-up", 0, DAY, &track->delay_up);
	config_read_damp(section, &track->damp);
}

void config_inherit_tracks(struct uplink_config *uplink)
{
	for (unsigned i = 0; i < uplink->tracks_count; i++) {
		struct track_config *track = &uplink->tracks[i];
		bool follows = config_follows(uplink, i);

		if (track->delay_down == OPEN)
			track->delay_down = follows ? uplink->delay_down : 0;
		if (track->delay_up == OPEN)
			track->delay_up = follows ? uplink->delay_up : 0;
		if (track->damp.half_life != OPEN)
			continue;
		track->damp.half_life = 0;
		if (follows)
			track->damp = uplink->damp;
	}
}

/* ---- lists ---- */

static void list_tracks(const struct uplink_config *uplink, char *text,
			size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < uplink->tracks_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i > 0 ? ", " : "",
					 uplink->tracks[i].name);
}

/* "core", or "core:3" in a list that weighs. */
static bool read_member(const struct config_value *value,
			const struct uplink_config *uplink,
			const struct track_config *list,
			struct track_member *member)
{
	size_t length = strcspn(value->text, ":");
	char name[MODEL_NAME], all[CONFIG_MESSAGE_TEXT / 2];
	struct config_value weight = *value;
	int track;

	snprintf(name, sizeof(name), "%.*s",
		 length < MODEL_NAME ? (int)length : 0, value->text);
	track = config_find_track(uplink, name);
	if (track < 0) {
		list_tracks(uplink, all, sizeof(all));
		config_error(value->messages, value->line,
			     "tracks: there is no track '%.*s' in uplink %s: "
			     "there are %s",
			     (int)length, value->text, uplink->name, all);
		return false;
	}
	*member = (struct track_member){ (unsigned)track, 1 };
	if (value->text[length] == '\0')
		return true;
	if (list->kind != TRACK_WEIGHT) {
		config_error(value->messages, value->line,
			     "tracks: '%s' has a weight, and only the list "
			     "'weight' weighs",
			     value->text);
		return false;
	}
	weight.text += length + 1;
	return config_value_number(&weight, 1, WEIGHT_MAX, &member->weight);
}

static void read_members(const struct config_section *section,
			 const struct uplink_config *uplink,
			 struct track_config *list)
{
	struct config_value value;
	struct track_member member;

	if (!config_get(section, "tracks", &value))
		config_missing(section, list->line, "tracks",
			       "what the list consists of");
	for (unsigned i = 0; config_get_nth(section, "tracks", i, &value);
	     i++) {
		bool twice = false;

		if (!read_member(&value, uplink, list, &member))
			continue;
		for (unsigned n = 0; n < list->members_count; n++)
			twice |= list->members[n].track == member.track;
		if (twice)
			config_error(value.messages, value.line,
				     "tracks: '%s' is listed twice",
				     uplink->tracks[member.track].name);
		else
			list->members[list->members_count++] = member;
	}
}

static void read_weights(const struct config_section *section,
			 struct track_config *list)
{
	struct config_value value;
	unsigned total = 0;

	for (unsigned i = 0; i < list->members_count; i++)
		total += list->members[i].weight;
	if (!config_get(section, "up", &value)) {
		config_missing(section, list->line, "up",
			       "what must be up, weighed together, for the "
			       "list to be up");
		return;
	}
	if (!config_value_number(&value, 1, MODEL_TRACKS * WEIGHT_MAX,
				 &list->weight_up))
		return;
	if (list->weight_up > total && list->members_count > 0)
		config_error(value.messages, value.line,
			     "up: its tracks weigh %u together: %u is never "
			     "reached",
			     total, list->weight_up);
	list->weight_down = list->weight_up - 1;
	if (config_get(section, "down", &value) &&
	    config_value_number(&value, 0, MODEL_TRACKS * WEIGHT_MAX,
				&list->weight_down) &&
	    list->weight_down >= list->weight_up)
		config_error(value.messages, value.line,
			     "down: %u is not below 'up', %u",
			     list->weight_down, list->weight_up);
}

/* Its name only: it may be the member of a list above it. */
static bool open_list(const struct config_section *section,
		      struct uplink_config *uplink, enum track_kind kind)
{
	struct track_config *list = &uplink->tracks[uplink->tracks_count];
	struct config_value value = config_title(section);

	if (uplink->tracks_count == MODEL_TRACKS) {
		config_error(value.messages, value.line,
			     "%s: more than %d probes and lists in one uplink",
			     value.key, MODEL_TRACKS - 1);
		return false;
	}
	snprintf(list->name, MODEL_NAME, "%.15s", value.text);
	config_value_name(&value, list->name);
	list->kind = kind;
	list->line = value.line;
	uplink->tracks_count++;
	return true;
}

static bool nth_list(const struct config_section *uplink, enum track_kind kind,
		     unsigned n, struct config_section *list)
{
	return config_get_section(uplink, track_kind_name(kind), n, list);
}

static void read_list(const struct config_section *section,
		      const struct uplink_config *uplink,
		      struct track_config *list)
{
	config_read_track_keys(section, list);
	read_members(section, uplink, list);
	if (list->kind == TRACK_WEIGHT)
		read_weights(section, list);
	else if (list->kind == TRACK_NOT && list->members_count > 1)
		config_error(section->reader->messages, list->line,
			     "not %s: it turns one track round, not %u",
			     list->name, list->members_count);
}

void config_read_lists(const struct config_section *section,
		       struct uplink_config *uplink)
{
	unsigned next = uplink->tracks_count;
	struct config_section list;

	for (enum track_kind kind = TRACK_ANY; kind <= TRACK_WEIGHT; kind++)
		for (unsigned i = 0; nth_list(section, kind, i, &list); i++)
			if (!open_list(&list, uplink, kind))
				return;
	for (enum track_kind kind = TRACK_ANY; kind <= TRACK_WEIGHT; kind++)
		for (unsigned i = 0; nth_list(section, kind, i, &list); i++)
			read_list(&list, uplink, &uplink->tracks[next++]);
}

/* ---- fallbacks ---- */

static void read_fallback(const struct config_section *section,
			  const struct uplink_config *uplink,
			  struct fallback_config *fallback)
{
	struct config_value value = config_title(section);
	int track;

	fallback->announce = true;
	config_value_number(&value, 1, 16, &fallback->level);
	if (config_get(section, "announce", &value))
		config_value_boolean(&value, &fallback->announce);
	if (!config_get(section, "track", &value)) {
		config_missing(section, fallback->line, "track",
			       "what says whether the uplink is good enough "
			       "for this level");
		return;
	}
	track = config_find_track(uplink, value.text);
	if (track < 0)
		config_error(value.messages, value.line,
			     "track: '%s' is neither a track of this uplink "
			     "nor 'interface'",
			     value.text);
	else
		fallback->track = (unsigned)track;
}

/* In the order of levels: the first that is up is the best. */
static void sort_fallbacks(struct uplink_config *uplink)
{
	struct fallback_config *list = uplink->fallbacks;

	for (unsigned i = 1; i < uplink->fallbacks_count; i++)
		for (unsigned n = i; n > 0 && list[n].level < list[n - 1].level;
		     n--) {
			struct fallback_config swap = list[n];

			list[n] = list[n - 1];
			list[n - 1] = swap;
		}
}

void config_read_fallbacks(const struct config_section *section,
			   struct uplink_config *uplink)
{
	struct config_section inner;

	for (unsigned i = 0; config_get_section(section, "fallback", i, &inner);
	     i++) {
		if (i == MODEL_FALLBACKS) {
			config_error(section->reader->messages, inner.line,
				     "fallback: more than %d in one uplink",
				     MODEL_FALLBACKS);
			break;
		}
		uplink->fallbacks[i].line = inner.line;
		uplink->fallbacks_count = i + 1;
		read_fallback(&inner, uplink, &uplink->fallbacks[i]);
	}
	sort_fallbacks(uplink);
}
