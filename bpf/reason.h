/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reason.h - counts why a packet left a program as it did.
 *
 * Owns: the reasons map's only writes, and each reason's fate.
 */
#ifndef TWINPATH_REASON_H
#define TWINPATH_REASON_H

#include "maps.bpf.h"

static const __u8 reason_fates[TP_REASON_COUNT] = {
#define REASON(name, fate, text) [TP_REASON_##name] = TP_FATE_##fate,
	TP_REASONS(REASON)
#undef REASON
};

/*
 * Compared and looked up here, by one register: clang would compare one copy and
 * look up by another, or after the next call, where Linux 6.1 knows no bound.
 */
static __always_inline __u32 reason_fate(__u32 reason)
{
	__u32 fate = TP_FATE_DROPPED;

	asm volatile("" : "+r"(reason));
	if (reason < TP_REASON_COUNT)
		fate = reason_fates[reason];
	asm volatile("" : "+r"(fate));
	return fate;
}

static __always_inline void reason_count(__u32 hook, __u32 reason)
{
	__u64 *counters = bpf_map_lookup_elem(&reasons, &hook);

	if (counters && reason < TP_REASON_COUNT)
		counters[reason]++;
}

#endif
