/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_private.h - what the maps_*.c files share: the copies, and the write.
 */
#ifndef TWINPATH_MAPS_PRIVATE_H
#define TWINPATH_MAPS_PRIVATE_H

#include "maps.h"

/* A route as it stands in the LPM trie. */
struct maps_route {
	struct tp_route_key key;
	struct tp_route value;
};

struct maps_routes {
	struct maps_route *list; /* in order of key */
	unsigned count, room;
};

struct maps_neighbours {
	struct tp_neighbour entries[TP_MAX_NEIGHBOURS]; /* by id; 0: unused */
	unsigned used;					/* ids given so far */
};

struct maps {
	const struct plane *plane;
	struct tp_settings settings;
	struct tp_selector selector;
	struct tp_shares shares;
	unsigned shared_count; /* from whom `shares` was made */
	struct share shared[2 * MODEL_UPLINKS];
	struct tp_partner partner;
	struct tp_exit exits[TP_MAX_EXITS];
	struct tp_address addresses[TP_MAX_ADDRESSES];
	struct tp_link links[TP_LINK_SLOTS];
	uint8_t exit_ids[MODEL_UPLINKS];
	msec_t until[MODEL_UPLINKS]; /* the instants that home_after, or
				      * wait_until of a dead one, stand for */
	uint32_t given; /* uplinks that got their id now, a bit each */
	uint8_t partner_exit;
	uint32_t lapsed; /* a tick that has passed: no lease */
	struct maps_routes routes;
	struct tp_regions regions;
	struct maps_neighbours neighbours;
};

#define PARTNER_NAME "partner"

/*
 * Write `wanted` at `key` unless `copy` says it is there; then it is the copy.
 * Returns 0 or a negative errno, which is logged with the map's name.
 */
int maps_put(const char *name, int fd, uint32_t key, void *copy,
	     const void *wanted, size_t size);

#define PUT(maps, map, key, copy, wanted)                                     \
	maps_put(#map, bpf_map__fd((maps)->plane->skel->maps.map), key, copy, \
		 wanted, sizeof(*(wanted)))

/* maps_exits.c: what the exits should be; then all that a switch writes. */
void maps_fill_exits(const struct maps *maps, const struct maps_input *input,
		     struct tp_exit wanted[TP_MAX_EXITS]);
int maps_switch(struct maps *maps, const struct maps_input *input,
		const struct tp_exit wanted[TP_MAX_EXITS]);

/* maps_shares.c: before the selector says that it counts. */
int maps_apply_shares(struct maps *maps, const struct desired *desired);

/* maps_links.c: the interfaces; then how handovers go and come by them. */
int maps_apply_links(struct maps *maps, const struct maps_input *input);
void maps_fill_ways(struct tp_partner *partner, const struct maps_input *input);

/* home_after or wait_until of an adopted exit, as an instant; 0: it has none. */
msec_t maps_until(struct maps *maps, unsigned i, msec_t now);

/* maps_settings.c: the numbers; before the exits are written, whose state tells
 * whether one of them dies. */
int maps_apply_settings(struct maps *maps, const struct maps_input *input,
			const struct tp_exit exits[TP_MAX_EXITS]);
uint32_t maps_ticks(msec_t duration);

/* Cached neighbours may be wrong: every binding looks again. */
int maps_bump_epoch(struct maps *maps);

/* Every session's next packet asks anew where it may go. */
int maps_ask_again(struct maps *maps);

/* maps_partner.c: where it is, and what to believe of it. */
int maps_apply_partner(struct maps *maps, const struct maps_input *input);

/* maps_reserved.c: the ports that the gateway keeps; once, when maps are opened. */
int maps_reserve(struct maps *maps, const struct config *config);

/* maps_routes.c: 0 or -ENOMEM. */
int maps_append_route(struct maps_routes *routes, const struct prefix *to,
		      const struct tp_route *value);
/* In order of key, one for each; the route of exactly this prefix. */
void maps_sort_routes(struct maps_routes *routes);
const struct maps_route *maps_find_route(const struct maps_routes *sorted,
					 const struct prefix *to);

/*
 * maps_regions.c: no region of a route is clear while the route is written: before
 * it, for both lists; after it, for the new one.
 */
int maps_widen_regions(struct maps *maps, const struct maps_routes *old,
		       const struct maps_routes *new);
int maps_apply_regions(struct maps *maps, const struct maps_routes *routes);

/* maps_foreign.c: what others have set up becomes routes that lead to the kernel;
 * `routes` holds all others.  0 or -ENOMEM. */
int maps_foreign_routes(struct maps_routes *routes,
			const struct maps_input *input);

#endif
