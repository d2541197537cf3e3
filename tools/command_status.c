// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status.c - "status": the site on one screen.
 *
 * Owns: the order, and the wording of what stands in no file of its own.  The
 * fields are those of loader/status.c; one that a daemon of another version does
 * not send is printed as "-".
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command_status.h"
#include "fields.h"

#define STATUS_PATIENCE 5

static void print_wish(struct json_object *intent)
{
	const char *kind = field_text(intent, "kind");
	bool named = !strcmp(kind, "uplink") || !strcmp(kind, "drain");
	char since[DURATION_TEXT], left[DURATION_TEXT];

	if (!strcmp(kind, "auto")) {
		puts("the operator's wish: auto");
		return;
	}
	printf("the operator's wish: %s%s%s, for %s",
	       !strcmp(kind, "drain") ? "drain " : "",
	       named ? field_text(intent, "uplink") : kind,
	       field_true(intent, "force") ? ", by force" : "",
	       field_age(intent, "since_s", since));
	if (field(intent, "left_s"))
		printf(", %s left", field_age(intent, "left_s", left));
	puts(" (twinpath flip auto ends it)");
}

static void print_shares(struct json_object *shares)
{
	size_t count = field_count(shares);
	int64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += field_number(field_nth(shares, i), "weight");
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = field_nth(shares, i);
		int64_t weight = field_number(one, "weight");

		printf("%s %s %d%%", i ? "," : "shared, by the inside host:",
		       field_text(one, "exit"),
		       total ? (int)((100 * weight + total / 2) / total) : 0);
	}
	if (count)
		putchar('\n');
}

static void print_head(struct json_object *status)
{
	char duration[DURATION_TEXT];

	printf("instance %s: twinpathd %s, up for %s, mode %s%s\n",
	       field_text(status, "instance"), field_text(status, "version"),
	       field_age(status, "uptime_s", duration),
	       field_text(status, "mode"),
	       field_true(status, "ready") ? "" : ", NOT READY");
	printf("%snew sessions leave by %s: %s (event %s)\n",
	       field_true(status, "degraded") ? "DEGRADED: " : "",
	       field(status, "selector") ? field_text(status, "selector") :
					   "none",
	       field_text(status, "reason"), field_text(status, "event"));
	print_shares(field(status, "shares"));
	print_wish(field(status, "intent"));
}

static void print_last_switch(struct json_object *status)
{
	struct json_object *last = field(status, "last_switch");
	char duration[DURATION_TEXT];

	if (!last)
		return;
	printf("last switch: %s -> %s, %s ago (event %s): %s\n",
	       field(last, "from") ? field_text(last, "from") : "none",
	       field(last, "to") ? field_text(last, "to") : "none",
	       field_age(last, "ago_s", duration), field_text(last, "event"),
	       field_text(last, "reason"));
}

static void print_announced(struct json_object *status)
{
	struct json_object *announce = field(status, "announce");

	if (field(announce, "uplink"))
		printf("announced: default by %s, metric %s; ",
		       field_text(announce, "uplink"),
		       field_text(announce, "metric"));
	else
		printf("announced: no default; ");
	printf("marker %s; VRRP weight %s\n",
	       field_true(status, "marker") ? "yes" : "no",
	       field_text(status, "vrrp"));
	printf("last resort, never announced: %s\n",
	       field(status, "last_resort") ?
		       field_text(status, "last_resort") :
		       "none");
}

/* "to 10.8.0.0/16 (ip rule)" for each of a list, after `so_far` others. */
static size_t print_prefixes(struct json_object *list, const char *way,
			     size_t so_far)
{
	size_t count = field_count(list);

	for (size_t i = 0; i < count; i++) {
		struct json_object *one = field_nth(list, i);

		printf("%s%s %s (%s)",
		       so_far + i ? ", " : "left to the kernel: ", way,
		       field_text(one, "prefix"), field_text(one, "origin"));
	}
	return so_far + count;
}

/* Nothing where there is nothing to say. */
static void print_rules(struct json_object *rules)
{
	struct json_object *shaped = field(rules, "shaped");
	size_t count;

	if (!rules)
		return;
	if (field_true(rules, "first_packets"))
		printf("firewall: the kernel sees each session's first packet "
		       "(%s)\n",
		       field_text(rules, "because"));
	if (field(rules, "unasked"))
		printf("firewall: NOT ASKED: %s (firewall = none)\n",
		       field_text(rules, "unasked"));
	count = print_prefixes(field(rules, "to"), "to", 0);
	if (print_prefixes(field(rules, "from"), "from", count))
		putchar('\n');
	for (size_t i = 0; i < field_count(shaped); i++) {
		struct json_object *one = field_nth(shaped, i);

		printf("shaped: %s by %s, so tc sends there\n",
		       field_text(one, "interface"), field_text(one, "qdisc"));
	}
}

static int print_status(struct json_object *status)
{
	struct json_object *uplinks = field(status, "uplinks");

	if (!json_object_is_type(uplinks, json_type_array))
		return command_failed(
			"status: twinpathd's answer has no uplinks: it is of another version");
	print_head(status);
	print_last_switch(status);
	if (!command_status_uplinks(uplinks) ||
	    !command_status_sessions(uplinks) ||
	    !command_status_tracks(uplinks) ||
	    !command_status_publish(field(status, "published")))
		return STATUS_FAILED;
	command_status_partner(field(status, "partner"));
	print_announced(status);
	print_rules(field(status, "rules"));
	return STATUS_OK;
}

int command_status(const struct options *options)
{
	struct instance instance;
	struct json_object *answer;
	struct json_object *status;
	int result = STATUS_OK;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	answer = client_ask(&instance, "status", NULL, STATUS_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	status = field(answer, "status");
	if (options->json)
		puts(json_object_to_json_string_ext(status,
						    JSON_C_TO_STRING_PRETTY));
	else
		result = print_status(status);
	json_object_put(answer);
	return result;
}
