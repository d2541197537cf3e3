/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pinned.h - the pins of the instance that is meant, opened for reading, and what
 * to say when that cannot be.  The command writes no map.
 */
#ifndef TWINPATH_PINNED_H
#define TWINPATH_PINNED_H

#include <stdint.h>
#include <stdio.h>
#include <linux/bpf.h>

#include "instance.h"

struct pinned_map {
	int fd;
	uint32_t max_entries;
	char path[INSTANCE_PATH];
};

/* What the map must look like. */
struct pinned_form {
	const char *name;
	enum bpf_map_type type;
	uint32_t key_size;
	uint32_t value_size;
};

/* False after saying why. */
bool pinned_map_open(struct pinned_map *out, const struct options *options,
		     const struct pinned_form *form);

/* Add what every CPU has counted under `key`: values of `count` counters each. */
int pinned_map_sum(const struct pinned_map *map, uint32_t key, uint64_t sum[],
		   size_t count);

/* The pinned iterator `name` as text; NULL after saying why. */
FILE *pinned_text_open(const struct options *options, const char *name);

#endif
