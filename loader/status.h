/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.h - the running site as a JSON object, for "status" on the control
 * socket.  It reads the site and changes nothing.
 */
#ifndef TWINPATH_STATUS_H
#define TWINPATH_STATUS_H

struct json_object;
struct site;

/* The caller puts it; NULL when there is no memory. */
struct json_object *status_json(const struct site *site);

#endif
