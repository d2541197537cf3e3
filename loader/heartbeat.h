/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeat.h - the daemons of both gateways tell each other how they are.
 *
 * Owns: the socket, the timer, the counters, and the last report that counts.
 * It decides nothing: losing the heartbeat changes no forwarding, and whether
 * the partner's data plane is alive is liveness.h's to say.
 *
 * Every function takes a NULL heartbeat, of a site without a key.
 */
#ifndef TWINPATH_HEARTBEAT_H
#define TWINPATH_HEARTBEAT_H

#include <event2/event.h>

#include "heartbeat_report.h"
#include "key.h"

struct heartbeat;

struct heartbeat_config {
	struct tp_addr local; /* mine, on the LAN that leads to the partner */
	struct tp_addr partner;
	uint16_t port;	    /* the same on both gateways */
	const uint8_t *key; /* KEY_BYTES, copied; NULL: no heartbeat */
};

struct heartbeat_counters {
	uint64_t sent;
	uint64_t unsent; /* the kernel would not */
	uint64_t accepted;
	uint64_t forged;
	uint64_t replayed;
	uint64_t stale; /* of another boot, without a proof that it lives */
	uint64_t malformed;
	uint64_t version; /* sealed well, of another release's format */
};

struct heartbeat_view {
	bool running;	/* false: there is no key */
	bool known;	/* `theirs` has ever been filled */
	bool fresh;	/* I hear them: the last one that counts is 0.5 s old */
	bool two_way;	/* and they hear me */
	unsigned boots; /* of theirs that I have seen; above 1, a restart */
	uint64_t echoed; /* they have heard my messages up to this one */
	msec_t at;	 /* CLOCK_BOOTTIME of the last one that counts */
	struct heartbeat_report theirs;
	struct heartbeat_counters counters;
};

struct heartbeat_callbacks {
	/* What I want to be told of me, now; *mine is all zero before. */
	void (*fill)(void *arg, struct heartbeat_report *mine);
	/* Before they learn that I have heard it: what must be so by then. */
	void (*heard)(void *arg, const struct heartbeat_report *theirs);
	/* fresh, two_way, boots or something in the report has changed
	 * (heartbeat_report_differs says what is something); or they have
	 * heard the last poke. */
	void (*changed)(void *arg, const struct heartbeat_view *theirs);
};

/*
 * heartbeat_open - speak from now on; the first message is out at return.
 * The address need not be there yet.  Without a key: one line in the log, 0,
 * and *out is NULL.  Returns 0 or a negative errno, which is logged.
 */
int heartbeat_open(struct heartbeat **out, struct event_base *base,
		   const struct heartbeat_config *config,
		   const struct heartbeat_callbacks *callbacks, void *arg);

/* The moment's view. */
void heartbeat_view(const struct heartbeat *heartbeat,
		    struct heartbeat_view *view);

/*
 * heartbeat_poke - tell them now, and ask for an answer at once.  What is in
 * the report has to be so already: call it before a selector changes, to revoke
 * what the partner derived from the last report.
 * Returns the message's counter: once the view's `echoed` is not below it,
 * they have heard it.  0: it was not sent.
 */
uint64_t heartbeat_poke(struct heartbeat *heartbeat);

void heartbeat_close(struct heartbeat *heartbeat);

#endif
