/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * share.h - the exit of a host's new sessions.
 *
 * Owns: the choice between the selector and the host's share.  It is asked on a
 * miss only.  Which slot is whose is the daemon's; here is no arithmetic that both
 * gateways could do in two ways.  The destination does not count: a host has one
 * external address for all of them (RFC 4787 REQ-2).
 */
#ifndef TWINPATH_SHARE_H
#define TWINPATH_SHARE_H

#include "maps.bpf.h"
#include "twinpath/host.h"

/* Global, so that the verifier walks it once. */
__noinline __u32 share_among(const struct tp_addr *inside)
{
	const struct tp_selector *sel = ONLY(&selector);
	const struct tp_shares *table;
	const struct tp_exit *exit;
	__u32 id;

	if (!sel || !inside)
		return 0;
	table = ONLY(&shares);
	if (!table)
		return sel->exit;
	id = table->exit[tp_share_slot(inside)];
	exit = bpf_map_lookup_elem(&exits, &id);
	/* One that has just died: nobody waits for the next table. */
	return id && exit && exit->state == TP_EXIT_UP ? id : sel->exit;
}

/* The exit of new sessions of this host; 0: none. */
static __always_inline __u32 share_exit(const struct tp_addr *inside)
{
	const struct tp_selector *sel = ONLY(&selector);

	if (!sel)
		return 0;
	return sel->shared ? share_among(inside) : sel->exit;
}

#endif
