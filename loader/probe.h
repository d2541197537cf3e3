/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - one prober: asks again and again, through one uplink, whether
 * something answers.
 *
 * Owns: the rhythm, the sockets and the probes in flight; what is asked, and
 * what an answer is, belongs to its kind (probe_kind.h, probe_icmp.c, ...).
 * It must never draw a conclusion: it reports each probe's fate, and probes.c
 * and track.c conclude.
 */
#ifndef TWINPATH_PROBE_H
#define TWINPATH_PROBE_H

#include <event2/event.h>

#include "model.h"

struct probe;

/* Where probes leave; ifindex 0: nowhere, probing rests. */
struct probe_path {
	unsigned ifindex;
	struct tp_addr address; /* ours, the source */
	struct tp_addr next_hop;
	uint8_t mac[6]; /* ours */
	uint8_t next_hop_mac[6];
	bool next_hop_mac_known;
	bool raw; /* it has no MAC addresses */
};

struct probe_settings {
	/* Its kind is none of those that need no packets; interval and timeout
	 * are at least 1 ms each.  It must outlive the prober. */
	const struct track_config *config;
	uint16_t id; /* nobody else's on this address */
};

enum probe_fate {
	PROBE_ANSWERED,
	PROBE_UNANSWERED,
	PROBE_UNRESOLVED, /* no MAC of the next hop within the timeout */
	PROBE_UNSENT,	  /* refused by the kernel, see `error` */
	PROBE_REFUSED,	  /* answered, and not as it must be: see `said` */
};

struct probe_result {
	enum probe_fate fate;
	int error;	  /* PROBE_UNSENT: the errno */
	msec_t rtt_us;	  /* PROBE_ANSWERED */
	const char *said; /* PROBE_REFUSED */
};

/* Called from the loop; they may call update, not close. */
struct probe_calls {
	void (*result)(void *arg, const struct probe_result *result);
	/* The next hop's MAC is needed, or in doubt: look it up again. */
	void (*resolve)(void *arg);
};

struct probe_statistics {
	uint64_t sent, answered;
	uint64_t late;	     /* ours, but after the timeout */
	uint64_t duplicates; /* ours, once more */
	uint64_t foreign;    /* to us, but for no probe of ours */
	uint64_t excused;    /* no verdict: this process did not run in time */
	msec_t heard;	     /* last answer, late or not; 0: none yet */
};

/* Returns 0 or -ENOMEM; nothing is sent before the first update. */
int probe_open(struct probe **out, struct event_base *base,
	       const struct probe_settings *settings,
	       const struct probe_calls *calls, void *arg);
void probe_close(struct probe *probe);

/*
 * probe_update - the path is this now.  Another interface or address makes
 * the sockets anew and forgets what is in flight.  Returns 0 or a negative
 * errno: no socket could be made, and probing rests.
 */
int probe_update(struct probe *probe, const struct probe_path *path);

/* From now on a probe every so often; a shorter interval begins at once. */
void probe_pace(struct probe *probe, msec_t interval);

/* Is it a kind that sends probes? */
bool probe_sends(enum track_kind kind);

struct probe_statistics probe_statistics(const struct probe *probe);

/* It takes the place of one that has counted so far. */
void probe_count_on(struct probe *probe, struct probe_statistics statistics);

#endif
