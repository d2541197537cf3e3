// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor_find.c - see doctor_find.h. */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

#include "doctor_find.h"

void doctor_find(struct json_object *findings, const char *type,
		 const char *format, ...)
{
	struct json_object *one = json_object_new_object();
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_object_object_add(one, "what", json_object_new_string(text));
	json_object_object_add(one, "type",
			       type ? json_object_new_string(type) : NULL);
	json_object_array_add(findings, one);
}
