/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - a client of the fixture's control socket.
 *
 * Owns: saying and hearing.  The daemon's loop runs in this process, so a client
 * must never block: it turns the loop until its answer is there.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

int client_dial(void);

/* The loop runs for a millisecond. */
void client_turn(void);

void client_say(int fd, const char *text);

/* Until the newline or the end; the length, 0 at the end. */
size_t client_hear(int fd, char *line, size_t size);

/* The next answer, which the caller puts. */
struct json_object *client_answer(int fd);

bool client_granted(struct json_object *answer);
const char *client_text(struct json_object *object, const char *key);

/* Fields of an object as text; NULL: there, and null.  The last has no key. */
struct client_field {
	const char *key, *text;
};

void client_expect_fields(struct json_object *object,
			  const struct client_field *field);

#define CLIENT_EXPECT(object, ...)   \
	client_expect_fields(object, \
			     (const struct client_field[]){ __VA_ARGS__, {} })

/* One request on a connection of its own; the error names `part`. */
void client_expect_granted(const char *request);
void client_expect_refused(const char *request, const char *part);

/* The next answer on `fd` is an error that names `part`. */
void client_expect_refused_at(int fd, const char *part);

/* The daemon hangs up, and so does the client. */
void client_expect_end(int fd);

#endif
