// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * instance.c - which daemon is meant.
 *
 * Owns: the choice, which must never be a guess between two.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "instance.h"

#define FOUND_MAX 16

struct found {
	unsigned count;
	char names[FOUND_MAX][INSTANCE_NAME];
};

static void found_add(struct found *found, const char *name)
{
	unsigned i;

	for (i = 0; i < found->count; i++)
		if (!strcmp(found->names[i], name))
			return;
	if (found->count < FOUND_MAX)
		strcpy(found->names[found->count++], name);
}

/*
 * The instances below `root`; one has a `file` in its directory.  A root that
 * is not there, or not ours to read, has none.
 */
static void search(struct found *found, const char *root, const char *file)
{
	DIR *directory = opendir(root);
	const struct dirent *entry;
	char path[INSTANCE_PATH];

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (!instance_name_valid(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", root, entry->d_name,
			 file);
		if (!access(path, F_OK))
			found_add(found, entry->d_name);
	}
	closedir(directory);
}

static bool choose(char name[INSTANCE_NAME], const struct options *options)
{
	struct found found = { 0 };
	char list[FOUND_MAX * (INSTANCE_NAME + 2)];
	size_t used = 0;
	unsigned i;

	search(&found, options->run, "control");
	search(&found, options->bpffs, "layout");
	if (found.count <= 1) {
		strcpy(name, found.count ? found.names[0] : INSTANCE_DEFAULT);
		return true;
	}
	for (i = 0; i < found.count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", i ? ", " : "", found.names[i]);
	command_failed(
		"there are several instances (%s): say which with --instance NAME",
		list);
	return false;
}

static bool join(char out[INSTANCE_PATH], const char *root, const char *name,
		 const char *file)
{
	if (snprintf(out, INSTANCE_PATH, "%s/%s%s", root, name, file) <
	    INSTANCE_PATH)
		return true;
	command_failed("%s: path too long", root);
	return false;
}

bool instance_find(struct instance *out, const struct options *options)
{
	if (!options->instance) {
		if (!choose(out->name, options))
			return false;
	} else if (instance_name_valid(options->instance)) {
		strcpy(out->name, options->instance);
	} else {
		command_failed(
			"\"%s\" is no instance name: a-z, 0-9 and '-', at most %d characters",
			options->instance, INSTANCE_NAME - 1);
		return false;
	}
	return join(out->control, options->run, out->name, "/control") &&
	       join(out->pins, options->bpffs, out->name, "");
}
