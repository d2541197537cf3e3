// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_pressure.c - "pressure": what the data plane did for want of room.
 *
 * Owns: the sum over the CPUs, and the words for each counter (pressure.h).
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "columns.h"
#include "pinned.h"
#include "twinpath/pressure.h"

static const struct pinned_form form = {
	.name = "pressure",
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.key_size = sizeof(uint32_t),
	.value_size = sizeof(struct tp_pressure),
};

static const struct {
	const char *name, *text;
} pressures[] = {
#define PRESSURE(name, text) { #name, text },
	TP_PRESSURES(PRESSURE)
#undef PRESSURE
};

static int read_counters(const struct pinned_map *map,
			 uint64_t sum[TP_PRESSURE_COUNT])
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t(*each)[TP_PRESSURE_COUNT];
	int status = STATUS_OK;
	uint32_t zero = 0;

	each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	if (!each)
		return command_failed("%s: no memory", map->path);
	if (bpf_map_lookup_elem(map->fd, &zero, each))
		status = command_failed("%s: %s", map->path, strerror(errno));
	for (int cpu = 0; status == STATUS_OK && cpu < cpus; cpu++)
		for (int i = 0; i < TP_PRESSURE_COUNT; i++)
			sum[i] += each[cpu][i];
	free(each);
	return status;
}

static void print_json(const uint64_t sum[TP_PRESSURE_COUNT])
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < TP_PRESSURE_COUNT; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(
			row, "pressure",
			json_object_new_string(pressures[i].name));
		json_object_object_add(row, "count",
				       json_object_new_uint64(sum[i]));
		json_object_object_add(
			row, "text", json_object_new_string(pressures[i].text));
		json_object_array_add(list, row);
	}
	puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
}

static int print_text(const uint64_t sum[TP_PRESSURE_COUNT])
{
	static const char *const titles[] = { "pressure", "count", "meaning" };
	struct columns columns;
	bool ok = columns_init(&columns, 3, titles);

	for (int i = 0; ok && i < TP_PRESSURE_COUNT; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)sum[i]);
		ok = columns_add(&columns, (const char *const[]){
						   pressures[i].name, number,
						   pressures[i].text });
	}
	if (ok)
		columns_print(&columns);
	columns_free(&columns);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int command_pressure(const struct options *options)
{
	uint64_t sum[TP_PRESSURE_COUNT] = { 0 };
	struct instance instance;
	struct pinned_map map;
	int status;

	if (!instance_find(&instance, options) ||
	    !pinned_map_open(&map, &instance, &form))
		return STATUS_FAILED;
	status = read_counters(&map, sum);
	close(map.fd);
	if (status == STATUS_OK && options->json)
		print_json(sum);
	else if (status == STATUS_OK)
		status = print_text(sum);
	return status;
}
