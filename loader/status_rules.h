/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_rules.h - the machine's own rules in the status object.
 */
#ifndef TWINPATH_STATUS_RULES_H
#define TWINPATH_STATUS_RULES_H

#include <json-c/json.h>

#include "rules.h"

struct json_object *status_rules_json(const struct rules_view *rules);

#endif
