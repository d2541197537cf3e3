// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine.c - see engine.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "bench.skel.h"
#include "engine.h"

__u64 engine_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000ULL + (__u64)t.tv_nsec;
}

int engine_enter(const char *netns)
{
	char path[ENGINE_NETNS + 16];
	int fd, err;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

/*
 * On that CPU, before nearly everybody else: a round that was preempted measures
 * the others.  Not real-time, which would starve ksoftirqd and lose packets.
 */
int engine_stay(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return -errno;
	return setpriority(PRIO_PROCESS, 0, -20) ? -errno : 0;
}

/* Nobody else knows the table behind it: any secret will do. */
static int load(struct bench *bench)
{
	bench->skel = bench_bpf__open();
	if (!bench->skel ||
	    getrandom(&bench->skel->bss->floor_seed,
		      sizeof(bench->skel->bss->floor_seed), 0) < 0)
		return -1;
	bench->skel->bss->floor_seed.finish |= 1;
	return bench_bpf__load(bench->skel);
}

struct bench *engine_open(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	if (!bench)
		return NULL;
	bench->kept[0] = bench->kept[1] = -1;
	bench->cpus = libbpf_num_possible_cpus();
	if (bench->cpus > 0 && !load(bench))
		return bench;
	engine_close(bench);
	return NULL;
}

void engine_close(struct bench *bench)
{
	int i;

	for (i = 0; bench && i < 2; i++)
		if (bench->kept[i] >= 0)
			close(bench->kept[i]);
	if (bench)
		bench_bpf__destroy(bench->skel);
	free(bench);
}

/* ---- in a namespace: a thread that goes there, does it, and ends ----------- */

struct visit {
	const char *netns;
	int (*work)(void *arg);
	void *arg;
	int result;
};

static void *visitor(void *arg)
{
	struct visit *visit = arg;

	visit->result = engine_enter(visit->netns);
	if (!visit->result)
		visit->result = visit->work(visit->arg);
	return NULL;
}

int engine_visit(const char *netns, int (*work)(void *arg), void *arg)
{
	struct visit v = { netns, work, arg, 0 };
	pthread_t thread;
	int err = pthread_create(&thread, NULL, visitor, &v);

	if (err)
		return -err;
	pthread_join(thread, NULL);
	return v.result;
}

int engine_plan(struct bench *bench, int cpu, const struct bench_plan *plan)
{
	struct bench_plan each[bench->cpus];
	__u32 key = 0;

	if (cpu < 0 || cpu >= bench->cpus)
		return -EINVAL;
	memset(each, 0, sizeof(each));
	each[cpu] = *plan;
	return bpf_map__update_elem(bench->skel->maps.plans, &key, sizeof(key),
				    each, sizeof(each), 0);
}

static int keep_here(void *arg)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
			    .flags = XDP_FLAGS_SKB_MODE);
	const struct bpf_program *program = arg;

	return bpf_link_create(bpf_program__fd(program),
			       (int)if_nametoindex("lo"), BPF_XDP, &options);
}

void engine_keep(struct bench *bench, const char *netns)
{
	struct bpf_program *programs[] = { bench->skel->progs.generate,
					   bench->skel->progs.wrap };
	int i = bench->kept[0] >= 0;

	/* One program a loopback: where there is one, the next has none. */
	if (bench->kept[i] < 0)
		bench->kept[i] = engine_visit(netns, keep_here, programs[i]);
}
