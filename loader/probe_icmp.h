/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_icmp.h - one ICMP echo prober: a target, seen through one uplink.
 *
 * Owns: one packet socket bound to the uplink's interface, and the probes in
 * flight.  It goes past routing tables, so that a probe cannot leave by another
 * exit and come back through the partner.  It must never draw a conclusion: it
 * reports each probe's fate, track.c concludes.
 */
#ifndef TWINPATH_PROBE_ICMP_H
#define TWINPATH_PROBE_ICMP_H

#include <event2/event.h>

#include "model.h"

struct probe_icmp;

/* Where probes leave; ifindex 0: nowhere, probing rests. */
struct probe_icmp_path {
	unsigned ifindex;
	struct tp_addr address; /* ours, the source */
	uint8_t next_hop_mac[6];
	bool next_hop_mac_known;
};

struct probe_icmp_settings {
	struct tp_addr target;
	msec_t interval, timeout; /* at least 1 ms each */
	uint16_t id;		  /* nobody else's on this address */
};

enum probe_icmp_fate {
	PROBE_ICMP_ANSWERED,
	PROBE_ICMP_UNANSWERED,
	PROBE_ICMP_UNRESOLVED, /* no MAC of the next hop within the timeout */
	PROBE_ICMP_UNSENT,     /* refused by the kernel, see `error` */
};

struct probe_icmp_result {
	enum probe_icmp_fate fate;
	int error;     /* PROBE_ICMP_UNSENT: the errno */
	msec_t rtt_us; /* PROBE_ICMP_ANSWERED */
};

/* Called from the loop; they may call update, not close. */
struct probe_icmp_calls {
	void (*result)(void *arg, const struct probe_icmp_result *result);
	/* The next hop's MAC is needed, or in doubt: look it up again. */
	void (*resolve)(void *arg);
};

struct probe_icmp_statistics {
	uint64_t sent, answered;
	uint64_t late;	     /* ours, but after the timeout */
	uint64_t duplicates; /* ours, once more */
	uint64_t foreign;    /* our id, but no probe of ours */
	uint64_t excused;    /* no verdict: this process did not run in time */
	msec_t heard;	     /* last answer, late or not; 0: none yet */
};

/* Returns 0 or -ENOMEM; nothing is sent before the first update. */
int probe_icmp_open(struct probe_icmp **out, struct event_base *base,
		    const struct probe_icmp_settings *settings,
		    const struct probe_icmp_calls *calls, void *arg);
void probe_icmp_close(struct probe_icmp *probe);

/*
 * probe_icmp_update - the path is this now.  Another interface or address makes
 * the socket anew and forgets what is in flight.  Returns 0 or a negative
 * errno: no socket could be made, and probing rests.
 */
int probe_icmp_update(struct probe_icmp *probe,
		      const struct probe_icmp_path *path);

struct probe_icmp_statistics
probe_icmp_statistics(const struct probe_icmp *probe);

#endif
