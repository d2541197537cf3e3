// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_track_check.c - what the tracks and levels of an uplink mean together.
 *
 * Owns: the refusal of lists that contain themselves.  Everything else that walks
 * through lists relies on it, and so it must come first.
 */
#include <stdio.h>
#include <string.h>

#include "config_check.h"
#include "config_track.h"
#include "track_list.h"

struct walk {
	const struct uplink_config *uplink;
	uint32_t seen; /* bits: whence there is no way, or none but this */
	unsigned depth;
	unsigned path[MODEL_TRACKS + 1];
};

/* Leads a way from the end of the path back to its beginning? */
static bool returns(struct walk *walk)
{
	const struct track_config *track =
		&walk->uplink->tracks[walk->path[walk->depth]];

	for (unsigned i = 0; i < track->members_count; i++) {
		unsigned member = track->members[i].track;

		if (walk->seen & (1U << member))
			continue;
		walk->seen |= 1U << member;
		walk->path[++walk->depth] = member;
		if (member == walk->path[0] || returns(walk))
			return true;
		walk->depth--;
	}
	return false;
}

static bool check_circles(const struct uplink_config *uplink,
			  struct config_messages *messages)
{
	bool found = false;

	for (unsigned i = 0; i < uplink->tracks_count; i++) {
		const struct track_config *track = &uplink->tracks[i];
		struct walk walk = { .uplink = uplink, .path = { i } };
		char way[(MODEL_TRACKS + 1) * (MODEL_NAME + 4)] = "";
		size_t used = 0;

		if (!returns(&walk))
			continue;
		found = true;
		for (unsigned n = 0; n <= walk.depth; n++)
			used += (size_t)snprintf(
				way + used, sizeof(way) - used, "%s%s",
				n > 0 ? " -> " : "",
				uplink->tracks[walk.path[n]].name);
		config_error(messages, track->line,
			     "%s %s: it contains itself: %.100s",
			     track_kind_name(track->kind), track->name, way);
	}
	return found;
}

static bool contains(const struct uplink_config *uplink, unsigned from,
		     unsigned track)
{
	const struct track_config *list = &uplink->tracks[from];

	if (from == track)
		return true;
	for (unsigned i = 0; i < list->members_count; i++)
		if (contains(uplink, list->members[i].track, track))
			return true;
	return false;
}

/* Does the uplink's verdict rest on this track, be it through lists? */
static bool rests_on(const struct uplink_config *uplink, unsigned track)
{
	for (unsigned i = 0; i < uplink->tracks_count; i++)
		if (config_follows(uplink, i) && contains(uplink, i, track))
			return true;
	return false;
}

static void check_names(const struct uplink_config *uplink,
			struct config_messages *messages)
{
	for (unsigned i = 1; i < uplink->tracks_count; i++)
		for (unsigned n = 1; n < i; n++) {
			const struct track_config *one = &uplink->tracks[i];
			const struct track_config *other = &uplink->tracks[n];

			if (strcmp(one->name, other->name) == 0)
				config_error(messages, one->line,
					     "%s %s: line %u has a track of "
					     "this name already",
					     track_kind_name(one->kind),
					     one->name, other->line);
		}
}

static void check_unused(const struct uplink_config *uplink,
			 struct config_messages *messages)
{
	for (unsigned i = 1; i < uplink->tracks_count; i++) {
		const struct track_config *track = &uplink->tracks[i];

		if (!rests_on(uplink, i))
			config_warning(messages, track->line,
				       "%s %s: nothing refers to it: add "
				       "'track = %s' to uplink %s, or remove "
				       "it",
				       track_kind_name(track->kind),
				       track->name, track->name, uplink->name);
	}
}

/* A list over probes of one kind: how it hangs together is in its name. */
static void check_damp(const struct config_text *text, const char *path,
		       const struct damp_config *damp,
		       struct config_messages *messages)
{
	unsigned line = config_text_line(text, "%s/dampening", path);
	unsigned most;

	if (line == 0)
		return;
	if (damp->reuse >= damp->suppress) {
		config_error(messages, line,
			     "dampening: reuse (%u) is not below suppress (%u)",
			     damp->reuse, damp->suppress);
		return;
	}
	most = track_damp_ceiling(damp);
	if (most <= damp->suppress)
		config_error(messages, line,
			     "dampening: with this max-suppress the penalty "
			     "is at most %u, never above suppress (%u): make "
			     "it longer, or half-life shorter",
			     most, damp->suppress);
}

static void check_damps(const struct config_text *text,
			const struct uplink_config *uplink,
			struct config_messages *messages)
{
	char path[CONFIG_TEXT_PATH];

	snprintf(path, sizeof(path), "uplink %s", uplink->name);
	check_damp(text, path, &uplink->damp, messages);
	for (unsigned i = 1; i < uplink->tracks_count; i++) {
		const struct track_config *track = &uplink->tracks[i];

		snprintf(path, sizeof(path), "uplink %s/%s %s", uplink->name,
			 track_kind_name(track->kind), track->name);
		check_damp(text, path, &track->damp, messages);
	}
}

/* By its routes alone a partner has a default, or it has none. */
static void check_fallbacks(const struct config *config,
			    const struct uplink_config *uplink,
			    struct config_messages *messages)
{
	if (uplink->fallbacks_count > 0 &&
	    config->partner.type == TP_PARTNER_TWINPATH &&
	    config->partner.key_file[0] == '\0')
		config_warning(messages, uplink->fallbacks[0].line,
			       "fallback %u: without a heartbeat the gateways "
			       "cannot compare levels: give both the same key "
			       "in partner",
			       uplink->fallbacks[0].level);
	for (unsigned i = 0; i < uplink->fallbacks_count; i++) {
		const struct fallback_config *fallback = &uplink->fallbacks[i];

		if (fallback->level > 0 && fallback->level <= uplink->level)
			config_error(messages, fallback->line,
				     "fallback %u: the uplink is at level %u "
				     "already: a fallback is for a worse one",
				     fallback->level, uplink->level);
		if (fallback->track == uplink->track)
			config_warning(messages, fallback->line,
				       "fallback %u: its track is the uplink's "
				       "own: it is never used",
				       fallback->level);
	}
}

/* Alone at its level, nobody shares with it. */
static void check_share(const struct config *config,
			const struct config_text *text,
			const struct uplink_config *uplink,
			struct config_messages *messages)
{
	bool key = config->partner.key_file[0] != '\0';
	const struct uplink_config *with = NULL;
	unsigned line;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		const struct uplink_config *other = &config->uplinks[i];

		if (other != uplink && other->level == uplink->level &&
		    other->share != 0)
			with = other;
	}
	if (uplink->share == 0 && with != NULL)
		config_warning(messages, uplink->line,
			       "uplink %s: it is of the level that %s shares, "
			       "and has no share itself",
			       uplink->name, with->name);
	line = config_text_line(text, "uplink %s/share", uplink->name);
	if (line != 0 && with == NULL && !key)
		config_warning(messages, line,
			       "share: nobody shares level %u with uplink %s: "
			       "give another uplink a share there, or both "
			       "gateways a key",
			       uplink->level, uplink->name);
}

void config_check_tracks(const struct config *config,
			 const struct config_text *text,
			 const struct uplink_config *uplink,
			 struct config_messages *messages)
{
	check_names(uplink, messages);
	check_damps(text, uplink, messages);
	check_fallbacks(config, uplink, messages);
	check_share(config, text, uplink, messages);
	if (!check_circles(uplink, messages))
		check_unused(uplink, messages);
}
