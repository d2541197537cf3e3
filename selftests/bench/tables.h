/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tables.h - a gateway's tables, from outside: emptied, walked, swept.
 *
 * Owns: what the benchmark does to the pinned maps of an instance while no packet
 * is under way.  `pins` is the directory of its pins.  All return 0 or a negative
 * errno.
 */
#ifndef TWINPATH_BENCH_TABLES_H
#define TWINPATH_BENCH_TABLES_H

#include <linux/types.h>

struct tables_walk {
	double milliseconds;
	__u64 sessions; /* that were found, or taken out of use */
	__u32 calls;
};

/* As if just made: no session, no binding, nothing held back. */
int tables_empty(const char *pins);

/* The daemon's own walk over all sessions and bindings (loader/census.c). */
int tables_census(const char *pins, struct tables_walk *walk);

/* How many entries a map has that the daemon writes, by its keys. */
int tables_count(const char *pins, const char *name, __u32 *entries);

/*
 * The data plane's walk that takes expired lines out of use, over both tables,
 * after enough time for all of them to expire.  They are gone afterwards.
 */
int tables_sweep(const char *pins, struct tables_walk *walk);

#endif
