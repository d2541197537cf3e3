/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_private.h - what the request*.c files share: a request, and the
 * commands that have a file of their own.
 */
#ifndef TWINPATH_REQUEST_PRIVATE_H
#define TWINPATH_REQUEST_PRIVATE_H

#include "model.h"
#include "request.h"

struct request {
	struct site *site;
	struct json_object *json;
	const struct request_peer *peer;
	void (*detached)(void *arg);
	void *arg;
	bool *follow; /* set: every event from here on is for this client */
};

/* The value of a text field; NULL when it is missing or no text. */
const char *request_text(const struct request *request, const char *key);

/* A field that is there must be true or false; else false, with the sentence. */
bool request_flag(const struct request *request, const char *key, bool *out,
		  char why[MODEL_REASON]);

/* One file each: request_reload.c, ... */
struct json_object *request_doctor(const struct request *request);
struct json_object *request_events(const struct request *request);
struct json_object *request_explain(const struct request *request);
struct json_object *request_reload(const struct request *request);
struct json_object *request_simulate(const struct request *request);

#endif
