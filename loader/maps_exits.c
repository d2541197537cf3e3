// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_exits.c - the part of the maps that a switch is made of: addresses, exits,
 * selector.  See maps.h.
 */
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "maps_private.h"
#include "next_hop.h"
#include "twinpath.skel.h"

/*
 * Only another address makes a new generation: one that is lost and comes back
 * finds its bindings valid.
 */
static int apply_addresses(struct maps *maps, const struct maps_input *input)
{
	int err = 0;

	for (unsigned i = 0; i < input->config->uplinks_count; i++) {
		const struct uplink_facts *facts = &input->facts->uplinks[i];
		uint8_t exit = maps->exit_ids[i];
		uint8_t id = maps->exits[exit].address;
		struct tp_address wanted = maps->addresses[id];

		if (!facts->has_address)
			continue;
		if (!address_equal(&wanted.address, &facts->address)) {
			wanted.generation++;
			wanted.address = facts->address;
		}
		wanted.exit = exit;
		wanted.filtering = (uint8_t)input->config->uplinks[i].filtering;
		err = err   ?:
			      PUT(maps, addresses, id, &maps->addresses[id],
				  &wanted);
	}
	return err;
}

uint32_t maps_moved(const struct maps *maps, const struct config *config,
		    const struct facts *facts)
{
	uint32_t moved = 0;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		uint8_t id = maps->exits[maps->exit_ids[i]].address;
		const struct tp_addr *known = &maps->addresses[id].address;
		const struct uplink_facts *uplink = &facts->uplinks[i];

		if (uplink->has_address && !address_is_zero(known) &&
		    !address_equal(known, &uplink->address))
			moved |= 1U << i;
	}
	return moved;
}

int maps_cut(struct maps *maps, unsigned exit)
{
	uint8_t id = maps->exits[exit].address;
	struct tp_address wanted = maps->addresses[id];

	wanted.generation++;
	return PUT(maps, addresses, id, &maps->addresses[id], &wanted);
}

unsigned maps_address(const struct maps *maps, unsigned exit)
{
	return maps->exits[exit].address;
}

uint16_t maps_generation(const struct maps *maps, unsigned exit)
{
	return maps->addresses[maps->exits[exit].address].generation;
}

/* The two never stand beside each other; see struct tp_exit. */
static msec_t until_of(const struct desired *desired, unsigned i)
{
	return desired->states[i] == TP_EXIT_DEAD ? desired->wait_until[i] :
						    desired->home_after[i];
}

/*
 * An instant as a tick.  Converted once: the two clocks do not agree to the tick
 * twice, and what stands in the map would change with every turn.
 */
static uint32_t until_tick(const struct maps *maps,
			   const struct maps_input *input, unsigned i)
{
	msec_t instant = until_of(input->desired, i);
	msec_t left = instant - input->facts->now;
	uint32_t now;

	if (!instant)
		return 0;
	if (instant == maps->until[i] || plane_clock(maps->plane, &now))
		return maps->exits[maps->exit_ids[i]].home_after;
	now += (uint32_t)((left * TP_TICKS_PER_SECOND + 999) / 1000);
	return now ? now : 1; /* 0 is never */
}

msec_t maps_until(struct maps *maps, unsigned i, msec_t now)
{
	uint32_t tick = maps->exits[maps->exit_ids[i]].home_after;
	uint32_t clock;

	if (!tick || plane_clock(maps->plane, &clock))
		return 0;
	maps->until[i] = now + (msec_t)(int32_t)(tick - clock) * 1000 /
				       TP_TICKS_PER_SECOND;
	return maps->until[i];
}

static uint16_t bounded(unsigned mtu)
{
	return (uint16_t)(mtu < 65535 ? mtu : 65535);
}

/* The most that a SYN may offer through this uplink; 0: anything. */
static uint16_t segment(const struct uplink_config *config, uint16_t mtu)
{
	if (config->mss == MSS_MOST)
		return (uint16_t)config->mss_most;
	/* Less the headers of IP and TCP. */
	return config->mss == MSS_AUTO && mtu > 40 ? mtu - 40 : 0;
}

static void fill_exit(struct tp_exit *out, const struct maps *maps,
		      const struct maps_input *input, unsigned i)
{
	const struct uplink_config *config = &input->config->uplinks[i];
	const struct uplink_facts *facts = &input->facts->uplinks[i];
	const struct interface *one =
		interfaces_find(input->interfaces, facts->ifindex);
	unsigned id = maps->exit_ids[i];

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", config->name);
	out->kind = TP_EXIT_UPLINK;
	out->state = (uint8_t)input->desired->states[i];
	out->address = maps->exits[id].address;
	out->ifindex = facts->ifindex;
	out->mtu = bounded(facts->mtu);
	out->mss = segment(config, out->mtu);
	out->mark = TP_MARK(id);
	out->next_hop = *next_hop_of(config, facts);
	out->home_after = until_tick(maps, input, i); /* or wait_until */
	memcpy(out->source, facts->mac, 6);
	if (facts->next_hop_mac_known) {
		out->flags |= TP_EXIT_HAS_NEXT_HOP;
		memcpy(out->destination, facts->next_hop_mac, 6);
	}
	if (one && interface_redirects(one))
		out->flags |= TP_EXIT_XDP;
}

/* Of the ways to the partner: which one a packet will take is not known yet. */
static unsigned least_mtu(const struct partner_facts *facts)
{
	unsigned least = facts->links[TP_KIND_TAKE].mtu;

	for (unsigned kind = TP_KIND_QUESTION; kind < TP_KINDS; kind++)
		if (facts->links[kind].mtu < least)
			least = facts->links[kind].mtu;
	return least;
}

static bool all_xdp(const struct partner_facts *facts,
		    const struct interfaces *interfaces)
{
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		const struct interface *one =
			interfaces_find(interfaces, facts->links[kind].ifindex);

		if (!one || !interface_redirects(one))
			return false;
	}
	return true;
}

static void fill_partner_exit(struct tp_exit *out, unsigned id,
			      const struct maps_input *input)
{
	const struct partner_facts *facts = &input->facts->partner;
	const struct partner_link *take = &facts->links[TP_KIND_TAKE];

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), PARTNER_NAME);
	if (input->config->partner.type == TP_PARTNER_NONE)
		return;
	out->kind = TP_EXIT_PARTNER;
	out->mark = TP_MARK(id);
	out->state = facts->mac_known ? TP_EXIT_UP : TP_EXIT_DEAD;
	out->ifindex = take->ifindex;
	out->mtu = bounded(least_mtu(facts));
	out->next_hop = input->config->partner.address;
	memcpy(out->destination, take->mac, 6);
	if (facts->mac_known)
		out->flags |= TP_EXIT_HAS_NEXT_HOP;
	if (all_xdp(facts, input->interfaces))
		out->flags |= TP_EXIT_XDP;
}

/* The tick from which no uplink has been live; 0: one is. */
static uint32_t lost_since(const struct maps *maps,
			   const struct tp_exit wanted[TP_MAX_EXITS])
{
	uint32_t now;

	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (wanted[id].kind == TP_EXIT_UPLINK &&
		    wanted[id].state != TP_EXIT_DEAD)
			return 0;
	if (maps->selector.lost || plane_clock(maps->plane, &now))
		return maps->selector.lost;
	return now ? now : 1;
}

static int apply_selector(struct maps *maps, const struct maps_input *input,
			  const struct tp_exit exits[TP_MAX_EXITS])
{
	struct tp_selector wanted = maps->selector;
	uint32_t exit = maps_exit(maps, input->desired->selector);

	wanted.lost = lost_since(maps, exits);
	if (wanted.exit != exit) {
		wanted.exit = exit;
		wanted.event = input->event;
	}
	wanted.shared = input->desired->shares_count != 0;
	return PUT(maps, selector, 0, &maps->selector, &wanted);
}

/* `worse`: the exits whose state falls; else the others. */
static int apply_exits(struct maps *maps, const struct tp_exit *wanted,
		       bool worse)
{
	int err = 0;

	for (uint32_t id = 1; id < TP_MAX_EXITS; id++)
		if ((wanted[id].state < maps->exits[id].state) == worse)
			err = err   ?:
				      PUT(maps, exits, id, &maps->exits[id],
					  &wanted[id]);
	return err;
}

void maps_fill_exits(const struct maps *maps, const struct maps_input *input,
		     struct tp_exit wanted[TP_MAX_EXITS])
{
	memcpy(wanted, maps->exits, sizeof(maps->exits));
	/* An uplink that left the configuration has no live exit any more. */
	for (unsigned id = 1; id < TP_MAX_EXITS; id++) {
		wanted[id].state = TP_EXIT_DEAD;
		wanted[id].home_after = 0; /* nor is it waited for */
	}
	for (unsigned i = 0; i < input->config->uplinks_count; i++)
		fill_exit(&wanted[maps->exit_ids[i]], maps, input, i);
	fill_partner_exit(&wanted[maps->partner_exit], maps->partner_exit,
			  input);
}

int maps_switch(struct maps *maps, const struct maps_input *input,
		const struct tp_exit wanted[TP_MAX_EXITS])
{
	int err;

	err = apply_addresses(maps, input);
	err = apply_exits(maps, wanted, false) ?: err;
	err = maps_apply_shares(maps, input->desired) ?: err;
	err = apply_selector(maps, input, wanted) ?: err;
	err = apply_exits(maps, wanted, true) ?: err;
	for (unsigned i = 0; !err && i < input->config->uplinks_count; i++)
		maps->until[i] = until_of(input->desired, i);
	return err;
}
