// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explore.c - see explore.h.
 *
 * Worlds stand in the order in which they were found, each with the one it was
 * found from; an open hash table finds them again.  Both grow in one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "explore.h"

#define NO_PARENT UINT32_MAX

struct node {
	struct world world;
	uint32_t parent;
	struct event event; /* that led here */
};

struct search {
	const struct world_site *site;
	const struct explore_mutant *mutant;
	struct node *nodes;
	uint32_t used, limit;
	uint32_t *slots; /* number of a node + 1 */
	uint32_t mask;
	struct explore_result *result;
};

static uint32_t own_rules(const struct own_view *view)
{
	return own_decide(view);
}

static uint64_t hash(const struct world *world)
{
	uint64_t words[sizeof(*world) / sizeof(uint64_t)], sum = 0;
	size_t i;

	memcpy(words, world, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 29;
	}
	return sum;
}

/* Packets on the link have no order: one of the two ways to write it. */
static void sort_flights(struct world *world)
{
	struct world_flight first = world->flight[0];

	if (memcmp(&first, &world->flight[1], sizeof(first)) < 0) {
		world->flight[0] = world->flight[1];
		world->flight[1] = first;
	}
}

/* Remember a world unless it is known; false: no room. */
static bool add(struct search *search, const struct world *world,
		uint32_t parent, const struct event *event)
{
	uint32_t slot = (uint32_t)hash(world) & search->mask;
	struct node *node;

	while (search->slots[slot]) {
		node = &search->nodes[search->slots[slot] - 1];
		if (!memcmp(&node->world, world, sizeof(*world)))
			return true;
		slot = (slot + 1) & search->mask;
	}
	if (search->used == search->limit)
		return false;
	node = &search->nodes[search->used++];
	node->world = *world;
	node->parent = parent;
	node->event = *event;
	search->slots[slot] = search->used;
	return true;
}

static void step_init(const struct search *search, struct world_step *step,
		      struct world *world)
{
	const struct explore_mutant *mutant = search->mutant;

	*step = (struct world_step){
		.world = world,
		.site = search->site,
		.decide = mutant && mutant->decide ? mutant->decide : own_rules,
		.off = mutant ? mutant->off : 0,
	};
}

/* Play the way to `last`, and the event after it, again: in words. */
static void tell(struct search *search, uint32_t last,
		 const struct event *event)
{
	struct explore_result *result = search->result;
	struct world world;
	struct world_step step;
	uint32_t *path, length = 0, i;
	size_t size;

	path = calloc(search->used, sizeof(*path));
	step_init(search, &step, &world);
	step.log = open_memstream(&result->trace, &size);
	if (!path || !step.log)
		goto out;
	for (i = last; i != NO_PARENT; i = search->nodes[i].parent)
		path[length++] = i;
	world_init(&world, search->site);
	for (i = length - 1; i--;) {
		event_do(&step, &search->nodes[path[i]].event);
		sort_flights(&world);
	}
	event_do(&step, event);
	result->steps = length;
out:
	if (step.log)
		fclose(step.log);
	free(path);
}

/* Everything that can happen next; false: the search is over. */
static bool expand(struct search *search, uint32_t number)
{
	struct event event = { 0 };
	struct world world = search->nodes[number].world;
	struct world_step step;

	step_init(search, &step, &world);
	do {
		if (!event_possible(&step, &event))
			continue;
		event_do(&step, &event);
		if (step.violation) {
			search->result->violation = step.violation;
			tell(search, number, &event);
			return false;
		}
		sort_flights(&world);
		if (!add(search, &world, number, &event)) {
			search->result->full = true;
			return false;
		}
		world = search->nodes[number].world;
	} while (event_next(&event));
	return true;
}

bool explore(const struct world_site *site, const struct explore_mutant *mutant,
	     uint32_t limit, struct explore_result *result)
{
	static const struct event none;
	struct search search = { .site = site,
				 .mutant = mutant,
				 .limit = limit,
				 .mask = 1,
				 .result = result };
	struct world start;
	uint32_t i;
	bool done = false;

	memset(result, 0, sizeof(*result));
	while (search.mask < 2 * limit)
		search.mask = search.mask * 2 + 1;
	search.nodes = malloc((size_t)limit * sizeof(*search.nodes));
	search.slots = calloc((size_t)search.mask + 1, sizeof(*search.slots));
	if (!search.nodes || !search.slots)
		goto out;
	world_init(&start, site);
	add(&search, &start, NO_PARENT, &none);
	for (i = 0; i < search.used && expand(&search, i); i++)
		;
	result->worlds = search.used;
	done = true;
out:
	free(search.nodes);
	free(search.slots);
	return done;
}
