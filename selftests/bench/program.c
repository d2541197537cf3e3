// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * program.c - see program.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "bench.skel.h"
#include "program.h"

static int program_behind(const char *link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(link), err;

	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	return fd < 0 ? -errno : fd;
}

int program_open(struct bench *bench, const char *name)
{
	const struct bpf_program *ours = NULL;
	int fd;

	if (!strcmp(name, "bare"))
		ours = bench->skel->progs.bare;
	else if (!strcmp(name, "floor"))
		ours = bench->skel->progs.floor_line;
	else if (!strcmp(name, "floor-in-turn"))
		ours = bench->skel->progs.floor_in_turn;
	if (!ours)
		return program_behind(name);
	fd = fcntl(bpf_program__fd(ours), F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

struct testing {
	struct bpf_test_run_opts *options;
	int wrapper;
	int cpu;
};

static int test_here(void *arg)
{
	struct testing *t = arg;
	int err = engine_stay(t->cpu);

	return err ?: bpf_prog_test_run_opts(t->wrapper, t->options);
}

int program_test(struct bench *bench, const char *netns, unsigned ifindex,
		 int program, const struct bench_plan *plan, __u32 repeat,
		 int cpu, double *nanoseconds)
{
	__u8 frame[BENCH_FRAME] = {};
	struct xdp_md where = { .data_end = sizeof(frame),
				.ingress_ifindex = ifindex };
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame), .ctx_in = &where,
			    .ctx_size_in = sizeof(where),
			    .repeat = (int)repeat);
	struct testing t = { &options, bpf_program__fd(bench->skel->progs.wrap),
			     cpu };
	__u32 key = 0;
	int err;

	if (bpf_map_update_elem(bpf_map__fd(bench->skel->maps.target), &key,
				&program, 0))
		return -errno;
	err = engine_plan(bench, cpu, plan) ?:
					      engine_visit(netns, test_here, &t);
	/*
	 * The kernel's own figure, in whole nanoseconds: around the call one
	 * would measure the set-up of the run too, which takes milliseconds.
	 */
	*nanoseconds = options.duration;
	return err;
}

int program_frame(struct bench *bench, __u8 frame[BENCH_FRAME])
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = BENCH_FRAME, .data_out = frame,
			    .data_size_out = BENCH_FRAME, .repeat = 1);

	if (bpf_prog_test_run_opts(
		    bpf_program__fd(bench->skel->progs.make_frame), &options))
		return -errno;
	return options.retval == BENCH_MADE ? 0 : -EIO;
}
