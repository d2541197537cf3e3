/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inside.h - is a source on the LAN an inside address?
 *
 * Owns: the answer that a host's ration remembers, so that the routes are asked
 * once a host and not once a session.  Only "yes, and nothing special" is
 * remembered, under the epoch of the routes that said so, which changes after they
 * have; and under the incarnation of the line, so that what a late CPU writes into a
 * line that has become another host's is worth nothing.
 */
#ifndef TWINPATH_INSIDE_H
#define TWINPATH_INSIDE_H

#include "martian.h"
#include "ration.h"

#define INSIDE_YES (1U << 31)
#define INSIDE_INCARNATION(held) ((__u32)((held) >> 48) & 0x7fff)

/* The line of the host, and what it holds when it is the host's; or 0. */
static __always_inline struct tp_ration *
inside_line(const struct tp_addr *source, __u64 *held)
{
	struct tp_ration *ration =
		ration_at(ration_search(source, ration_hash(source)));

	if (!ration)
		return 0;
	*held = *(volatile __u64 *)&ration->held;
	return ration_is(ration, *held, source) ? ration : 0;
}

static __always_inline __u32 inside_word(const struct tp_settings *set,
					 __u64 held)
{
	return INSIDE_YES | INSIDE_INCARNATION(held) << 16 | set->route_epoch;
}

/* What the routes say: GO_ON, or why it may not go out. */
static __always_inline __u32 inside_asked(const struct tp_addr *source)
{
	const struct tp_route *route = route_find(source);

	if (!route || route->kind != TP_ROUTE_INSIDE)
		return martian_inside(route_kind(route));
	return route->from_kernel ? TP_REASON_excluded : GO_ON;
}

/* The same, from the host's line where that knows; it is told where it does not. */
static __always_inline __u32 inside_source(const struct hook *hook,
					   const struct tp_addr *source,
					   int tell)
{
	__u64 held = 0;
	struct tp_ration *ration = inside_line(source, &held);
	__u32 word = inside_word(hook->set, held), reason;

	if (ration && *(volatile __u32 *)&ration->inside == word)
		return GO_ON;
	reason = inside_asked(source);
	if (ration && tell && reason == GO_ON)
		*(volatile __u32 *)&ration->inside = word;
	return reason;
}

#endif
