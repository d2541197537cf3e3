// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_fib.c - the routes we know.
 *
 * Owns: the identity of a route and what "replace" means.  Several routes may
 * share a key (`ip route append`); the kernel keeps them in a row and a
 * replacement takes the place of the first, whoever made it.  So each route has
 * a place, smaller is earlier; all its hops have the same.
 * It must never resolve a next hop or talk to the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "netlink_fib.h"

#define NOBODY UINT32_MAX

struct netlink_fib_entry {
	struct netlink_route route; /* first: see netlink_fib_next */
	int64_t place;
	uint32_t next; /* in its bucket */
};

static bool same_key(const struct netlink_route *a,
		     const struct netlink_route *b)
{
	return a->table == b->table && a->metric == b->metric &&
	       a->tos == b->tos && prefix_equal(&a->to, &b->to);
}

static uint32_t hash(const struct netlink_route *route)
{
	uint64_t words[2], value;

	memcpy(words, route->to.address.byte, sizeof(words));
	value = words[0] * 0x9e3779b97f4a7c15ULL;
	value = (value ^ words[1]) * 0xff51afd7ed558ccdULL;
	value ^= (uint64_t)route->table << 32 | route->metric;
	value += (uint64_t)route->to.length << 8 | route->tos;
	value = (value ^ value >> 29) * 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(value >> 32);
}

static uint32_t *bucket(const struct netlink_fib *fib,
			const struct netlink_route *route)
{
	return &fib->heads[hash(route) & (fib->buckets - 1)];
}

/* The word that leads to entry `index`. */
static uint32_t *leading_to(struct netlink_fib *fib, uint32_t index)
{
	uint32_t *word = bucket(fib, &fib->entries[index].route);

	while (*word != index)
		word = &fib->entries[*word].next;
	return word;
}

static int grow(struct netlink_fib *fib)
{
	uint32_t room = fib->room ? 2 * fib->room : 64, i;
	struct netlink_fib_entry *entries;
	uint32_t *heads;

	entries = reallocarray(fib->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	fib->entries = entries;
	heads = malloc(room * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	free(fib->heads);
	fib->heads = heads;
	fib->room = room;
	fib->buckets = room;
	memset(heads, 0xff, room * sizeof(*heads)); /* NOBODY everywhere */
	for (i = 0; i < fib->count; i++) {
		uint32_t *head = bucket(fib, &entries[i].route);

		entries[i].next = *head;
		*head = i;
	}
	return 0;
}

static int insert(struct netlink_fib *fib,
		  const struct netlink_whole_route *route, int64_t place)
{
	unsigned i;

	while (fib->room - fib->count < route->count) {
		if (grow(fib))
			return -ENOMEM;
	}
	for (i = 0; i < route->count; i++) {
		uint32_t *head = bucket(fib, &route->hop[i]);
		struct netlink_fib_entry *entry = &fib->entries[fib->count];

		memset(entry, 0, sizeof(*entry));
		entry->route = route->hop[i];
		entry->place = place;
		entry->next = *head;
		*head = fib->count++;
	}
	return 0;
}

/* The last entry moves into the hole. */
static void take_out(struct netlink_fib *fib, uint32_t index)
{
	uint32_t last = fib->count - 1;

	*leading_to(fib, index) = fib->entries[index].next;
	if (index != last) {
		*leading_to(fib, last) = index;
		fib->entries[index] = fib->entries[last];
	}
	fib->count--;
}

static uint32_t first_in(const struct netlink_fib *fib,
			 const struct netlink_route *route)
{
	return fib->buckets ? *bucket(fib, route) : NOBODY;
}

static void remove_place(struct netlink_fib *fib,
			 const struct netlink_route *key, int64_t place)
{
	uint32_t i = first_in(fib, key);

	while (i != NOBODY) {
		const struct netlink_fib_entry *entry = &fib->entries[i];

		if (entry->place == place && same_key(&entry->route, key)) {
			take_out(fib, i);
			i = first_in(fib, key); /* entries have moved */
		} else {
			i = entry->next;
		}
	}
}

/* Flags (dead, linkdown) and MTU are a state of the hop, not what it is. */
static bool same_hop(const struct netlink_route *a,
		     const struct netlink_route *b)
{
	return a->type == b->type && a->protocol == b->protocol &&
	       a->nhid == b->nhid && a->hops == b->hops &&
	       address_equal(&a->source, &b->source) && a->oif == b->oif &&
	       address_equal(&a->gateway, &b->gateway);
}

static bool identical(const struct netlink_route *a,
		      const struct netlink_route *b)
{
	return same_key(a, b) && same_hop(a, b) && a->flags == b->flags &&
	       a->mtu == b->mtu;
}

/* An object stands for its hops, and may have got others meanwhile. */
static bool same_object(const struct netlink_route *a,
			const struct netlink_route *b)
{
	return a->nhid && a->nhid == b->nhid && a->type == b->type &&
	       a->protocol == b->protocol;
}

/* How many hops of `route` the route at `place` has; `exact`: flags too. */
static unsigned hops_at(const struct netlink_fib *fib,
			const struct netlink_whole_route *route, int64_t place,
			bool exact)
{
	unsigned common = 0, n;
	uint32_t i;

	for (i = first_in(fib, &route->hop[0]); i != NOBODY;
	     i = fib->entries[i].next) {
		const struct netlink_fib_entry *entry = &fib->entries[i];

		if (entry->place != place ||
		    !same_key(&entry->route, &route->hop[0]))
			continue;
		for (n = 0; n < route->count; n++) {
			const struct netlink_route *hop = &route->hop[n];

			if (exact ? identical(&entry->route, hop) :
				    same_hop(&entry->route, hop) ||
					    same_object(&entry->route, hop))
				break;
		}
		if (n == route->count)
			return 0; /* it has one that we have not */
		common++;
	}
	return common;
}

/*
 * The place of this very route, if it is there (`found`), else that of the
 * first with its key (`any`).
 */
static int64_t place_of(const struct netlink_fib *fib,
			const struct netlink_whole_route *route, bool *found,
			bool *any)
{
	int64_t first = INT64_MAX, same = INT64_MAX;
	uint32_t i;

	for (i = first_in(fib, &route->hop[0]); i != NOBODY;
	     i = fib->entries[i].next) {
		const struct netlink_fib_entry *entry = &fib->entries[i];
		unsigned hops;

		if (!same_key(&entry->route, &route->hop[0]))
			continue;
		if (entry->place < first)
			first = entry->place;
		hops = hops_at(fib, route, entry->place, false);
		if (hops && (route->hop[0].nhid || hops == route->count) &&
		    entry->place < same)
			same = entry->place;
	}
	*any = first != INT64_MAX;
	*found = same != INT64_MAX;
	return *found ? same : first;
}

int netlink_fib_put(struct netlink_fib *fib,
		    const struct netlink_whole_route *route, unsigned flags)
{
	bool found, any;
	int64_t place = place_of(fib, route, &found, &any);
	int err;

	/*
	 * What we know already keeps its place: a dump and the events that
	 * were waiting when it was made say the same thing twice.
	 */
	if (found && hops_at(fib, route, place, true) == route->count)
		return 0;
	if (found || (any && (flags & NLM_F_REPLACE)))
		remove_place(fib, &route->hop[0], place);
	else if (flags & NLM_F_APPEND)
		place = ++fib->last;
	else
		place = --fib->first;
	err = insert(fib, route, place);
	return err ? err : 1;
}

bool netlink_fib_drop(struct netlink_fib *fib,
		      const struct netlink_whole_route *route)
{
	bool found, any;
	int64_t place = place_of(fib, route, &found, &any);

	if (found)
		remove_place(fib, &route->hop[0], place);
	return found;
}

const struct netlink_route *netlink_fib_next(const struct netlink_fib *fib,
					     const struct netlink_route *last)
{
	const struct netlink_fib_entry *next = fib->entries;

	if (last)
		next = (const struct netlink_fib_entry *)last + 1;
	if (!next || next == fib->entries + fib->count)
		return NULL;
	return &next->route;
}

static bool has(const struct netlink_fib *fib,
		const struct netlink_route *route)
{
	uint32_t i;

	for (i = first_in(fib, route); i != NOBODY; i = fib->entries[i].next) {
		if (identical(&fib->entries[i].route, route))
			return true;
	}
	return false;
}

bool netlink_fib_equal(const struct netlink_fib *a, const struct netlink_fib *b)
{
	uint32_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (!has(b, &a->entries[i].route))
			return false;
	}
	return true;
}

void netlink_fib_clear(struct netlink_fib *fib)
{
	free(fib->entries);
	free(fib->heads);
	memset(fib, 0, sizeof(*fib));
}
