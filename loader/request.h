/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - one line from the control socket becomes one answer.
 * The commands are listed in control.h.
 */
#ifndef TWINPATH_REQUEST_H
#define TWINPATH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;
struct site;

struct request_peer {
	uid_t uid;
	pid_t pid;
	bool may_change; /* root or in the group */
};

/*
 * request_serve - carry out one request; `line` ends with a NUL at `length`.
 * Returns the answer, which the caller puts, or NULL: a detach is under way
 * and `detached` will be called from the loop, once for all who asked.
 * @follow: set where the client wants every event from then on
 */
struct json_object *request_serve(struct site *site, const char *line,
				  size_t length,
				  const struct request_peer *peer,
				  void (*detached)(void *arg), void *arg,
				  bool *follow);

/* {"ok": true}, and {"ok": false, "error": sentence} */
struct json_object *request_granted(void);
struct json_object *request_refused(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
