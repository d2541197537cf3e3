/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command_status.h - the parts of "status" that stand in files of their own.
 */
#ifndef TWINPATH_COMMAND_STATUS_H
#define TWINPATH_COMMAND_STATUS_H

#include <json-c/json.h>
#include <stdbool.h>

/* The published servers.  False, after saying so, when there is no memory. */
bool command_status_publish(struct json_object *published);

#endif
