// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * native_maps.c - the maps of the native core: plain memory, as the BPF object
 * says they are.
 *
 * Owns: both sides' way to them: the core's look-ups, and the few functions of
 * libbpf that the harness writes them by, which are defined here and so win over
 * the library's.  The core's map is its symbol.
 */
#include "native.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define MAPS 64
#define PAGE 4096
#define LISTED 256 /* entries of a hash or a trie: few, and walked */

struct map {
	const struct bpf_map *described;
	void *symbol;
	enum bpf_map_type type;
	uint32_t key_size, value_size, entries;
	bool listed; /* hash, trie: keys beside the values */
	bool state;  /* the data plane's: forgotten at each reset */
	uint8_t *values, *keys;
	uint32_t used;	 /* of a listed one */
	uint8_t *dirty;	 /* pages that were looked at since the reset */
	uint8_t *daemon; /* values of the standard site */
};

static struct map maps[MAPS];
static unsigned int maps_count;

/* ---- look-ups ------------------------------------------------------------ */

static uint8_t *at(struct map *map, uint32_t i)
{
	size_t offset = (size_t)i * map->value_size;

	map->dirty[offset / PAGE] = 1;
	map->dirty[(offset + map->value_size - 1) / PAGE] = 1;
	return map->values + offset;
}

/* How many bits two keys of a trie agree in. */
static bool covers(const uint8_t *prefix, const uint8_t *key)
{
	uint32_t bits = *(const uint32_t *)(const void *)prefix;
	uint32_t bytes = bits / 8;

	prefix += 4;
	key += 4;
	if (memcmp(prefix, key, bytes))
		return false;
	return !(bits % 8) || !((prefix[bytes] ^ key[bytes]) >> (8 - bits % 8));
}

static uint8_t *find_listed(struct map *map, const uint8_t *key, bool exact)
{
	uint8_t *best = NULL;
	uint32_t longest = 0;

	for (uint32_t i = 0; i < map->used; i++) {
		const uint8_t *own = map->keys + i * map->key_size;
		uint32_t bits = *(const uint32_t *)(const void *)own;

		if (exact || map->type != BPF_MAP_TYPE_LPM_TRIE) {
			if (!memcmp(own, key, map->key_size))
				return at(map, i);
		} else if (covers(own, key) && (!best || bits > longest)) {
			best = at(map, i);
			longest = bits;
		}
	}
	return best;
}

static uint8_t *find(struct map *map, const void *key, bool exact)
{
	uint32_t i = *(const uint32_t *)key;

	if (map->listed)
		return find_listed(map, key, exact);
	return i < map->entries ? at(map, i) : NULL;
}

static struct map *map_of(const void *symbol)
{
	static struct map *last;

	if (last && last->symbol == symbol)
		return last;
	for (unsigned int i = 0; i < maps_count; i++)
		if (maps[i].symbol == symbol)
			return last = &maps[i];
	fprintf(stderr, "fuzz: the core has a map that its object has not\n");
	abort();
}

void *shim_lookup(void *symbol, const void *key);
void *shim_lookup(void *symbol, const void *key)
{
	return find(map_of(symbol), key, false);
}

uint64_t native_counted(void)
{
	static struct map *reasons;
	uint64_t sum = 0;

	if (!reasons)
		reasons = map_of(dlsym(RTLD_DEFAULT, "reasons"));
	for (size_t i = 0; i < TP_HOOK_COUNT * TP_REASON_COUNT; i++)
		sum += ((uint64_t *)(void *)reasons->values)[i];
	return sum;
}

/* ---- libbpf's, for the harness ------------------------------------------- */

int bpf_map__fd(const struct bpf_map *described)
{
	for (unsigned int i = 0; i < maps_count; i++)
		if (maps[i].described == described)
			return (int)i;
	return -EBADF;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	struct map *map = &maps[fd];
	uint8_t *to;

	(void)flags;
	to = find(map, key, true);
	if (!to && map->listed && map->used < LISTED) {
		memcpy(map->keys + map->used * map->key_size, key,
		       map->key_size);
		to = at(map, map->used++);
	}
	if (!to)
		return -E2BIG;
	memcpy(to, value, map->value_size);
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	const uint8_t *from = find(&maps[fd], key, true);

	if (!from)
		return -ENOENT;
	memcpy(value, from, maps[fd].value_size);
	return 0;
}

int libbpf_num_possible_cpus(void)
{
	return 1;
}

/* ---- making them --------------------------------------------------------- */

static int add_map(const struct bpf_map *described)
{
	struct map *map = &maps[maps_count];
	size_t bytes;

	map->symbol = dlsym(RTLD_DEFAULT, bpf_map__name(described));
	if (!map->symbol)
		return 0; /* rodata, kconfig */
	map->described = described;
	map->type = bpf_map__type(described);
	map->key_size = bpf_map__key_size(described);
	map->value_size = bpf_map__value_size(described);
	map->listed = map->type == BPF_MAP_TYPE_HASH ||
		      map->type == BPF_MAP_TYPE_LPM_TRIE;
	map->state = !(bpf_map__map_flags(described) & BPF_F_RDONLY_PROG);
	map->entries = map->listed ? LISTED : bpf_map__max_entries(described);
	bytes = (size_t)map->entries * map->value_size;
	map->values = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	map->keys = calloc(map->listed ? LISTED : 1, map->key_size);
	map->dirty = calloc(bytes / PAGE + 2, 1);
	if (!map->state)
		map->daemon = malloc(bytes);
	if (map->values == MAP_FAILED || !map->keys || !map->dirty)
		return -ENOMEM;
	maps_count++;
	return 0;
}

/* What the loader writes before it loads: constants, to everybody else. */
static void set_constant(const char *name, uint32_t value)
{
	uint32_t *constant = dlsym(RTLD_DEFAULT, name);
	uintptr_t page = (uintptr_t)constant & ~(uintptr_t)(PAGE - 1);

	if (!constant || mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE)) {
		fprintf(stderr, "fuzz: %s cannot be set\n", name);
		exit(1);
	}
	*constant = value;
}

static void set_constants(const struct plane *p)
{
	set_constant("bucket_mask", p->skel->rodata->bucket_mask);
	set_constant("overflow_mask", p->skel->rodata->overflow_mask);
	set_constant("address_count", p->skel->rodata->address_count);
}

static struct map *named(const struct bpf_map *described)
{
	return &maps[bpf_map__fd(described)];
}

int maps_open(struct plane *plane, uint32_t buckets)
{
	const struct bpf_map *described;
	int err = 0;

	plane->buckets = buckets;
	plane->skel = twinpath__open();
	if (!plane->skel)
		return -errno;
	err = plane_size(plane->skel, buckets);
	bpf_object__for_each_map(described, plane->skel->obj)
		err = err ?: add_map(described);
	if (err)
		return err;
	set_constants(plane);
	plane->sessions =
		(void *)named(plane->skel->maps.session_table)->values;
	plane->bindings =
		(void *)named(plane->skel->maps.binding_table)->values;
	plane->rations = (void *)named(plane->skel->maps.rations)->values;
	err = plane_reset(plane);
	for (unsigned int i = 0; !err && i < maps_count; i++)
		if (!maps[i].state)
			memcpy(maps[i].daemon, maps[i].values,
			       (size_t)maps[i].entries * maps[i].value_size);
	native.settings = plane->settings;
	return err;
}

/* As plane_reset leaves it; only what was touched is written. */
void maps_reset(struct plane *plane)
{
	for (unsigned int i = 0; i < maps_count; i++) {
		struct map *map = &maps[i];
		size_t bytes = (size_t)map->entries * map->value_size;

		for (size_t page = 0; page * PAGE < bytes; page++) {
			size_t from = page * PAGE;
			size_t size = bytes - from < PAGE ? bytes - from : PAGE;

			if (!map->dirty[page])
				continue;
			map->dirty[page] = 0;
			if (map->state)
				memset(map->values + from, 0, size);
			else
				memcpy(map->values + from, map->daemon + from,
				       size);
		}
	}
	plane->settings = native.settings;
	native.jiffies = 1000000;
}
