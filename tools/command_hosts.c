// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_hosts.c - "hosts": what each inside host holds, who has most first.
 *
 * Owns: the copy of the map rations, and its order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "address.h"
#include "columns.h"
#include "pinned.h"
#include "twinpath/maps.h"

static const struct pinned_form form = {
	.name = "rations",
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(uint32_t),
	.value_size = sizeof(struct tp_ration),
};

struct host {
	struct tp_addr address;
	uint32_t sessions, ports;
};

struct hosts {
	struct host list[TP_RATION_LINES];
	unsigned count;
};

static int by_size(const void *one, const void *other)
{
	const struct host *a = one, *b = other;

	if (a->ports != b->ports)
		return a->ports < b->ports ? 1 : -1;
	if (a->sessions != b->sessions)
		return a->sessions < b->sessions ? 1 : -1;
	return memcmp(&a->address, &b->address, sizeof(a->address));
}

static void add_line(struct hosts *hosts, const struct tp_ration *line)
{
	struct host *host = &hosts->list[hosts->count];

	host->address = line->address;
	host->sessions = TP_RATION_SESSIONS(line->held);
	host->ports = TP_RATION_PORTS(line->held);
	if (!(line->held & TP_RATION_BUSY) && (host->sessions || host->ports))
		hosts->count++;
}

/* One by one: who may only read cannot map it shared. */
static int read_hosts(const struct pinned_map *map, struct hosts *hosts)
{
	struct tp_ration line;

	for (uint32_t i = 0; i < map->max_entries && i < TP_RATION_LINES; i++) {
		if (bpf_map_lookup_elem(map->fd, &i, &line))
			return command_failed("%s: %s", map->path,
					      strerror(errno));
		add_line(hosts, &line);
	}
	qsort(hosts->list, hosts->count, sizeof(hosts->list[0]), by_size);
	return STATUS_OK;
}

static void print_json(const struct hosts *hosts)
{
	char text[ADDRESS_TEXT];

	putchar('[');
	for (unsigned i = 0; i < hosts->count; i++)
		printf("%s\n{\"host\":\"%s\",\"sessions\":%u,\"ports\":%u}",
		       i ? "," : "",
		       address_print(&hosts->list[i].address, text),
		       hosts->list[i].sessions, hosts->list[i].ports);
	printf("%s]\n", hosts->count ? "\n" : "");
}

static int print_text(const struct hosts *hosts)
{
	static const char *const titles[] = { "host", "ports", "sessions" };
	struct columns columns;
	bool ok = columns_init(&columns, 3, titles);

	for (unsigned i = 0; ok && i < hosts->count; i++) {
		char text[ADDRESS_TEXT], ports[16], sessions[16];

		address_print(&hosts->list[i].address, text);
		snprintf(ports, sizeof(ports), "%u", hosts->list[i].ports);
		snprintf(sessions, sizeof(sessions), "%u",
			 hosts->list[i].sessions);
		ok = columns_add(&columns, (const char *const[]){ text, ports,
								  sessions });
	}
	if (ok && columns.rows)
		columns_print(&columns);
	else if (ok)
		puts("no hosts yet");
	columns_free(&columns);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int command_hosts(const struct options *options)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));
	struct pinned_map map;
	int status = STATUS_FAILED;

	if (!hosts)
		return command_failed("no memory");
	if (pinned_map_open(&map, options, &form)) {
		status = read_hosts(&map, hosts);
		close(map.fd);
		if (status == STATUS_OK && options->json)
			print_json(hosts);
		else if (status == STATUS_OK)
			status = print_text(hosts);
	}
	free(hosts);
	return status;
}
