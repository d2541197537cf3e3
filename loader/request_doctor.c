// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_doctor.c - "doctor": what is wrong, as far as the daemon can see it, and
 * the names by which the command looks further.
 */
#include <json-c/json.h>

#include "doctor.h"
#include "request_private.h"
#include "site.h"

struct json_object *request_doctor(const struct request *request)
{
	const struct config *config = &request->site->config;
	struct json_object *answer = request_granted();
	int announced = request->site->desired.announce;
	struct json_object *uplinks = json_object_new_array();

	for (unsigned i = 0; i < config->uplinks_count; i++)
		json_object_array_add(
			uplinks,
			json_object_new_string(config->uplinks[i].interface));
	json_object_object_add(answer, "uplinks", uplinks);
	json_object_object_add(
		answer, "vrrp_file",
		json_object_new_string(site_vrrp_file(request->site)));
	json_object_object_add(
		answer, "announced",
		announced >= 0 ? json_object_new_string(
					 config->uplinks[announced].interface) :
				 NULL);
	json_object_object_add(answer, "findings",
			       doctor_findings(request->site));
	return answer;
}
