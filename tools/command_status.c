// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_status.c - "status": the site on one screen.
 *
 * Owns: the wording.  The fields are those of loader/status.c; one that a
 * daemon of another version does not send is printed as "-".
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "columns.h"
#include "command_status.h"
#include "duration.h"

#define STATUS_PATIENCE 5

static struct json_object *field(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) ? value : NULL;
}

static const char *text(struct json_object *of, const char *key)
{
	struct json_object *value = field(of, key);

	return value ? json_object_get_string(value) : "-";
}

static bool is_true(struct json_object *of, const char *key)
{
	return json_object_get_boolean(field(of, key));
}

/* Seconds as a duration, to the second; "-" for null. */
static const char *age(struct json_object *of, const char *key,
		       char out[DURATION_TEXT])
{
	struct json_object *value = field(of, key);

	if (!value)
		return "-";
	return duration_print((msec_t)json_object_get_double(value) * 1000,
			      out);
}

static void print_wish(struct json_object *intent)
{
	const char *kind = text(intent, "kind");
	bool named = !strcmp(kind, "uplink") || !strcmp(kind, "drain");
	char since[DURATION_TEXT], left[DURATION_TEXT];

	if (!strcmp(kind, "auto")) {
		puts("the operator's wish: auto");
		return;
	}
	printf("the operator's wish: %s%s%s, for %s",
	       !strcmp(kind, "drain") ? "drain " : "",
	       named ? text(intent, "uplink") : kind,
	       is_true(intent, "force") ? ", by force" : "",
	       age(intent, "since_s", since));
	if (field(intent, "left_s"))
		printf(", %s left", age(intent, "left_s", left));
	puts(" (twinpath flip auto ends it)");
}

static void print_shares(struct json_object *shares)
{
	size_t count = shares ? json_object_array_length(shares) : 0;
	int64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += json_object_get_int64(
			field(json_object_array_get_idx(shares, i), "weight"));
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(shares, i);
		int64_t weight = json_object_get_int64(field(one, "weight"));

		printf("%s %s %d%%", i ? "," : "shared, by the inside host:",
		       text(one, "exit"),
		       total ? (int)((100 * weight + total / 2) / total) : 0);
	}
	if (count)
		putchar('\n');
}

static void print_head(struct json_object *status)
{
	char duration[DURATION_TEXT];

	printf("instance %s: twinpathd %s, up for %s, mode %s%s\n",
	       text(status, "instance"), text(status, "version"),
	       age(status, "uptime_s", duration), text(status, "mode"),
	       is_true(status, "ready") ? "" : ", NOT READY");
	printf("%snew sessions leave by %s: %s (event %s)\n",
	       is_true(status, "degraded") ? "DEGRADED: " : "",
	       field(status, "selector") ? text(status, "selector") : "none",
	       text(status, "reason"), text(status, "event"));
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
	       field(last, "from") ? text(last, "from") : "none",
	       field(last, "to") ? text(last, "to") : "none",
	       age(last, "ago_s", duration), text(last, "event"),
	       text(last, "reason"));
}

/* "1", or "1, now 3" while it serves as a fallback. */
static const char *level_of(struct json_object *uplink, char *out, size_t size)
{
	const char *best = text(uplink, "level");
	const char *now = text(uplink, "level_now");

	if (!field(uplink, "level_now") || !strcmp(best, now))
		return best;
	snprintf(out, size, "%s, now %s", best, now);
	return out;
}

static bool print_uplinks(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink",  "interface", "exit",	    "level",   "state",
		"carrier", "address",	"next hop", "its MAC",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 9, titles);
	char level[32];
	size_t i;

	for (i = 0; ok && i < json_object_array_length(uplinks); i++) {
		struct json_object *uplink =
			json_object_array_get_idx(uplinks, i);

		ok = columns_add(
			&columns,
			(const char *const[]){
				text(uplink, "name"), text(uplink, "interface"),
				text(uplink, "exit"),
				level_of(uplink, level, sizeof(level)),
				text(uplink, "state"),
				is_true(uplink, "carrier") ? "yes" : "no",
				text(uplink, "address"),
				text(uplink, "next_hop"),
				text(uplink, "next_hop_mac") });
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
			 age(uplink, "cut_in_s", duration));
	else if (is_true(uplink, "cut"))
		snprintf(out, size, "cut");
	else if (field(uplink, "home_in_s"))
		snprintf(out, size, "UDP and ICMP move in %s",
			 age(uplink, "home_in_s", duration));
	else if (field(uplink, "waits_s"))
		snprintf(out, size, "wait for it, %s",
			 age(uplink, "waits_s", duration));
	else if (!strcmp(text(uplink, "state"), "dead"))
		snprintf(out, size, "are told");
	else
		snprintf(out, size, "stay");
}

static bool print_sessions(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink", "sessions", "TCP", "bindings", "failback", "they",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 6, titles);
	char they[DURATION_TEXT + 32];
	size_t i;

	for (i = 0; ok && i < json_object_array_length(uplinks); i++) {
		struct json_object *uplink =
			json_object_array_get_idx(uplinks, i);

		outlook(uplink, they, sizeof(they));
		ok = columns_add(&columns,
				 (const char *const[]){
					 text(uplink, "name"),
					 text(uplink, "sessions"),
					 text(uplink, "tcp_sessions"),
					 text(uplink, "bindings"),
					 text(uplink, "failback"), they });
	}
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}

/*
 * "up", or "up, down in 3s" while a change is delayed; and of an echo that does
 * not count, why.
 */
static void track_state(struct json_object *track, char *out, size_t size)
{
	char duration[DURATION_TEXT];
	struct json_object *probe = field(track, "probe");
	const char *state = text(track, "state");
	const char *raw = text(track, "raw");
	bool flaps = field(track, "suppressed_s");

	if (field(track, "pending_s"))
		snprintf(out, size, "%s, %s in %s%s", state, raw,
			 age(track, "pending_s", duration),
			 flaps ? " (flaps)" : "");
	else if (field(probe, "armed") &&
		 strcmp(text(probe, "armed"), "armed") != 0)
		snprintf(out, size, "%s, %s", state, text(probe, "armed"));
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
		return text(track, "target");
	for (size_t i = 0; i < json_object_array_length(names) && used < size;
	     i++)
		used += (size_t)snprintf(
			out + used, size - used, "%s%s", i ? "," : "",
			json_object_get_string(
				json_object_array_get_idx(names, i)));
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
			text(uplink, "name"), text(track, "name"),
			text(track, "kind"),
			track_target(track, of, sizeof(of)), state,
			age(track, "since_s", duration), text(track, "changes"),
			text(track, "sent"), text(track, "answered"),
			text(track, "late"), text(track, "lost"),
			text(probe, "loss_percent"), text(probe, "rtt_ms"),
			text(probe, "jitter_ms") });
}

static bool print_tracks(struct json_object *uplinks)
{
	static const char *const titles[] = {
		"uplink", "track",   "kind",   "target",   "state",
		"for",	  "changes", "sent",   "answered", "late",
		"lost",	  "loss %",  "rtt ms", "jitter",
	};
	struct columns columns;
	bool ok = columns_init(&columns, 14, titles);
	size_t i, t;

	for (i = 0; i < json_object_array_length(uplinks); i++) {
		struct json_object *uplink =
			json_object_array_get_idx(uplinks, i);
		struct json_object *tracks = field(uplink, "tracks");

		for (t = 0;
		     ok && tracks && t < json_object_array_length(tracks); t++)
			ok = add_track(&columns, uplink,
				       json_object_array_get_idx(tracks, t));
	}
	putchar('\n');
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok;
}

/* What its daemon says of itself, while it is heard. */
static void print_says(struct json_object *says)
{
	struct json_object *uplinks = field(says, "uplinks");
	size_t count = uplinks ? json_object_array_length(uplinks) : 0;

	printf("  it says: version %s, %s, new sessions leave by %s",
	       text(says, "version"),
	       is_true(says, "ready") ? "ready" : "not ready",
	       text(says, "selector"));
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(uplinks, i);

		printf("; %s (level %s) %s", text(one, "name"),
		       text(one, "level"), text(one, "state"));
	}
	putchar('\n');
}

static void print_heard(struct json_object *partner)
{
	struct json_object *plane = field(partner, "data_plane");
	struct json_object *heartbeat = field(partner, "heartbeat");

	if (plane)
		printf("  data plane %s, ", text(plane, "state"));
	if (!heartbeat)
		puts("no heartbeat (no key)");
	else if (!is_true(heartbeat, "fresh"))
		puts("heartbeat not heard");
	else
		printf("heartbeat %s\n",
		       is_true(heartbeat, "two_way") ?
			       "heard both ways" :
			       "heard, but it does not hear us");
	if (field(partner, "says"))
		print_says(field(partner, "says"));
}

static void print_partner(struct json_object *status)
{
	struct json_object *partner = field(status, "partner");

	if (!partner) {
		puts("\npartner: none");
		return;
	}
	printf("\npartner: %s (%s) by %s, MAC %s, marker %s, default %s\n",
	       text(partner, "address"), text(partner, "type"),
	       text(partner, "interface"),
	       field(partner, "mac")	     ? text(partner, "mac") :
	       is_true(partner, "reachable") ? "none" :
					       "not known yet",
	       is_true(partner, "marker") ? "seen" : "not seen",
	       is_true(partner, "offers_default") ? "offered" : "not offered");
	print_heard(partner);
}

static void print_announced(struct json_object *status)
{
	struct json_object *announce = field(status, "announce");

	if (field(announce, "uplink"))
		printf("announced: default by %s, metric %s; ",
		       text(announce, "uplink"), text(announce, "metric"));
	else
		printf("announced: no default; ");
	printf("marker %s; VRRP weight %s\n",
	       is_true(status, "marker") ? "yes" : "no", text(status, "vrrp"));
	printf("last resort, never announced: %s\n",
	       field(status, "last_resort") ? text(status, "last_resort") :
					      "none");
}

/* "to 10.8.0.0/16 (ip rule)" for each of a list, after `so_far` others. */
static size_t print_prefixes(struct json_object *list, const char *way,
			     size_t so_far)
{
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		printf("%s%s %s (%s)",
		       so_far + i ? ", " : "left to the kernel: ", way,
		       text(one, "prefix"), text(one, "origin"));
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
	if (is_true(rules, "first_packets"))
		printf("firewall: the kernel sees each session's first packet "
		       "(%s)\n",
		       text(rules, "because"));
	if (field(rules, "unasked"))
		printf("firewall: NOT ASKED: %s (firewall = none)\n",
		       text(rules, "unasked"));
	count = print_prefixes(field(rules, "to"), "to", 0);
	if (print_prefixes(field(rules, "from"), "from", count))
		putchar('\n');
	for (size_t i = 0; shaped && i < json_object_array_length(shaped);
	     i++) {
		struct json_object *one = json_object_array_get_idx(shaped, i);

		printf("shaped: %s by %s, so tc sends there\n",
		       text(one, "interface"), text(one, "qdisc"));
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
	if (!print_uplinks(uplinks) || !print_sessions(uplinks) ||
	    !print_tracks(uplinks) ||
	    !command_status_publish(field(status, "published")))
		return STATUS_FAILED;
	print_partner(status);
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
