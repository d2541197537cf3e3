/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - one program alone, by BPF_PROG_TEST_RUN.
 *
 * Owns: test runs of a program, which send nothing; and which ones of ours have a
 * name.
 */
#ifndef TWINPATH_BENCH_PROGRAM_H
#define TWINPATH_BENCH_PROGRAM_H

#include "engine.h"

/*
 * "bare", "floor", "floor-in-turn", or the path of a pinned link: its program, which the caller
 * closes.  Negative errno.
 */
int program_open(struct bench *bench, const char *name);

/*
 * Nanoseconds a packet that `program` takes in `netns`.  The frame is made anew
 * each time, which is part of the figure: what counts is the difference to that
 * of the bare redirect.
 */
int program_test(struct bench *bench, const char *netns, unsigned ifindex,
		 int program, const struct bench_plan *plan, __u32 repeat,
		 int cpu, double *nanoseconds);

/* The next frame of the plan of the CPU that the calling thread stays on. */
int program_frame(struct bench *bench, __u8 frame[BENCH_FRAME]);

#endif
