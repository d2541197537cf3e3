// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide_random.c - what must hold for decide.c whatever the facts.
 *
 * Sites of random shape live through random turns, each starting from the last
 * answer.  The expectations are written from the facts alone, in other words
 * than decide.c's.  The seed is fixed: a failure is a failure tomorrow too, and
 * its message tells the turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide.h"
#include "random/happen.h"

#define SITES 20000
#define TURNS 50

static unsigned site, turn;

#define HOLDS(condition)                                                    \
	do {                                                                \
		if (!(condition))                                           \
			fail_msg("site %u turn %u: not so: %s", site, turn, \
				 #condition);                               \
	} while (0)

/* ---- what must hold -------------------------------------------------------- */

static bool usable(const struct facts *facts, int i)
{
	const struct uplink_facts *uplink = &facts->uplinks[i];

	return uplink->present && uplink->admin_up && uplink->carrier &&
	       uplink->has_address && uplink->next_hop && uplink->attached;
}

static bool partner_lives(const struct config *config,
			  const struct facts *facts)
{
	const struct partner_facts *partner = &facts->partner;
	bool routes = partner->marker || partner->offers_default;

	if (config->partner.type == TP_PARTNER_NONE ||
	    !partner->address_on_lan || !partner->mac_known || partner->gone)
		return false;
	/* What it says is newer than its routes. */
	if (partner->told && !partner->told_self && !partner->told_level)
		return false;
	return routes || (partner->told && partner->told_level);
}

static bool partner_is_no_exit(const struct facts *facts)
{
	return facts->partner.gone ||
	       (facts->partner.told && !facts->partner.told_self);
}

/* Is this the uplink that the operator names? */
static bool named(const struct config *config, const struct intent *intent,
		  enum intent_kind kind, int i)
{
	return intent->kind == kind && i >= 0 &&
	       !strcmp(config->uplinks[i].name, intent->uplink);
}

/* Without a verdict: as it was before, and to be avoided where nothing was. */
static enum tp_exit_state without_verdict(const struct desired *before, int i,
					  enum tp_exit_state up, bool forced)
{
	if (before && before->states[i] >= TP_EXIT_DRAIN)
		return up;
	if (before && before->states[i] == TP_EXIT_DEAD && !forced &&
	    !(before->unproven & (1U << i)))
		return TP_EXIT_DEAD;
	return TP_EXIT_AVOID;
}

/* The level at which it can be had now; 0: it cannot. */
static unsigned serves(const struct config *config, const struct facts *facts,
		       const struct desired *before, int i, bool *announced)
{
	const struct uplink_config *uplink = &config->uplinks[i];
	enum track_state track = facts->uplinks[i].track;
	unsigned n = 0;

	*announced = true;
	if (!usable(facts, i))
		return 0;
	if (track == TRACK_UP)
		return uplink->level;
	if (track == TRACK_UNKNOWN)
		return before && before->states[i] >= TP_EXIT_DRAIN ?
			       uplink->level :
			       0;
	while (n < uplink->fallbacks_count &&
	       facts->uplinks[i].fallbacks[n] == TRACK_DOWN)
		n++;
	if (n == uplink->fallbacks_count ||
	    facts->uplinks[i].fallbacks[n] != TRACK_UP)
		return 0;
	*announced = uplink->fallbacks[n].announce;
	return uplink->fallbacks[n].level;
}

static bool may_be_announced(const struct config *config,
			     const struct facts *facts,
			     const struct desired *before, int i)
{
	bool announced;

	serves(config, facts, before, i, &announced);
	return announced;
}

static void check_states(const struct config *config, const struct facts *facts,
			 const struct intent *intent,
			 const struct desired *before,
			 const struct desired *got)
{
	for (int i = 0; i < (int)config->uplinks_count; i++) {
		const struct uplink_facts *uplink = &facts->uplinks[i];
		enum tp_exit_state up = named(config, intent, INTENT_DRAIN, i) ?
						TP_EXIT_DRAIN :
						TP_EXIT_UP;
		bool forced = intent->force &&
			      named(config, intent, INTENT_UPLINK, i);
		bool announced;
		unsigned level = serves(config, facts, before, i, &announced);

		HOLDS(got->levels[i] == (up == TP_EXIT_UP ? level : 0));
		forced &= !level;
		if (!usable(facts, i))
			HOLDS(got->states[i] == TP_EXIT_DEAD);
		else if (uplink->track == TRACK_UP)
			HOLDS(got->states[i] == up);
		else if (uplink->track == TRACK_DOWN && level &&
			 got->selector == i)
			HOLDS(got->states[i] == up);
		else if (uplink->track == TRACK_DOWN)
			HOLDS(got->states[i] == (uplink->beyond || forced ?
							 TP_EXIT_AVOID :
							 TP_EXIT_DEAD));
		else
			HOLDS(got->states[i] ==
			      without_verdict(before, i, up, forced));
	}
	for (int i = (int)config->uplinks_count; i < MODEL_UPLINKS; i++)
		HOLDS(got->states[i] == TP_EXIT_DEAD);
}

static unsigned best_level_up(const struct config *config,
			      const struct desired *got)
{
	unsigned level = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (got->levels[i] && (!level || got->levels[i] < level))
			level = got->levels[i];
	return level;
}

/* An exit that is not up, because the operator forces it. */
static bool forced(const struct config *config, const struct facts *facts,
		   const struct intent *intent, const struct desired *got)
{
	if (!got->degraded)
		return false;
	if (intent->kind == INTENT_PARTNER)
		return got->selector == MODEL_PARTNER &&
		       config->partner.type != TP_PARTNER_NONE &&
		       facts->partner.address_on_lan &&
		       facts->partner.mac_known;
	return named(config, intent, INTENT_UPLINK, got->selector);
}

static void check_selector(const struct config *config,
			   const struct facts *facts,
			   const struct intent *intent,
			   const struct desired *before,
			   const struct desired *got)
{
	unsigned best = best_level_up(config, got);
	bool partner = partner_lives(config, facts);

	HOLDS(got->selector >= MODEL_PARTNER &&
	      got->selector < (int)config->uplinks_count);
	/* Nothing dead, even by force; and one that is forced says so. */
	if (got->selector >= 0)
		HOLDS(got->states[got->selector] != TP_EXIT_DEAD);
	HOLDS(!got->degraded || intent->force);
	if (forced(config, facts, intent, got))
		return;
	if (best || partner) /* something lives: it is taken, dead ones not */
		HOLDS(got->selector == MODEL_PARTNER ?
			      partner :
			      got->selector >= 0 &&
				      got->states[got->selector] == TP_EXIT_UP);
	else if (got->selector >= 0)
		HOLDS(got->states[got->selector] == TP_EXIT_AVOID ||
		      named(config, intent, INTENT_DRAIN, got->selector));
	else if (got->selector == MODEL_PARTNER)
		HOLDS(config->partner.type != TP_PARTNER_NONE &&
		      facts->partner.address_on_lan);
	if (intent->kind != INTENT_AUTO || got->settled)
		return;
	/* To an equal one only if it says that it carries, or soon may. */
	if (best == 1)
		HOLDS(got->selector >= 0 || facts->partner.told_level == 1 ||
		      facts->partner.awaited);
	if (best && got->selector == MODEL_PARTNER && facts->partner.told)
		HOLDS(facts->partner.told_self &&
		      facts->partner.told_level <= best);
	if (got->selector >= 0 && best)
		HOLDS(got->levels[got->selector] == best);
	/* Nothing is turned to one that does not answer. */
	if (best && got->selector == MODEL_PARTNER && facts->partner.failing)
		HOLDS(before && before->selector == MODEL_PARTNER);
}

static void check_intent(const struct config *config, const struct facts *facts,
			 const struct intent *intent, const struct desired *got)
{
	if (intent->kind == INTENT_PARTNER && partner_lives(config, facts)) {
		HOLDS(got->selector == MODEL_PARTNER);
		HOLDS(got->announce == MODEL_NOBODY);
	}
	for (int i = 0; i < (int)config->uplinks_count; i++)
		if (intent->kind == INTENT_UPLINK &&
		    !strcmp(config->uplinks[i].name, intent->uplink) &&
		    got->states[i] == TP_EXIT_UP)
			HOLDS(got->selector == i);
}

static void check_ranks(const struct config *config, const struct facts *facts,
			const struct intent *intent,
			const struct desired *before, const struct desired *got)
{
	(void)config;
	if (intent->kind != INTENT_AUTO || got->settled)
		return;
	if (got->announce >= 0 && got->announce == got->selector &&
	    got->states[got->selector] == TP_EXIT_UP)
		HOLDS((got->levels[got->announce] == 1 ||
		       partner_is_no_exit(facts)) ==
		      (got->metric == MODEL_METRIC_BEST));
	/* Among equals who has it keeps it. */
	if (before && before->selector >= 0 && got->selector >= 0 &&
	    got->levels[before->selector] &&
	    got->levels[before->selector] == got->levels[got->selector] &&
	    may_be_announced(config, facts, before, before->selector))
		HOLDS(got->selector == before->selector);
}

static void check_visible(const struct config *config,
			  const struct facts *facts,
			  const struct desired *before,
			  const struct desired *got)
{
	bool lives = false;

	if (!facts->ready) {
		HOLDS(got->announce == MODEL_NOBODY);
		HOLDS(got->last_resort == MODEL_NOBODY);
		HOLDS(!got->marker && !got->vrrp);
		return;
	}
	if (got->announce != MODEL_NOBODY) {
		HOLDS(got->announce >= 0);
		HOLDS(got->levels[got->announce] ||
		      (got->states[got->announce] == TP_EXIT_DRAIN &&
		       got->selector == got->announce));
		HOLDS(may_be_announced(config, facts, before, got->announce));
		HOLDS(got->selector == got->announce ||
		      got->selector == MODEL_PARTNER);
		HOLDS(got->metric == MODEL_METRIC_BEST ||
		      got->metric == MODEL_METRIC_FLOATING);
		if (got->selector != got->announce)
			HOLDS(got->metric == MODEL_METRIC_FLOATING);
		if (config->last_resort)
			HOLDS(got->last_resort == got->announce);
	}
	if (got->selector >= 0 && got->states[got->selector] == TP_EXIT_UP)
		HOLDS(got->announce ==
		      (may_be_announced(config, facts, before, got->selector) ?
			       got->selector :
			       MODEL_NOBODY));
	for (int i = 0; i < (int)config->uplinks_count; i++)
		lives |= got->levels[i] &&
			 may_be_announced(config, facts, before, i);
	HOLDS(got->marker == lives);
	HOLDS(got->vrrp >= 10 && got->vrrp <= 100);
	if (!best_level_up(config, got) && got->selector < 0)
		HOLDS(got->vrrp == 10);
}

static void check_last_resort(const struct config *config,
			      const struct facts *facts,
			      const struct desired *got)
{
	bool any = false;

	for (int i = 0; i < (int)config->uplinks_count; i++)
		any |= usable(facts, i);
	if (facts->ready)
		HOLDS((got->last_resort != MODEL_NOBODY) ==
		      (config->last_resort && any));
	if (got->last_resort != MODEL_NOBODY)
		HOLDS(usable(facts, got->last_resort));
}

/*
 * Between two changes without necessity there is `settle`: unless the operator
 * asked for one, or what was in use can go on no more.
 */
static void check_settling(const struct config *config,
			   const struct facts *facts,
			   const struct intent *intent,
			   const struct desired *before,
			   const struct desired *got)
{
	const struct partner_facts *partner = &facts->partner;
	bool goes_on, asked;

	if (!before)
		return;
	goes_on = before->selector >= 0 ?
			  got->levels[before->selector] != 0 :
		  before->selector == MODEL_PARTNER ?
			  partner_lives(config, facts) &&
				  (!partner->told || partner->told_self) :
			  false;
	asked = intent->kind == INTENT_UPLINK ||
		intent->kind == INTENT_PARTNER ||
		intent->since > before->switched;
	if (got->selector == before->selector) {
		HOLDS(got->switched == before->switched);
		HOLDS(!got->settled ||
		      got->settled == before->switched + config->settle);
		return;
	}
	HOLDS(got->switched == facts->now);
	HOLDS(!got->settled);
	HOLDS(!goes_on || asked ||
	      facts->now >= before->switched + config->settle);
}

static bool same(const struct desired *a, const struct desired *b)
{
	return a->selector == b->selector && a->announce == b->announce &&
	       a->metric == b->metric && a->last_resort == b->last_resort &&
	       a->marker == b->marker && a->vrrp == b->vrrp &&
	       a->degraded == b->degraded && a->switched == b->switched &&
	       !memcmp(a->levels, b->levels, sizeof(a->levels)) &&
	       !memcmp(a->states, b->states, sizeof(a->states)) &&
	       !strcmp(a->reason, b->reason);
}

static void check(const struct config *config, const struct facts *facts,
		  const struct intent *intent, const struct desired *before,
		  const struct desired *got)
{
	struct desired again = decide(config, facts, intent, before);
	struct desired next = decide(config, facts, intent, got);

	HOLDS(same(got, &again));
	HOLDS(same(got, &next)); /* it comes to rest at once */
	HOLDS(*got->reason && strlen(got->reason) < MODEL_REASON);
	check_states(config, facts, intent, before, got);
	check_selector(config, facts, intent, before, got);
	check_intent(config, facts, intent, got);
	check_ranks(config, facts, intent, before, got);
	check_visible(config, facts, before, got);
	check_settling(config, facts, intent, before, got);
	check_last_resort(config, facts, got);
}

static void invariants(void **state)
{
	(void)state;
	for (site = 0; site < SITES; site++) {
		struct facts facts = { 0 };
		struct intent intent = { 0 };
		struct desired desired, before;
		struct config config;

		happen_site(&config);
		for (turn = 0; turn < TURNS; turn++) {
			const struct desired *last = turn ? &before : NULL;

			happen_facts(&config, &facts);
			happen_intent(&intent);
			desired = decide(&config, &facts, &intent, last);
			check(&config, &facts, &intent, last, &desired);
			before = desired;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
	};

	return cmocka_run_group_tests_name("decide, at random", tests, NULL,
					   NULL);
}
