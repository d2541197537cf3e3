/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_kind.h - what a kind of probe has to know: how to ask, and what an
 * answer is.
 *
 * There are two sorts.  Those on packet sockets share one socket among all
 * probes of a prober; an answer finds its probe by sequence and cookie.  Those
 * on ordinary sockets take a new one for each probe, and converse with it.
 *
 * A kind must never keep the time, nor anything between two probes.
 */
#ifndef TWINPATH_PROBE_KIND_H
#define TWINPATH_PROBE_KIND_H

#include "probe.h"

#define PROBE_USEC 1000 /* in a millisecond */
#define PROBE_SAID 48
#define PROBE_HEARD 16

struct probe_view {
	const struct track_config *config;
	const struct probe_path *path;
	uint16_t id;
};

enum probe_shot_state {
	SHOT_FREE,
	SHOT_UNRESOLVED, /* not sent: waits for the next hop's MAC */
	SHOT_FLYING,
	SHOT_ANSWERED,
	SHOT_LOST, /* given up; an answer now is late */
};

/* One probe. */
struct probe_shot {
	enum probe_shot_state state;
	uint16_t sequence;
	bool excused; /* the delay is ours: no verdict without an answer */
	uint64_t cookie;
	int64_t sent; /* microseconds of CLOCK_BOOTTIME, as all times here */
	int64_t deadline;
	/* Of a conversation: */
	struct probe *probe;
	struct event *event;
	int socket;	/* -1: none */
	unsigned step;	/* the kind's own */
	int64_t age;	/* how long the answer has waited; see PROBE_DONE */
	int64_t rtt_us; /* as the kernel measured it; 0: it has not */
	unsigned heard_length;
	char heard[PROBE_HEARD]; /* so much of the answer */
	char said[PROBE_SAID];	 /* what was wrong with it */
};

/* What came in on a shared socket. */
struct probe_answer {
	bool blind; /* it can carry neither: taken for the last probe's */
	uint16_t sequence;
	uint64_t cookie;
	int64_t age; /* microseconds that it has waited in the socket */
};

/* How a conversation stands. */
enum probe_step {
	PROBE_READ,  /* waits for something to read */
	PROBE_WRITE, /* ... for room to write, or for a connection */
	PROBE_DONE,  /* answered; `age` or `rtt_us` is filled in */
};

struct probe_kind {
	bool by_mac; /* sends to the next hop's MAC address */

	/* Shared: returns the socket or a negative errno. */
	int (*open)(const struct probe_view *view);
	/* Returns 0 or a negative errno. */
	int (*send)(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, bool again);
	/* Returns 1 with an answer, 0 when there is none, -EBADMSG for one that
	 * cannot be ours.  Never blocks. */
	int (*receive)(int fd, const struct probe_view *view,
		       struct probe_answer *answer);

	/* Or a conversation: returns the socket, not blocking, or a negative
	 * errno. */
	int (*begin)(const struct probe_view *view,
		     const struct probe_shot *shot);
	/*
	 * Goes on as far as it can without waiting.  Returns enum probe_step,
	 * -EBADMSG for what is no answer to this, or another negative errno:
	 * that was the answer, or (with `said` filled in) it was not good.
	 */
	int (*go_on)(const struct probe_view *view, struct probe_shot *shot);
};

extern const struct probe_kind probe_arp, probe_dns, probe_echo, probe_http,
	probe_icmp, probe_tcp;

#endif
