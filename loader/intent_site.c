// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * intent_site.c - two views of the operator's intent become one.
 *
 * Owns: the order of intents.  It must never look at anything but its
 * arguments: both gateways have to come to the same answer.
 */
#include <stdio.h>
#include <string.h>

#include "intent_site.h"

#define EXPIRED 1U /* the lowest bit of the serial */

/* ---- across the wire --------------------------------------------------- */

struct intent_told intent_site_tell(const struct intent_site *intent,
				    msec_t now)
{
	struct intent_told told = {
		.serial = intent->serial,
		.kind = intent->kind,
		.drain = intent->drain,
		.force = intent->force,
	};
	msec_t left = intent->until - now;

	memcpy(told.uplink, intent->uplink, sizeof(told.uplink));
	if (!intent->until)
		return told;
	/* One that is due, but not yet ended here, is not for ever. */
	left = left > 0 ? (left - 1) / 1000 + 1 : 1;
	told.remaining = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
	return told;
}

struct intent_site intent_site_hear(const struct intent_told *told, msec_t now)
{
	struct intent_site intent = {
		.serial = told->serial,
		.kind = told->kind,
		.drain = told->drain,
		.force = told->force,
	};

	memcpy(intent.uplink, told->uplink, sizeof(intent.uplink));
	if (told->remaining)
		intent.until = now + (msec_t)told->remaining * 1000;
	return intent;
}

/* ---- serials ----------------------------------------------------------- */

struct intent_site intent_site_command(const struct intent_site *last,
				       const struct intent_site *wish)
{
	struct intent_site intent = *wish;

	intent.serial = (last->serial | EXPIRED) + 1;
	return intent;
}

bool intent_site_expire(struct intent_site *intent, msec_t now)
{
	if (!intent->until || now < intent->until)
		return false;
	*intent = (struct intent_site){
		.serial = intent->serial | EXPIRED,
		.kind = INTENT_SITE_AUTO,
	};
	return true;
}

/* ---- two become one ---------------------------------------------------- */

static const char *name_of(const struct intent_site *intent)
{
	return intent->kind == INTENT_SITE_UPLINK ? intent->uplink : "auto";
}

/* Below 0: `a` stands before `b`; 0: they say the same. */
static int compare(const struct intent_site *a, const struct intent_site *b)
{
	int order = strncmp(name_of(a), name_of(b), MODEL_NAME);

	if (order)
		return order;
	if (!a->until != !b->until)
		return a->until ? -1 : 1;
	if (a->drain != b->drain) /* 0, no number, is the longest */
		return a->drain - 1U < b->drain - 1U ? -1 : 1;
	return a->force - b->force;
}

/*
 * The same intent: what is left was rounded up on its way, and is never earlier
 * here than there.  The earlier end is nearer to the truth, and keeping it does
 * not creep.
 */
static void merge_end(struct intent_site *mine,
		      const struct intent_site *theirs)
{
	if (mine->until && theirs->until < mine->until)
		mine->until = theirs->until;
}

enum intent_merged intent_site_merge(struct intent_site *mine,
				     const struct intent_site *theirs)
{
	int order;

	if (mine->serial != theirs->serial) {
		if (mine->serial > theirs->serial)
			return INTENT_MERGED_MINE;
		*mine = *theirs;
		return INTENT_MERGED_THEIRS;
	}
	order = compare(mine, theirs);
	if (!order) {
		merge_end(mine, theirs);
		return INTENT_MERGED_SAME;
	}
	if (order < 0)
		return INTENT_MERGED_CONFLICT_MINE;
	*mine = *theirs;
	return INTENT_MERGED_CONFLICT_THEIRS;
}

/* ---- for one gateway --------------------------------------------------- */

static bool is_mine(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (!strncmp(config->uplinks[i].name, name, MODEL_NAME))
			return true;
	return false;
}

static bool is_theirs(const struct intent_names *partner, const char *name)
{
	for (unsigned i = 0; i < partner->count; i++)
		if (!strncmp(partner->name[i], name, MODEL_NAME))
			return true;
	return false;
}

struct intent intent_site_translate(const struct intent_site *intent,
				    const struct config *config,
				    const struct intent_names *partner,
				    char why[MODEL_REASON])
{
	const struct intent automatic = { .kind = INTENT_AUTO };
	struct intent answer = {
		.until = intent->until,
		.drain = (msec_t)intent->drain * 1000,
		.force = intent->force,
	};
	bool theirs;

	*why = '\0';
	if (intent->kind != INTENT_SITE_UPLINK)
		return automatic;
	theirs = is_theirs(partner, intent->uplink);
	if (is_mine(config, intent->uplink)) {
		answer.kind = INTENT_UPLINK;
		memcpy(answer.uplink, intent->uplink, sizeof(answer.uplink));
		if (theirs)
			snprintf(why, MODEL_REASON,
				 "both gateways have an uplink %s: each takes "
				 "its own",
				 intent->uplink);
	} else if (theirs) {
		answer.kind = INTENT_PARTNER;
	} else {
		snprintf(why, MODEL_REASON,
			 "%s is wanted, which neither gateway has (as far as "
			 "the partner has told)",
			 intent->uplink);
		return automatic;
	}
	return answer;
}
