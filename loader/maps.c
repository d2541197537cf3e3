// SPDX-License-Identifier: GPL-2.0-or-later
/* maps.c - see maps.h; exits, links, routes and neighbours are in files of their
 * own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
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

int maps_bump_epoch(struct maps *maps)
{
	struct tp_settings wanted = maps->settings;

	wanted.route_epoch++;
	return PUT(maps, settings, 0, &maps->settings, &wanted);
}

int maps_ask_again(struct maps *maps)
{
	struct tp_settings wanted = maps->settings;

	wanted.confirm++;
	return PUT(maps, settings, 0, &maps->settings, &wanted);
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

/* ---- settings, partner --------------------------------------------------- */

static uint32_t ticks(msec_t duration)
{
	return (uint32_t)(duration * TP_TICKS_PER_SECOND / 1000);
}

/* Did an exit of mine die, so that the partner may take over what it had? */
static bool any_died(const struct maps *maps, const struct tp_exit *wanted)
{
	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (maps->exits[id].kind == TP_EXIT_UPLINK &&
		    maps->exits[id].state != TP_EXIT_DEAD &&
		    wanted[id].state == TP_EXIT_DEAD)
			return true;
	return false;
}

/* The addresses that endpoints have to leave; see bpf/leave.h. */
static uint16_t dead_addresses(const struct tp_exit *wanted)
{
	uint16_t dead = 0;

	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (wanted[id].kind == TP_EXIT_UPLINK &&
		    wanted[id].state == TP_EXIT_DEAD)
			dead |= (uint16_t)(1U << wanted[id].address);
	return dead;
}

/* Ids from here on hold no address: nobody need look there. */
static uint32_t addresses_used(const struct maps *maps,
			       const struct tp_exit *wanted)
{
	uint32_t used = 1;

	for (unsigned id = 0; id < TP_MAX_ADDRESSES; id++)
		if (maps->addresses[id].exit)
			used = id + 1;
	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (wanted[id].kind == TP_EXIT_UPLINK &&
		    wanted[id].address >= used)
			used = wanted[id].address + 1U;
	return used;
}

/* What the machine's own rules ask of the data plane. */
static uint8_t rules_of(const struct foreign *foreign, enum firewall_mode mode)
{
	return (uint8_t)((foreign_shows_first(foreign, mode) ? TP_RULES_FIRST :
							       0) |
			 (foreign->any[0] ? TP_RULES_ROUTE : 0));
}

static int apply_settings(struct maps *maps, const struct maps_input *input,
			  const struct tp_exit *exits, bool died)
{
	const struct config *config = input->config;
	struct tp_settings wanted = maps->settings;

	wanted.confirm = (uint16_t)(wanted.confirm + died);
	wanted.dead = dead_addresses(exits);
	wanted.rules = rules_of(input->foreign, config->firewall);

	wanted.port_min = config->port_min;
	wanted.port_max = config->port_max;
	wanted.port_choice = (uint8_t)config->port_choice;
	wanted.port_parity = config->port_parity;
	wanted.refusal = (uint8_t)config->refusal;
	wanted.limits.sessions = config->host_sessions;
	wanted.limits.ports = config->host_ports;
	wanted.limits.rate = config->host_rate;
	wanted.limits.questions = config->host_questions;
	wanted.timers.udp = ticks(config->udp);
	wanted.timers.icmp = ticks(config->icmp);
	wanted.timers.tcp_established = ticks(config->tcp_established);
	wanted.timers.dns = ticks(config->dns);
	wanted.timers.tcp_opening = ticks(config->tcp_opening);
	wanted.timers.tcp_closing = ticks(config->tcp_closing);
	wanted.timers.tcp_incoming = ticks(config->tcp_incoming);
	wanted.timers.hold = ticks(config->hold);
	wanted.addresses_used = addresses_used(maps, exits);
	return PUT(maps, settings, 0, &maps->settings, &wanted);
}

/* A lease of a second: it lapses by itself when this daemon dies. */
static void fill_leases(const struct maps *maps,
			const struct partner_belief *belief,
			struct tp_partner *wanted)
{
	uint32_t now;

	wanted->gone_bind = maps->lapsed;
	wanted->gone_reset = maps->lapsed;
	wanted->quiet = maps->lapsed;
	if ((!belief->gone_bind && !belief->quiet) ||
	    plane_clock(maps->plane, &now))
		return;
	if (belief->gone_bind)
		wanted->gone_bind = now + TP_TICKS_PER_SECOND;
	if (belief->gone_reset)
		wanted->gone_reset = wanted->gone_bind;
	if (!belief->quiet)
		return;
	/* From when it was said, not from when it is written. */
	wanted->quiet = now + TP_TICKS_PER_SECOND - ticks(belief->quiet_age);
	memcpy(wanted->busy, belief->busy, sizeof(wanted->busy));
}

/* By other MACs than before: by another key, or for the first time. */
static bool is_marked_anew(const struct tp_partner *was,
			   const struct tp_partner *is)
{
	for (unsigned kind = 0; kind < TP_KINDS; kind++)
		if (memcmp(was->way[kind].theirs, is->way[kind].theirs,
			   sizeof(was->way[kind].theirs)))
			return is->reachable;
	return false;
}

/*
 * Since when nothing has come back from it, where nothing ever has.  What the
 * daemon before me doubted is doubted until there is an answer: it must not lapse.
 * Of one that is marked anew it is written beforehand, for in a second there may
 * be no daemon.
 */
static uint32_t doubted(const struct maps *maps,
			const struct partner_belief *belief,
			const struct tp_partner *wanted)
{
	bool anew = is_marked_anew(&maps->partner, wanted);
	uint32_t now;

	if (belief->proved)
		return 0;
	if (maps->partner.doubted || !(belief->gone_reset || anew) ||
	    plane_clock(maps->plane, &now))
		return maps->partner.doubted;
	if (!belief->gone_reset)
		now += TP_TICKS_PER_SECOND;
	return now ? now : 1;
}

int maps_unquiet(struct maps *maps)
{
	struct tp_partner wanted = maps->partner;

	wanted.quiet = maps->lapsed;
	return PUT(maps, partner, 0, &maps->partner, &wanted);
}

const struct tp_partner *maps_partner(const struct maps *maps)
{
	return &maps->partner;
}

static int apply_partner(struct maps *maps, const struct maps_input *input)
{
	const struct partner_belief *belief = input->belief;
	const struct partner_facts *facts = &input->facts->partner;
	struct tp_partner wanted = {
		.type = (uint8_t)input->config->partner.type,
		.exit = maps->partner_exit,
	};

	fill_leases(maps, belief, &wanted);
	wanted.deaf = belief->deaf;
	wanted.reachable = facts->mac_known;
	/* What is not known any more is what it was: the partner's frames must
	 * not pass for a host's while its MAC is looked for. */
	memcpy(wanted.way, maps->partner.way, sizeof(wanted.way));
	maps_fill_ways(&wanted, input);
	if (wanted.type == TP_PARTNER_TWINPATH)
		wanted.doubted = doubted(maps, belief, &wanted);
	return PUT(maps, partner, 0, &maps->partner, &wanted);
}

/* ---- all of it ------------------------------------------------------------------------ */

int maps_apply(struct maps *maps, const struct maps_input *input)
{
	struct tp_exit wanted[TP_MAX_EXITS];
	int err;

	maps_fill_exits(maps, input, wanted);
	/* Gone first: what is to be confirmed then must not be asked. */
	err = apply_partner(maps, input);
	err = apply_settings(maps, input, wanted,
			     any_died(maps, wanted) ||
				     input->belief->overtaken) ?: err;
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

/* ---- reading back --------------------------------------------------------------------- */

bool maps_counters(const struct maps *maps, unsigned exit,
		   struct tp_exit_counters *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_exit_counters counters[cpus > 0 ? cpus : 1];
	int fd = bpf_map__fd(maps->plane->skel->maps.exit_counters);

	memset(sum, 0, sizeof(*sum));
	if (cpus <= 0 || bpf_map_lookup_elem(fd, &exit, counters))
		return false;
	for (int i = 0; i < cpus; i++) {
		sum->out_packets += counters[i].out_packets;
		sum->out_bytes += counters[i].out_bytes;
		sum->in_packets += counters[i].in_packets;
		sum->in_bytes += counters[i].in_bytes;
	}
	return true;
}

msec_t maps_beyond_age(const struct maps *maps, unsigned exit)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_exit_counters counters[cpus > 0 ? cpus : 1];
	uint32_t now, newest = 0;
	int fd = bpf_map__fd(maps->plane->skel->maps.exit_counters);

	if (cpus <= 0 || bpf_map_lookup_elem(fd, &exit, counters) ||
	    plane_clock(maps->plane, &now))
		return -1;
	for (int i = 0; i < cpus; i++)
		if (counters[i].beyond &&
		    (!newest || (int32_t)(counters[i].beyond - newest) > 0))
			newest = counters[i].beyond;
	if (!newest)
		return -1;
	return (msec_t)(now - newest) * 1000 / TP_TICKS_PER_SECOND;
}
