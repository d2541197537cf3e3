/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site_log.h - a decision becomes lines in the log, all with its event's id.
 */
#ifndef TWINPATH_SITE_LOG_H
#define TWINPATH_SITE_LOG_H

#include "site.h"

/* What becomes of the sessions with a decision: a bit for each uplink. */
struct site_fates {
	uint32_t moved; /* it has another address: they are void */
	uint32_t lost;	/* it is dead, and nobody waits for it, or any more */
	uint32_t cut;	/* they are being cut */
};

/*
 * site_log_decision - what differs from site->desired.  When anything does, it
 * is an event: site->event goes on, and site->last with the selector.
 */
void site_log_decision(struct site *site, const struct desired *now,
		       const struct site_fates *fates);

#endif
