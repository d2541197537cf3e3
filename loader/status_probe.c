// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status_probe.c - see status_probe.h.
 *
 * Owns: the names and units of these fields, which scripts rely on.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "probes.h"
#include "status_probe.h"

static void add_count(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

/* Printed here: a plain double would show its binary rounding.  -1 is null. */
static void add_parts(struct json_object *to, const char *key, int64_t value,
		      int digits)
{
	long long unit = digits == 1 ? 10 : 1000;
	struct json_object *number = NULL;
	char text[48];

	snprintf(text, sizeof(text), "%lld.%0*lld", (long long)value / unit,
		 digits, (long long)value % unit);
	if (value >= 0)
		number = json_object_new_double_s((double)value / (double)unit,
						  text);
	json_object_object_add(to, key, number);
}

void status_probe_add(struct json_object *to, const struct site *site,
		      unsigned uplink, unsigned track)
{
	static const char *const armed[] = {
		[PROBER_UNARMED] = "unarmed",
		[PROBER_ARMED] = "armed",
		[PROBER_UNSUPPORTED] = "unsupported",
	};
	struct json_object *json = NULL;
	struct probes_view view;
	int64_t loss = -1;

	if (probes_view(site, uplink, track, &view)) {
		json = json_object_new_object();
		if (view.quality.count)
			loss = view.quality.lost * 1000LL / view.quality.count;
		add_count(json, "window", view.window);
		add_count(json, "probes", view.quality.count);
		add_parts(json, "loss_percent", loss, 1);
		add_parts(json, "rtt_ms", view.quality.rtt_us, 3);
		add_parts(json, "jitter_ms", view.quality.jitter_us, 3);
		add_count(json, "slow", view.slow);
		add_count(json, "duplicates", view.statistics.duplicates);
		add_count(json, "foreign", view.statistics.foreign);
		add_count(json, "excused", view.statistics.excused);
		json_object_object_add(
			json, "armed",
			json_object_new_string(armed[view.armed]));
	}
	json_object_object_add(to, "probe", json);
}
