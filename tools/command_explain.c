// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_explain.c - "explain SRC DST [PROTO [PORTS]]": what the data plane
 * would do with such a packet, and why.
 */
#include <stdio.h>

#include "client.h"
#include "command.h"
#include "fields.h"

#define EXPLAIN_PATIENCE 5

static void add_word(struct json_object *request, const char *key,
		     const char *word)
{
	if (word)
		json_object_object_add(request, key,
				       json_object_new_string(word));
}

static void print_explained(const char *begin, struct json_object *explained)
{
	struct json_object *why = field(explained, "why");

	printf("%s%s\n", begin, field_text(explained, "verdict"));
	for (size_t i = 0; i < field_count(why); i++)
		printf("  %s\n", json_object_get_string(field_nth(why, i)));
}

int command_explain(const struct options *options)
{
	struct json_object *request, *answer;
	char **words = options->words;
	struct instance instance;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	request = json_object_new_object();
	add_word(request, "source", words[0]);
	add_word(request, "destination", words[1]);
	add_word(request, "protocol", words[2]);
	add_word(request, "ports", words[2] ? words[3] : NULL);
	answer = client_send(&instance, "explain", request, EXPLAIN_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	if (options->json) {
		json_object_object_del(answer, "ok");
		puts(json_object_to_json_string_ext(answer,
						    JSON_C_TO_STRING_PRETTY));
	} else {
		print_explained("", field(answer, "explain"));
		if (field(answer, "mid_stream"))
			print_explained("in the middle of a connection: ",
					field(answer, "mid_stream"));
	}
	json_object_put(answer);
	return STATUS_OK;
}
