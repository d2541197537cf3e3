/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - the loaded benchmark programs, and where a thread works.
 *
 * Owns: their life, and the namespaces and CPUs of threads.  The main thread
 * never leaves its own.
 */
#ifndef TWINPATH_BENCH_ENGINE_H
#define TWINPATH_BENCH_ENGINE_H

#include "bench.h"

#define ENGINE_NETNS 64

struct bench {
	struct bench_bpf *skel; /* bench.skel.h */
	int cpus;
	int kept[2]; /* see engine_keep; -1: not yet */
};

struct bench *engine_open(void);
void engine_close(struct bench *bench);

__u64 engine_now(void); /* ns, of the same clock as bpf_ktime_get_ns */

/* Of the calling thread, which is not the main one.  0 or a negative errno. */
int engine_enter(const char *netns);
int engine_stay(int cpu);

/* work(arg) by a thread that goes there, does it, and ends; what it returned. */
int engine_visit(const char *netns, int (*work)(void *arg), void *arg);

/*
 * Each test run of a program would begin and end with some 10 ms in which the
 * kernel makes it known to its dispatcher of XDP programs and forgets it again; not
 * while it is attached somewhere, which ours are to the loopbacks of two
 * namespaces.  To be called with each of several.
 */
void engine_keep(struct bench *bench, const char *netns);

/* What the generator makes on that CPU from now on; nothing on the others. */
int engine_plan(struct bench *bench, int cpu, const struct bench_plan *plan);

#endif
