/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeat_report.h - what the gateways tell each other.
 *
 * Pure: no clock, no allocation, no input or output.  How it travels is
 * heartbeat_message.h's; what to conclude from it is nobody's here.
 */
#ifndef TWINPATH_HEARTBEAT_REPORT_H
#define TWINPATH_HEARTBEAT_REPORT_H

#include "intent_site.h"
#include "model.h"

#define HEARTBEAT_VERSION 16 /* of the software, with the NUL */
#define HEARTBEAT_HOSTS TP_HOSTS

enum heartbeat_selector {
	HEARTBEAT_NONE, /* no exit */
	HEARTBEAT_SELF, /* one of the sender's uplinks */
	HEARTBEAT_PARTNER,
};

struct heartbeat_uplink {
	char name[MODEL_NAME];
	uint8_t level; /* at its best */
	uint8_t now;   /* at which it is a candidate; 0: it is none */
	uint8_t share; /* weight among its level; 0: it shares nothing */
	enum tp_exit_state state;
	enum track_state track;
	bool draining; /* towards a deadline */
};

struct heartbeat_report {
	bool ready; /* facts.ready of the sender */
	bool quiet; /* the receiver need not ask about hosts without a bit in
		     * `hosts`: the sender will bind none of them unasked */
	enum heartbeat_selector selector;
	uint8_t best_level; /* of its candidates; 0: there is none */
	bool proved;	    /* which rests on an answer from outside */
	uint64_t sessions;  /* live ones; told as UINT32_MAX at most */
	uint64_t bindings;
	uint32_t lost; /* how often it took the other side for gone or silent */
	struct intent_told intent;
	char version[HEARTBEAT_VERSION];
	uint8_t hosts[HEARTBEAT_HOSTS / 8]; /* inside hosts with bindings, by
					     * tp_host(); all ones when not
					     * known */
	unsigned uplinks_count;
	struct heartbeat_uplink uplinks[MODEL_UPLINKS];
};

/*
 * Anything that somebody has to act on.  How many sessions there are is not,
 * but whether there are any; nor is what is left of a `for`; which hosts they are
 * of is while it is quiet.
 */
bool heartbeat_report_differs(const struct heartbeat_report *a,
			      const struct heartbeat_report *b);

#endif
