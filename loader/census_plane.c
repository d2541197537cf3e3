// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * census_plane.c - see census.h: the tables of the running data plane, mapped, and
 * the last counts.
 *
 * Owns: how often the walk is made.  The event loop stands still meanwhile, so
 * the bigger the tables, the rarer the walk: never more than 2 % of the time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "census.h"
#include "log.h"
#include "twinpath.skel.h"

#define LEAST_AGE 1000
#define SHARE 50
#define HOSTS_AGE 10000

struct census {
	const struct plane *plane;
	struct census_tables tables;
	struct tp_address addresses[TP_MAX_ADDRESSES];
	struct census_count counts[TP_MAX_EXITS];
	const struct tp_host_bound *bound; /* mapped */
	struct census_hosts hosts;	   /* of the last walk */
	uint32_t tick;			   /* at which it began */
	msec_t walked;			   /* likewise; 0: never */
	msec_t next; /* the counts are good until then; 0: there are none */
};

static msec_t now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t size_of(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

static const void *map_table(const struct bpf_map *map)
{
	void *table = mmap(NULL, size_of(map), PROT_READ, MAP_SHARED,
			   bpf_map__fd(map), 0);

	return table == MAP_FAILED ? NULL : table;
}

int census_open(struct census **out, const struct plane *plane)
{
	const struct twinpath *skel = plane->skel;
	struct census *census = calloc(1, sizeof(*census));
	int err;

	if (!census)
		return -ENOMEM;
	census->plane = plane;
	census->tables = (struct census_tables){
		.buckets = map_table(skel->maps.session_table),
		.buckets_count = bpf_map__max_entries(skel->maps.session_table),
		.bindings = map_table(skel->maps.binding_table),
		.addresses = census->addresses,
		.addresses_count = skel->rodata->address_count,
	};
	census->bound = map_table(skel->maps.host_bound);
	if (census->tables.buckets && census->tables.bindings &&
	    census->bound) {
		*out = census;
		return 0;
	}
	err = -errno;
	log_error("cannot map the tables, to count in them: %s",
		  strerror(-err));
	census_close(census);
	return err;
}

void census_close(struct census *census)
{
	const struct twinpath *skel;

	if (!census)
		return;
	skel = census->plane->skel;
	if (census->tables.buckets)
		munmap((void *)census->tables.buckets,
		       size_of(skel->maps.session_table));
	if (census->tables.bindings)
		munmap((void *)census->tables.bindings,
		       size_of(skel->maps.binding_table));
	if (census->bound)
		munmap((void *)census->bound, size_of(skel->maps.host_bound));
	free(census);
}

static int refresh(struct census *census, msec_t began)
{
	int fd = bpf_map__fd(census->plane->skel->maps.addresses);
	msec_t age;

	census->walked = 0;
	if (plane_clock(census->plane, &census->tick))
		return -EIO;
	for (uint32_t id = 0; id < census->tables.addresses_count; id++)
		if (bpf_map_lookup_elem(fd, &id, &census->addresses[id]))
			return -errno;
	census_take(&census->tables, census->tick, census->counts,
		    &census->hosts);
	census->walked = began;
	age = (now_msec() - began) * SHARE;
	census->next = began + (age > LEAST_AGE ? age : LEAST_AGE);
	return 0;
}

const struct census_count *census_of(struct census *census, unsigned exit)
{
	msec_t now = now_msec();

	if (!census || exit >= TP_MAX_EXITS)
		return NULL;
	if (now >= census->next && refresh(census, now))
		return NULL;
	return &census->counts[exit];
}

bool census_hosts_of(struct census *census, struct census_hosts *hosts)
{
	msec_t now = now_msec();

	if (!census)
		return false;
	if ((!census->walked || now - census->walked >= HOSTS_AGE) &&
	    refresh(census, now))
		return false;
	*hosts = census->hosts;
	/* A tick may have begun before the walk did. */
	census_bound(census->bound, census->tick - 1, hosts);
	return true;
}

void census_forget(struct census *census)
{
	if (census)
		census->next = 0;
}
