/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_private.h - what the request*.c files share: a request, and the
 * commands that have a file of their own.
 */
#ifndef TWINPATH_REQUEST_PRIVATE_H
#define TWINPATH_REQUEST_PRIVATE_H

#include "request.h"

struct request {
	struct site *site;
	struct json_object *json;
	const struct request_peer *peer;
	void (*detached)(void *arg);
	void *arg;
};

/* The value of a text field; NULL when it is missing or no text. */
const char *request_text(const struct request *request, const char *key);

/* request_reload.c */
struct json_object *request_reload(const struct request *request);

#endif
