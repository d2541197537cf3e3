/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.h - a small world of two gateways, to try the ownership rules on.
 *
 * Owns: the state of the model and what a gateway does with one packet.  It
 * must never hold a rule of its own: every decision is own_decide's, the very
 * function that the BPF programs run (bpf/ownership.h).
 *
 * What is modelled
 *  - Two gateways, A and B, of one uplink each; one inside endpoint with one or
 *    two flows, TCP or UDP, its packets entering at either gateway at any time;
 *    or a published server, whose sessions are opened from outside.
 *  - Per gateway: power, daemon, the uplink and what is known of it (which lags
 *    behind at will), the selector, what is believed of the partner, the quiet
 *    lease, the wait for a dead exit, sessions and the endpoint's binding: none, unconfirmed, confirmed.
 *    A confirm number is only ever compared with the current one, so that the
 *    model needs no number: "it grows" makes everything unconfirmed.
 *  - The link between them, with up to two packets on it, delivered in any
 *    order, each with the kind that its source MAC would tell.
 *  - Faults: uplinks die and return, power off and an empty boot, daemons die,
 *    the link breaks and heals; idle expiry; selectors that flip.
 *  - A truth that no gateway sees: through whom the remote side knows a flow,
 *    and by whom the endpoint is bound.  truth.c judges every step by it.
 *
 * What is not
 *  - Time.  Leases lapse and beliefs change when the explorer says so, where
 *    they may: "gone" is believed only of a partner that does not answer.
 *  - Fragments, TTL, ICMP errors, MAC encoding, forged marks, the stamps of
 *    asked flows, lossy links, several uplinks on a gateway, drain, an uplink
 *    that returns with another address, full tables, races between CPUs.
 *  - That gone for bindable packets comes before gone for resets; a link that
 *    loses packets one way, or keys that differ: a partner that is deaf or
 *    doubted is gone here.
 *  - Other hosts: quiet is a host's own.
 *  - A partition together with another fault, and a second one.
 *  - Orders of events that are accepted losses, or too quick for what they are
 *    about: the explorer leaves them out, see event.c; what it lets pass as
 *    excused is told in truth.h.
 *
 * Plain bytes throughout: two worlds are the same when their bytes are.
 */
#ifndef TWINPATH_MODEL_WORLD_H
#define TWINPATH_MODEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../bpf/ownership.h"

#define WORLD_GATEWAYS 2
#define WORLD_FLOWS 2
#define WORLD_FLIGHTS 2
#define WORLD_ENDPOINT WORLD_FLOWS /* held beside the flows: the binding */
#define WORLD_THINGS (WORLD_FLOWS + 1)
#define WORLD_NOBODY 2

struct world_gateway {
	uint8_t powered;
	uint8_t daemon;
	uint8_t uplink;	 /* it carries packets */
	uint8_t known;	 /* it is a live exit, as far as the gateway knows */
	uint8_t partner; /* enum own_partner: what is believed */
	uint8_t selects; /* the selector: this gateway's own uplink */
	uint8_t waits;	 /* the dead exit's sessions are kept: "hold" */
	uint8_t quiet;
	uint8_t untold;	  /* the partner believed me gone; I do not know */
	uint8_t settling; /* the link healed, my belief is still the old one */
	uint8_t held[WORLD_THINGS]; /* enum own_held: sessions, binding */
};

struct world_flight {
	uint8_t used;
	uint8_t to;
	uint8_t flow;
	uint8_t bindable;
	uint8_t kind; /* enum tp_kind */
	uint8_t crossings;
	uint8_t raced; /* an exit came or went while it was on its way */
};

/* Who carries a flow, or binds the endpoint, as the remote side sees it. */
struct world_owner {
	uint8_t gateway; /* or WORLD_NOBODY */
	uint8_t apart;	 /* bits: who used it while they were apart */
	uint8_t split;	 /* both own it, which is excused, until one expires */
};

struct world {
	struct world_gateway gateway[WORLD_GATEWAYS];
	struct world_flight flight[WORLD_FLIGHTS];
	struct world_owner owner[WORLD_THINGS];
	uint8_t open[WORLD_FLOWS]; /* the host's TCP connection */
	uint8_t link;
	uint8_t packets, faults, flips; /* how many may still come */
	uint8_t zero[1];
};
_Static_assert(sizeof(struct world) % 8 == 0, "worlds are hashed by words");

/* What may go wrong, besides idle expiry, at a site. */
#define WORLD_UPLINKS (1U << 0)
#define WORLD_POWER (1U << 1)
#define WORLD_DAEMONS (1U << 2)
#define WORLD_LINK (1U << 3)

/* What stands around the rules and can be switched off. */
#define WORLD_NO_GROW_DEAD (1U << 0)
#define WORLD_NO_GROW_GONE (1U << 1)
#define WORLD_NO_GROW_TOLD (1U << 2)
#define WORLD_NO_CANCEL_TAKE (1U << 3)
#define WORLD_NO_CANCEL_RETURN (1U << 4)
#define WORLD_NO_REVOKE (1U << 5)
#define WORLD_NO_LAPSE (1U << 6)
#define WORLD_NO_LIVE_EXIT (1U << 7)
#define WORLD_NO_FREE (1U << 8)
#define WORLD_NO_SHOW (1U << 9)
#define WORLD_QUIET_BY_SESSIONS (1U << 10)
#define WORLD_INBOUND_CONFIRMS (1U << 11)
#define WORLD_QUIET_WHILE_GONE (1U << 12)
#define WORLD_NO_CANCEL_TOLD (1U << 13)
#define WORLD_SERVE_CONFIRMS (1U << 14)
#define WORLD_NO_LEAVE (1U << 15)
#define WORLD_SYN_WAITS (1U << 16)

struct world_site {
	const char *name;
	bool tcp, published, quiet, hold;
	uint8_t selects[WORLD_GATEWAYS];
	uint8_t flows, packets, faults, flips;
	unsigned what; /* WORLD_UPLINKS ... */
};

/* One step: the world that it changes, and what came of it. */
struct world_step {
	struct world *world;
	const struct world_site *site;
	unsigned off; /* WORLD_NO_* */
	uint32_t (*decide)(const struct own_view *view);
	const char *violation; /* the first one, or NULL */
	FILE *log;	       /* or NULL */
};

/* A packet that is at a gateway now. */
struct world_packet {
	uint8_t at;
	uint8_t flow;
	uint8_t bindable;
	uint8_t kind;
	uint8_t crossings;
	uint8_t raced;
};

void world_init(struct world *world, const struct world_site *site);

/* A packet arrives: ask the rules, do what they say. */
void world_arrive(struct world_step *step, const struct world_packet *packet);

/* The gateway's confirm number grows. */
void world_grow(struct world_gateway *gateway);

/* Is there something that carries packets between the two? */
bool world_reachable(const struct world *world);

void world_note(const struct world_step *step, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *world_kind_name(uint8_t kind);

#endif
