// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event_do.c - what an event does.  When it may happen is in event.c.
 */
#include <string.h>

#include "event.h"
#include "truth.h"

static struct world_gateway *of(struct world_step *step,
				const struct event *event)
{
	return &step->world->gateway[event->gateway];
}

/* Loss 1 and loss 4: what is on its way now was sent by an older belief. */
static void race(struct world *world)
{
	int i;

	for (i = 0; i < WORLD_FLIGHTS; i++)
		world->flight[i].raced = world->flight[i].used;
}

/* ---- packets --------------------------------------------------------------- */

static void host(struct world_step *step, const struct event *event)
{
	const struct world_packet packet = {
		.at = event->gateway,
		.flow = event->flow,
		.bindable = event->bindable,
		.kind = TP_KIND_HOST,
	};

	step->world->packets--;
	world_arrive(step, &packet);
}

static void deliver(struct world_step *step, const struct event *event)
{
	struct world_flight *flight = &step->world->flight[event->gateway];
	const struct world_packet packet = {
		.at = flight->to,
		.flow = flight->flow,
		.bindable = flight->bindable,
		.kind = flight->kind,
		.crossings = flight->crossings,
		.raced = flight->raced,
	};

	world_note(step, "    the %s about flow %u\n",
		   world_kind_name(packet.kind), packet.flow);
	memset(flight, 0, sizeof(*flight));
	world_arrive(step, &packet);
}

static void inbound(struct world_step *step, const struct event *event)
{
	step->world->packets--;
	of(step, event)->held[event->flow] = OWN_CONFIRMED;
	truth_uses(step, event->gateway, event->flow, false);
	step->world->open[event->flow] = 1;
}

static void reply(struct world_step *step, const struct event *event)
{
	of(step, event)->held[event->flow] = OWN_CONFIRMED;
}

static void expire_session(struct world_step *step, const struct event *event)
{
	of(step, event)->held[event->flow] = OWN_NOTHING;
	truth_loses(step->world, event->gateway, event->flow);
}

static void expire_binding(struct world_step *step, const struct event *event)
{
	of(step, event)->held[WORLD_ENDPOINT] = OWN_NOTHING;
	truth_loses(step->world, event->gateway, WORLD_ENDPOINT);
}

/* ---- selectors and faults ---------------------------------------------------- */

static void flip(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);
	struct world_gateway *mate = &step->world->gateway[!event->gateway];

	step->world->flips--;
	/* The partner's lease is revoked first; there must be a daemon to. */
	if (!me->selects && mate->daemon && !(step->off & WORLD_NO_REVOKE))
		mate->quiet = 0;
	me->selects = !me->selects;
}

static void uplink_dies(struct world_step *step, const struct event *event)
{
	step->world->faults--;
	of(step, event)->uplink = 0;
}

static void uplink_returns(struct world_step *step, const struct event *event)
{
	of(step, event)->uplink = 1;
}

/* Nothing is left but the wires and what the configuration selects. */
static void power_off(struct world_step *step, const struct event *event)
{
	struct world *world = step->world;
	struct world_gateway *me = of(step, event);
	int i;

	world->faults--;
	*me = (struct world_gateway){
		.uplink = me->uplink,
		.selects = me->selects,
	};
	world->gateway[!event->gateway].untold = 0;
	for (i = 0; i < WORLD_THINGS; i++)
		truth_loses(world, event->gateway, i);
	for (i = 0; i < WORLD_FLIGHTS; i++)
		if (world->flight[i].to == event->gateway)
			memset(&world->flight[i], 0, sizeof(world->flight[i]));
	race(world);
}

static void boot(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);
	struct world_gateway *mate = &step->world->gateway[!event->gateway];

	me->powered = 1;
	me->daemon = 1;
	me->known = me->uplink;
	me->partner = OWN_PARTNER_ALIVE;
	if (world_reachable(step->world) && !(step->off & WORLD_NO_SHOW)) {
		mate->partner = OWN_PARTNER_ALIVE;
		mate->settling = 0;
	}
}

/* Its leases end with it. */
static void daemon_dies(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);

	step->world->faults--;
	me->daemon = 0;
	if (step->off & WORLD_NO_LAPSE)
		return;
	me->quiet = 0;
	if (me->partner == OWN_PARTNER_GONE)
		me->partner = OWN_PARTNER_ALIVE;
}

static void link_breaks(struct world_step *step, const struct event *event)
{
	(void)event;
	step->world->faults--;
	step->world->link = 0;
	memset(step->world->flight, 0, sizeof(step->world->flight));
}

static void link_heals(struct world_step *step, const struct event *event)
{
	int i;

	(void)event;
	step->world->link = 1;
	for (i = 0; i < WORLD_GATEWAYS; i++) {
		struct world_gateway *gateway = &step->world->gateway[i];

		gateway->settling = gateway->powered &&
				    gateway->partner != OWN_PARTNER_ALIVE;
	}
}

/* ---- beliefs ------------------------------------------------------------------ */

static void notice_dead(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);

	me->known = 0;
	me->waits = step->site->hold;
	if (!(step->off & WORLD_NO_GROW_DEAD))
		world_grow(me);
	race(step->world);
}

static void wait_ends(struct world_step *step, const struct event *event)
{
	of(step, event)->waits = 0;
}

static void notice_up(struct world_step *step, const struct event *event)
{
	of(step, event)->known = 1;
	of(step, event)->waits = 0;
	race(step->world);
}

/* What I take over now, the partner has to learn, unless it noticed too. */
static void leave(struct world_step *step, const struct event *event)
{
	struct world_gateway *mate = &step->world->gateway[!event->gateway];

	mate->untold = mate->powered && mate->partner != OWN_PARTNER_GONE;
}

static void gone(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);

	me->partner = OWN_PARTNER_GONE;
	me->settling = 0;
	me->quiet = 0;
	if (!(step->off & WORLD_NO_GROW_GONE)) {
		world_grow(me);
		me->untold = 0;
	}
	leave(step, event);
}

static void silent(struct world_step *step, const struct event *event)
{
	of(step, event)->partner = OWN_PARTNER_SILENT;
	leave(step, event);
}

static void alive(struct world_step *step, const struct event *event)
{
	of(step, event)->partner = OWN_PARTNER_ALIVE;
	of(step, event)->settling = 0;
	race(step->world);
}

/* The same heartbeat ends a lease from before. */
static void told(struct world_step *step, const struct event *event)
{
	struct world_gateway *me = of(step, event);

	if (!(step->off & WORLD_NO_CANCEL_TOLD))
		me->quiet = 0;
	if (!(step->off & WORLD_NO_GROW_TOLD))
		world_grow(me);
	me->untold = 0;
	race(step->world);
}

static void quiet(struct world_step *step, const struct event *event)
{
	of(step, event)->quiet = 1;
}

static void quiet_lapses(struct world_step *step, const struct event *event)
{
	of(step, event)->quiet = 0;
}

/* ---- the table ------------------------------------------------------------------ */

static const struct {
	void (*happens)(struct world_step *, const struct event *);
	const char *text; /* after the name of the gateway */
} effects[EVENT_KINDS] = {
	[EVENT_HOST] = { host, "gets a packet from the host" },
	[EVENT_DELIVER] = { deliver, "" },
	[EVENT_INBOUND] = { inbound, "opens a session from outside" },
	[EVENT_REPLY] = { reply, "gets a packet from outside" },
	[EVENT_EXPIRE_SESSION] = { expire_session, "ends an idle session" },
	[EVENT_EXPIRE_BINDING] = { expire_binding, "ends an idle binding" },
	[EVENT_FLIP] = { flip, "flips its selector" },
	[EVENT_UPLINK_DIES] = { uplink_dies, "loses its uplink" },
	[EVENT_UPLINK_RETURNS] = { uplink_returns, "has its uplink back" },
	[EVENT_NOTICE_DEAD] = { notice_dead, "notices that it is dead" },
	[EVENT_NOTICE_UP] = { notice_up, "notices that it is up" },
	[EVENT_WAIT_ENDS] = { wait_ends, "waits no longer for its uplink" },
	[EVENT_POWER_OFF] = { power_off, "loses power" },
	[EVENT_BOOT] = { boot, "boots, empty" },
	[EVENT_DAEMON_DIES] = { daemon_dies, "loses its daemon" },
	[EVENT_LINK_BREAKS] = { link_breaks, "and B are cut apart" },
	[EVENT_LINK_HEALS] = { link_heals, "and B are joined again" },
	[EVENT_GONE] = { gone, "believes the partner gone" },
	[EVENT_SILENT] = { silent, "finds the partner silent" },
	[EVENT_ALIVE] = { alive, "believes the partner alive" },
	[EVENT_TOLD] = { told, "is told that it was gone" },
	[EVENT_QUIET] = { quiet, "need not ask: quiet" },
	[EVENT_QUIET_LAPSES] = { quiet_lapses, "has to ask: quiet lapses" },
};

static void note(const struct world_step *step, const struct event *event)
{
	const struct world_flight *flight =
		&step->world->flight[event->gateway % WORLD_FLIGHTS];

	if (event->kind == EVENT_DELIVER)
		world_note(step, "  %c gets a packet from its partner\n",
			   'A' + flight->to);
	else if (event->kind == EVENT_HOST)
		world_note(step, "  %c %s: %s, flow %u\n", 'A' + event->gateway,
			   effects[event->kind].text,
			   event->bindable ? "bindable" : "mid-stream",
			   event->flow);
	else
		world_note(step, "  %c %s%s\n", 'A' + event->gateway,
			   effects[event->kind].text,
			   event->flow ? ", flow 1" : "");
}

void event_do(struct world_step *step, const struct event *event)
{
	note(step, event);
	effects[event->kind].happens(step, event);
	truth_settle(step);
	if (step->violation)
		world_note(step, "  VIOLATION: %s\n", step->violation);
}
