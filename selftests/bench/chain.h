/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.h - lines of memory, one after the other.
 *
 * Owns: the measure of what a look-up of a session waits for at least, whatever
 * is done with its line: nothing that comes after it can be finished before.
 */
#ifndef TWINPATH_BENCH_CHAIN_H
#define TWINPATH_BENCH_CHAIN_H

#define CHAIN_STEPS 64 /* of one run of the program */

struct chain {
	unsigned lines; /* of the table: a multiple of a bucket's */
	unsigned used;	/* so many of them, anywhere, make the chain */
	unsigned reads; /* so many are measured, after one walk that is not */
	int cpu;
	double nanoseconds; /* out: of one read */
};

/* 0 or a negative errno. */
int chain_run(struct chain *chain);

#endif
