/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules.h - what the machine's own rules come to under a configuration: the
 * kernel's share of the packets.  For status, and for whoever wants to know
 * without a daemon: foreign_read(), then rules_view().
 */
#ifndef TWINPATH_RULES_H
#define TWINPATH_RULES_H

#include "foreign.h"

struct rules_shaped {
	char interface[IF_NAMESIZE];
	char qdisc[16];
};

struct rules_view {
	enum firewall_mode firewall; /* as configured */
	bool first;		     /* the kernel sees first packets */
	char because[FOREIGN_TEXT];
	/* What is there and goes unasked, for firewall = none; "": nothing. */
	char unasked[FOREIGN_TEXT];
	const struct foreign *foreign; /* to and from: the kernel's share */
	unsigned shaped_count;	       /* of our interfaces alone */
	struct rules_shaped shaped[MODEL_LANS + MODEL_UPLINKS];
};

/* Interfaces are looked up by name, in the caller's network namespace. */
void rules_view(const struct config *config, const struct foreign *foreign,
		struct rules_view *out);

const char *rules_origin(enum foreign_origin origin);

#endif
