/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness.h - whether the main table was ever without a default, as a routing
 * daemon would have seen it.
 *
 * Owns: a copy of the kernel's routes, by its messages alone.
 */
#ifndef ROUTING_WITNESS_H
#define ROUTING_WITNESS_H

#include <netlink/netlink.h>
#include <stdbool.h>

#include "netlink_fib.h"

struct witness {
	struct nl_sock *socket;
	struct netlink_fib fib; /* as of the last message that was read */
};

void witness_open(struct witness *witness);
void witness_close(struct witness *witness);

/* Read what has come; whether there was a default after each message. */
bool witness_saw_default(struct witness *witness);

/* Whether there is one now. */
bool witness_sees_default(const struct witness *witness);

#endif
