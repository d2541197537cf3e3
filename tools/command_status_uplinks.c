// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status_uplinks.c - the uplinks on the screen of "status", and what they
 * hold.
 *
 * Owns: the wording.
 */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "command_status.h"
#include "fields.h"

/* "1", or "1, now 3" while it serves as a fallback. */
static const char *level_of(struct json_object *uplink, char *out, size_t size)
{
	const char *best = field_text(uplink, "level");
	const char *now = field_text(uplink, "level_now");

	if (!field(uplink, "level_now") || !strcmp(best, now))
		return best;
	snprintf(out, size, "%s, now %s", best, now);
	return out;
}

bool command_status_uplinks(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink",  "interface", "exit",	    "level",   "state",
		"carrier", "address",	"next hop", "its MAC",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 9, titles);
	char level[32];
	size_t i;

	for (i = 0; ok && i < field_count(uplinks); i++) {
		struct json_object *uplink = field_nth(uplinks, i);

		ok = columns_add(&columns,
				 (const char *const[]){
					 field_text(uplink, "name"),
					 field_text(uplink, "interface"),
					 field_text(uplink, "exit"),
					 level_of(uplink, level, sizeof(level)),
					 field_text(uplink, "state"),
					 field_true(uplink, "carrier") ? "yes" :
									 "no",
					 field_text(uplink, "address"),
					 field_text(uplink, "next_hop"),
					 field_text(uplink, "next_hop_mac") });
	}
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}

/* What is to become of the sessions that the uplink holds. */
static void outlook(struct json_object *uplink, char *out, size_t size)
{
	char duration[DURATION_TEXT];

	if (field(uplink, "cut_in_s"))
		snprintf(out, size, "cut in %s",
			 field_age(uplink, "cut_in_s", duration));
	else if (field_true(uplink, "cut"))
		snprintf(out, size, "cut");
	else if (field(uplink, "home_in_s"))
		snprintf(out, size, "UDP and ICMP move in %s",
			 field_age(uplink, "home_in_s", duration));
	else if (field(uplink, "waits_s"))
		snprintf(out, size, "wait for it, %s",
			 field_age(uplink, "waits_s", duration));
	else if (!strcmp(field_text(uplink, "state"), "dead"))
		snprintf(out, size, "are told");
	else
		snprintf(out, size, "stay");
}

bool command_status_sessions(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink", "sessions", "TCP", "bindings", "failback", "they",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 6, titles);
	char they[DURATION_TEXT + 32];
	size_t i;

	for (i = 0; ok && i < field_count(uplinks); i++) {
		struct json_object *uplink = field_nth(uplinks, i);

		outlook(uplink, they, sizeof(they));
		ok = columns_add(&columns,
				 (const char *const[]){
					 field_text(uplink, "name"),
					 field_text(uplink, "sessions"),
					 field_text(uplink, "tcp_sessions"),
					 field_text(uplink, "bindings"),
					 field_text(uplink, "failback"),
					 they });
	}
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}
