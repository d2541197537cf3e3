/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - how much of what we send by ourselves goes out in a second.
 *
 * Owns: the paces map.  Answers cost the sender of a packet nothing, so all of
 * them are bounded, for all hosts together (RFC 1812 4.3.2.8).
 */
#ifndef TWINPATH_PACE_H
#define TWINPATH_PACE_H

#include "pressure.h"

/* One more this second?  Two CPUs may both get the last one: no harm. */
static __always_inline int pace_allows(__u32 kind, __u32 most, __u32 now)
{
	struct tp_pace *pace = bpf_map_lookup_elem(&paces, &kind);
	__u32 second = now / TP_TICKS_PER_SECOND;

	if (!pace)
		return 0;
	if (pace->second != second) {
		pace->second = second;
		pace->used = 0;
	}
	if (__sync_fetch_and_add(&pace->used, 1) < most)
		return 1;
	pressure_count(kind == TP_PACE_RESETS ? TP_PRESSURE_resets_withheld :
						TP_PRESSURE_answers_withheld);
	return 0;
}

#endif
