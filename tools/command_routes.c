// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_routes.c - "routes": where the data plane thinks a destination is.
 *
 * Owns: a readable copy of the pinned map.  It reads while the daemon writes:
 * a trie walked by "the next key" starts over when that key is deleted, so
 * the walk is bounded and what was seen twice is shown once.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "address.h"
#include "columns.h"
#include "pinned.h"
#include "twinpath/maps.h"

#define FIRST_ROOM 256

struct entry {
	struct tp_route_key key;
	struct tp_route route;
};

struct entries {
	struct entry *list;
	size_t count, room;
};

static const struct pinned_form form = {
	.name = "routes",
	.type = BPF_MAP_TYPE_LPM_TRIE,
	.key_size = sizeof(struct tp_route_key),
	.value_size = sizeof(struct tp_route),
};

static const char *const kind_names[] = {
	[TP_ROUTE_DEFAULT] = "default", [TP_ROUTE_INSIDE] = "inside",
	[TP_ROUTE_LOCAL] = "local",	[TP_ROUTE_KERNEL] = "kernel",
	[TP_ROUTE_GROUP] = "group",	[TP_ROUTE_LINK_LOCAL] = "link-local",
	[TP_ROUTE_MARTIAN] = "martian",
};

static bool make_room(struct entries *entries)
{
	size_t room = entries->room ? entries->room * 2 : FIRST_ROOM;
	struct entry *list;

	if (entries->count < entries->room)
		return true;
	list = realloc(entries->list, room * sizeof(*list));
	if (!list) {
		command_failed("no memory for so many routes");
		return false;
	}
	entries->list = list;
	entries->room = room;
	return true;
}

static int read_entries(const struct pinned_map *map, struct entries *entries)
{
	size_t left = 2 * (size_t)map->max_entries;
	struct tp_route_key key, *last = NULL;
	struct entry *entry;

	while (!bpf_map_get_next_key(map->fd, last, &key)) {
		if (!left--)
			return command_failed(
				"%s: changes faster than it can be read: try again",
				map->path);
		if (!make_room(entries))
			return STATUS_FAILED;
		entry = &entries->list[entries->count];
		entry->key = key;
		last = &key;
		if (!bpf_map_lookup_elem(map->fd, &key, &entry->route))
			entries->count++;
		else if (errno != ENOENT)
			break;
	}
	if (errno != ENOENT)
		return command_failed("%s: %s", map->path, strerror(errno));
	return STATUS_OK;
}

/* By address, the shorter prefix first: as `ip route` lists them. */
static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order =
		memcmp(a->key.address, b->key.address, sizeof(a->key.address));

	return order ? order :
		       (a->key.prefix > b->key.prefix) -
			       (a->key.prefix < b->key.prefix);
}

static void sort(struct entries *entries)
{
	size_t from, to = 0;

	if (!entries->count)
		return;
	qsort(entries->list, entries->count, sizeof(*entries->list), compare);
	for (from = 1; from < entries->count; from++)
		if (compare(&entries->list[to], &entries->list[from]))
			entries->list[++to] = entries->list[from];
	entries->count = to + 1;
}

/* ---- printing ------------------------------------------------------------ */

struct readable {
	char prefix[ADDRESS_TEXT];
	char via[ADDRESS_TEXT]; /* "": no router */
	char interface[IF_NAMESIZE];
	const char *kind;
};

static void make_readable(const struct entry *entry, struct readable *out)
{
	struct prefix prefix = { .length = (uint8_t)entry->key.prefix };
	const struct tp_route *route = &entry->route;

	memset(out, 0, sizeof(*out));
	memcpy(&prefix.address, entry->key.address, sizeof(prefix.address));
	prefix_print(&prefix, out->prefix);
	if (route->via)
		address_print(&route->next_hop, out->via);
	if (route->ifindex && !if_indextoname(route->ifindex, out->interface))
		snprintf(out->interface, sizeof(out->interface), "if%u",
			 route->ifindex);
	out->kind = route->kind <= TP_ROUTE_MARTIAN ? kind_names[route->kind] :
						      "unknown";
}

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key,
			       *text ? json_object_new_string(text) : NULL);
}

static void print_json(const struct entries *entries)
{
	struct readable readable;
	struct json_object *row;
	size_t i;

	putchar('[');
	for (i = 0; i < entries->count; i++) {
		make_readable(&entries->list[i], &readable);
		row = json_object_new_object();
		add_text(row, "prefix", readable.prefix);
		add_text(row, "kind", readable.kind);
		add_text(row, "via", readable.via);
		add_text(row, "interface", readable.interface);
		printf("%s\n%s", i ? "," : "",
		       json_object_to_json_string_ext(row,
						      JSON_C_TO_STRING_PLAIN));
		json_object_put(row);
	}
	printf("%s]\n", entries->count ? "\n" : "");
}

static int print_text(const struct entries *entries)
{
	static const char *const titles[] = { "prefix", "kind", "via",
					      "interface" };
	struct columns columns;
	struct readable readable;
	bool ok = columns_init(&columns, 4, titles);
	size_t i;

	for (i = 0; ok && i < entries->count; i++) {
		make_readable(&entries->list[i], &readable);
		ok = columns_add(&columns,
				 (const char *const[]){
					 readable.prefix, readable.kind,
					 readable.via, readable.interface });
	}
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int command_routes(const struct options *options)
{
	struct entries entries = { 0 };
	struct pinned_map map;
	int status;

	if (!pinned_map_open(&map, options, &form))
		return STATUS_FAILED;
	status = read_entries(&map, &entries);
	close(map.fd);
	if (status == STATUS_OK) {
		sort(&entries);
		if (options->json)
			print_json(&entries);
		else if (entries.count)
			status = print_text(&entries);
		else
			puts("no routes");
	}
	free(entries.list);
	return status;
}
