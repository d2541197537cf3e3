// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinned.c - an instance's pins, opened for reading.
 *
 * Owns: the check that a pin is what this program was built for; a map of
 * another version must never be read as if it were of ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "pinned.h"

static bool pin_path(char out[INSTANCE_PATH], const struct instance *instance,
		     const char *name)
{
	if (snprintf(out, INSTANCE_PATH, "%s/%s", instance->pins, name) <
	    INSTANCE_PATH)
		return true;
	command_failed("%s: path too long", instance->pins);
	return false;
}

static void say_why_not(const struct instance *instance, const char *path,
			int err)
{
	if (err == ENOENT && access(instance->pins, F_OK))
		command_failed(
			"twinpathd never attached here for instance %s: there is no %s (\"ip netns exec\" hides it: use \"nsenter --net=\")",
			instance->name, instance->pins);
	else if (err == ENOENT)
		command_failed(
			"%s is missing: the pins are of another version of twinpath",
			path);
	else if ((err == EACCES || err == EPERM) && geteuid() != 0)
		command_failed("%s: permission denied: this needs root", path);
	else
		command_failed("%s: %s", path, strerror(err));
}

static bool has_form(const struct pinned_map *map,
		     const struct bpf_map_info *info,
		     const struct pinned_form *form)
{
	if (info->type == form->type && info->key_size == form->key_size &&
	    info->value_size == form->value_size)
		return true;
	command_failed(
		"%s has another layout: it is of another version of twinpath",
		map->path);
	return false;
}

bool pinned_map_open(struct pinned_map *out, const struct options *options,
		     const struct pinned_form *form)
{
	LIBBPF_OPTS(bpf_obj_get_opts, read_only, .file_flags = BPF_F_RDONLY);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct instance instance;

	if (!instance_find(&instance, options) ||
	    !pin_path(out->path, &instance, form->name))
		return false;
	out->fd = bpf_obj_get_opts(out->path, &read_only);
	if (out->fd < 0) {
		say_why_not(&instance, out->path, errno);
		return false;
	}
	if (bpf_obj_get_info_by_fd(out->fd, &info, &size)) {
		command_failed("%s: is no map: %s", out->path, strerror(errno));
		goto fail;
	}
	if (!has_form(out, &info, form))
		goto fail;
	out->max_entries = info.max_entries;
	return true;
fail:
	close(out->fd);
	return false;
}

int pinned_map_sum(const struct pinned_map *map, uint32_t key, uint64_t sum[],
		   size_t count)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *each;
	int status = STATUS_OK;

	each = cpus > 0 ? calloc((size_t)cpus * count, sizeof(*each)) : NULL;
	if (!each)
		return command_failed("%s: no memory", map->path);
	if (bpf_map_lookup_elem(map->fd, &key, each))
		status = command_failed("%s: %s", map->path, strerror(errno));
	for (size_t i = 0; i < (size_t)cpus * count; i++)
		sum[i % count] += each[i];
	free(each);
	return status;
}

FILE *pinned_text_open(const struct options *options, const char *name)
{
	struct instance instance;
	char path[INSTANCE_PATH];
	FILE *file;

	if (!instance_find(&instance, options) ||
	    !pin_path(path, &instance, name))
		return NULL;
	file = fopen(path, "re");
	if (!file)
		say_why_not(&instance, path, errno);
	return file;
}
