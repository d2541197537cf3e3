// SPDX-License-Identifier: GPL-2.0-or-later
/* program_pins.c - see program_pins.h. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "plane.h"
#include "program_pins.h"
#include "twinpath.skel.h"

#define PREFIX "programs-"
#define HASH 16
#define PLACE (PLANE_PATH + sizeof(PREFIX) + 2 * HASH + 1)
#define PIN (PLACE + NAME_MAX + 1)

/* What makes the programs these ones: their code, and their constants. */
static void place_of(const struct twinpath *skel, const char *dir,
		     char place[PLACE])
{
	unsigned char hash[HASH];
	char text[2 * HASH + 1];
	crypto_generichash_state state;
	size_t size;
	const void *object = twinpath__elf_bytes(&size);

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, object, size);
	crypto_generichash_update(&state, (const void *)skel->rodata,
				  sizeof(*skel->rodata));
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	snprintf(place, PLACE, "%s/" PREFIX "%s", dir, text);
}

static void pin_of(const char *place, const struct bpf_program *program,
		   char path[PIN])
{
	snprintf(path, PIN, "%s/%s", place, bpf_program__name(program));
}

/* A map's own values name it: libbpf puts it there, and can only load it. */
static bool is_in_a_map(const struct twinpath *skel,
			const struct bpf_program *program)
{
	return program == skel->progs.xdp_lan_full ||
	       program == skel->progs.xdp_wan_full;
}

static bool take_all(struct program_pins *pins, const struct twinpath *skel,
		     const char *place)
{
	struct bpf_program *program;
	char path[PIN];
	unsigned i = 0;

	bpf_object__for_each_program(program, skel->obj) {
		if (i == PROGRAM_PINS)
			return false;
		pin_of(place, program, path);
		pins->fd[i] = bpf_obj_get(path);
		if (pins->fd[i++] < 0)
			return false;
	}
	return true;
}

bool program_pins_take(struct program_pins *pins, struct twinpath *skel,
		       const char *dir)
{
	struct bpf_program *program;
	char place[PLACE];

	place_of(skel, dir, place);
	if (!take_all(pins, skel, place)) {
		program_pins_close(pins);
		return false;
	}
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, is_in_a_map(skel, program));
	pins->taken = true;
	return true;
}

int program_pins_leave(const struct program_pins *pins, struct twinpath *skel,
		       const char *dir)
{
	struct bpf_program *program;
	char place[PLACE], path[PIN];
	int err = 0;

	if (pins->taken)
		return 0;
	place_of(skel, dir, place);
	program_pins_remove(dir);
	if (mkdir(place, 0700))
		return -errno;
	bpf_object__for_each_program(program, skel->obj) {
		pin_of(place, program, path);
		if (!err && bpf_obj_pin(bpf_program__fd(program), path))
			err = -errno;
	}
	return err;
}

int program_pins_fd(const struct program_pins *pins,
		    const struct twinpath *skel,
		    const struct bpf_program *program)
{
	struct bpf_program *one;
	unsigned i = 0;

	if (!pins->taken)
		return bpf_program__fd(program);
	bpf_object__for_each_program(one, skel->obj) {
		if (one == program)
			return pins->fd[i];
		i++;
	}
	return -ENOENT;
}

void program_pins_close(struct program_pins *pins)
{
	for (unsigned i = 0; i < PROGRAM_PINS; i++)
		if (pins->fd[i] > 0)
			close(pins->fd[i]);
	memset(pins, 0, sizeof(*pins));
}

/* Neither an instance's name nor a hash has a character that glob() knows. */
static void remove_each(const char *dir, const char *names,
			int (*remove_one)(const char *path))
{
	char pattern[PIN];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/%s", dir, names);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (remove_one(found.gl_pathv[i]))
			log_warning("cannot remove %s: %s", found.gl_pathv[i],
				    strerror(errno));
	globfree(&found);
}

static int remove_place(const char *place)
{
	remove_each(place, "*", unlink);
	return rmdir(place);
}

void program_pins_remove(const char *dir)
{
	remove_each(dir, PREFIX "*", remove_place);
}
