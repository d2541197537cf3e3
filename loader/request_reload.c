// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_reload.c - "reload": the configuration file, read again.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "request_private.h"
#include "site.h"
#include "site_reload.h"

static struct json_object *lines(const struct config_messages *messages)
{
	struct json_object *list = json_object_new_array();
	char line[CONFIG_MESSAGE_LINE];

	for (unsigned i = 0; i < messages->count; i++)
		json_object_array_add(
			list, json_object_new_string(
				      config_message_line(messages, i, line)));
	return list;
}

/* The first error; the others are in the list. */
static struct json_object *refused(const struct config_messages *messages,
				   int err)
{
	struct json_object *answer;
	char line[CONFIG_MESSAGE_LINE];

	if (messages->errors > 1)
		answer =
			request_refused("%s (and %u more); nothing was changed",
					config_message_line(messages, 0, line),
					messages->errors - 1);
	else if (messages->errors)
		answer =
			request_refused("%s; nothing was changed",
					config_message_line(messages, 0, line));
	else
		answer = request_refused(
			"reload: %s: twinpathd's log says what is in the way; "
			"nothing was changed",
			strerror(-err));
	json_object_object_add(answer, "errors", lines(messages));
	return answer;
}

struct json_object *request_reload(const struct request *request)
{
	static struct config_messages messages;
	struct json_object *answer;
	char because[64];
	int err;

	snprintf(because, sizeof(because), "uid %u asked for it",
		 request->peer->uid);
	err = site_reload(request->site, because, &messages);
	if (err)
		return refused(&messages, err);
	answer = request_granted();
	json_object_object_add(
		answer, "file",
		json_object_new_string(request->site->config.file));
	json_object_object_add(answer, "warnings", lines(&messages));
	return answer;
}
