/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pinned.h - an instance's pins, opened for reading, and what to say when
 * that cannot be.  The command writes no map.
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
bool pinned_map_open(struct pinned_map *out, const struct instance *instance,
		     const struct pinned_form *form);

/* The pinned iterator `name` as text; NULL after saying why. */
FILE *pinned_text_open(const struct instance *instance, const char *name);

#endif
