// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status_tracks.c - the tracks on the screen of "status", and how their
 * probes fare.
 *
 * Owns: the wording.
 */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "command_status.h"
#include "fields.h"

/*
 * "up", or "up, down in 3s" while a change is delayed; and of an echo that does
 * not count, why.
 */
static void track_state(struct json_object *track, char *out, size_t size)
{
	char duration[DURATION_TEXT];
	struct json_object *probe = field(track, "probe");
	const char *state = field_text(track, "state");
	const char *raw = field_text(track, "raw");
	bool flaps = field(track, "suppressed_s");

	if (field(track, "pending_s"))
		snprintf(out, size, "%s, %s in %s%s", state, raw,
			 field_age(track, "pending_s", duration),
			 flaps ? " (flaps)" : "");
	else if (field(probe, "armed") &&
		 strcmp(field_text(probe, "armed"), "armed") != 0)
		snprintf(out, size, "%s, %s", state,
			 field_text(probe, "armed"));
	else
		snprintf(out, size, "%s%s", state, flaps ? " (flaps)" : "");
}

/* Whom it asks, or what it consists of. */
static const char *track_target(struct json_object *track, char *out,
				size_t size)
{
	struct json_object *names = field(track, "tracks");
	size_t used = 0;

	if (!names)
		return field_text(track, "target");
	*out = '\0';
	for (size_t i = 0; i < field_count(names) && used < size; i++)
		used += (size_t)snprintf(
			out + used, size - used, "%s%s", i ? "," : "",
			json_object_get_string(field_nth(names, i)));
	return out;
}

static bool add_track(struct columns *columns, struct json_object *uplink,
		      struct json_object *track)
{
	char duration[DURATION_TEXT], state[DURATION_TEXT + 32], of[40];
	struct json_object *probe = field(track, "probe");

	track_state(track, state, sizeof(state));
	return columns_add(
		columns,
		(const char *const[]){
			field_text(uplink, "name"), field_text(track, "name"),
			field_text(track, "kind"),
			track_target(track, of, sizeof(of)), state,
			field_age(track, "since_s", duration),
			field_text(track, "changes"), field_text(track, "sent"),
			field_text(track, "answered"),
			field_text(track, "late"), field_text(track, "lost"),
			field_text(probe, "loss_percent"),
			field_text(probe, "rtt_ms"),
			field_text(probe, "jitter_ms") });
}

bool command_status_tracks(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink", "track",   "kind",   "target",   "state",
		"for",	  "changes", "sent",   "answered", "late",
		"lost",	  "loss %",  "rtt ms", "jitter",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 14, titles);
	size_t i, t;

	for (i = 0; i < field_count(uplinks); i++) {
		struct json_object *uplink = field_nth(uplinks, i);
		struct json_object *tracks = field(uplink, "tracks");

		for (t = 0; ok && t < field_count(tracks); t++)
			ok = add_track(&columns, uplink, field_nth(tracks, t));
	}
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}
