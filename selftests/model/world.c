// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * world.c - what a gateway does with a packet.
 *
 * Owns: the view that own_decide gets, and the carrying out of its answer, as
 * bpf/lan.h does both.  It must never judge: that is truth.c's.
 */
#include <stdarg.h>
#include <string.h>

#include "truth.h"
#include "world.h"

void world_init(struct world *world, const struct world_site *site)
{
	int i;

	memset(world, 0, sizeof(*world));
	for (i = 0; i < WORLD_GATEWAYS; i++)
		world->gateway[i] = (struct world_gateway){
			.powered = 1,
			.daemon = 1,
			.uplink = 1,
			.known = 1,
			.partner = OWN_PARTNER_ALIVE,
			.selects = site->selects[i],
		};
	for (i = 0; i < WORLD_THINGS; i++)
		world->owner[i].gateway = WORLD_NOBODY;
	world->link = 1;
	world->packets = site->packets;
	world->faults = site->faults;
	world->flips = site->flips;
}

bool world_reachable(const struct world *world)
{
	return world->link && world->gateway[0].powered &&
	       world->gateway[1].powered;
}

void world_grow(struct world_gateway *gateway)
{
	int i;

	for (i = 0; i < WORLD_THINGS; i++)
		if (gateway->held[i])
			gateway->held[i] = OWN_UNCONFIRMED;
}

void world_note(const struct world_step *step, const char *format, ...)
{
	va_list list;

	if (!step->log)
		return;
	va_start(list, format);
	vfprintf(step->log, format, list);
	va_end(list);
}

const char *world_kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[TP_KIND_TAKE] = "take",
		[TP_KIND_QUESTION] = "question",
		[TP_KIND_SESSION_QUESTION] = "session-question",
		[TP_KIND_RETURNED] = "returned",
		[TP_KIND_HOST] = "host",
	};

	return names[kind];
}

/*
 * A session on an exit that is not live is no session: the look-up frees it.
 * With "hold" it waits, unless the host opens it anew.
 */
static uint8_t look_up(const struct world_step *step,
		       const struct world_packet *packet)
{
	uint8_t at = packet->at, flow = packet->flow;
	struct world_gateway *me = &step->world->gateway[at];

	if (!me->held[flow] || me->known || step->off & WORLD_NO_LIVE_EXIT)
		return me->held[flow];
	if (me->waits && (!packet->bindable || step->off & WORLD_SYN_WAITS))
		return OWN_WAITING;
	if (!(step->off & WORLD_NO_FREE)) {
		me->held[flow] = OWN_NOTHING;
		truth_loses(step->world, at, flow);
	}
	return OWN_NOTHING;
}

/*
 * So is its binding, once the endpoint has to leave: it may be bound at the
 * partner before the exit comes back.
 */
static void leave(const struct world_step *step,
		  const struct world_packet *packet)
{
	struct world_gateway *me = &step->world->gateway[packet->at];

	if (me->known || !packet->bindable || !me->held[WORLD_ENDPOINT] ||
	    step->off & WORLD_NO_LEAVE)
		return;
	me->held[WORLD_ENDPOINT] = OWN_NOTHING;
	truth_loses(step->world, packet->at, WORLD_ENDPOINT);
}

static void view_of(const struct world_step *step,
		    const struct world_packet *packet, struct own_view *view)
{
	const struct world_gateway *me = &step->world->gateway[packet->at];

	*view = (struct own_view){
		.kind = packet->kind,
		.bindable = packet->bindable,
		.session = look_up(step, packet),
		.binding = me->known ? me->held[WORLD_ENDPOINT] : OWN_NOTHING,
		.published = step->site->published && me->known,
		.self = me->selects && me->known,
		.live = me->known,
		.partner = me->partner,
		.quiet = me->quiet,
	};
	/* A static binding stands whenever its exit is live. */
	if (view->published)
		view->binding = OWN_CONFIRMED;
}

/* Translated, and out by the uplink. */
static void send_out(struct world_step *step, const struct world_packet *packet)
{
	struct world_gateway *me = &step->world->gateway[packet->at];

	truth_uses(step, packet->at, packet->flow, packet->raced);
	me->held[packet->flow] = OWN_CONFIRMED;
	if (packet->bindable && me->uplink)
		step->world->open[packet->flow] = 1;
}

static void bind_here(struct world_step *step,
		      const struct world_packet *packet)
{
	struct world_gateway *me = &step->world->gateway[packet->at];

	if (!step->site->published) {
		truth_uses(step, packet->at, WORLD_ENDPOINT, packet->raced);
		me->held[WORLD_ENDPOINT] = OWN_CONFIRMED;
	}
	send_out(step, packet);
}

/* To the partner, or nowhere when nothing leads there. */
static void hand(struct world_step *step, const struct world_packet *packet,
		 uint8_t kind)
{
	struct world_flight *flight = step->world->flight;

	truth_hands(step, packet, kind);
	if (!world_reachable(step->world)) {
		world_note(step, "    lost on the way\n");
		return;
	}
	if (flight->used)
		flight++;
	*flight = (struct world_flight){
		.used = 1,
		.to = !packet->at,
		.flow = packet->flow,
		.bindable = packet->bindable,
		.kind = kind,
		.crossings = packet->crossings + 1,
		.raced = packet->raced,
	};
}

static void carry_out(struct world_step *step,
		      const struct world_packet *packet, uint32_t action)
{
	struct world_gateway *me = &step->world->gateway[packet->at];

	switch (action) {
	case OWN_SERVE:
		/* A session proves nothing about its endpoint's binding. */
		if (step->off & WORLD_SERVE_CONFIRMS &&
		    me->held[packet->flow] == OWN_UNCONFIRMED &&
		    me->held[WORLD_ENDPOINT])
			me->held[WORLD_ENDPOINT] = OWN_CONFIRMED;
		send_out(step, packet);
		break;
	case OWN_BIND:
		bind_here(step, packet);
		break;
	case OWN_REFUSE:
		truth_refuses(step, packet);
		break;
	case OWN_RESET:
		truth_resets(step, packet);
		step->world->open[packet->flow] = 0;
		break;
	case OWN_TAKE:
		if (!(step->off & WORLD_NO_CANCEL_TAKE))
			me->quiet = 0;
		hand(step, packet, TP_KIND_TAKE);
		break;
	case OWN_QUESTION:
		hand(step, packet, TP_KIND_QUESTION);
		break;
	case OWN_SESSION_QUESTION:
		hand(step, packet, TP_KIND_SESSION_QUESTION);
		break;
	case OWN_WAIT:
		break;
	case OWN_RETURN:
		if (packet->kind == TP_KIND_TAKE &&
		    !(step->off & WORLD_NO_CANCEL_RETURN))
			me->quiet = 0;
		hand(step, packet, TP_KIND_RETURNED);
		break;
	}
}

static void note_decision(const struct world_step *step,
			  const struct world_packet *packet,
			  const struct own_view *view, uint32_t action)
{
	static const char *const held[] = { "no", "an unconfirmed",
					    "a confirmed", "a waiting" };
	static const char *const partner[] = { "gone", "silent", "alive",
					       "a router" };
	static const char *const answer[] = {
		[OWN_SERVE] = "translate and send",
		[OWN_BIND] = "bind and send",
		[OWN_REFUSE] = "refuse",
		[OWN_RESET] = "reset",
		[OWN_TAKE] = "hand over as take",
		[OWN_QUESTION] = "ask as question",
		[OWN_SESSION_QUESTION] = "ask as session-question",
		[OWN_RETURN] = "give back",
		[OWN_WAIT] = "drop, and wait for the exit",
	};

	world_note(step,
		   "    %c (%s session, %s%s binding, %s, partner %s%s): %s\n",
		   'A' + packet->at, held[view->session], held[view->binding],
		   view->published ? " static" : "",
		   view->self ? "selects itself" :
		   view->live ? "selects the partner" :
				"no live exit",
		   partner[view->partner], view->quiet ? ", quiet" : "",
		   answer[action]);
}

void world_arrive(struct world_step *step, const struct world_packet *packet)
{
	struct world_gateway *me = &step->world->gateway[packet->at];
	struct own_view view;
	uint32_t action;

	/* Every frame from the partner says that it lives. */
	if (packet->kind != TP_KIND_HOST) {
		me->partner = OWN_PARTNER_ALIVE;
		me->settling = 0;
	}
	leave(step, packet);
	view_of(step, packet, &view);
	action = step->decide(&view);
	note_decision(step, packet, &view, action);
	truth_decides(step, packet, &view, action);
	carry_out(step, packet, action);
}
