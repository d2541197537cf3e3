/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_partner.h - what `status` says of the partner beyond the routes: is its
 * data plane alive, is its daemon heard, and what does it say of itself.
 */
#ifndef TWINPATH_STATUS_PARTNER_H
#define TWINPATH_STATUS_PARTNER_H

#include "heartbeat.h"
#include "liveness.h"

struct json_object;

void status_partner_add(struct json_object *to,
			const struct liveness_view *liveness,
			const struct heartbeat_view *heartbeat, msec_t now);

#endif
