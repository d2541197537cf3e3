/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_publish.h - the published servers in the status.
 */
#ifndef TWINPATH_STATUS_PUBLISH_H
#define TWINPATH_STATUS_PUBLISH_H

#include <json-c/json.h>

#include "site.h"

/* An array: one object for each server, uplink and protocol. */
struct json_object *status_publish_json(const struct site *site);

#endif
