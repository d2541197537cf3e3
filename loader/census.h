/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * census.h - how many sessions and bindings each exit holds.
 *
 * Counted by walking the tables: a counter in the data plane would cost every
 * session, and be wrong whenever one expires, which nobody notices.
 *
 * What counts is what a packet would still find: live, not expired, and of the
 * present generation of its external address.  A connection that both sides have
 * closed, or reset, is none any more, although its line is kept for a while.
 */
#ifndef TWINPATH_CENSUS_H
#define TWINPATH_CENSUS_H

#include "plane.h"

struct census_count {
	unsigned sessions;
	unsigned tcp; /* of them */
	unsigned bindings;
};

/* The tables as they lie in memory. */
struct census_tables {
	const struct tp_bucket *buckets;
	unsigned buckets_count;
	const struct tp_binding *bindings; /* TP_BINDINGS of them */
	const struct tp_address *addresses;
	unsigned addresses_count;
};

/* Which inside hosts have bindings, published ones too: a bit each (tp_host). */
struct census_hosts {
	uint8_t bits[TP_HOSTS / 8];
};

/*
 * census_take - count by exit id.  Pure.
 * @now: the data plane's tick
 */
void census_take(const struct census_tables *tables, uint32_t now,
		 struct census_count counts[TP_MAX_EXITS],
		 struct census_hosts *hosts);

/* Those that got a binding at that tick or later, as the data plane notes. */
void census_bound(const struct tp_host_bound bound[TP_HOSTS], uint32_t since,
		  struct census_hosts *hosts);

/* ---- of the running tables (census_plane.c) ---------------------------------- */

struct census;

int census_open(struct census **out, const struct plane *plane);
void census_close(struct census *census);

/*
 * census_of - the counts of an exit, at most a second old unless census_forget
 * was called: a walk takes some milliseconds, in which nothing else is done.
 * NULL: they cannot be had.
 */
const struct census_count *census_of(struct census *census, unsigned exit);

/*
 * census_hosts_of - the hosts that have bindings: none that has is left out, one
 * that had any within the last 10 s may be in.  False: they cannot be had.
 */
bool census_hosts_of(struct census *census, struct census_hosts *hosts);

/* What was counted is of no use any more: the next answer is a new one. */
void census_forget(struct census *census);

#endif
