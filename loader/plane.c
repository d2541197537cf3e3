// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plane.c - load, make or adopt, pin; see plane.h.
 *
 * Order of a first start: load (libbpf pins each map as it is made), seed, and
 * the layout last.  A layout without its magic is a start that was cut short,
 * before anything could be attached: such pins are made anew.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "plane.h"
#include "twinpath.skel.h"

#define BPFFS "/sys/fs/bpf"
#define BPFFS_MAGIC 0xcafe4a11

void plane_path(char path[PLANE_PATH], const char *instance, const char *name)
{
	snprintf(path, PLANE_PATH, BPFFS "/twinpath/%s%s%s", instance,
		 name ? "/" : "", name ? name : "");
}

/* libbpf's messages, one level down: its warnings are our debugging. */
static int print_libbpf(enum libbpf_print_level level, const char *format,
			va_list arguments)
{
	char text[512];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
	return 0;
}

static bool is_bpffs(void)
{
	struct statfs fs;

	return !statfs(BPFFS, &fs) && fs.f_type == BPFFS_MAGIC;
}

static int make_directory(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	log_error("cannot make %s: %s", path, strerror(errno));
	return -errno;
}

static int make_directories(const char *dir)
{
	if (!is_bpffs() && mount("bpf", BPFFS, "bpf", 0, "mode=0700")) {
		log_error("cannot mount the BPF file system at " BPFFS ": %s",
			  strerror(errno));
		return -errno;
	}
	return make_directory(BPFFS "/twinpath") ?: make_directory(dir);
}

bool plane_exists(const char *instance)
{
	char path[PLANE_PATH];

	plane_path(path, instance, "layout");
	return !access(path, F_OK);
}

int plane_unpin(const char *instance)
{
	char dir[PLANE_PATH], path[PLANE_PATH + NAME_MAX + 1];
	struct dirent *entry;
	DIR *d;

	plane_path(dir, instance, NULL);
	program_pins_remove(dir);
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (unlink(path))
			log_warning("cannot remove %s: %s", path,
				    strerror(errno));
	}
	closedir(d);
	return rmdir(dir) ? -errno : 0;
}

/* ---- layout ----------------------------------------------------------------- */

/* 1: adopt it (filled in); 0: there is none; else a negative errno. */
static int read_layout(const struct plane *plane, const char *instance,
		       struct tp_layout *layout)
{
	char path[PLANE_PATH];
	__u32 zero = 0;
	int fd, err;

	plane_path(path, instance, "layout");
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = bpf_map_lookup_elem(fd, &zero, layout) ? -errno : 0;
	close(fd);
	if (err || (layout->magic && layout->magic != TP_LAYOUT_MAGIC) ||
	    (layout->magic && layout->version != TP_LAYOUT)) {
		log_error(
			"the tables pinned in %s have layout %u, this version "
			"reads %u: forwarding goes on as it is; run the "
			"version that made them, or 'twinpathd --instance %s "
			"--detach' to end its sessions and start anew",
			plane->dir, err ? 0 : layout->version, TP_LAYOUT,
			instance);
		return -EPROTO;
	}
	if (layout->magic)
		return 1;
	log_warning("an earlier start was cut short: its pins are made anew");
	plane_unpin(instance);
	return make_directory(plane->dir);
}

static unsigned log2_floor(unsigned value)
{
	return 31 - (unsigned)__builtin_clz(value);
}

static void plan_layout(const struct config *config, struct tp_layout *layout)
{
	layout->buckets = 1U << log2_floor(config->sessions / TP_BUCKET_LINES);
	layout->addresses = config->max_addresses;
	layout->version = TP_LAYOUT;
}

static void compare_layout(const struct config *config,
			   const struct tp_layout *layout)
{
	unsigned sessions = layout->buckets * TP_BUCKET_LINES;

	if (sessions != config->sessions ||
	    layout->addresses != config->max_addresses)
		log_warning("the running tables hold %u sessions and %u "
			    "addresses, the configuration says %u and %u: this "
			    "changes with 'twinpath detach' and a new start",
			    sessions, layout->addresses, config->sessions,
			    config->max_addresses);
}

/* ---- load ---------------------------------------------------------------------- */

static int size_maps(struct twinpath *skel, const struct tp_layout *layout)
{
	unsigned overflow = layout->buckets >> TP_OVERFLOW_SHIFT;
	unsigned bindings = TP_BINDINGS(layout->addresses);

	if (!overflow)
		overflow = 1;
	skel->rodata->bucket_mask = layout->buckets - 1;
	skel->rodata->overflow_mask = overflow - 1;
	skel->rodata->address_count = layout->addresses;
	return bpf_map__set_max_entries(skel->maps.reserved, layout->addresses * TP_PLANES) ?:
		       bpf_map__set_max_entries(skel->maps.session_table, layout->buckets + overflow) ?:
		       bpf_map__set_max_entries(skel->maps.tags, layout->buckets + overflow) ?:
		       bpf_map__set_max_entries(skel->maps.endpoints, TP_INDEX_BUCKETS * layout->buckets) ?:
		       bpf_map__set_max_entries(skel->maps.permits, TP_PERMIT_BUCKETS * layout->buckets) ?:
		       bpf_map__set_max_entries(skel->maps.binding_table,
						bindings);
}

/* libbpf pins what is not there and takes what is, if it is the same. */
static int pin_maps(const struct plane *plane)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, plane->skel->obj) {
		char path[PLANE_PATH + 64];

		if (bpf_map__is_internal(map))
			continue; /* rodata and kconfig belong to programs */
		snprintf(path, sizeof(path), "%s/%s", plane->dir,
			 bpf_map__name(map));
		err = bpf_map__set_pin_path(map, path);
		if (err)
			return err;
	}
	return 0;
}

static void explain_load(const struct plane *plane, int err)
{
	if (err == -EPERM)
		log_error("not allowed to load BPF programs: run as root, or "
			  "with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	else if (err == -EINVAL && plane->adopted)
		log_error("a map pinned in %s is not as this version makes it, "
			  "or the kernel refused a program: --debug shows "
			  "which; if it is a map, run the version that made it",
			  plane->dir);
	else
		log_error("the kernel refused the BPF programs: %s (Linux 6.1 "
			  "with BTF or later is needed; --debug shows what "
			  "libbpf says)",
			  strerror(-err));
}

static int first_values(const struct plane *plane, struct tp_layout *layout)
{
	struct tp_seed seed;
	__u32 zero = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	seed.finish |= 1;
	layout->magic = TP_LAYOUT_MAGIC;
	if (bpf_map_update_elem(bpf_map__fd(plane->skel->maps.seed), &zero,
				&seed, BPF_ANY) ||
	    bpf_map_update_elem(bpf_map__fd(plane->skel->maps.layout), &zero,
				layout, BPF_ANY))
		return -errno;
	return 0;
}

static void leave_programs(const struct plane *plane)
{
	int err = program_pins_leave(&plane->programs, plane->skel, plane->dir);

	if (err)
		log_warning("cannot pin the programs in %s: %s: the next start "
			    "has to load them again",
			    plane->dir, strerror(-err));
}

static int load(struct plane *plane, struct tp_layout *layout)
{
	int err;

	plane->skel = twinpath__open();
	if (!plane->skel) {
		log_error("the BPF object cannot be opened: %s",
			  strerror(errno));
		return -errno;
	}
	err = size_maps(plane->skel, layout) ?: pin_maps(plane);
	if (!err && plane->adopted)
		program_pins_take(&plane->programs, plane->skel, plane->dir);
	if (!err)
		err = twinpath__load(plane->skel);
	if (err) {
		explain_load(plane, err);
		return err;
	}
	leave_programs(plane);
	return plane->adopted ? 0 : first_values(plane, layout);
}

int plane_open(struct plane *plane, const char *instance,
	       const struct config *config)
{
	struct tp_layout layout = {};
	int err;

	memset(plane, 0, sizeof(*plane));
	libbpf_set_print(print_libbpf);
	plane_path(plane->dir, instance, NULL);
	err = make_directories(plane->dir);
	if (err)
		return err;
	err = read_layout(plane, instance, &layout);
	if (err < 0)
		return err;
	plane->adopted = err > 0;
	if (plane->adopted)
		compare_layout(config, &layout);
	else
		plan_layout(config, &layout);
	err = load(plane, &layout);
	if (err) {
		plane_close(plane);
		if (!plane->adopted)
			plane_unpin(instance);
	}
	return err;
}

void plane_close(struct plane *plane)
{
	program_pins_close(&plane->programs);
	twinpath__destroy(plane->skel);
	plane->skel = NULL;
}

int plane_program(const struct plane *plane, const struct bpf_program *program)
{
	return program_pins_fd(&plane->programs, plane->skel, program);
}

/* ---- what else is asked of it ---------------------------------------------------- */

static int pin_iterator(const struct plane *plane,
			const struct bpf_program *program, struct bpf_map *map,
			const char *name)
{
	union bpf_iter_link_info info = {
		.map.map_fd = (__u32)bpf_map__fd(map),
	};
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info,
			    .iter_info_len = sizeof(info));
	char path[PLANE_PATH + 64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", plane->dir, name);
	fd = bpf_link_create(plane_program(plane, program), 0, BPF_TRACE_ITER,
			     &options);
	if (fd < 0)
		err = -errno;
	unlink(path); /* of the programs before */
	if (!err && bpf_obj_pin(fd, path))
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err)
		log_error("cannot pin the iterator %s: %s", path,
			  strerror(-err));
	return err;
}

int plane_pin_iterators(struct plane *plane)
{
	struct twinpath *skel = plane->skel;

	return pin_iterator(plane, skel->progs.print_sessions, skel->maps.session_table, "sessions") ?:
		       pin_iterator(plane, skel->progs.print_bindings,
				    skel->maps.binding_table, "bindings");
}

int plane_clock(const struct plane *plane, uint32_t *now)
{
	struct tp_clock ask = {};
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &ask,
			    .ctx_size_in = sizeof(ask));
	int fd = plane_program(plane, plane->skel->progs.clock);

	if (bpf_prog_test_run_opts(fd, &run))
		return -errno;
	*now = ask.now;
	return 0;
}
