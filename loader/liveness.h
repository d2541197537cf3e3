/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * liveness.h - is the partner's data plane alive?
 *
 * Owns: the timer and the packet socket that asks.  The partner's programs give
 * the question back, whether its daemon lives or not, and mine stamp
 * partner_seen.probe; nothing is received here.
 *
 * It writes no map: the leases gone_bind and gone_reset are the caller's, and
 * have to be renewed while the state lasts.
 */
#ifndef TWINPATH_LIVENESS_H
#define TWINPATH_LIVENESS_H

#include <event2/event.h>

#include "liveness_verdict.h"

struct liveness;

struct liveness_view {
	enum liveness_state state;
	/* The same, but gone while there is nobody to ask, if it was before. */
	enum liveness_state believed;
	bool deaf; /* it is gone, but heard: it does not hear me */
	/* .lost grew: it became gone, and may take over from now on.
	 * .back grew: it was silent to us, and has answered again. */
	struct liveness_counters counters;
	msec_t age; /* since its last answer, by the data plane's clock;
		     * -1: there was none, or it is not known */
};

struct liveness_callbacks {
	/* The data plane's tick: 0 or a negative errno (see plane_clock). */
	int (*clock)(void *arg, uint32_t *now);
	/* The state, .lost or .back has changed. */
	void (*changed)(void *arg, const struct liveness_view *view);
};

/*
 * liveness_open - asks nobody before the first liveness_update.
 * @seen: file descriptor of the map partner_seen; stays the caller's
 * Returns 0 or a negative errno.
 */
int liveness_open(struct liveness **out, struct event_base *base, int seen,
		  const struct liveness_callbacks *callbacks, void *arg);

/*
 * liveness_update - the partner as the map holds it, and my address on its
 * link (all zero: none yet).  May be called as often as one likes: the count
 * begins anew only when there is another partner, MAC or link.  It calls nobody
 * back.
 */
void liveness_update(struct liveness *liveness,
		     const struct tp_partner *partner,
		     const struct tp_addr *local);

/* The moment's view; `liveness` may be NULL: nobody. */
void liveness_state(const struct liveness *liveness,
		    struct liveness_view *view);

void liveness_close(struct liveness *liveness);

#endif
