/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes_private.h - what the probes*.c files share: a prober, and how one is
 * made.
 */
#ifndef TWINPATH_PROBES_PRIVATE_H
#define TWINPATH_PROBES_PRIVATE_H

#include "probe_icmp.h"
#include "probe_words.h"
#include "probes.h"
#include "site.h"

struct prober {
	struct probes *probes;
	unsigned uplink, track;
	struct probe_icmp *icmp; /* NULL: an interface track */
	uint64_t sent, late;	 /* by probes before this one */
	int error;		 /* of the last update, so as to say it once */
	char why[WORDS];	 /* the cause of the change that is delayed */
};

struct probes {
	struct site *site;
	struct event *timer;
	bool beyond[MODEL_UPLINKS]; /* as the site was told */
	struct prober probers[MODEL_UPLINKS][4];
};

/* A probe for the prober that stands there, or will.  0 or -ENOMEM. */
int probes_open_icmp(struct probe_icmp **out, struct prober *prober);

/* The delays are the uplink's; tracks that are only watched have none. */
msec_t probes_delay(const struct uplink_config *config, unsigned t,
		    msec_t length);

/* A prober that knows its place. */
void probes_settle_in(struct probes *probes, unsigned uplink, unsigned t);

#endif
