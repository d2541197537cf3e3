/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * publish.h - inside servers on external ports: from the configuration to the
 * static bindings of the data plane, and what became of each.
 *
 * Owns: which static bindings there are.  They are made at the start, also over
 * tables that were adopted, where those that stand are left alone and those that
 * nobody wants any more are withdrawn.  A port on which the gateway itself
 * listens is the gateway's.
 */
#ifndef TWINPATH_PUBLISH_H
#define TWINPATH_PUBLISH_H

#include "plane.h"

enum publish_trouble {
	PUBLISH_FINE,
	PUBLISH_NO_ADDRESS, /* of the uplink, so far */
	PUBLISH_LISTENED,   /* by a socket of the gateway */
	PUBLISH_HELD,	    /* until just now by another endpoint */
	PUBLISH_FAILED,
};

/* One section, on one uplink, by one protocol. */
struct publish_item {
	unsigned publish, uplink; /* indices in the configuration */
	enum tp_plane plane;
	unsigned ports; /* how many */
	unsigned open;	/* those that lead to the server */
	/* The first of the others, and why. */
	enum publish_trouble trouble;
	uint16_t port;
};

/* Where an uplink's bindings are. */
struct publish_place {
	unsigned exit;
	unsigned address; /* id */
};

/* ---- pure (publish.c) -------------------------------------------------------- */

/* How many items there are; the first `room` of them are written. */
unsigned publish_expand(const struct config *config, struct publish_item *items,
			unsigned room);

/* What is asked for the n-th port of an item. */
struct tp_publish publish_ask(const struct config *config,
			      const struct publish_item *item,
			      const struct publish_place *place, unsigned n);

/* Is that what the line holds, and holds for good? */
bool publish_stands(const struct tp_publish *ask,
		    const struct tp_binding *line);

/* Is the port of this address, by this protocol, anything's of the items? */
bool publish_wanted(const struct config *config,
		    const struct publish_item *items, unsigned count,
		    const struct publish_place places[MODEL_UPLINKS],
		    unsigned address, enum tp_plane plane, uint16_t port);

/* "open", "99 of 100 open, 8080 not", "closed"; and what is in the way. */
#define PUBLISH_TEXT 48
const char *publish_state(const struct publish_item *item,
			  char text[PUBLISH_TEXT]);
const char *publish_trouble(const struct publish_item *item);

/* The sockets of the gateway (publish_port.c): is the port taken there? */
bool publish_listened(const char *interface, const struct tp_addr *address,
		      enum tp_plane plane, uint16_t port);

/* ---- on the running tables (publish_plane.c) ---------------------------------- */

struct publish;

int publish_open(struct publish **out, const struct plane *plane,
		 const struct config *config,
		 const struct publish_place places[MODEL_UPLINKS]);
void publish_close(struct publish *publish);

/*
 * publish_apply - make what is configured true, as far as it can be.  Cheap when
 * there is nothing to do.  Returns the milliseconds after which it wants to be
 * called again; 0: not before facts change.
 */
msec_t publish_apply(struct publish *publish, const struct facts *facts,
		     unsigned event);

const struct publish_item *publish_items(const struct publish *publish,
					 unsigned *count);

/* Does the data plane know this address as one inside? */
bool publish_inside(const struct publish *publish,
		    const struct tp_addr *address);

#endif
