// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_doctor.c - "doctor": what is wrong with this machine, and what to type.
 * It changes nothing.
 */
#include <stdio.h>

#include "client.h"
#include "command.h"
#include "doctor_machine.h"

#define DOCTOR_PATIENCE 10

static void add_all(struct json_object *to, struct json_object *from)
{
	for (size_t i = 0; i < field_count(from); i++)
		json_object_array_add(to, json_object_get(field_nth(from, i)));
}

static void look(const struct options *options, struct json_object *answer,
		 struct json_object *findings)
{
	struct json_object *file = field(answer, "vrrp_file");
	struct json_object *announced = field(answer, "announced");
	const struct machine machine = {
		.root = options->root,
		.uplinks = field(answer, "uplinks"),
		.vrrp_file = json_object_get_string(file),
		.announced = json_object_get_string(announced),
		.findings = findings,
	};

	add_all(findings, field(answer, "findings"));
	doctor_kernel(&machine);
	doctor_nftables(&machine);
	doctor_networkd(&machine);
	doctor_keepalived(&machine);
	doctor_routing(&machine);
}

static void print_findings(struct json_object *findings)
{
	for (size_t i = 0; i < field_count(findings); i++) {
		struct json_object *one = field_nth(findings, i);

		printf("%s\n", field_text(one, "what"));
		if (field(one, "type"))
			printf("    type: %s\n", field_text(one, "type"));
	}
}

int command_doctor(const struct options *options)
{
	struct json_object *findings = json_object_new_array();
	struct json_object *answer = NULL;
	struct instance instance;
	size_t count;

	/* Without a daemon that was said; the machine is looked at all the
	 * same. */
	if (instance_find(&instance, options))
		answer = client_ask(&instance, "doctor", NULL, DOCTOR_PATIENCE);
	look(options, answer, findings);
	count = field_count(findings);
	if (options->json)
		puts(json_object_to_json_string_ext(findings,
						    JSON_C_TO_STRING_PLAIN));
	else if (count)
		print_findings(findings);
	else if (answer)
		puts("nothing is wrong that twinpath could see");
	json_object_put(findings);
	if (!answer || count)
		count = 1;
	json_object_put(answer);
	return count ? STATUS_FAILED : STATUS_OK;
}
