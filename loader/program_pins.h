/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program_pins.h - the loaded programs outlive the daemon, so that its next start
 * need not verify them again: a second and a half of a CPU.
 *
 * They are pinned in PINS/programs-HASH/, by their names.  HASH is of the object
 * and of the constants that it was loaded with: another version, or tables of
 * another size, find nothing there and load their own.
 *
 * Owns: those pins.  It attaches nothing.
 */
#ifndef TWINPATH_PROGRAM_PINS_H
#define TWINPATH_PROGRAM_PINS_H

#include <stdbool.h>

#define PROGRAM_PINS 32

struct twinpath;
struct bpf_program;

struct program_pins {
	int fd[PROGRAM_PINS]; /* in the object's order; 0: loaded, not taken */
	bool taken;
};

/*
 * program_pins_take - before the object is loaded: if all of its programs are
 * there, take them, and have libbpf load none but those that it puts into a map
 * itself.  @dir: the instance's pins.  Returns whether they are taken.
 */
bool program_pins_take(struct program_pins *pins, struct twinpath *skel,
		       const char *dir);

/*
 * program_pins_leave - after it was loaded: pin the programs for whoever starts
 * next, in the place of those of other versions.  Returns 0 or a negative errno;
 * without them the next start takes longer, that is all.
 */
int program_pins_leave(const struct program_pins *pins, struct twinpath *skel,
		       const char *dir);

/* The program's descriptor, taken or loaded; negative: it is neither. */
int program_pins_fd(const struct program_pins *pins,
		    const struct twinpath *skel,
		    const struct bpf_program *program);

/* Let go of what was taken; the pins stay. */
void program_pins_close(struct program_pins *pins);

/* Remove all of them, of whatever version. */
void program_pins_remove(const char *dir);

#endif
