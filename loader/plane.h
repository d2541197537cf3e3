/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plane.h - the data plane as the daemon holds it: programs loaded, maps made
 * or adopted, everything pinned under /sys/fs/bpf/twinpath/<instance>/.
 *
 * Owns: loading, pinning and adoption.  It writes no map but layout and seed,
 * when it makes the tables; maps.h writes the rest.  It never clears a table
 * that it finds, and refuses one that it cannot read.
 */
#ifndef TWINPATH_PLANE_H
#define TWINPATH_PLANE_H

#include "model.h"
#include "program_pins.h"

#define PLANE_PATH 128

struct plane {
	struct twinpath *skel;
	char dir[PLANE_PATH]; /* of the pins */
	bool adopted;	      /* the tables were there */
	struct program_pins programs;
};

/*
 * plane_open - load the programs over the tables of this instance, which are
 * adopted when they exist and made otherwise.  Nothing is attached yet.
 * Returns 0 or a negative errno, after one line in the log that says what to
 * do: -EPERM (capabilities), -EPROTO (pinned layout of another version), ...
 * On failure nothing new is left behind.
 */
int plane_open(struct plane *plane, const char *instance,
	       const struct config *config);

/* The descriptor of a program of the skeleton, whoever has loaded it. */
int plane_program(const struct plane *plane, const struct bpf_program *program);

/* The iterators: `cat` of the pins "sessions" and "bindings". */
int plane_pin_iterators(struct plane *plane);

/* Let go of everything; what is pinned goes on working. */
void plane_close(struct plane *plane);

/* Remove all pins of the instance: the tables end with it. */
int plane_unpin(const char *instance);

/* "/sys/fs/bpf/twinpath/<instance>[/<name>]" */
void plane_path(char path[PLANE_PATH], const char *instance, const char *name);

/* Is there anything pinned for the instance? */
bool plane_exists(const char *instance);

/* The data plane's own time, in ticks. */
int plane_clock(const struct plane *plane, uint32_t *now);

#endif
