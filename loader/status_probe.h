/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_probe.h - what `status` says of a track's probes: loss, RTT and jitter
 * over the window, and the answers that did not count.
 */
#ifndef TWINPATH_STATUS_PROBE_H
#define TWINPATH_STATUS_PROBE_H

#include "model.h"

struct json_object;
struct site;

/* "probe": an object; null for a track that sends nothing. */
void status_probe_add(struct json_object *to, const struct site *site,
		      unsigned uplink, unsigned track);

#endif
