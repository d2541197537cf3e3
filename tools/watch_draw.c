// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch_draw.c - see watch.h: from a status to lines of text.
 *
 * Rates are of the last second, losses of the last minute: of the differences
 * between the answers, for the daemon counts and nothing else.
 */
#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch.h"

#define WIDEST 256

static void put(struct watch *watch, attr_t attributes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One line, cut where the screen ends. */
static void put(struct watch *watch, attr_t attributes, const char *format, ...)
{
	char text[WIDEST];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (watch->line >= LINES)
		return;
	attrset(attributes);
	mvaddnstr(watch->line++, 0, text, COLS);
	attrset(A_NORMAL);
}

static attr_t loud(const char *state)
{
	return !strcmp(state, "up")    ? A_NORMAL :
	       !strcmp(state, "drain") ? A_UNDERLINE :
					 A_REVERSE;
}

/* ---- rates and losses ------------------------------------------------------ */

static struct watch_uplink *memory_of(struct watch *watch, const char *name)
{
	struct watch_uplink *free = NULL;

	for (unsigned i = 0; i < WATCH_UPLINKS; i++) {
		struct watch_uplink *one = &watch->uplinks[i];

		if (!strcmp(one->name, name))
			return one;
		if (!free && !one->name[0])
			free = one;
	}
	if (free)
		snprintf(free->name, sizeof(free->name), "%s", name);
	return free;
}

/* The first probe, which is the one that decides; NULL: a mere interface. */
static struct json_object *probe_of(struct json_object *uplink)
{
	struct json_object *tracks = field(uplink, "tracks");

	for (size_t i = 0; i < field_count(tracks); i++)
		if (!field_is(field_nth(tracks, i), "kind", "interface"))
			return field_nth(tracks, i);
	return NULL;
}

static void sample(struct watch_uplink *memory, struct json_object *uplink)
{
	struct json_object *probe = probe_of(uplink);
	struct watch_sample *now =
		&memory->samples[memory->count++ % WATCH_SAMPLES];

	clock_gettime(CLOCK_MONOTONIC, &now->at);
	now->out = field_number(uplink, "out_bytes");
	now->in = field_number(uplink, "in_bytes");
	now->answered = field_number(probe, "answered");
	now->lost = field_number(probe, "lost");
}

static const struct watch_sample *before(const struct watch_uplink *memory,
					 unsigned ago)
{
	unsigned most = memory->count < WATCH_SAMPLES ? memory->count :
							WATCH_SAMPLES;

	if (ago >= most)
		ago = most - 1;
	return &memory->samples[(memory->count - 1 - ago) % WATCH_SAMPLES];
}

/* "12.3M" bits a second. */
static const char *rate(int64_t bytes, double seconds, char text[16])
{
	static const char units[] = " kMGT";
	double bits = seconds > 0 ? (double)bytes * 8 / seconds : 0;
	unsigned unit = 0;

	while (bits >= 1000 && units[unit + 1]) {
		bits /= 1000;
		unit++;
	}
	snprintf(text, 16, bits < 10 && unit ? "%.1f%c" : "%.0f%c", bits,
		 units[unit]);
	return text;
}

static const char *loss(const struct watch_uplink *memory, char text[16])
{
	const struct watch_sample *now = before(memory, 0);
	const struct watch_sample *then = before(memory, WATCH_SAMPLES - 1);
	int64_t lost = now->lost - then->lost;
	int64_t all = lost + now->answered - then->answered;

	if (all <= 0 || lost < 0)
		return "-";
	snprintf(text, 16, "%.1f", 100.0 * (double)lost / (double)all);
	return text;
}

/* ---- the parts -------------------------------------------------------------- */

static void draw_head(struct watch *watch, struct json_object *status)
{
	struct json_object *last = field(status, "last_switch");
	char text[DURATION_TEXT];

	put(watch, A_BOLD, "twinpath %s: up for %s, mode %s%s   (q quits)",
	    field_text(status, "instance"), field_age(status, "uptime_s", text),
	    field_text(status, "mode"),
	    field_true(status, "ready") ? "" : ", NOT READY");
	put(watch, field_true(status, "degraded") ? A_REVERSE : A_NORMAL,
	    "new sessions leave by %s (event %s): %s",
	    field(status, "selector") ? field_text(status, "selector") : "none",
	    field_text(status, "event"), field_text(status, "reason"));
	if (last)
		put(watch, A_NORMAL,
		    "last switch %s -> %s, %s ago (event %s): %s",
		    field(last, "from") ? field_text(last, "from") : "none",
		    field(last, "to") ? field_text(last, "to") : "none",
		    field_age(last, "ago_s", text), field_text(last, "event"),
		    field_text(last, "reason"));
	watch->line++;
}

static void draw_uplink(struct watch *watch, struct json_object *uplink)
{
	struct watch_uplink *memory =
		memory_of(watch, field_text(uplink, "name"));
	const struct watch_sample *now, *then;
	char lost[16], out[16], in[16];
	double seconds;

	if (!memory)
		return;
	sample(memory, uplink);
	now = before(memory, 0);
	then = before(memory, 1);
	seconds = (double)(now->at.tv_sec - then->at.tv_sec) +
		  (double)(now->at.tv_nsec - then->at.tv_nsec) / 1e9;
	put(watch, loud(field_text(uplink, "state")),
	    "%-14s %5s %-6s %8s %6s %9s %8s %8s %8s",
	    field_text(uplink, "name"), field_text(uplink, "level"),
	    field_text(uplink, "state"), field_text(probe_of(uplink), "rtt_ms"),
	    loss(memory, lost), field_text(uplink, "sessions"),
	    field_text(uplink, "tcp_sessions"),
	    rate(now->out - then->out, seconds, out),
	    rate(now->in - then->in, seconds, in));
}

static void draw_uplinks(struct watch *watch, struct json_object *uplinks)
{
	put(watch, A_BOLD, "%-14s %5s %-6s %8s %6s %9s %8s %8s %8s", "uplink",
	    "level", "state", "RTT ms", "loss%", "sessions", "TCP", "out b/s",
	    "in b/s");
	for (size_t i = 0; i < field_count(uplinks); i++)
		draw_uplink(watch, field_nth(uplinks, i));
	watch->line++;
}

static void draw_track(struct watch *watch, const char *uplink,
		       struct json_object *track)
{
	char since[DURATION_TEXT], due[DURATION_TEXT], name[40];

	snprintf(name, sizeof(name), "%s/%s", uplink,
		 field_text(track, "name"));
	put(watch, loud(field_text(track, "state")),
	    "%-31s %-7s %8s %7s  %s%s%s", name, field_text(track, "state"),
	    field_age(track, "since_s", since), field_text(track, "changes"),
	    field(track, "pending_s") ? field_text(track, "raw") : "",
	    field(track, "pending_s") ? " in " : "",
	    field(track, "pending_s") ? field_age(track, "pending_s", due) :
					"");
}

static void draw_tracks(struct watch *watch, struct json_object *uplinks)
{
	put(watch, A_BOLD, "%-31s %-7s %8s %7s  %s", "track", "state", "for",
	    "changes", "pending");
	for (size_t i = 0; i < field_count(uplinks); i++) {
		struct json_object *uplink = field_nth(uplinks, i);
		struct json_object *tracks = field(uplink, "tracks");

		for (size_t t = 0; t < field_count(tracks); t++)
			draw_track(watch, field_text(uplink, "name"),
				   field_nth(tracks, t));
	}
	watch->line++;
}

static void draw_partner(struct watch *watch, struct json_object *partner)
{
	struct json_object *says = field(partner, "says");
	struct json_object *uplinks = field(says, "uplinks");
	struct json_object *heartbeat = field(partner, "heartbeat");

	if (!partner) {
		put(watch, A_NORMAL, "partner: none");
		return;
	}
	put(watch, A_BOLD, "partner %s (%s): data plane %s, heartbeat %s",
	    field_text(partner, "address"), field_text(partner, "type"),
	    field_text(field(partner, "data_plane"), "state"),
	    !heartbeat			     ? "none" :
	    field_true(heartbeat, "two_way") ? "both ways" :
	    field_true(heartbeat, "fresh")   ? "one way" :
					       "not heard");
	if (says)
		put(watch, A_NORMAL,
		    "  %s, new sessions leave by %s, %s sessions",
		    field_true(says, "ready") ? "ready" : "not ready",
		    field_text(says, "selector"), field_text(says, "sessions"));
	for (size_t i = 0; i < field_count(uplinks); i++) {
		struct json_object *one = field_nth(uplinks, i);

		put(watch, loud(field_text(one, "state")), "  %-13s %5s %-6s",
		    field_text(one, "name"), field_text(one, "level"),
		    field_text(one, "state"));
	}
}

void watch_draw(struct watch *watch, struct json_object *status)
{
	struct json_object *uplinks = field(status, "uplinks");

	watch->line = 0;
	draw_head(watch, status);
	draw_uplinks(watch, uplinks);
	draw_tracks(watch, uplinks);
	draw_partner(watch, field(status, "partner"));
}
