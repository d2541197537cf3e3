// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * publish_plane.c - see publish.h: the static bindings of the running tables.
 *
 * Owns: when they are looked at.  What there is, is read from the mapped table;
 * what is to change is asked of the program "publish", one port at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "config.h"
#include "config_print.h"
#include "log.h"
#include "publish.h"
#include "twinpath.skel.h"

#define SOON 250   /* a port that is taken over is free after a second */
#define LATER 5000 /* a listener of the gateway's may end */

struct publish {
	const struct plane *plane;
	const struct config *config;
	const struct tp_binding *table; /* mapped, read only */
	size_t bytes;
	struct publish_place places[MODEL_UPLINKS];
	struct tp_addr addresses[MODEL_UPLINKS]; /* they were made for */
	struct publish_item *items;
	unsigned count;
	bool swept;
	msec_t due; /* 0: not before an address changes */
};

static const char *const planes[] = {
	[TP_PLANE_TCP] = "tcp",
	[TP_PLANE_UDP] = "udp",
};

/* 0 or a negative errno: the run's, or the program's own. */
static int ask_plane(const struct publish *publish, struct tp_publish *ask,
		     enum tp_publish_action action)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = ask,
			    .ctx_size_in = sizeof(*ask));
	int fd = plane_program(publish->plane,
			       publish->plane->skel->progs.publish);

	ask->action = (uint8_t)action;
	if (bpf_prog_test_run_opts(fd, &run))
		return -errno;
	return ask->result;
}

static const struct tp_binding *line_of(const struct publish *publish,
					const struct tp_publish *ask)
{
	return &publish->table[TP_BINDING_INDEX(ask->address, ask->plane,
						ntohs(ask->port))];
}

/* ---- what nobody wants any more ----------------------------------------------- */

static void withdraw(const struct publish *publish, unsigned index)
{
	const struct tp_binding *line = &publish->table[index];
	struct tp_publish ask = {
		.inside = line->inside,
		.inside_port = line->inside_port,
		.port = htons((uint16_t)index),
		.address = (uint8_t)(index / 65536 / TP_PLANES),
		.plane = (uint8_t)(index / 65536 % TP_PLANES),
	};
	char what[64], from[ADDRESS_TEXT + 16], to[ADDRESS_TEXT];
	int err = ask_plane(publish, &ask, TP_PUBLISH_WITHDRAW);

	snprintf(what, sizeof(what), "published %s port %u", planes[ask.plane],
		 index % 65536);
	snprintf(from, sizeof(from), "%s:%u", address_print(&line->inside, to),
		 ntohs(line->inside_port));
	log_change(0, what, from, err ? strerror(-err) : "closed",
		   "the configuration has it no more");
}

static void sweep(const struct publish *publish)
{
	unsigned count = publish->plane->skel->rodata->address_count;

	for (unsigned i = 0; i < TP_BINDING_INDEX(count, 0, 0); i++) {
		uint64_t control =
			*(const volatile __u64 *)&publish->table[i].control;
		unsigned plane = i / 65536 % TP_PLANES;

		if (TP_CONTROL_LINE(control) == TP_LINE_STATIC &&
		    plane <= TP_PLANE_UDP &&
		    !publish_wanted(publish->config, publish->items,
				    publish->count, publish->places,
				    i / 65536 / TP_PLANES, (enum tp_plane)plane,
				    (uint16_t)i))
			withdraw(publish, i);
	}
}

/* ---- one port ------------------------------------------------------------------- */

/* Who must leave; said once, as the line is static from then on. */
static int take(const struct publish *publish, struct tp_publish *ask)
{
	const struct tp_binding *line = line_of(publish, ask);
	char text[ADDRESS_TEXT];

	log_warning("published %s port %u is taken from %s:%u, which had it by "
		    "chance: its connections by it are told",
		    planes[ask->plane], ntohs(ask->port),
		    address_print(&line->inside, text),
		    ntohs(line->inside_port));
	return ask_plane(publish, ask, TP_PUBLISH_TAKE);
}

static enum publish_trouble make(const struct publish *publish,
				 struct tp_publish *ask)
{
	int err;

	if (publish_stands(ask, line_of(publish, ask)))
		return PUBLISH_FINE;
	err = ask_plane(publish, ask, TP_PUBLISH_MAKE);
	if (err == -EBUSY)
		err = take(publish, ask);
	if (!err)
		return PUBLISH_FINE;
	return err == -EAGAIN ? PUBLISH_HELD : PUBLISH_FAILED;
}

/*
 * The gateway's own listeners come first, also over what was published before.
 * `all`: ports that are open already are looked at again.
 */
static enum publish_trouble open_port(const struct publish *publish,
				      const struct publish_item *item,
				      const struct uplink_facts *facts,
				      unsigned n, bool all)
{
	const struct uplink_config *uplink =
		&publish->config->uplinks[item->uplink];
	struct tp_publish ask = publish_ask(publish->config, item,
					    &publish->places[item->uplink], n);

	if (!facts->has_address)
		return PUBLISH_NO_ADDRESS;
	if (!all && publish_stands(&ask, line_of(publish, &ask)))
		return PUBLISH_FINE;
	if (!publish_listened(uplink->interface, &facts->address, item->plane,
			      ntohs(ask.port)))
		return make(publish, &ask);
	ask_plane(publish, &ask, TP_PUBLISH_WITHDRAW);
	return PUBLISH_LISTENED;
}

/* ---- one item ------------------------------------------------------------------- */

static void say(const struct publish *publish, const struct publish_item *was,
		const struct publish_item *is, unsigned event)
{
	const struct publish_config *config =
		&publish->config->publishes[is->publish];
	char address[ADDRESS_TEXT], ports[2][CONFIG_PORTS];
	char from[PUBLISH_TEXT], to[PUBLISH_TEXT], what[160];

	if (strcmp(publish_state(was, from), publish_state(is, to)) == 0 &&
	    was->trouble == is->trouble)
		return;
	snprintf(what, sizeof(what), "publish %s, %s %s on %s to %s:%s",
		 config->name, planes[is->plane],
		 config_print_ports(config->first, config->last, ports[0]),
		 publish->config->uplinks[is->uplink].name,
		 address_print(&config->to, address),
		 config_print_ports(config->to_first, config->to_last,
				    ports[1]));
	log_change(event, what, from, to,
		   is->trouble == PUBLISH_FINE ? "it is configured" :
						 publish_trouble(is));
}

/* What a daemon before this one has published. */
static unsigned standing(const struct publish *publish,
			 const struct publish_item *item)
{
	unsigned open = 0;

	for (unsigned n = 0; n < item->ports; n++) {
		struct tp_publish ask =
			publish_ask(publish->config, item,
				    &publish->places[item->uplink], n);

		open += publish_stands(&ask, line_of(publish, &ask));
	}
	return open;
}

/* An uplink without address keeps what stands there: it may come back. */
static void apply(struct publish *publish, struct publish_item *item,
		  const struct facts *facts, unsigned event, bool all)
{
	struct publish_item was = *item;

	if (!publish->swept)
		was.open = standing(publish, item);
	item->open = 0;
	item->trouble = PUBLISH_FINE;
	for (unsigned n = 0; n < item->ports; n++) {
		enum publish_trouble trouble = open_port(
			publish, item, &facts->uplinks[item->uplink], n, all);

		item->open += trouble == PUBLISH_FINE;
		if (trouble == PUBLISH_FINE || item->trouble != PUBLISH_FINE)
			continue;
		item->trouble = trouble;
		item->port =
			(uint16_t)(publish->config->publishes[item->publish]
					   .first +
				   n);
	}
	say(publish, &was, item, event);
}

/* ---- all ------------------------------------------------------------------------- */

static bool addresses_changed(struct publish *publish,
			      const struct facts *facts)
{
	bool changed = false;

	for (unsigned i = 0; i < publish->config->uplinks_count; i++) {
		const struct uplink_facts *one = &facts->uplinks[i];
		struct tp_addr address = {};

		if (one->has_address)
			address = one->address;
		changed |= !address_equal(&address, &publish->addresses[i]);
		publish->addresses[i] = address;
	}
	return changed;
}

/* When to look again: what is held is free soon, a listener may end. */
static msec_t patience(const struct publish *publish)
{
	msec_t wait = 0;

	for (unsigned i = 0; i < publish->count; i++)
		switch (publish->items[i].trouble) {
		case PUBLISH_HELD:
			return SOON;
		case PUBLISH_LISTENED:
		case PUBLISH_FAILED:
			wait = LATER;
			break;
		default:
			break;
		}
	return wait;
}

msec_t publish_apply(struct publish *publish, const struct facts *facts,
		     unsigned event)
{
	bool changed = addresses_changed(publish, facts);
	msec_t wait;

	if (publish->swept && !changed &&
	    (!publish->due || facts->now < publish->due))
		return publish->due ? publish->due - facts->now : 0;
	if (!publish->swept)
		sweep(publish);
	for (unsigned i = 0; i < publish->count; i++)
		apply(publish, &publish->items[i], facts, event,
		      !publish->swept || changed);
	publish->swept = true;
	wait = patience(publish);
	publish->due = wait ? facts->now + wait : 0;
	return wait;
}

const struct publish_item *publish_items(const struct publish *publish,
					 unsigned *count)
{
	*count = publish->count;
	return publish->items;
}

bool publish_inside(const struct publish *publish,
		    const struct tp_addr *address)
{
	struct tp_route_key key = { .prefix = 128 };
	struct tp_route route;

	memcpy(key.address, address->byte, sizeof(key.address));
	return !bpf_map_lookup_elem(
		       bpf_map__fd(publish->plane->skel->maps.routes), &key,
		       &route) &&
	       route.kind == TP_ROUTE_INSIDE;
}

int publish_open(struct publish **out, const struct plane *plane,
		 const struct config *config,
		 const struct publish_place places[MODEL_UPLINKS])
{
	const struct bpf_map *map = plane->skel->maps.binding_table;
	struct publish *publish = calloc(1, sizeof(*publish));
	int err;

	if (!publish)
		return -ENOMEM;
	publish->plane = plane;
	publish->config = config;
	memcpy(publish->places, places, sizeof(publish->places));
	publish->count = publish_expand(config, NULL, 0);
	publish->items = calloc(publish->count + 1, sizeof(*publish->items));
	publish->bytes =
		(size_t)bpf_map__max_entries(map) * sizeof(struct tp_binding);
	publish->table = mmap(NULL, publish->bytes, PROT_READ, MAP_SHARED,
			      bpf_map__fd(map), 0);
	if (publish->items && publish->table != MAP_FAILED) {
		publish_expand(config, publish->items, publish->count);
		*out = publish;
		return 0;
	}
	err = errno ? -errno : -ENOMEM;
	log_error("cannot map the bindings, to publish in them: %s",
		  strerror(-err));
	publish_close(publish);
	return err;
}

void publish_close(struct publish *publish)
{
	if (!publish)
		return;
	if (publish->table && publish->table != MAP_FAILED)
		munmap((void *)publish->table, publish->bytes);
	free(publish->items);
	free(publish);
}
