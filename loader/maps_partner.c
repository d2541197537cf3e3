// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_partner.c - see maps.h: what the data plane may believe of the partner.
 *
 * Owns: how long it may believe it, when there is no daemon any more.
 */
#include <string.h>

#include "maps_private.h"
#include "twinpath.skel.h"

/* A lease of a second: it lapses by itself when this daemon dies. */
static void fill_leases(const struct maps *maps,
			const struct partner_belief *belief,
			struct tp_partner *wanted)
{
	uint32_t now;

	wanted->gone_bind = maps->lapsed;
	wanted->gone_reset = maps->lapsed;
	wanted->quiet = maps->lapsed;
	if ((!belief->gone_bind && !belief->quiet) ||
	    plane_clock(maps->plane, &now))
		return;
	if (belief->gone_bind)
		wanted->gone_bind = now + TP_TICKS_PER_SECOND;
	if (belief->gone_reset)
		wanted->gone_reset = wanted->gone_bind;
	if (!belief->quiet)
		return;
	/* From when it was said, not from when it is written. */
	wanted->quiet =
		now + TP_TICKS_PER_SECOND - maps_ticks(belief->quiet_age);
	memcpy(wanted->busy, belief->busy, sizeof(wanted->busy));
}

/* By other MACs than before: by another key, or for the first time. */
static bool is_marked_anew(const struct tp_partner *was,
			   const struct tp_partner *is)
{
	for (unsigned kind = 0; kind < TP_KINDS; kind++)
		if (memcmp(was->way[kind].theirs, is->way[kind].theirs,
			   sizeof(was->way[kind].theirs)))
			return is->reachable;
	return false;
}

/*
 * Since when nothing has come back from it, where nothing ever has.  What the
 * daemon before me doubted is doubted until there is an answer: it must not lapse.
 * Of one that is marked anew it is written beforehand, for in a second there may
 * be no daemon.
 */
static uint32_t doubted(const struct maps *maps,
			const struct partner_belief *belief,
			const struct tp_partner *wanted)
{
	bool anew = is_marked_anew(&maps->partner, wanted);
	uint32_t now;

	if (belief->proved)
		return 0;
	if (maps->partner.doubted || !(belief->gone_reset || anew) ||
	    plane_clock(maps->plane, &now))
		return maps->partner.doubted;
	if (!belief->gone_reset)
		now += TP_TICKS_PER_SECOND;
	return now ? now : 1;
}

int maps_unquiet(struct maps *maps)
{
	struct tp_partner wanted = maps->partner;

	wanted.quiet = maps->lapsed;
	return PUT(maps, partner, 0, &maps->partner, &wanted);
}

const struct tp_partner *maps_partner(const struct maps *maps)
{
	return &maps->partner;
}

int maps_apply_partner(struct maps *maps, const struct maps_input *input)
{
	const struct partner_belief *belief = input->belief;
	const struct partner_facts *facts = &input->facts->partner;
	struct tp_partner wanted = {
		.type = (uint8_t)input->config->partner.type,
		.exit = maps->partner_exit,
	};

	fill_leases(maps, belief, &wanted);
	wanted.deaf = belief->deaf;
	wanted.reachable = facts->mac_known;
	/* What is not known any more is what it was: the partner's frames must
	 * not pass for a host's while its MAC is looked for. */
	memcpy(wanted.way, maps->partner.way, sizeof(wanted.way));
	maps_fill_ways(&wanted, input);
	if (wanted.type == TP_PARTNER_TWINPATH)
		wanted.doubted = doubted(maps, belief, &wanted);
	return PUT(maps, partner, 0, &maps->partner, &wanted);
}
