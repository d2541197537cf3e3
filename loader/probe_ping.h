/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_ping.h - what the kinds "icmp" and "echo" have in common: both send an
 * ICMP echo request to the next hop's MAC address, past all routing tables.
 *
 * Owns: what belongs to whom in the datagram.  Whom it asks, and by which type an
 * answer is known, the kinds say.
 */
#ifndef TWINPATH_PROBE_PING_H
#define TWINPATH_PROBE_PING_H

#include "probe_kind.h"

/* As (*send) of struct probe_kind. */
int probe_ping_send(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, const struct tp_addr *target,
		    uint8_t ttl);

/* As (*receive): from nobody else, and with this TTL unless it is 0. */
int probe_ping_receive(int fd, const struct tp_addr *from, uint8_t ttl,
		       struct probe_answer *answer);

#endif
