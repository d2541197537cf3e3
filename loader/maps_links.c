// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_links.c - the interfaces as the programs know them, and the ways to the
 * partner.
 *
 * Owns: which kinds of handover an interface carries.  Over one interface the
 * source MAC tells the kinds apart; where each has its own, the interface does,
 * and the MACs are those of the two ends (docs/ownership.md).
 */
#include <string.h>

#include "address.h"
#include "log.h"
#include "maps_private.h"
#include "marks.h"
#include "twinpath.skel.h"

/* An ordinary router hands over by its kernel alone: that is a take. */
static bool carries(const struct config *config, unsigned kind)
{
	return kind == TP_KIND_TAKE ||
	       config->partner.type == TP_PARTNER_TWINPATH;
}

static uint8_t kinds_by(unsigned ifindex, const struct maps_input *input)
{
	const struct partner_facts *facts = &input->facts->partner;
	uint8_t kinds = 0;

	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (facts->links[kind].ifindex == ifindex &&
		    carries(input->config, kind))
			kinds |= (uint8_t)(1U << kind);
	return kinds;
}

static struct tp_way way_by(const struct partner_link *link)
{
	struct tp_way way = { .ifindex = link->ifindex };

	memcpy(way.mac, link->mac, 6);
	memcpy(way.theirs, link->mac, 6);
	memcpy(way.mine, link->own, 6);
	return way;
}

void maps_fill_ways(struct tp_partner *partner, const struct maps_input *input)
{
	const struct partner_facts *facts = &input->facts->partner;
	const struct partner_belief *belief = input->belief;
	const struct partner_link *take = &facts->links[TP_KIND_TAKE];
	const struct tp_way way = way_by(take);

	if (!input->config->partner.links[TP_KIND_QUESTION][0]) {
		if (take->known)
			marks_fill(partner, &way,
				   belief->has_marks ? belief->marks : NULL);
		return;
	}
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (facts->links[kind].known)
			partner->way[kind] = way_by(&facts->links[kind]);
}

/* The interface's first address: what hosts are answered from. */
static void fill_address(struct tp_addr *out, const struct netlink *netlink,
			 unsigned ifindex)
{
	const struct netlink_address *address = NULL;

	while ((address = netlink_next_address(netlink, address)))
		if (address->ifindex == ifindex && !address->secondary &&
		    address_is_v4(&address->address)) {
			*out = address->address;
			return;
		}
}

/* By a link of the partner's own, whoever is there is asked about. */
static uint64_t suspects(const struct tp_link *link,
			 const struct maps_input *input)
{
	struct tp_partner partner = {};
	uint64_t bits = link->only ? UINT64_MAX : 0;

	maps_fill_ways(&partner, input);
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (link->kinds & 1U << kind)
			bits |= tp_suspect(partner.way[kind].theirs);
	return bits;
}

static void fill_link(struct tp_link *out, const struct maps *maps,
		      const struct interface *one,
		      const struct maps_input *input)
{
	const struct netlink *netlink = input->netlink;
	const struct netlink_link *link =
		netlink_link_by_index(netlink, one->ifindex);
	const struct netlink_link *other = NULL;

	memset(out, 0, sizeof(*out));
	if (!link)
		return;
	out->ifindex = one->ifindex;
	out->role = one->role == ATTACH_LAN ? TP_LINK_LAN : TP_LINK_UPLINK;
	if (one->uplink != MODEL_NOBODY)
		out->exit = (uint8_t)maps_exit(maps, one->uplink);
	else
		out->kinds = kinds_by(one->ifindex, input);
	out->only = one->partner &&
		    input->config->partner.type == TP_PARTNER_TWINPATH;
	out->suspects = suspects(out, input);
	fill_address(&out->address, netlink, link->index);
	memcpy(out->mac[out->macs++], link->mac, 6);
	while ((other = netlink_next_link(netlink, other)))
		if (interfaces_is_virtual(other, link->index) &&
		    out->macs < TP_LINK_MACS)
			memcpy(out->mac[out->macs++], other->mac, 6);
}

/* The slot of an interface; see struct tp_link. */
static struct tp_link *link_slot(struct tp_link *table, unsigned ifindex)
{
	for (unsigned i = 0; i < TP_LINK_PROBES; i++) {
		struct tp_link *slot = &table[(ifindex + i) % TP_LINK_SLOTS];

		if (!slot->ifindex)
			return slot;
	}
	return NULL;
}

int maps_apply_links(struct maps *maps, const struct maps_input *input)
{
	struct tp_link wanted[TP_LINK_SLOTS] = {};
	int err = 0;

	for (unsigned i = 0; i < input->interfaces->count; i++) {
		const struct interface *one = &input->interfaces->list[i];
		struct tp_link *slot;

		if (!one->ifindex)
			continue;
		slot = link_slot(wanted, one->ifindex);
		if (slot)
			fill_link(slot, maps, one, input);
		else
			log_error("%s: no room in the links map", one->name);
	}
	for (uint32_t i = 0; i < TP_LINK_SLOTS; i++)
		err = err ?: PUT(maps, links, i, &maps->links[i], &wanted[i]);
	return err;
}
