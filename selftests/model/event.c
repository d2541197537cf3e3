// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event.c - when an event is possible.  What it does is in event_do.c.
 *
 * Some orders are left out.  Accepted losses: two bindable packets of one
 * endpoint on their way from both gateways at once, while these would not agree
 * on who binds it; a selector that flips while a packet is on its way, and more
 * packets of the host while one is on its way that a live exit's coming or
 * going has overtaken; one remote that opens a session to the published server
 * through both gateways.  And what takes so long that no packet is on its way
 * meanwhile: idleness, a boot, a host's second connection by the same ports.
 */
#include "event.h"
#include "truth.h"

bool event_next(struct event *event)
{
	bool packet = event->kind == EVENT_HOST;
	bool flows = packet || event->kind == EVENT_INBOUND ||
		     event->kind == EVENT_REPLY ||
		     event->kind == EVENT_EXPIRE_SESSION;

	if (packet && !event->bindable) {
		event->bindable = 1;
		return true;
	}
	event->bindable = 0;
	if (flows && ++event->flow < WORLD_FLOWS)
		return true;
	event->flow = 0;
	if (++event->gateway < WORLD_GATEWAYS)
		return true;
	event->gateway = 0;
	return ++event->kind < EVENT_KINDS;
}

static const struct world_gateway *of(const struct world_step *step,
				      const struct event *event)
{
	return &step->world->gateway[event->gateway];
}

static bool any_session(const struct world_gateway *gateway)
{
	return gateway->held[0] || gateway->held[1];
}

static bool fault(const struct world_step *step, unsigned what)
{
	return step->world->faults && step->site->what & what;
}

/* ---- packets --------------------------------------------------------------- */

static bool selects_itself(const struct world *world, int at)
{
	return world->gateway[at].selects && world->gateway[at].known;
}

static bool binds(const struct world *world, int at)
{
	return world->gateway[at].held[WORLD_ENDPOINT] &&
	       world->gateway[at].known;
}

/* Just joined again: it still acts as if the other were gone. */
static bool settling(const struct world *world, int at)
{
	return world->gateway[at].settling || world->gateway[at].untold;
}

/* Would both say the same, if asked who binds the endpoint? */
static bool agree(const struct world *world)
{
	if (settling(world, 0) || settling(world, 1))
		return false;
	if (binds(world, 0) || binds(world, 1))
		return binds(world, 0) != binds(world, 1);
	return selects_itself(world, 0) != selects_itself(world, 1);
}

/* Would a bindable packet be the second of two at once, while they disagree? */
static bool second_of_two(const struct world *world, int at)
{
	int i;

	for (i = 0; i < WORLD_FLIGHTS; i++) {
		const struct world_flight *flight = &world->flight[i];
		int entered = flight->kind == TP_KIND_RETURNED ? flight->to :
								 !flight->to;

		if (flight->used && flight->bindable && entered != at &&
		    !agree(world))
			return true;
	}
	return false;
}

/* A live exit comes or goes beneath one packet, but not beneath two. */
static bool may_change(const struct world *world)
{
	return !world->flight[0].used || !world->flight[1].used;
}

/* A host does not use the ports again of a connection whose packets it sees. */
static bool reused(const struct world *world, int flow)
{
	int i;

	for (i = 0; i < WORLD_FLIGHTS; i++)
		if (world->flight[i].used && world->flight[i].flow == flow &&
		    !world->flight[i].bindable)
			return true;
	return false;
}

static bool on_the_way(const struct world *world)
{
	return world->flight[0].used || world->flight[1].used;
}

static bool host(const struct world_step *step, const struct event *event)
{
	const struct world *world = step->world;

	if (!world->packets || event->flow >= step->site->flows ||
	    (world->flight[0].used && world->flight[1].used) ||
	    world->flight[0].raced || world->flight[1].raced)
		return false;
	if (event->bindable && second_of_two(world, event->gateway))
		return false;
	if (!step->site->tcp)
		return event->bindable;
	if (!event->bindable)
		return world->open[event->flow];
	return !world->open[event->flow] && !step->site->published &&
	       !reused(world, event->flow);
}

static bool deliver(const struct world_step *step, const struct event *event)
{
	return step->world->flight[event->gateway].used;
}

static bool inbound(const struct world_step *step, const struct event *event)
{
	const struct world *world = step->world;
	const struct world_gateway *me = of(step, event);
	const struct world_gateway *mate = &world->gateway[!event->gateway];

	return step->site->published && world->packets && me->uplink &&
	       me->known && event->flow < step->site->flows &&
	       !me->held[event->flow] && !mate->held[event->flow] &&
	       !on_the_way(world);
}

static bool reply(const struct world_step *step, const struct event *event)
{
	const struct world_gateway *me = of(step, event);

	/* Otherwise it changes nothing. */
	return step->off & WORLD_INBOUND_CONFIRMS && me->uplink && me->known &&
	       me->held[event->flow] == OWN_UNCONFIRMED;
}

static bool expire_session(const struct world_step *step,
			   const struct event *event)
{
	return of(step, event)->held[event->flow] && !on_the_way(step->world);
}

static bool expire_binding(const struct world_step *step,
			   const struct event *event)
{
	return of(step, event)->held[WORLD_ENDPOINT] &&
	       !any_session(of(step, event)) && !on_the_way(step->world);
}

/* ---- selectors and faults ---------------------------------------------------- */

static bool flip(const struct world_step *step, const struct event *event)
{
	return step->world->flips && of(step, event)->daemon &&
	       !on_the_way(step->world);
}

static bool uplink_dies(const struct world_step *step,
			const struct event *event)
{
	return of(step, event)->uplink && fault(step, WORLD_UPLINKS);
}

static bool uplink_returns(const struct world_step *step,
			   const struct event *event)
{
	return !of(step, event)->uplink;
}

static bool wait_ends(const struct world_step *step, const struct event *event)
{
	return of(step, event)->waits && !on_the_way(step->world);
}

static bool power_off(const struct world_step *step, const struct event *event)
{
	(void)event;
	return fault(step, WORLD_POWER);
}

/* No packet is on its way for as long as that takes. */
static bool boot(const struct world_step *step, const struct event *event)
{
	(void)event;
	return !on_the_way(step->world);
}

static bool daemon_dies(const struct world_step *step,
			const struct event *event)
{
	return of(step, event)->daemon && fault(step, WORLD_DAEMONS);
}

static bool link_breaks(const struct world_step *step,
			const struct event *event)
{
	return !event->gateway && step->world->link && fault(step, WORLD_LINK);
}

static bool link_heals(const struct world_step *step, const struct event *event)
{
	return !event->gateway && !step->world->link;
}

/* ---- beliefs ------------------------------------------------------------------ */

static bool notice_dead(const struct world_step *step,
			const struct event *event)
{
	const struct world_gateway *me = of(step, event);

	return me->daemon && me->known && !me->uplink &&
	       may_change(step->world);
}

static bool notice_up(const struct world_step *step, const struct event *event)
{
	const struct world_gateway *me = of(step, event);

	return me->daemon && !me->known && me->uplink &&
	       may_change(step->world);
}

/* The daemon's questions are not given back. */
static bool gone(const struct world_step *step, const struct event *event)
{
	const struct world_gateway *me = of(step, event);

	return me->daemon && !world_reachable(step->world) &&
	       me->partner != OWN_PARTNER_GONE;
}

/* The hosts' are not, either; a daemon would have found out before. */
static bool silent(const struct world_step *step, const struct event *event)
{
	return !of(step, event)->daemon && !world_reachable(step->world) &&
	       of(step, event)->partner == OWN_PARTNER_ALIVE;
}

static bool alive(const struct world_step *step, const struct event *event)
{
	const struct world_gateway *me = of(step, event);

	return me->daemon && world_reachable(step->world) &&
	       me->partner != OWN_PARTNER_ALIVE;
}

static bool told(const struct world_step *step, const struct event *event)
{
	const struct world *world = step->world;

	return of(step, event)->untold && world_reachable(world) &&
	       world->gateway[0].daemon && world->gateway[1].daemon;
}

/*
 * A heartbeat says: no sessions, no bindings, my selector is my partner, whom
 * I believe alive (or I might bind without asking).
 * A take on its way there, or one given back, cancels the lease for a second.
 */
static bool quiet(const struct world_step *step, const struct event *event)
{
	const struct world *world = step->world;
	const struct world_gateway *mate = &world->gateway[!event->gateway];
	bool by_sessions = step->off & WORLD_QUIET_BY_SESSIONS;
	bool while_gone = step->off & WORLD_QUIET_WHILE_GONE;
	int i;

	if (!step->site->quiet || of(step, event)->quiet ||
	    !of(step, event)->daemon || !mate->daemon ||
	    !world_reachable(world) || mate->selects || any_session(mate) ||
	    (mate->partner != OWN_PARTNER_ALIVE && !while_gone) ||
	    (mate->held[WORLD_ENDPOINT] && !by_sessions))
		return false;
	for (i = 0; i < WORLD_FLIGHTS; i++)
		if (world->flight[i].used &&
		    world->flight[i].to == !event->gateway &&
		    (world->flight[i].kind == TP_KIND_TAKE ||
		     world->flight[i].kind == TP_KIND_RETURNED))
			return false;
	return true;
}

static bool quiet_lapses(const struct world_step *step,
			 const struct event *event)
{
	return of(step, event)->quiet;
}

/* ---- the table ------------------------------------------------------------------ */

enum power {
	ON,
	OFF,
	ANY
};

static const struct {
	bool (*possible)(const struct world_step *, const struct event *);
	enum power power; /* of the gateway */
} conditions[EVENT_KINDS] = {
	[EVENT_HOST] = { host, ON },
	[EVENT_DELIVER] = { deliver, ANY },
	[EVENT_INBOUND] = { inbound, ON },
	[EVENT_REPLY] = { reply, ON },
	[EVENT_EXPIRE_SESSION] = { expire_session, ON },
	[EVENT_EXPIRE_BINDING] = { expire_binding, ON },
	[EVENT_FLIP] = { flip, ON },
	[EVENT_UPLINK_DIES] = { uplink_dies, ANY },
	[EVENT_UPLINK_RETURNS] = { uplink_returns, ANY },
	[EVENT_NOTICE_DEAD] = { notice_dead, ON },
	[EVENT_NOTICE_UP] = { notice_up, ON },
	[EVENT_WAIT_ENDS] = { wait_ends, ON },
	[EVENT_POWER_OFF] = { power_off, ON },
	[EVENT_BOOT] = { boot, OFF },
	[EVENT_DAEMON_DIES] = { daemon_dies, ON },
	[EVENT_LINK_BREAKS] = { link_breaks, ANY },
	[EVENT_LINK_HEALS] = { link_heals, ANY },
	[EVENT_GONE] = { gone, ON },
	[EVENT_SILENT] = { silent, ON },
	[EVENT_ALIVE] = { alive, ON },
	[EVENT_TOLD] = { told, ON },
	[EVENT_QUIET] = { quiet, ON },
	[EVENT_QUIET_LAPSES] = { quiet_lapses, ON },
};

bool event_possible(const struct world_step *step, const struct event *event)
{
	bool powered = of(step, event)->powered;
	enum power power = conditions[event->kind].power;

	if (power != ANY && powered != (power == ON))
		return false;
	return conditions[event->kind].possible(step, event);
}
