// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch.c - when the data planes were told what: watch DIRECTORY...
 *
 * Owns: a look at the pinned maps every millisecond.  "The decision" of a
 * failover is the moment in which the selector or an exit's state changed
 * there, not when somebody logged it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "tool.h"
#include "twinpath/maps.h"

#define EVERY 1000 /* us */
#define REOPEN 50  /* turns: a gateway that was reset has other maps */
#define PLANES 4
#define NAME 24

struct plane {
	const char *directory;
	int selector, exits;
	char selected[NAME];
	struct tp_exit exit[TP_MAX_EXITS];
};

struct change {
	usec_t at;
	unsigned plane;
	char what[NAME], is[NAME];
};

static struct plane planes[PLANES];
static unsigned planes_count, turn;
static struct change *changes;
static unsigned changes_count;

static void note(const struct plane *plane, usec_t now, const char *what,
		 const char *is)
{
	struct change *change =
		tool_grow(&changes, &changes_count, sizeof(*change));

	change->at = now;
	change->plane = (unsigned)(plane - planes);
	snprintf(change->what, sizeof(change->what), "%s", what);
	snprintf(change->is, sizeof(change->is), "%s", is);
}

static void reopen(struct plane *plane)
{
	char path[256];

	if (plane->selector > 0)
		close(plane->selector);
	if (plane->exits > 0)
		close(plane->exits);
	snprintf(path, sizeof(path), "%s/selector", plane->directory);
	plane->selector = bpf_obj_get(path);
	snprintf(path, sizeof(path), "%s/exits", plane->directory);
	plane->exits = bpf_obj_get(path);
}

static void look_at_exits(struct plane *plane, usec_t now)
{
	static const char *const states[] = { "dead", "avoid", "drain", "up" };

	for (uint32_t id = 1; id < TP_MAX_EXITS; id++) {
		struct tp_exit exit;

		if (bpf_map_lookup_elem(plane->exits, &id, &exit))
			return;
		if (!exit.kind)
			break;
		if (exit.kind == TP_EXIT_UPLINK &&
		    exit.state != plane->exit[id].state && exit.state < 4)
			note(plane, now, exit.name, states[exit.state]);
		plane->exit[id] = exit;
	}
}

static void look(struct plane *plane, usec_t now)
{
	struct tp_selector selector;
	uint32_t zero = 0;
	const char *name;

	if (plane->selector < 0 || plane->exits < 0 ||
	    bpf_map_lookup_elem(plane->selector, &zero, &selector))
		return;
	look_at_exits(plane, now);
	if (selector.exit >= TP_MAX_EXITS)
		return;
	name = selector.exit ? plane->exit[selector.exit].name : "none";
	if (!strcmp(name, plane->selected))
		return;
	snprintf(plane->selected, sizeof(plane->selected), "%s", name);
	note(plane, now, "selector", name);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	for (unsigned i = 0; i < planes_count; i++) {
		if (!(turn % REOPEN))
			reopen(&planes[i]);
		look(&planes[i], tool_now());
	}
	turn++;
}

/* Of each change: when, which directory, what, what it is now. */
static void report(char **words, FILE *out)
{
	(void)words;
	fprintf(out, "[");
	for (unsigned i = 0; i < changes_count; i++)
		fprintf(out, "%s[%.6f,%u,\"%s\",\"%s\"]", i ? "," : "",
			tool_seconds(changes[i].at), changes[i].plane,
			changes[i].what, changes[i].is);
	fprintf(out, "]");
}

int main(int count, char **words)
{
	static const struct tool_command commands[] = {
		{ "report", "", report },
		{},
	};
	const struct timeval every = { 0, EVERY };
	struct event *event =
		event_new(tool_base(), -1, EV_PERSIST, on_turn, NULL);

	if (count < 2 || count > PLANES + 1)
		tool_fail("usage: watch DIRECTORY...");
	for (int i = 1; i < count; i++)
		planes[planes_count++] =
			(struct plane){ words[i], -1, -1, "", {} };
	if (!event || event_add(event, &every))
		tool_fail("no timer: %s", strerror(errno));
	return tool_run(commands);
}
