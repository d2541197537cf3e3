// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide.c - rank this gateway's exits.
 *
 * Owns: the one place where facts and intent become the desired state.  It must
 * never read a clock, allocate, log or touch anything but its arguments.
 *
 * The order in which an exit is chosen, with no wish of the operator's:
 *
 *   1. an uplink of level 1 that is up;
 *   2. the partner, when it offers a default and all mine that are up are of
 *      a lower rank;
 *   3. whatever uplink of mine is up;
 *   4. the partner, known by its marker, its default or its heartbeat;
 *   5. an uplink that is up, but that the operator drains: better than none;
 *   6. an uplink whose track is down, but from beyond whose next hop something
 *      still arrives: a probe target that died must not take a working site
 *      down with it, and no sign of life came from the partner;
 *   7. the partner, of whom nothing is known but a MAC address (the data plane
 *      hands back what it cannot serve);
 *   8. an uplink without a verdict yet;
 *   9. the partner, whose MAC is not even known yet;
 *  10. nobody.
 *
 * By force the operator gets an exit that is not up, as long as a packet can
 * leave there at all.
 *
 * What is announced to others is stricter: only an uplink that is up.  A last
 * resort that reaches the IGP keeps the site on it: the partner would see a
 * default and withdraw its own.
 *
 * An uplink that failback.c drains, because a better one is back, is up here: it
 * is taken again whenever it is the best.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decide.h"

/* How good an uplink is, apart from its level. */
enum merit {
	MERIT_NONE,	 /* a packet cannot leave there */
	MERIT_CONNECTED, /* it can leave; nothing comes back */
	MERIT_UNPROVEN,	 /* no verdict yet */
	MERIT_HEARD,	 /* track down, but something arrives from beyond */
	MERIT_DRAINED,	 /* it would be up, but the operator drains it */
	MERIT_UP,
};

/* The arguments, and what was worked out of them on the way. */
struct view {
	const struct config *config;
	const struct facts *facts;
	const struct intent *intent;
	const struct desired *previous;
	enum merit merits[MODEL_UPLINKS];
	int keep;		/* the uplink in use: it wins among equals */
	bool partner_reachable; /* a frame can be sent to it */
	bool partner_known;	/* and it says that it has an exit */
};

static void __attribute__((format(printf, 2, 3)))
say(struct desired *desired, const char *format, ...)
{
	size_t used = strlen(desired->reason);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(desired->reason + used, sizeof(desired->reason) - used,
		  format, arguments);
	va_end(arguments);
}

static bool connected(const struct uplink_facts *uplink)
{
	return uplink->present && uplink->admin_up && uplink->carrier &&
	       uplink->has_address && uplink->next_hop && uplink->attached;
}

/*
 * A daemon that has just started knows nothing yet, but the data plane it
 * adopted is at work: what was up before stays up until the first verdict.
 * Being the selector is not enough, for want of better it can be an uplink
 * that never had a verdict.
 */
static bool was_up(const struct desired *previous, unsigned index)
{
	return previous && (previous->states[index] == TP_EXIT_UP ||
			    previous->states[index] == TP_EXIT_DRAIN);
}

/* Nor does what was dead come back by a new daemon: its sessions may wait. */
static bool was_dead(const struct desired *previous, unsigned index)
{
	return previous && previous->states[index] == TP_EXIT_DEAD &&
	       !(previous->unproven & (1U << index));
}

static bool drained(const struct view *view, unsigned index)
{
	return view->intent->kind == INTENT_DRAIN &&
	       !strcmp(view->intent->uplink, view->config->uplinks[index].name);
}

static enum merit merit_of(const struct view *view, unsigned index)
{
	const struct uplink_facts *uplink = &view->facts->uplinks[index];
	enum merit up = drained(view, index) ? MERIT_DRAINED : MERIT_UP;

	if (!connected(uplink))
		return MERIT_NONE;
	switch (uplink->track) {
	case TRACK_UP:
		return up;
	case TRACK_DOWN:
		return uplink->beyond ? MERIT_HEARD : MERIT_CONNECTED;
	case TRACK_UNKNOWN:
		break;
	}
	if (was_up(view->previous, index))
		return up;
	return was_dead(view->previous, index) ? MERIT_CONNECTED :
						 MERIT_UNPROVEN;
}

static enum tp_exit_state state_of(enum merit merit)
{
	switch (merit) {
	case MERIT_UP:
		return TP_EXIT_UP;
	case MERIT_DRAINED:
		return TP_EXIT_DRAIN;
	case MERIT_HEARD:
	case MERIT_UNPROVEN:
		return TP_EXIT_AVOID;
	case MERIT_CONNECTED:
	case MERIT_NONE:
		break;
	}
	return TP_EXIT_DEAD;
}

/* The best level among those of this merit; ties: in use, then file order. */
static int best(const struct view *view, enum merit merit)
{
	const struct config *config = view->config;
	int found = MODEL_NOBODY;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		unsigned level = config->uplinks[i].level;

		if (view->merits[i] != merit)
			continue;
		if (found == MODEL_NOBODY ||
		    level < config->uplinks[found].level ||
		    (level == config->uplinks[found].level &&
		     (int)i == view->keep))
			found = (int)i;
	}
	return found;
}

static int find_uplink(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (!strcmp(config->uplinks[i].name, name))
			return (int)i;
	return MODEL_NOBODY;
}

static unsigned level_of(const struct view *view, int index)
{
	return view->config->uplinks[index].level;
}

static const char *name_of(const struct view *view, int index)
{
	return view->config->uplinks[index].name;
}

void decide_fault(const struct config *config, const struct facts *facts,
		  unsigned index, char fault[MODEL_REASON])
{
	const struct uplink_config *uplink = &config->uplinks[index];
	const struct uplink_facts *fact = &facts->uplinks[index];
	const char *interface = uplink->interface;

	if (!fact->present)
		snprintf(fault, MODEL_REASON, "no interface %s", interface);
	else if (!fact->admin_up)
		snprintf(fault, MODEL_REASON, "%s is down", interface);
	else if (!fact->carrier)
		snprintf(fault, MODEL_REASON, "no carrier on %s", interface);
	else if (!fact->has_address)
		snprintf(fault, MODEL_REASON, "no address on %s", interface);
	else if (fact->stranded)
		snprintf(fault, MODEL_REASON,
			 "next-hop = none, and %s is not point-to-point",
			 interface);
	else if (!fact->next_hop)
		snprintf(fault, MODEL_REASON, "next hop is on no subnet of %s",
			 interface);
	else if (!fact->attached)
		snprintf(fault, MODEL_REASON, "no program attached to %s",
			 interface);
	else
		snprintf(fault, MODEL_REASON, "track %s %s",
			 uplink->tracks[uplink->track].name,
			 fact->track == TRACK_DOWN ? "down" :
			 fact->track == TRACK_UP   ? "up" :
						     "has no verdict yet");
}

/* Why this uplink is not up. */
static void say_fault(const struct view *view, struct desired *desired,
		      int index)
{
	char fault[MODEL_REASON] = "the operator drains it";

	if (view->merits[index] != MERIT_DRAINED)
		decide_fault(view->config, view->facts, (unsigned)index, fault);
	say(desired, "%s: %s", name_of(view, index), fault);
}

/* The uplink that ought to carry the traffic, and why it does not. */
static void say_best_fault(const struct view *view, struct desired *desired)
{
	int first = MODEL_NOBODY;

	for (unsigned i = 0; i < view->config->uplinks_count; i++)
		if (first == MODEL_NOBODY ||
		    level_of(view, (int)i) < level_of(view, first))
			first = (int)i;
	if (first == MODEL_NOBODY)
		say(desired, "no uplink");
	else
		say_fault(view, desired, first);
}

/* ---- the selector ----------------------------------------------------- */

/* What he asked for by name, be it up or not. */
static int wanted_uplink(const struct view *view, struct desired *desired)
{
	const struct intent *intent = view->intent;
	int uplink = find_uplink(view->config, intent->uplink);

	if (uplink == MODEL_NOBODY) {
		say(desired,
		    "the operator asked for %s, which is not configured; ",
		    intent->uplink);
		return MODEL_NOBODY;
	}
	if (view->merits[uplink] == MERIT_UP) {
		say(desired, "the operator asked for %s",
		    name_of(view, uplink));
		return uplink;
	}
	desired->degraded = intent->force;
	say(desired, "the operator %s ",
	    intent->force ? "forces" : "asked for");
	say_fault(view, desired, uplink);
	/* Its sessions must not be told that it is dead: he says it is not. */
	if (intent->force && view->merits[uplink] > MERIT_NONE) {
		desired->states[uplink] = TP_EXIT_AVOID;
		return uplink;
	}
	say(desired, "; ");
	return MODEL_NOBODY;
}

static int wanted_partner(const struct view *view, struct desired *desired)
{
	bool force = view->intent->force;

	if (view->partner_known) {
		say(desired, "the operator asked for partner");
		return MODEL_PARTNER;
	}
	desired->degraded = force;
	say(desired, "the operator %s the partner, which %s",
	    force ? "forces" : "asked for",
	    view->config->partner.type == TP_PARTNER_NONE ?
		    "is not configured" :
	    view->partner_reachable ? "offers no exit" :
				      "cannot be reached");
	if (force && view->partner_reachable)
		return MODEL_PARTNER;
	say(desired, "; ");
	return MODEL_NOBODY;
}

/*
 * The exit that the operator's wish comes to, with the reason; or MODEL_NOBODY:
 * he leaves it to us, or cannot have it (which the reason says).
 */
static int wanted(const struct view *view, struct desired *desired)
{
	switch (view->intent->kind) {
	case INTENT_UPLINK:
		return wanted_uplink(view, desired);
	case INTENT_PARTNER:
		return wanted_partner(view, desired);
	case INTENT_DRAIN:
	case INTENT_AUTO:
		break;
	}
	return MODEL_NOBODY;
}

/* Steps 4 to 10 of the order above: no uplink of mine is up. */
static int choose_lesser(const struct view *view, struct desired *desired)
{
	bool on_lan = view->config->partner.type != TP_PARTNER_NONE &&
		      view->facts->partner.address_on_lan;
	int heard = best(view, MERIT_HEARD);
	int unproven = best(view, MERIT_UNPROVEN);
	int spared = best(view, MERIT_DRAINED);

	say_best_fault(view, desired);
	if (view->partner_known) {
		say(desired, "; partner %s",
		    view->facts->partner.offers_default ? "offers a default" :
							  "has an uplink");
		return MODEL_PARTNER;
	}
	if (spared != MODEL_NOBODY) {
		say(desired, "; nothing else is up: %s is used all the same",
		    name_of(view, spared));
		return spared;
	}
	if (heard != MODEL_NOBODY) {
		say(desired,
		    "; partner offers nothing, and from beyond %s's "
		    "next hop something still arrives",
		    name_of(view, heard));
		return heard;
	}
	if (unproven != MODEL_NOBODY && !view->partner_reachable) {
		say(desired, "; nothing better than %s",
		    name_of(view, unproven));
		return unproven;
	}
	if (on_lan) {
		say(desired, "; nothing is known of the partner's uplinks, "
			     "handed over all the same");
		return MODEL_PARTNER;
	}
	say(desired, "; no partner");
	return MODEL_NOBODY;
}

static bool partner_was_chosen(const struct view *view)
{
	return view->previous && view->previous->selector == MODEL_PARTNER;
}

/*
 * Its routes outlive it.  While its answers are missing it may keep what it has,
 * a second at most, for they may be late; but nothing of mine is turned to it.
 */
static bool partner_serves(const struct view *view)
{
	return view->partner_known &&
	       (!view->facts->partner.failing || partner_was_chosen(view));
}

/* It says that it carries new sessions, by a level as good as mine. */
static bool partner_is_equal(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	return partner_serves(view) && partner->told && partner->told_self &&
	       partner->told_level == level_of(view, mine);
}

/*
 * Does the partner carry new sessions by a better level than my best?  Its
 * heartbeat says so at once; routes are announced at a pace, and lag behind in
 * both directions.  Of two equal gateways the one that carries goes on; when both
 * do, the one with the higher address, as with VRRP.
 */
static bool partner_is_better(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	if (!partner_serves(view))
		return false;
	if (partner_is_equal(view, mine))
		return partner_was_chosen(view) || partner->first;
	if (partner->told)
		return partner->told_self && partner->told_level &&
		       partner->told_level < level_of(view, mine);
	/* Not to leave for a moment what a drain or a lease goes by. */
	if (partner->awaited && view->previous &&
	    view->previous->selector != MODEL_NOBODY)
		return partner_was_chosen(view);
	return level_of(view, mine) > 1 && partner->offers_default;
}

/* Why it is not one of a better level. */
static void say_missing(const struct view *view, struct desired *desired,
			int mine)
{
	for (unsigned i = 0; i < view->config->uplinks_count; i++) {
		if (level_of(view, (int)i) >= level_of(view, mine) ||
		    view->merits[i] >= MERIT_DRAINED)
			continue;
		say(desired, "; ");
		say_fault(view, desired, (int)i);
		return;
	}
}

/* What is better there. */
static const char *say_better(const struct view *view, int mine)
{
	const struct partner_facts *partner = &view->facts->partner;

	if (partner_is_equal(view, mine))
		return partner->first ? "has one, too, and the higher address" :
					"has one, too, and carries already";
	return partner->told ? "has a better one" : "offers a default";
}

static int choose(const struct view *view, struct desired *desired, int wish)
{
	int mine = best(view, MERIT_UP);

	if (wish != MODEL_NOBODY)
		return wish;
	if (mine == MODEL_NOBODY)
		return choose_lesser(view, desired);
	if (view->intent->kind == INTENT_DRAIN)
		say(desired, "the operator drains %s; ", view->intent->uplink);
	if (partner_is_better(view, mine)) {
		say(desired, "my best uplink is of level %u; partner %s",
		    level_of(view, mine), say_better(view, mine));
		return MODEL_PARTNER;
	}
	say(desired, "%s is the best uplink that is up (level %u)",
	    name_of(view, mine), level_of(view, mine));
	say_missing(view, desired, mine);
	if (partner_is_equal(view, mine))
		say(desired, "; partner has one, too, and shall give way");
	return mine;
}

/* ---- what others see -------------------------------------------------- */

/*
 * Is the partner, for certain, not the site's exit?  It says so, or it is gone.
 * Its default is not to be waited for then, and one that it announced before is
 * not to be believed: when a gateway boots, OSPF brings back its old one.
 */
static bool partner_is_no_exit(const struct view *view)
{
	const struct partner_facts *partner = &view->facts->partner;

	return partner->gone || (partner->told && !partner->told_self);
}

/*
 * The default route in main.  An operator who asked for the partner gets none:
 * a floating default of ours would go on being originated, and the partner
 * would defer to it.  Without it the partner's own floating one takes over.
 */
static void announce(const struct view *view, struct desired *desired, int wish)
{
	int uplink = desired->selector;

	if (wish == MODEL_PARTNER)
		return;
	if (uplink == MODEL_PARTNER)
		uplink = best(view, MERIT_UP);
	/* One that the operator drains is in use only while nothing else is. */
	if (uplink < 0 || view->merits[uplink] < MERIT_DRAINED)
		return;
	desired->announce = uplink;
	desired->metric = MODEL_METRIC_FLOATING;
	if (desired->selector == uplink && view->merits[uplink] == MERIT_UP &&
	    (level_of(view, uplink) == 1 || wish == uplink ||
	     partner_is_no_exit(view)))
		desired->metric = MODEL_METRIC_BEST;
}

/*
 * The default in table 253 serves the gateway itself while main has none.  It
 * takes any uplink that a packet can leave by: nobody else sees it.
 */
static int last_resort(const struct view *view, const struct desired *desired)
{
	int found = MODEL_NOBODY;

	if (!view->config->last_resort)
		return MODEL_NOBODY;
	if (desired->announce != MODEL_NOBODY)
		return desired->announce;
	if (desired->selector >= 0)
		return desired->selector;
	for (enum merit merit = MERIT_UP;
	     merit > MERIT_NONE && found == MODEL_NOBODY; merit--)
		found = best(view, merit);
	return found;
}

/*
 * Added by keepalived to a low base priority.  A backup of level 2 with a live
 * uplink (90) is below a primary (100), and above a primary that has none or
 * was flipped away (10).
 */
static int vrrp_weight(const struct view *view, const struct desired *desired,
		       int wish)
{
	int uplink = desired->selector;
	int weight;

	if (uplink < 0 && wish == MODEL_NOBODY)
		uplink = best(view, MERIT_UP);
	if (uplink < 0 || level_of(view, uplink) > 9)
		return 10;
	weight = 100 - 10 * ((int)level_of(view, uplink) - 1);
	/* Of two equals the hosts shall use the one that carries. */
	if (desired->selector == MODEL_PARTNER &&
	    partner_is_equal(view, uplink))
		weight -= 5;
	return weight > 100 ? 100 : weight;
}

bool decide_partner_offers(const struct partner_facts *partner)
{
	return !partner->told_none && (partner->offers_default ||
				       partner->marker || partner->told_level);
}

/* ---- the whole -------------------------------------------------------- */

static int in_use(const struct desired *previous)
{
	if (!previous)
		return MODEL_NOBODY;
	if (previous->selector >= 0)
		return previous->selector;
	if (previous->announce >= 0)
		return previous->announce;
	return previous->last_resort;
}

static void look(struct view *view)
{
	const struct partner_facts *partner = &view->facts->partner;

	for (unsigned i = 0; i < view->config->uplinks_count; i++)
		view->merits[i] = merit_of(view, i);
	view->keep = in_use(view->previous);
	view->partner_reachable = view->config->partner.type !=
					  TP_PARTNER_NONE &&
				  partner->address_on_lan && partner->mac_known;
	view->partner_known = view->partner_reachable && !partner->gone &&
			      decide_partner_offers(partner);
}

struct desired decide(const struct config *config, const struct facts *facts,
		      const struct intent *intent,
		      const struct desired *previous)
{
	struct view view = {
		.config = config,
		.facts = facts,
		.intent = intent,
		.previous = previous,
	};
	struct desired desired;
	int wish;

	/* Every byte: answers are compared, and printed from maps. */
	memset(&desired, 0, sizeof(desired));
	desired.announce = MODEL_NOBODY;
	desired.last_resort = MODEL_NOBODY;
	look(&view);
	for (unsigned i = 0; i < config->uplinks_count; i++) {
		desired.states[i] = state_of(view.merits[i]);
		if (facts->uplinks[i].track == TRACK_UNKNOWN &&
		    (!previous || previous->unproven & (1U << i)))
			desired.unproven |= 1U << i;
	}
	wish = wanted(&view, &desired);
	desired.selector = choose(&view, &desired, wish);

	/* Before the programs are in place nobody may send us anything, and
	 * no default of ours may let anything out. */
	if (!facts->ready)
		return desired;
	announce(&view, &desired, wish);
	desired.last_resort = last_resort(&view, &desired);
	desired.marker = best(&view, MERIT_UP) != MODEL_NOBODY;
	desired.vrrp = vrrp_weight(&view, &desired, wish);
	return desired;
}

const char *decide_state(enum tp_exit_state state)
{
	static const char *const names[] = {
		[TP_EXIT_DEAD] = "dead",
		[TP_EXIT_AVOID] = "avoid",
		[TP_EXIT_DRAIN] = "drain",
		[TP_EXIT_UP] = "up",
	};

	return names[state];
}

const char *decide_name(const struct config *config, int candidate)
{
	if (candidate == MODEL_PARTNER)
		return "partner";
	if (candidate < 0 || candidate >= (int)config->uplinks_count)
		return "none";
	return config->uplinks[candidate].name;
}
