// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status_partner.c - the partner on the screen of "status": what is known
 * of it, and what it says of itself.
 *
 * Owns: the wording.
 */
#include <stdio.h>

#include "command_status.h"
#include "fields.h"

/* What its daemon says of itself, while it is heard. */
static void print_says(struct json_object *says)
{
	struct json_object *uplinks = field(says, "uplinks");
	size_t count = field_count(uplinks);

	printf("  it says: version %s, %s, new sessions leave by %s",
	       field_text(says, "version"),
	       field_true(says, "ready") ? "ready" : "not ready",
	       field_text(says, "selector"));
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = field_nth(uplinks, i);

		printf("; %s (level %s) %s", field_text(one, "name"),
		       field_text(one, "level"), field_text(one, "state"));
	}
	putchar('\n');
}

static void print_heard(struct json_object *partner)
{
	struct json_object *plane = field(partner, "data_plane");
	struct json_object *heartbeat = field(partner, "heartbeat");

	if (plane)
		printf("  data plane %s, ", field_text(plane, "state"));
	if (!heartbeat)
		puts("no heartbeat (no key)");
	else if (!field_true(heartbeat, "fresh"))
		puts("heartbeat not heard");
	else
		printf("heartbeat %s\n",
		       field_true(heartbeat, "two_way") ?
			       "heard both ways" :
			       "heard, but it does not hear us");
	if (field(partner, "says"))
		print_says(field(partner, "says"));
}

void command_status_partner(struct json_object *partner)
{
	if (!partner) {
		puts("\npartner: none");
		return;
	}
	printf("\npartner: %s (%s) by %s, MAC %s, marker %s, default %s\n",
	       field_text(partner, "address"), field_text(partner, "type"),
	       field_text(partner, "interface"),
	       field(partner, "mac")		? field_text(partner, "mac") :
	       field_true(partner, "reachable") ? "none" :
						  "not known yet",
	       field_true(partner, "marker") ? "seen" : "not seen",
	       field_true(partner, "offers_default") ? "offered" :
						       "not offered");
	print_heard(partner);
}
