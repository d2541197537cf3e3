// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attach.c - see attach.h.  One struct place is one program on one interface.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "log.h"
#include "twinpath.skel.h"

/* enum bpf_attach_type since Linux 6.6; Debian 12's headers are of 6.1. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)

/* Where our clsact filters sit, for kernels without TCX. */
#define FILTER_HANDLE 0x7477 /* "tw" */
#define FILTER_PRIORITY 0x7477

struct place {
	const char *prefix; /* of the pin */
	enum bpf_attach_type type;
	enum bpf_tc_attach_point point; /* of clsact; 0: XDP */
};

static const struct place place_xdp = { "xdp", BPF_XDP, 0 };
static const struct place place_in = { "in", TCX_INGRESS, BPF_TC_INGRESS };
static const struct place place_out = { "out", TCX_EGRESS, BPF_TC_EGRESS };

static void pin_path(char path[PLANE_PATH + 32], const char *dir,
		     const struct place *place, unsigned ifindex)
{
	snprintf(path, PLANE_PATH + 32, "%s/%s_%u", dir, place->prefix,
		 ifindex);
}

/* Swap the program of a link that is pinned and still holds on to its device. */
static int adopt_link(const char *path, int program)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	/* A link whose device went is dead, and knows no ifindex any more;
	 * xdp and tcx have it at the same place. */
	if (!err && !info.xdp.ifindex)
		err = -ENOLINK;
	if (!err && bpf_link_update(fd, program, NULL))
		err = -errno;
	close(fd);
	if (err == -ENOLINK)
		unlink(path);
	return err;
}

static int new_link(const char *path, const struct place *place,
		    unsigned ifindex, int program)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
			    .flags = XDP_FLAGS_DRV_MODE);
	int fd, err = 0;

	fd = bpf_link_create(program, (int)ifindex, place->type,
			     place->point ? NULL : &options);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bpf_obj_pin(fd, path))
		err = -errno;
	close(fd);
	return err;
}

/* clsact, which keeps its filters without pins; the pin-less way of old. */
static int filter_attach(const struct place *place, unsigned ifindex,
			 int program)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
			    .attach_point = place->point);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
			    .priority = FILTER_PRIORITY, .prog_fd = program,
			    .flags = BPF_TC_F_REPLACE);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &options);
}

static void filter_detach(const struct place *place, unsigned ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
			    .attach_point = place->point);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
			    .priority = FILTER_PRIORITY);

	bpf_tc_detach(&hook, &options);
}

/* `fresh`: it was not there before. */
static int put(const struct plane *plane, const struct place *place,
	       unsigned ifindex, int program, bool *fresh)
{
	char path[PLANE_PATH + 32];
	int err;

	*fresh = false;
	pin_path(path, plane->dir, place, ifindex);
	err = adopt_link(path, program);
	if (!err)
		return 0;
	*fresh = true;
	err = new_link(path, place, ifindex, program);
	/* Before 6.6 the kernel does not know the attach type. */
	if (err == -EINVAL && place->point)
		err = filter_attach(place, ifindex, program);
	return err;
}

static void take(const char *dir, const struct place *place, unsigned ifindex)
{
	char path[PLANE_PATH + 32];

	pin_path(path, dir, place, ifindex);
	if (unlink(path) && place->point)
		filter_detach(place, ifindex);
}

/* ---- an interface -------------------------------------------------------------- */

static void explain(const char *name, const struct place *place, int err)
{
	const char *hook = place->point ? "tc" : "XDP";

	if (err == -EBUSY)
		log_error("%s: another %s program is attached there: remove it "
			  "('ip link set dev %s xdp off', or whoever put it "
			  "there), or say mode = tc",
			  name, hook, name);
	else if (err == -EOPNOTSUPP)
		log_error("%s: its driver has no native XDP: say mode = tc or "
			  "mode = auto",
			  name);
	else if (err == -EINVAL && !place->point)
		log_error(
			"%s: native XDP refused (its MTU may be too large for "
			"it, or LRO is on): say mode = tc",
			name);
	else
		log_error("%s: cannot attach to %s: %s", name, hook,
			  strerror(-err));
}

struct step {
	const struct place *place;
	struct bpf_program *program;
	bool fresh;
};

static struct bpf_program *program_for(const struct plane *plane,
				       const struct place *place,
				       struct attach_kind kind)
{
	const struct twinpath *skel = plane->skel;
	bool lan = kind.role == ATTACH_LAN;

	if (place == &place_xdp)
		return lan ? skel->progs.xdp_lan : skel->progs.xdp_wan;
	if (place == &place_in && kind.raw)
		return lan ? skel->progs.tc_lan_raw : skel->progs.tc_wan_raw;
	if (place == &place_in)
		return lan ? skel->progs.tc_lan : skel->progs.tc_wan;
	if (kind.raw)
		return lan ? skel->progs.tc_back_raw : skel->progs.tc_out_raw;
	return lan ? skel->progs.tc_back : skel->progs.tc_out;
}

/* Egress first: nothing may leave untranslated from the first packet on. */
static unsigned steps_for(const struct plane *plane, struct attach_kind kind,
			  struct step steps[3])
{
	static const struct place *const order[] = { &place_out, &place_in,
						     &place_xdp };

	for (unsigned i = 0; i < 3; i++)
		steps[i] = (struct step){ order[i],
					  program_for(plane, order[i], kind),
					  false };
	return kind.xdp ? 3 : 2;
}

int attach_interface(const struct plane *plane, const char *name,
		     unsigned ifindex, struct attach_kind kind)
{
	struct step steps[3];
	unsigned count = steps_for(plane, kind, steps), i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = put(plane, steps[i].place, ifindex,
			  plane_program(plane, steps[i].program),
			  &steps[i].fresh);
	if (!err)
		return 0;
	explain(name, steps[i - 1].place, err);
	for (unsigned done = 0; done + 1 < i; done++)
		if (steps[done].fresh)
			take(plane->dir, steps[done].place, ifindex);
	return err;
}

bool attach_has_xdp(const struct plane *plane, unsigned ifindex)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
			    .flags = XDP_FLAGS_DRV_MODE);
	char path[PLANE_PATH + 32];
	int fd;

	pin_path(path, plane->dir, &place_xdp, ifindex);
	if (!access(path, F_OK))
		return true; /* it runs there now */
	/* Without a links entry the program passes everything. */
	fd = bpf_link_create(plane_program(plane, plane->skel->progs.xdp_lan),
			     (int)ifindex, BPF_XDP, &options);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

void attach_drop_xdp(const struct plane *plane, unsigned ifindex)
{
	take(plane->dir, &place_xdp, ifindex);
}

void attach_remove(const char *instance, unsigned ifindex)
{
	char dir[PLANE_PATH];

	plane_path(dir, instance, NULL);
	take(dir, &place_xdp, ifindex);
	take(dir, &place_in, ifindex);
	take(dir, &place_out, ifindex);
}

unsigned attach_remove_all(const char *instance)
{
	static const struct place *const places[] = { &place_xdp, &place_in,
						      &place_out };
	char dir[PLANE_PATH];
	struct dirent *entry;
	unsigned count = 0;
	DIR *d;

	plane_path(dir, instance, NULL);
	d = opendir(dir);
	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		for (unsigned i = 0; i < 3; i++) {
			size_t length = strlen(places[i]->prefix);

			if (strncmp(entry->d_name, places[i]->prefix, length) ||
			    entry->d_name[length] != '_')
				continue;
			take(dir, places[i],
			     (unsigned)atoi(entry->d_name + length + 1));
			count++;
		}
	}
	closedir(d);
	return count;
}
