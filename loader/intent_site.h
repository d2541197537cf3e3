/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intent_site.h - what the operator wants of the site, the same on both
 * gateways: how two views of it become one, and what it means for one of them.
 *
 * Pure: no clock, no allocation, no input or output.
 *
 * The serial is a Lamport clock.  A command takes the next even number above
 * every one that this gateway has seen; the end of a `for` is an event too, and
 * takes the odd number behind its command's, on both gateways alike.  So a
 * command given while one of them has already ended the last one wins.
 */
#ifndef TWINPATH_INTENT_SITE_H
#define TWINPATH_INTENT_SITE_H

#include "model.h"

enum intent_site_kind {
	INTENT_SITE_AUTO,
	INTENT_SITE_UPLINK, /* by name, whichever gateway has it */
};

struct intent_site {
	uint64_t serial; /* 0: nobody ever asked for anything */
	enum intent_site_kind kind;
	char uplink[MODEL_NAME]; /* all zero unless UPLINK */
	msec_t until;		 /* then it is auto again; 0: never */
	uint32_t drain; /* seconds that old sessions get; 0: by their uplink's
			 * own policy */
	bool force;	/* also onto an exit that is not up */
};

/* The same as it travels: without instants, which mean nothing elsewhere. */
struct intent_told {
	uint64_t serial;
	enum intent_site_kind kind;
	char uplink[MODEL_NAME];
	uint32_t remaining; /* seconds, rounded up; 0: for ever */
	uint32_t drain;
	bool force;
};

struct intent_told intent_site_tell(const struct intent_site *intent,
				    msec_t now);
struct intent_site intent_site_hear(const struct intent_told *told, msec_t now);

/* A new command; `wish` without its serial, which follows on `last`'s. */
struct intent_site intent_site_command(const struct intent_site *last,
				       const struct intent_site *wish);

/* The end of its `for`: returns whether it came, and then makes it auto. */
bool intent_site_expire(struct intent_site *intent, msec_t now);

enum intent_merged {
	INTENT_MERGED_SAME,
	INTENT_MERGED_MINE,	       /* the partner has yet to hear it */
	INTENT_MERGED_THEIRS,	       /* mine changed */
	INTENT_MERGED_CONFLICT_MINE,   /* two commands at once: mine stands */
	INTENT_MERGED_CONFLICT_THEIRS, /* two commands at once: mine changed */
};

/*
 * intent_site_merge - the higher serial wins.  Two commands with one serial
 * were given at once, on both gateways: the lower name wins ("auto" is a name),
 * then what ends by itself, then the shorter drain, then the one without force;
 * both gateways come to the same answer.
 */
enum intent_merged intent_site_merge(struct intent_site *mine,
				     const struct intent_site *theirs);

struct intent_names {
	unsigned count;
	char name[MODEL_UPLINKS][MODEL_NAME];
};

/*
 * intent_site_translate - what it means for this gateway's decide.
 * @partner: the uplinks that the partner reported last
 * @why:     the reason, when the answer is auto although an uplink is wanted,
 *           or when both gateways have one of that name; else empty
 */
struct intent intent_site_translate(const struct intent_site *intent,
				    const struct config *config,
				    const struct intent_names *partner,
				    char why[MODEL_REASON]);

#endif
