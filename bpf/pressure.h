/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pressure.h - counts what is done for want of room.
 *
 * Owns: the pressure map's only writes.
 */
#ifndef TWINPATH_BPF_PRESSURE_H
#define TWINPATH_BPF_PRESSURE_H

#include "maps.bpf.h"

static __always_inline void pressure_count(__u32 kind)
{
	__u64 *counters = (__u64 *)ONLY(&pressure);

	if (counters && kind < TP_PRESSURE_COUNT)
		counters[kind]++;
}

#endif
