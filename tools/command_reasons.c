// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_reasons.c - "reasons": what became of the packets, by hook.
 *
 * Owns: how it is shown; the words are reasons.h's.
 */
#include <json-c/json.h>
#include <unistd.h>

#include "columns.h"
#include "pinned.h"
#include "twinpath/reasons.h"

static const struct pinned_form form = {
	.name = "reasons",
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.key_size = sizeof(uint32_t),
	.value_size = sizeof(struct tp_reasons),
};

static const char *const hook_names[] = {
#define HOOK(name) #name,
	TP_HOOKS(HOOK)
#undef HOOK
};

static const struct {
	const char *name;
	enum tp_fate fate;
	const char *text;
} reasons[] = {
#define REASON(name, fate, text) { #name, TP_FATE_##fate, text },
	TP_REASONS(REASON)
#undef REASON
};

static const char *const fate_names[] = {
	[TP_FATE_FORWARDED] = "forwarded",
	[TP_FATE_PASSED] = "passed",
	[TP_FATE_DROPPED] = "dropped",
};

typedef uint64_t counters_t[TP_HOOK_COUNT][TP_REASON_COUNT];

static int read_counters(const struct pinned_map *map, counters_t sum)
{
	int status = STATUS_OK;

	for (uint32_t hook = 0; status == STATUS_OK && hook < TP_HOOK_COUNT;
	     hook++)
		status = pinned_map_sum(map, hook, sum[hook], TP_REASON_COUNT);
	return status;
}

static void print_json_row(bool first, unsigned hook, unsigned reason,
			   uint64_t packets)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "hook",
			       json_object_new_string(hook_names[hook]));
	json_object_object_add(row, "reason",
			       json_object_new_string(reasons[reason].name));
	json_object_object_add(
		row, "fate",
		json_object_new_string(fate_names[reasons[reason].fate]));
	json_object_object_add(row, "packets", json_object_new_uint64(packets));
	json_object_object_add(row, "text",
			       json_object_new_string(reasons[reason].text));
	printf("%s\n%s", first ? "" : ",",
	       json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN));
	json_object_put(row);
}

static void print_json(const counters_t sum, bool all)
{
	unsigned hook, reason, rows = 0;

	putchar('[');
	for (hook = 0; hook < TP_HOOK_COUNT; hook++)
		for (reason = 0; reason < TP_REASON_COUNT; reason++)
			if (all || sum[hook][reason])
				print_json_row(!rows++, hook, reason,
					       sum[hook][reason]);
	printf("%s]\n", rows ? "\n" : "");
}

static bool add_row(struct columns *columns, unsigned hook, unsigned reason,
		    uint64_t packets)
{
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)packets);
	return columns_add(columns, (const char *const[]){
					    hook_names[hook],
					    fate_names[reasons[reason].fate],
					    reasons[reason].name, number,
					    reasons[reason].text });
}

static int print_text(const counters_t sum, bool all)
{
	static const char *const titles[] = { "hook", "fate", "reason",
					      "packets", "meaning" };
	struct columns columns;
	bool ok = columns_init(&columns, 5, titles);
	unsigned hook, reason;

	for (hook = 0; ok && hook < TP_HOOK_COUNT; hook++)
		for (reason = 0; ok && reason < TP_REASON_COUNT; reason++)
			if (all || sum[hook][reason])
				ok = add_row(&columns, hook, reason,
					     sum[hook][reason]);
	if (ok && columns.rows)
		columns_print(&columns);
	else if (ok)
		puts("no packets yet");
	columns_free(&columns);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int command_reasons(const struct options *options)
{
	counters_t sum = { 0 };
	struct pinned_map map;
	int status;

	if (!pinned_map_open(&map, options, &form))
		return STATUS_FAILED;
	status = read_counters(&map, sum);
	close(map.fd);
	if (status == STATUS_OK && options->json)
		print_json(sum, options->all);
	else if (status == STATUS_OK)
		status = print_text(sum, options->all);
	return status;
}
