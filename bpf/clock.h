/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - the data plane's time.
 *
 * Owns: ticks of 1/16 s out of jiffies, which cost nothing to read and do not
 * step with the wall clock (bpf_ktime_get_ns costs 29 ns).  Stamps are compared
 * modulo 2^31 and never with a clock of userspace.
 */
#ifndef TWINPATH_CLOCK_H
#define TWINPATH_CLOCK_H

#include "maps.bpf.h"

extern unsigned int CONFIG_HZ __kconfig;

/*
 * 2^20 * 16 / HZ.  The verifier knows CONFIG_HZ, so one branch is left; a
 * division by a value only it knows would stay in the program.
 */
static __always_inline __u64 clock_scale(void)
{
	switch (CONFIG_HZ) {
	case 100:
		return 167772;
	case 250:
		return 67109;
	case 300:
		return 55924;
	case 1000:
		return 16777;
	default:
		return (TP_TICKS_PER_SECOND << 20) / CONFIG_HZ;
	}
}

static __always_inline __u32 clock_now(const struct tp_settings *set)
{
	return (__u32)((bpf_jiffies64() * clock_scale()) >> 20) +
	       set->time_offset;
}

/* Has `stamp` passed at `now`? */
static __always_inline int clock_passed(__u32 stamp, __u32 now)
{
	return (__s32)(now - stamp) >= 0;
}

#endif
