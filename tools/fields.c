// SPDX-License-Identifier: GPL-2.0-or-later
/* fields.c - see fields.h. */
#include <string.h>

#include "fields.h"

struct json_object *field(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) ? value : NULL;
}

const char *field_text(struct json_object *of, const char *key)
{
	struct json_object *value = field(of, key);

	return value ? json_object_get_string(value) : "-";
}

bool field_true(struct json_object *of, const char *key)
{
	return json_object_get_boolean(field(of, key));
}

int64_t field_number(struct json_object *of, const char *key)
{
	return json_object_get_int64(field(of, key));
}

bool field_is(struct json_object *of, const char *key, const char *text)
{
	return !strcmp(field_text(of, key), text);
}

const char *field_age(struct json_object *of, const char *key,
		      char out[DURATION_TEXT])
{
	struct json_object *value = field(of, key);

	if (!value)
		return "-";
	return duration_print((msec_t)json_object_get_double(value) * 1000,
			      out);
}

size_t field_count(struct json_object *of)
{
	return json_object_is_type(of, json_type_array) ?
		       json_object_array_length(of) :
		       0;
}

struct json_object *field_nth(struct json_object *of, size_t n)
{
	return n < field_count(of) ? json_object_array_get_idx(of, n) : NULL;
}
