/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pressure.h - what the data plane does when it runs short of something, beside
 * the way of a packet: which is why none of it is a reason (reasons.h).
 *
 * Owns: the one list; the counters and the names are made from it.
 *
 * PRESSURE(name, what it says to an operator)
 */
#ifndef TWINPATH_PRESSURE_H
#define TWINPATH_PRESSURE_H

#include <linux/types.h>

/* clang-format off */
#define TP_PRESSURES(PRESSURE)                                               \
	PRESSURE(ports_ripened, "ports of finished connections freed early") \
	PRESSURE(sessions_ripened, "lines of finished or half-open sessions freed early") \
	PRESSURE(hosts_uncounted, "sessions of hosts beyond those that can be counted") \
	PRESSURE(resets_withheld, "TCP resets to hosts, beyond the pace")    \
	PRESSURE(answers_withheld, "ICMP errors to hosts, beyond the pace")

/* clang-format on */

enum tp_pressure_kind {
#define PRESSURE(name, text) TP_PRESSURE_##name,
	TP_PRESSURES(PRESSURE)
#undef PRESSURE
	TP_PRESSURE_COUNT,
};

/* A struct of named counters, so that a dump prints the names. */
struct tp_pressure {
#define PRESSURE(name, text) __u64 name;
	TP_PRESSURES(PRESSURE)
#undef PRESSURE
};

_Static_assert(sizeof(struct tp_pressure) == TP_PRESSURE_COUNT * sizeof(__u64),
	       "one counter a kind");

#endif
