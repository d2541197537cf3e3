// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps.c - see maps.h: the copies, adopted and compared, and the order of writing;
 * what is written is in a file for each map or two.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "maps_private.h"
#include "twinpath.skel.h"

int maps_put(const char *name, int fd, uint32_t key, void *copy,
	     const void *wanted, size_t size)
{
	if (!memcmp(copy, wanted, size))
		return 0;
	if (bpf_map_update_elem(fd, &key, wanted, BPF_ANY)) {
		int err = -errno;

		log_error("cannot write map %s: %s", name, strerror(-err));
		return err;
	}
	memcpy(copy, wanted, size);
	return 0;
}

/* ---- adoption ------------------------------------------------------------------ */

static int read_all(const struct bpf_map *map, void *copy, unsigned count,
		    size_t size)
{
	for (uint32_t key = 0; key < count; key++)
		if (bpf_map_lookup_elem(bpf_map__fd(map), &key,
					(char *)copy + key * size))
			return -errno;
	return 0;
}

static int read_copies(struct maps *maps)
{
	struct twinpath *skel = maps->plane->skel;

	return read_all(skel->maps.settings, &maps->settings, 1, sizeof(maps->settings)) ?:
		       read_all(skel->maps.selector, &maps->selector, 1, sizeof(maps->selector)) ?:
		       read_all(skel->maps.shares, &maps->shares, 1, sizeof(maps->shares)) ?:
		       read_all(skel->maps.partner, &maps->partner, 1, sizeof(maps->partner)) ?:
		       read_all(skel->maps.exits, maps->exits, TP_MAX_EXITS, sizeof(maps->exits[0])) ?:
		       read_all(skel->maps.addresses, maps->addresses, TP_MAX_ADDRESSES, sizeof(maps->addresses[0])) ?:
		       read_all(skel->maps.regions, &maps->regions, 1, sizeof(maps->regions)) ?:
		       read_all(skel->maps.links, maps->links, TP_LINK_SLOTS,
				sizeof(maps->links[0]));
}

/* An exit's id by its name, or a free one. */
static uint8_t exit_id(struct maps *maps, const char *name)
{
	uint8_t free = 0;

	for (uint8_t id = 1; id < TP_MAX_EXITS; id++) {
		if (!strncmp(maps->exits[id].name, name, MODEL_NAME))
			return id;
		if (!free && maps->exits[id].kind == TP_EXIT_NONE &&
		    !maps->exits[id].name[0])
			free = id;
	}
	if (free) /* so that the next one does not get it too */
		snprintf(maps->exits[free].name, MODEL_NAME, "%s", name);
	return free;
}

/* The address id of a new exit: one that no exit holds. */
static int free_address(const struct maps *maps, unsigned limit)
{
	for (unsigned id = 0; id < limit; id++) {
		bool taken = false;

		for (unsigned exit = 1; exit < TP_MAX_EXITS; exit++)
			taken |= maps->exits[exit].kind == TP_EXIT_UPLINK &&
				 maps->exits[exit].address == id;
		if (!taken)
			return (int)id;
	}
	return -1;
}

static int give_ids(struct maps *maps, const struct config *config)
{
	unsigned limit = maps->plane->skel->rodata->address_count;

	for (unsigned i = 0; i < config->uplinks_count; i++) {
		uint8_t id = exit_id(maps, config->uplinks[i].name);
		int address = free_address(maps, limit);

		maps->exit_ids[i] = id;
		if (id && maps->exits[id].kind == TP_EXIT_UPLINK)
			continue;
		if (!id || address < 0) {
			log_error("no room for uplink %s: the running tables "
				  "hold %u addresses; run 'twinpath detach' "
				  "and start anew",
				  config->uplinks[i].name, limit);
			return -ENOSPC;
		}
		maps->exits[id].kind = TP_EXIT_UPLINK;
		maps->exits[id].address = (uint8_t)address;
		maps->given |= 1U << i;
	}
	maps->partner_exit = exit_id(maps, PARTNER_NAME);
	return maps->partner_exit ? 0 : -ENOSPC;
}

int maps_open(struct maps **out, const struct plane *plane,
	      const struct config *config)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	int err;

	if (!maps)
		return -ENOMEM;
	maps->plane = plane;
	err = read_copies(maps)		     ?:
		      give_ids(maps, config) ?:
					       plane_clock(plane, &maps->lapsed);
	if (err) {
		log_error("cannot read the maps: %s", strerror(-err));
		maps_close(maps);
		return err;
	}
	maps->lapsed--;
	err = maps_reserve(maps, config);
	if (err) {
		maps_close(maps);
		return err;
	}
	*out = maps;
	return 0;
}

void maps_close(struct maps *maps)
{
	if (!maps)
		return;
	free(maps->routes.list);
	free(maps);
}

unsigned maps_exit(const struct maps *maps, int candidate)
{
	if (candidate == MODEL_PARTNER)
		return maps->partner_exit;
	return candidate < 0 ? 0 : maps->exit_ids[candidate];
}

void maps_previous(struct maps *maps, msec_t now, struct desired *previous)
{
	uint32_t selected = maps->selector.exit;

	memset(previous, 0, sizeof(*previous));
	previous->announce = MODEL_NOBODY;
	previous->last_resort = MODEL_NOBODY;
	previous->selector = MODEL_NOBODY;
	previous->unproven = maps->given;
	if (selected && selected == maps->partner_exit)
		previous->selector = MODEL_PARTNER;
	for (unsigned i = 0; i < MODEL_UPLINKS; i++) {
		uint8_t id = maps->exit_ids[i];

		if (!id)
			continue;
		previous->states[i] = maps->exits[id].state;
		if (previous->states[i] == TP_EXIT_DEAD)
			previous->wait_until[i] = maps_until(maps, i, now);
		else
			previous->home_after[i] = maps_until(maps, i, now);
		if (id == selected)
			previous->selector = (int)i;
	}
}

/* ---- all of it ------------------------------------------------------------------------ */

int maps_apply(struct maps *maps, const struct maps_input *input)
{
	struct tp_exit wanted[TP_MAX_EXITS];
	int err;

	maps_fill_exits(maps, input, wanted);
	/* Gone first: what is to be confirmed then must not be asked. */
	err = maps_apply_partner(maps, input);
	err = maps_apply_settings(maps, input, wanted) ?: err;
	err = maps_apply_links(maps, input) ?: err;
	return maps_switch(maps, input, wanted) ?: err;
}

/* ---- has anybody else written? -------------------------------------------------------- */

/* One that is none was given its name here, and never written. */
static bool exits_differ(const struct maps *a, const struct maps *b)
{
	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (a->exits[id].kind != TP_EXIT_NONE &&
		    memcmp(&a->exits[id], &b->exits[id], sizeof(a->exits[id])))
			return true;
	return false;
}

static const char *differing(const struct maps *a, const struct maps *b)
{
#define DIFFER(field) memcmp(&a->field, &b->field, sizeof(a->field))
	return DIFFER(selector)	  ? "selector" :
	       exits_differ(a, b) ? "exits" :
	       DIFFER(addresses)  ? "addresses" :
	       DIFFER(links)	  ? "links" :
	       DIFFER(partner)	  ? "partner" :
	       DIFFER(settings)	  ? "settings" :
				    NULL;
#undef DIFFER
}

const char *maps_foreign(const struct maps *maps)
{
	struct maps *now = calloc(1, sizeof(*now));
	const char *name = NULL;

	if (!now)
		return NULL;
	now->plane = maps->plane;
	if (!read_copies(now))
		name = differing(maps, now);
	free(now);
	return name;
}
