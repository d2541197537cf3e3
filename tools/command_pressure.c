// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_pressure.c - "pressure": what the data plane did for want of room.
 *
 * Owns: how it is shown; the words are pressure.h's.
 */
#include <json-c/json.h>
#include <unistd.h>

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
	struct pinned_map map;
	int status;

	if (!pinned_map_open(&map, options, &form))
		return STATUS_FAILED;
	status = pinned_map_sum(&map, 0, sum, TP_PRESSURE_COUNT);
	close(map.fd);
	if (status == STATUS_OK && options->json)
		print_json(sum);
	else if (status == STATUS_OK)
		status = print_text(sum);
	return status;
}
