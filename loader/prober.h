/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prober.h - the probes of one track: what each result is worth.
 *
 * Owns: the prober of the kind, the window of its last results, and whether it
 * counts yet ("armed").  It must never change a track: it says what it has
 * found, and probes.c tells the track.
 */
#ifndef TWINPATH_PROBER_H
#define TWINPATH_PROBER_H

#include "probe.h"
#include "probe_window.h"
#include "probe_words.h"

struct site;

enum prober_verdict {
	PROBER_NOTHING, /* it counts for nothing */
	PROBER_HIT,
	PROBER_MISS,
	PROBER_BAD,	/* down: the window is beyond its limits */
	PROBER_USELESS, /* up as long as the interface is: it cannot say more */
};

enum prober_armed {
	PROBER_UNARMED, /* only answers count */
	PROBER_ARMED,
	PROBER_UNSUPPORTED, /* and nobody waits for them any more */
};

struct prober {
	const struct uplink_config *uplink;
	const struct track_config *config;
	struct site *site;
	unsigned uplink_index, track_index;
	struct probe *probe; /* NULL: it sends nothing */
	struct probe_window window;
	struct probe_path path;
	enum prober_armed armed;
	unsigned row; /* answers, or misses, on the way to being armed */
	bool row_ok;
	bool was_dead; /* when this prober began */
	int error;     /* of the last update, so as to say it once */
	bool route;    /* is it there, as of so many ... */
	uint64_t news; /* ... messages of the kernel? */
	void (*found)(struct prober *prober, enum prober_verdict verdict,
		      const struct probe_result *result, const char *because);
};

/*
 * prober_probe - a probe for the prober that stands at this place, or will:
 * fields up to `track_index` are filled in.  NULL where its kind sends none.
 * Returns 0 or -ENOMEM.
 */
int prober_probe(struct prober *prober, struct probe **out);

/* With no history; `found` is filled in too.  The probe is the prober's now. */
void prober_begin(struct prober *prober, struct probe *probe, bool was_dead);

/*
 * prober_go_on - likewise, with the history of `was`, which fed the same track
 * under another configuration.  Its probe may be the same one; if not, it is
 * still open.
 */
void prober_go_on(struct prober *prober, struct probe *probe,
		  const struct prober *was);
void prober_close(struct prober *prober);

/* The uplink is as these facts have it; `up`: its interface can be used. */
void prober_update(struct prober *prober, const struct uplink_facts *facts,
		   bool up);

/* New sessions do, or do not, leave by this uplink. */
void prober_busy(struct prober *prober, bool busy);

/* The last answer from beyond the next hop; 0: none. */
msec_t prober_heard(const struct prober *prober);

/* Is there a route as the track wants it? */
enum track_state prober_route(struct prober *prober,
			      const struct uplink_facts *facts,
			      char because[WORDS]);

#endif
