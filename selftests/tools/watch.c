// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch.c - when the data planes were told what: watch DIRECTORY LOG...
 *
 * Owns: a look every millisecond at the pinned maps and at the daemons' logs,
 * two words for each gateway.  "The decision" of a failover is the moment in
 * which the selector or an exit's state changed there; the log says why.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "tool.h"
#include "twinpath/maps.h"

#define EVERY 1000 /* us */
#define REOPEN 50  /* turns: a gateway that was reset has other maps */
#define PLANES 4
#define NAME 24
#define LINE 200

struct plane {
	const char *directory, *log;
	int log_fd;
	char line[LINE]; /* not whole yet */
	unsigned line_length;
	int selector, exits, addresses;
	char selected[NAME];
	struct tp_exit exit[TP_MAX_EXITS];
	struct tp_address address[TP_MAX_ADDRESSES];
};

struct change {
	usec_t at;
	unsigned plane;
	char what[NAME], is[LINE];
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

static int reopen(const struct plane *plane, const char *name, int old)
{
	char path[256];

	if (old >= 0)
		close(old);
	snprintf(path, sizeof(path), "%s/%s", plane->directory, name);
	return bpf_obj_get(path);
}

static void reopen_all(struct plane *plane)
{
	plane->selector = reopen(plane, "selector", plane->selector);
	plane->exits = reopen(plane, "exits", plane->exits);
	plane->addresses = reopen(plane, "addresses", plane->addresses);
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

/* Another generation: what was opened under the one before is no session. */
static void look_at_addresses(struct plane *plane, usec_t now)
{
	for (uint32_t id = 0; id < TP_MAX_ADDRESSES; id++) {
		struct tp_address *old = &plane->address[id], address;

		if (bpf_map_lookup_elem(plane->addresses, &id, &address))
			return;
		if (address.generation != old->generation &&
		    address.exit < TP_MAX_EXITS)
			note(plane, now, plane->exit[address.exit].name,
			     "another generation");
		*old = address;
	}
}

/* JSON's own characters are of no interest in a log. */
static void read_log(struct plane *plane, usec_t now)
{
	char text[4096];
	ssize_t got;

	if (plane->log_fd < 0)
		plane->log_fd = open(plane->log, O_RDONLY | O_CLOEXEC);
	got = plane->log_fd < 0 ? 0 : read(plane->log_fd, text, sizeof(text));
	for (ssize_t i = 0; i < got; i++) {
		char c = text[i];

		if (c == '\n') {
			plane->line[plane->line_length] = '\0';
			note(plane, now, "log", plane->line);
			plane->line_length = 0;
		} else if (plane->line_length < LINE - 1) {
			plane->line[plane->line_length++] =
				c == '"' || c == '\\' || c < ' ' ? ' ' : c;
		}
	}
}

static void look(struct plane *plane, usec_t now)
{
	struct tp_selector selector;
	uint32_t zero = 0;
	const char *name;

	if (plane->selector < 0 || plane->exits < 0 || plane->addresses < 0 ||
	    bpf_map_lookup_elem(plane->selector, &zero, &selector))
		return;
	look_at_exits(plane, now);
	look_at_addresses(plane, now);
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
			reopen_all(&planes[i]);
		read_log(&planes[i], tool_now());
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

	if (count < 3 || count % 2 == 0 || count > 2 * PLANES + 1)
		tool_fail("usage: watch DIRECTORY LOG...");
	for (int i = 1; i < count; i += 2)
		planes[planes_count++] = (struct plane){
			.directory = words[i],
			.log = words[i + 1],
			.log_fd = -1,
			.selector = -1,
			.exits = -1,
			.addresses = -1,
		};
	if (!event || event_add(event, &every))
		tool_fail("no timer: %s", strerror(errno));
	return tool_run(commands);
}
