/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - one question to the daemon, one answer (see loader/control.h).
 */
#ifndef TWINPATH_CLIENT_H
#define TWINPATH_CLIENT_H

#include "instance.h"

struct json_object;

/*
 * client_ask - send {"command": command, "to": to} and wait for the answer.
 * @to:      NULL: none
 * @seconds: how long to wait
 *
 * Returns the answer, which the caller puts, when it was granted; else NULL,
 * after saying why.
 */
struct json_object *client_ask(const struct instance *instance,
			       const char *command, const char *to,
			       unsigned seconds);

/* The same with any fields: `request` is put, and gets its "command" here. */
struct json_object *client_send(const struct instance *instance,
				const char *command,
				struct json_object *request, unsigned seconds);

/*
 * client_follow - the same; then `heard` is called with each line that comes after
 * the answer, until it returns false or the daemon ends.  Returns an exit status.
 */
int client_follow(const struct instance *instance, const char *command,
		  struct json_object *request, unsigned seconds,
		  bool (*heard)(void *arg, struct json_object *json),
		  void *arg);

#endif
