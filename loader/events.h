/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.h - what has changed lately: the lines "old -> new, because" of the log,
 * kept for whoever asks later, and told to whoever listens.
 *
 * Owns: a ring of bounded size.  What is in it is a copy: the log stays the record
 * that outlives the daemon.
 */
#ifndef TWINPATH_EVENTS_H
#define TWINPATH_EVENTS_H

#include <sys/queue.h>

#include "model.h"

#define EVENTS_ROOM 512

struct json_object;
struct events;

struct events_entry {
	uint64_t serial; /* from 1, without gaps, since the daemon started */
	int64_t time;	 /* CLOCK_REALTIME in milliseconds: for people */
	unsigned event;	 /* of the decision that it belongs to; 0: of none */
	enum event_kind kind;
	char what[48];
	char from[64], to[64];
	char because[MODEL_REASON];
};

/* Told of each event as it happens; part of whoever listens. */
struct events_listener {
	LIST_ENTRY(events_listener) link;
	void (*heard)(struct events_listener *self,
		      const struct events_entry *entry);
};

/* From here on, what log_change says is an event.  0 or -ENOMEM. */
int events_open(struct events **out);
void events_close(struct events *events);

void events_listen(struct events *events, struct events_listener *listener);
void events_deafen(struct events_listener *listener);

/* The oldest one kept is the 0th; NULL: there are not so many. */
const struct events_entry *events_nth(const struct events *events, unsigned n);

/* {"serial": .., "time": "2026-03-01T12:00:00.123+0100", "event": .. or null,
 *  "kind": .., "what": .., "from": .., "to": .., "because": ..} */
struct json_object *events_json(const struct events_entry *entry);

#endif
