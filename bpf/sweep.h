/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sweep.h - takes out of use what has expired, so that nobody is counted for it.
 *
 * Owns: the walk through both tables and its place (the map sweeper).  Nothing
 * needs it to be right: an expired line is a free line.  But a line goes on
 * counting for its host until somebody takes it, and a host near its limits must
 * not wait for that; nor, in full, for connections of its own that are finished.
 * Bits of the walk are made when a host is refused, and by the daemon once a
 * second while any is near; never when all are far.
 */
#ifndef TWINPATH_SWEEP_H
#define TWINPATH_SWEEP_H

#include "claim.h"
#include "pace.h"
#include "session_open.h"

#define SWEEP_BUCKETS 16   /* of sessions, at once */
#define SWEEP_BINDINGS 256 /* and so many lines of bindings */
#define SWEEP_PACE 128	   /* at most so many bits a second */
#define SWEEP_DAEMON 512   /* bits that the daemon asks for */
#define SWEEP_RIPE (30 * TP_TICKS_PER_SECOND)

struct sweep {
	__u32 now;
	__u32 hold;
	__u32 bucket;
	__u32 binding;
};

/* Lines of finished connections, of hosts that are near their limits. */
__noinline int sweep_ripen(__u32 slot, __u32 now)
{
	struct tp_bucket *bucket = bpf_map_lookup_elem(&session_table, &slot);
	const struct tp_settings *set = ONLY(&settings);
	__u32 i;

	if (!bucket || !set)
		return 0;
	for (i = 0; i < TP_BUCKET_LINES; i++) {
		struct tp_session *line = &bucket->line[i];
		__u64 old = *(volatile __u64 *)&line->control;

		if (session_live(old, now) &&
		    tcp_finished(TP_CONTROL_EXTRA(old)) &&
		    session_age(set, old, now) >= SWEEP_RIPE &&
		    ration_is_near(&line->key.inside))
			session_cut(line, old, now);
	}
	return 0;
}

static long sweep_bucket(__u32 i, void *arg)
{
	struct sweep *sweep = arg;
	__u32 slot = (sweep->bucket + i) % (bucket_mask + overflow_mask + 2);

	session_sweep(slot, sweep->now);
	sweep_ripen(slot, sweep->now);
	return 0;
}

/*
 * What becomes of an expired line: held for its own host for a while yet, or
 * free.  0: nothing, it is to be left alone.
 */
static __always_inline __u64 sweep_next(const struct tp_binding *binding,
					__u64 old, __u32 hold, __u32 now)
{
	__u64 free =
		TP_CONTROL(0, TP_LINE_FREE, TP_CONTROL_INCARNATION(old), 0);

	if (TP_CONTROL_LINE(old) != TP_LINE_LIVE &&
	    TP_CONTROL_LINE(old) != TP_LINE_CLOSED)
		return 0;
	if (binding_claimable(binding, old, hold, now))
		return free;
	if (TP_CONTROL_LINE(old) != TP_LINE_LIVE ||
	    !clock_passed(TP_CONTROL_EXPIRY(old) + BINDING_GRACE, now))
		return 0;
	return TP_CONTROL(TP_CONTROL_EXPIRY(old), TP_LINE_HELD,
			  TP_CONTROL_INCARNATION(old), 0);
}

static long sweep_binding(__u32 i, void *arg)
{
	struct sweep *sweep = arg;
	struct tp_binding *binding = binding_at(sweep->binding + i);
	struct tp_addr inside;
	__u64 old, next;

	if (!binding)
		return 1;
	old = *(volatile __u64 *)&binding->control;
	if (claim_age(old, sweep->now) >= SWEEP_RIPE &&
	    ration_is_near(&binding->inside))
		claim_cut(binding, old, sweep->now);
	next = sweep_next(binding, old, sweep->hold, sweep->now);
	if (!next || !binding->counted)
		return 0;
	/* Read first: once the line is out of use it may be another's. */
	inside = binding->inside;
	if (__sync_val_compare_and_swap(&binding->control, old, next) == old)
		ration_give(&inside, TP_RATION_PORT);
	return 0;
}

/* One bit of the walk through both tables. */
__noinline int sweep_bit(__u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	struct tp_sweeper *place = ONLY(&sweeper);
	struct sweep sweep = { .now = now };
	const struct tp_address *address;
	__u32 id;

	if (!set || !place || !set->addresses_used)
		return 0;
	sweep.hold = set->timers.hold;
	sweep.bucket = __sync_fetch_and_add(&place->bucket, SWEEP_BUCKETS);
	sweep.binding = __sync_fetch_and_add(&place->binding, SWEEP_BINDINGS) %
			TP_BINDING_INDEX(set->addresses_used, 0, 0);
	bpf_loop(SWEEP_BUCKETS, sweep_bucket, &sweep, 0);
	id = sweep.binding / 65536 / TP_PLANES;
	address = bpf_map_lookup_elem(&addresses, &id);
	if (address && address->exit)
		bpf_loop(SWEEP_BINDINGS, sweep_binding, &sweep, 0);
	return 0;
}

/* A host was refused: perhaps it is counted for what it does not have. */
static __always_inline void sweep_after(__u32 reason, __u32 now)
{
	if ((reason == TP_REASON_host_sessions ||
	     reason == TP_REASON_host_ports) &&
	    pace_allows(TP_PACE_SWEEPS, SWEEP_PACE, now))
		sweep_bit(now);
}

static long sweep_step(__u32 i, void *arg)
{
	(void)i;
	sweep_bit(*(__u32 *)arg);
	return 0;
}

/* Is any host near a limit?  Then the next call goes on. */
static long sweep_look(__u32 i, void *arg)
{
	struct tp_sweeper *place = ONLY(&sweeper);
	const struct tp_settings *set = ONLY(&settings);
	const struct tp_ration *ration = ration_at(i);

	(void)arg;
	if (!place || !set || !ration)
		return 1;
	if (!ration_close(ration, set))
		return 0;
	place->near = 1;
	return 1;
}

/* The daemon's call, once a second. */
SEC("syscall")
int sweep(struct tp_sweep *ask)
{
	const struct tp_settings *set = ONLY(&settings);
	struct tp_sweeper *place = ONLY(&sweeper);
	__u32 now;

	ask->swept = 0;
	if (!set || !place)
		return 0;
	now = clock_now(set);
	if (!place->near)
		return 0;
	place->near = 0; /* first, so that who comes near meanwhile is seen */
	bpf_loop(SWEEP_DAEMON, sweep_step, &now, 0);
	bpf_loop(TP_RATION_LINES, sweep_look, 0, 0);
	ask->swept = SWEEP_DAEMON;
	return 0;
}

#endif
