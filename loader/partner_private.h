/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * partner_private.h - what partner.c and partner_talk.c share.
 */
#ifndef TWINPATH_PARTNER_PRIVATE_H
#define TWINPATH_PARTNER_PRIVATE_H

#include "key.h"
#include "partner.h"
#include "quiet.h"

struct partner {
	struct site *site;
	const struct plane *plane;
	struct key key;
	bool has_key;
	struct liveness *liveness;
	struct heartbeat *heartbeat;
	struct tp_addr local; /* that the heartbeat speaks from */
	msec_t spoke;	      /* since then; 0: not yet */
	struct intent_site intent;
	uint32_t lost, back; /* of liveness, as acted upon */
	uint32_t their_lost; /* how often it took me for gone, likewise */
	bool heard;	     /* their_lost is theirs */
	bool deaf, equal;    /* as last said in the log */
	msec_t unheard;	     /* it is heard, but has not heard me since then */
	bool overtaken;
	msec_t nowhere; /* since then its MAC is not known; 0: it is */
	msec_t counted;
	uint64_t sessions, bindings;
	struct quiet quiet;
};

/* Is its address the higher one? */
bool partner_is_first(const struct partner *partner);

/* What I say, and what follows from what I hear: the heartbeat's callbacks. */
extern const struct heartbeat_callbacks partner_talk;

#endif
