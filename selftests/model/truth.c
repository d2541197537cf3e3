// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * truth.c - see truth.h.
 *
 * Never decides anything: it watches.
 */
#include "truth.h"

static void violate(struct world_step *step, const char *what)
{
	if (!step->violation)
		step->violation = what;
}

/* Its uplink works, and it knows. */
static bool usable(const struct world *world, uint8_t at)
{
	const struct world_gateway *gateway = &world->gateway[at];

	return gateway->powered && gateway->uplink && gateway->known;
}

/* Does its owner hold it still? */
static bool owned(const struct world *world, uint8_t thing)
{
	uint8_t owner = world->owner[thing].gateway;

	return owner != WORLD_NOBODY && world->gateway[owner].held[thing];
}

/* And on an uplink that works? */
static bool live(const struct world *world, uint8_t thing)
{
	return owned(world, thing) &&
	       usable(world, world->owner[thing].gateway);
}

/* Its exit is dead, but shall be waited for. */
static bool waiting(const struct world *world, uint8_t thing)
{
	return owned(world, thing) &&
	       world->gateway[world->owner[thing].gateway].waits;
}

static bool excused(const struct world *world, uint8_t at)
{
	const struct world_gateway *me = &world->gateway[at];

	return !world_reachable(world) || me->settling || me->untold;
}

void truth_decides(struct world_step *step, const struct world_packet *packet,
		   const struct own_view *view, uint32_t action)
{
	const struct world_gateway *me = &step->world->gateway[packet->at];

	if (action == OWN_SERVE && !me->held[packet->flow])
		violate(step, "served without a session");
	if ((action == OWN_SERVE || action == OWN_BIND) && !me->known)
		violate(step, "sent into an uplink known dead");
	if (action == OWN_RETURN && view->kind == TP_KIND_HOST)
		violate(step, "a host packet was given back");
	if (action == OWN_WAIT && packet->bindable)
		violate(step, "a new session was made to wait");
}

void truth_uses(struct world_step *step, uint8_t at, uint8_t thing, bool raced)
{
	struct world *world = step->world;
	struct world_owner *owner = &world->owner[thing];
	bool apart = excused(world, at);

	if (owner->gateway != at && !owner->split) {
		if (live(world, thing) && !apart && !raced)
			violate(step,
				thing == WORLD_ENDPOINT ?
					"an endpoint was bound a second time" :
					"a reachable live session was sent elsewhere");
		/* By an old belief, although the owner is there again. */
		if (owned(world, thing) && (apart || raced))
			owner->split = world_reachable(world);
	}
	if (apart)
		owner->apart |= 1U << at;
	if (owner->apart == 3)
		owner->split = 1;
	owner->gateway = at;
}

void truth_resets(struct world_step *step, const struct world_packet *packet)
{
	const struct world *world = step->world;
	const struct world_gateway *me = &world->gateway[packet->at];

	if (!live(world, packet->flow) && !waiting(world, packet->flow))
		return;
	/* A partner that is merely silent is no reason to reset. */
	if (!excused(world, packet->at) || me->partner == OWN_PARTNER_SILENT)
		violate(step, live(world, packet->flow) ?
				      "a reachable live session was reset" :
				      "a session that waits was reset");
}

void truth_refuses(struct world_step *step, const struct world_packet *packet)
{
	const struct world *world = step->world;

	if (world->gateway[packet->at].known)
		violate(step, "refused beside a live exit");
	if (!excused(world, packet->at) && !packet->raced &&
	    usable(world, !packet->at))
		violate(step, "refused while the partner has a live exit");
}

void truth_hands(struct world_step *step, const struct world_packet *packet,
		 uint8_t kind)
{
	uint8_t partner = step->world->gateway[packet->at].partner;

	if (packet->crossings >= 2)
		violate(step, "crossed the link more than twice");
	else if (packet->crossings && kind != TP_KIND_RETURNED)
		violate(step, "a partner's packet was asked about");
	if (partner == OWN_PARTNER_GONE)
		violate(step, "handed to a partner believed gone");
	if (partner == OWN_PARTNER_SILENT && packet->bindable)
		violate(step, "a new session asked of a silent partner");
}

/* What both owned is now the other's alone. */
void truth_loses(struct world *world, uint8_t at, uint8_t thing)
{
	struct world_owner *owner = &world->owner[thing];

	if (owner->gateway == at)
		owner->gateway = owner->split ? !at : WORLD_NOBODY;
}

/* Would it send without asking? */
static bool certain(const struct world *world, uint8_t at, uint8_t thing)
{
	const struct world_gateway *gateway = &world->gateway[at];

	return gateway->known && gateway->held[thing] == OWN_CONFIRMED;
}

void truth_settle(struct world_step *step)
{
	struct world *world = step->world;
	bool apart = excused(world, 0) || excused(world, 1);
	int i;

	for (i = 0; i < WORLD_THINGS; i++) {
		struct world_owner *owner = &world->owner[i];

		if (!world->gateway[0].held[i] || !world->gateway[1].held[i])
			owner->split = 0;
		if (!apart)
			owner->apart = 0;
		if (!apart && !owner->split && certain(world, 0, i) &&
		    certain(world, 1, i))
			violate(step, i == WORLD_ENDPOINT ?
					      "an endpoint is bound twice" :
					      "a flow is owned twice");
	}
}
