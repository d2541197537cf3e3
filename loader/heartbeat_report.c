// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heartbeat_report.c - see heartbeat_report.h.
 *
 * Owns: what is a change.  It must never read or write a byte of a message.
 */
#include <string.h>

#include "heartbeat_report.h"

static bool intent_differs(const struct intent_told *a,
			   const struct intent_told *b)
{
	return a->serial != b->serial || a->kind != b->kind ||
	       !a->remaining != !b->remaining || a->drain != b->drain ||
	       a->force != b->force ||
	       strncmp(a->uplink, b->uplink, MODEL_NAME);
}

static bool uplink_differs(const struct heartbeat_uplink *a,
			   const struct heartbeat_uplink *b)
{
	return strncmp(a->name, b->name, MODEL_NAME) || a->level != b->level ||
	       a->now != b->now || a->share != b->share ||
	       a->state != b->state || a->track != b->track ||
	       a->draining != b->draining;
}

bool heartbeat_report_differs(const struct heartbeat_report *a,
			      const struct heartbeat_report *b)
{
	if (a->ready != b->ready || a->proved != b->proved ||
	    a->quiet != b->quiet || a->selector != b->selector ||
	    a->best_level != b->best_level || a->lost != b->lost ||
	    !a->sessions != !b->sessions || !a->bindings != !b->bindings ||
	    a->uplinks_count != b->uplinks_count ||
	    intent_differs(&a->intent, &b->intent) ||
	    strncmp(a->version, b->version, HEARTBEAT_VERSION) ||
	    (a->quiet && memcmp(a->hosts, b->hosts, sizeof(a->hosts))))
		return true;
	for (unsigned i = 0; i < a->uplinks_count; i++)
		if (uplink_differs(&a->uplinks[i], &b->uplinks[i]))
			return true;
	return false;
}
