/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command_status.h - the parts of "status" that stand in files of their own.
 */
#ifndef TWINPATH_COMMAND_STATUS_H
#define TWINPATH_COMMAND_STATUS_H

#include <json-c/json.h>
#include <stdbool.h>

/* Tables.  False, after saying so, when there is no memory. */
bool command_status_uplinks(struct json_object *uplinks);
bool command_status_sessions(struct json_object *uplinks);
bool command_status_tracks(struct json_object *uplinks);
bool command_status_publish(struct json_object *published);

void command_status_partner(struct json_object *partner);

#endif
