// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tables.c - see tables.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "census.h"
#include "tables.h"
#include "twinpath/maps.h"

#define PATH 192
#define MAPS 64
#define AGES (900 * TP_TICKS_PER_SECOND) /* UDP session, grace, hold: less */
#define SWEPT 512 /* bits that one call sweeps, of so many buckets: */
#define BUCKETS 16

struct table {
	struct bpf_map_info info;
	int fd;
	void *memory; /* NULL: not mapped */
	size_t size;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int table_open(const char *pins, const char *name, struct table *table)
{
	__u32 size = sizeof(table->info);
	char path[PATH];

	memset(table, 0, sizeof(*table));
	snprintf(path, sizeof(path), "%s/%s", pins, name);
	table->fd = bpf_obj_get(path);
	if (table->fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(table->fd, &table->info, &size))
		return -errno;
	table->size = (size_t)table->info.max_entries * table->info.value_size;
	return 0;
}

static int table_map(const char *pins, const char *name, struct table *table)
{
	int err = table_open(pins, name, table);

	if (err)
		return err;
	table->memory = mmap(NULL, table->size, PROT_READ | PROT_WRITE,
			     MAP_SHARED, table->fd, 0);
	if (table->memory == MAP_FAILED) {
		table->memory = NULL;
		return -errno;
	}
	return 0;
}

static void table_close(struct table *table)
{
	if (table->memory)
		munmap(table->memory, table->size);
	if (table->fd > 0)
		close(table->fd);
}

/* ---- empty ---------------------------------------------------------------- */

/*
 * Lines of 64 bytes that begin with their control word.  What is empty is only
 * read, so that a table is not brought into the caches for nothing.
 */
static int empty_lines(const char *pins, const char *name)
{
	struct table table;
	int err = table_map(pins, name, &table);
	__u64 *line = table.memory;
	size_t i;

	for (i = 0; !err && i < table.size / 64; i++, line += 8)
		if (*line)
			memset(line, 0, 64);
	table_close(&table);
	return err;
}

/* Of tables that are small, or cannot be mapped. */
static int empty_entries(const char *pins, const char *name)
{
	struct table table;
	int err = table_open(pins, name, &table);
	__u32 count = table.info.max_entries, i;
	__u32 *keys = NULL;
	void *values = NULL;

	if (!err) {
		keys = calloc(count, sizeof(*keys));
		values = calloc(count, table.info.value_size);
		err = keys && values ? 0 : -ENOMEM;
	}
	for (i = 0; !err && i < count; i++)
		keys[i] = i;
	if (!err && bpf_map_update_batch(table.fd, keys, values, &count, NULL))
		err = -errno;
	free(keys);
	free(values);
	table_close(&table);
	return err;
}

int tables_empty(const char *pins)
{
	return empty_lines(pins, "session_table")	  ?:
		       empty_lines(pins, "binding_table") ?:
		       empty_entries(pins, "tags")	  ?:
		       empty_entries(pins, "endpoints")	  ?:
		       empty_entries(pins, "permits")	  ?:
		       empty_entries(pins, "rations")	  ?:
		       empty_entries(pins, "host_bound");
}

/* ---- count ---------------------------------------------------------------- */

int tables_count(const char *pins, const char *name, __u32 *entries)
{
	struct table table;
	int err = table_open(pins, name, &table);
	void *key = err ? NULL : calloc(1, table.info.key_size);
	void *before = NULL;

	*entries = 0;
	if (!err && !key)
		err = -ENOMEM;
	while (!err && !bpf_map_get_next_key(table.fd, before, key)) {
		before = key;
		(*entries)++;
	}
	if (!err && errno != ENOENT)
		err = -errno;
	free(key);
	table_close(&table);
	return err;
}

/* ---- the data plane's own syscall programs --------------------------------- */

/* The program of that name which works on this map; negative: there is none. */
static int program_on(const char *name, __u32 map)
{
	struct bpf_prog_info info;
	__u32 id = 0, size, i;
	__u32 maps[MAPS];
	int fd;

	while (!bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		info.map_ids = (__u64)(unsigned long)maps;
		info.nr_map_ids = MAPS;
		size = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, name))
			for (i = 0; i < info.nr_map_ids && i < MAPS; i++)
				if (maps[i] == map)
					return fd;
		close(fd);
	}
	return -ENOENT;
}

static int program_run(int program, void *ask, __u32 size)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = ask,
			    .ctx_size_in = size);

	return bpf_prog_test_run_opts(program, &options) ? -errno : 0;
}

static int data_plane_tick(const struct table *settings, __u32 *tick)
{
	struct tp_clock ask = {};
	int program = program_on("clock", settings->info.id), err;

	if (program < 0)
		return program;
	err = program_run(program, &ask, sizeof(ask));
	close(program);
	*tick = ask.now;
	return err;
}

/* ---- census ---------------------------------------------------------------- */

static int census_all(struct census_tables *tables, const struct table *list,
		      struct tables_walk *walk)
{
	struct tp_address addresses[TP_MAX_ADDRESSES] = {};
	struct census_count counts[TP_MAX_EXITS];
	struct census_hosts hosts;
	double start;
	__u32 tick, id;
	int err = data_plane_tick(&list[2], &tick);

	for (id = 0; !err && id < tables->addresses_count; id++)
		if (bpf_map_lookup_elem(list[3].fd, &id, &addresses[id]))
			err = -errno;
	if (err)
		return err;
	tables->addresses = addresses;
	start = now_ms();
	census_take(tables, tick, counts, &hosts);
	walk->milliseconds = now_ms() - start;
	for (id = 0; id < TP_MAX_EXITS; id++)
		walk->sessions += counts[id].sessions;
	return 0;
}

int tables_census(const char *pins, struct tables_walk *walk)
{
	struct table list[4];
	struct census_tables tables;
	int err;

	memset(list, 0, sizeof(list));
	memset(walk, 0, sizeof(*walk));
	err = table_map(pins, "session_table", &list[0])	 ?:
		      table_map(pins, "binding_table", &list[1]) ?:
		      table_open(pins, "settings", &list[2])	 ?:
		      table_open(pins, "addresses", &list[3]);
	tables = (struct census_tables){
		.buckets = list[0].memory,
		.buckets_count = list[0].info.max_entries,
		.bindings = list[1].memory,
		.addresses_count = (list[1].info.max_entries - TP_PORTLESS) /
				   TP_BINDING_INDEX(1, 0, 0),
	};
	err = err ?: census_all(&tables, list, walk);
	table_close(&list[3]);
	table_close(&list[2]);
	table_close(&list[1]);
	table_close(&list[0]);
	return err;
}

/* ---- sweep ------------------------------------------------------------------ */

/* The tests' own clock: what is older than that is gone, as if one had waited. */
static int let_pass(const struct table *settings, __u32 ticks)
{
	struct tp_settings value;
	__u32 key = 0;

	if (bpf_map_lookup_elem(settings->fd, &key, &value))
		return -errno;
	value.time_offset += ticks;
	return bpf_map_update_elem(settings->fd, &key, &value, 0) ? -errno : 0;
}

/* How many lines are in use, whether they have expired or not. */
static __u64 lines_used(const struct table *sessions)
{
	const struct tp_bucket *bucket = sessions->memory;
	__u64 used = 0;
	__u32 i, n;

	for (i = 0; i < sessions->info.max_entries; i++)
		for (n = 0; n < TP_BUCKET_LINES; n++)
			used += TP_CONTROL_LINE(bucket[i].line[n].control) !=
				TP_LINE_FREE;
	return used;
}

/* As the daemon calls it once a second: only where a host is near a limit. */
static int sweep_once(int program, const struct table *place)
{
	struct tp_sweeper at;
	struct tp_sweep ask = {};
	__u32 key = 0;

	if (bpf_map_lookup_elem(place->fd, &key, &at))
		return -errno;
	at.near = 1;
	if (bpf_map_update_elem(place->fd, &key, &at, 0))
		return -errno;
	return program_run(program, &ask, sizeof(ask));
}

static int sweep_all(const struct table *sessions, const struct table *place,
		     __u32 settings, struct tables_walk *walk)
{
	__u32 calls = sessions->info.max_entries / (SWEPT * BUCKETS) + 1;
	int program = program_on("sweep", settings), err = 0;
	double start;

	if (program < 0)
		return program;
	walk->sessions = lines_used(sessions);
	start = now_ms();
	for (walk->calls = 0; !err && walk->calls < calls; walk->calls++)
		err = sweep_once(program, place);
	walk->milliseconds = now_ms() - start;
	walk->sessions -= lines_used(sessions);
	close(program);
	return err;
}

int tables_sweep(const char *pins, struct tables_walk *walk)
{
	struct table sessions = {}, place = {}, settings = {};
	int err;

	memset(walk, 0, sizeof(*walk));
	err = table_map(pins, "session_table", &sessions) ?:
		      table_open(pins, "sweeper", &place) ?:
		      table_open(pins, "settings", &settings);
	if (!err)
		err = let_pass(&settings, AGES);
	if (!err) {
		err = sweep_all(&sessions, &place, settings.info.id, walk);
		let_pass(&settings, -AGES);
	}
	table_close(&settings);
	table_close(&place);
	table_close(&sessions);
	return err;
}
