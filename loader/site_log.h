/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site_log.h - a decision becomes lines in the log, all with its event's id.
 */
#ifndef TWINPATH_SITE_LOG_H
#define TWINPATH_SITE_LOG_H

#include "site.h"

/*
 * site_log_decision - what differs from site->desired.  When anything does, it
 * is an event: site->event goes on, and site->last with the selector.
 * @now: the new decision
 * @lost: a bit for each dead uplink whose sessions nobody waits for, or any more
 * @cut: a bit for each uplink whose sessions are being cut
 */
void site_log_decision(struct site *site, const struct desired *now,
		       uint32_t lost, uint32_t cut);

#endif
