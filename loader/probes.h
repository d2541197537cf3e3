/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probes.h - all probes of the site, and the tracks they feed.
 *
 * Owns: site->probes and site->tracks.  It must never decide about exits, nor
 * write facts: the site reads a track's state from site->tracks.
 */
#ifndef TWINPATH_PROBES_H
#define TWINPATH_PROBES_H

#include "prober.h"

struct site;

/* What there is to see of one track's probes. */
struct probes_view {
	struct probe_statistics statistics;
	struct probe_quality quality;
	unsigned window; /* its size */
	uint64_t slow;
	enum prober_armed armed;
};

/*
 * probes_open - every track of the configuration, with no verdict yet.  Nothing
 * is sent before the first update.  Returns 0 or -ENOMEM.
 */
int probes_open(struct site *site);
void probes_close(struct site *site);

/*
 * probes_reload - site->config is another one now, and was `before`.  A track
 * that is about the same path keeps its state and its counts, whatever became of
 * its timers; a probe that is the same goes on without a gap.  To be followed by
 * an update.  Returns 0, or -ENOMEM: then nothing was changed.
 */
struct config;
int probes_reload(struct site *site, const struct config *before);

/*
 * probes_update - the facts about links, addresses or next hops' MACs may have
 * changed.  To be called only with facts that are filled in: an interface that
 * is not there takes its tracks down at once.
 */
void probes_update(struct site *site);

/*
 * probes_follow - what is sent, and how often, is as these facts and the decision
 * that came of them have it.  After the data plane: to close a packet socket takes
 * the kernel many milliseconds (synchronize_net).
 */
void probes_follow(struct site *site);

/*
 * Has a probe of this uplink been answered, late or not, from beyond its next
 * hop, within the detection time of the uplink's track?  The site is told when
 * the answer changes.
 */
bool probes_beyond(const struct site *site, unsigned uplink);

/* False: it sends none. */
bool probes_view(const struct site *site, unsigned uplink, unsigned track,
		 struct probes_view *view);

#endif
