/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.h - fields of the daemon's answers, which may be missing: it could be of
 * another version.
 */
#ifndef TWINPATH_FIELDS_H
#define TWINPATH_FIELDS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "duration.h"

/* NULL: it is missing, or null. */
struct json_object *field(struct json_object *of, const char *key);
/* As text; "-" where there is none. */
const char *field_text(struct json_object *of, const char *key);
bool field_true(struct json_object *of, const char *key);
int64_t field_number(struct json_object *of, const char *key);
/* A text field that is exactly that. */
bool field_is(struct json_object *of, const char *key, const char *text);
/* Seconds as a duration, to the second; "-" where there are none. */
const char *field_age(struct json_object *of, const char *key,
		      char out[DURATION_TEXT]);
/* The length of an array and its elements; 0 and NULL for anything else. */
size_t field_count(struct json_object *of);
struct json_object *field_nth(struct json_object *of, size_t n);

#endif
