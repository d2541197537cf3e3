/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign_read.h - one dump of a netlink protocol, from socket to close.
 */
#ifndef TWINPATH_FOREIGN_READ_H
#define TWINPATH_FOREIGN_READ_H

#include "foreign.h"
#include "netlink_request.h"

typedef void foreign_take(struct foreign *out, struct nlmsghdr *message);

/*
 * foreign_dump - ask, and show `take` each message of the answer; again when the
 * answer was interrupted.  A protocol that this kernel does not speak holds
 * nothing.  Returns 0 or a negative errno.
 */
int foreign_dump(struct foreign *out, int protocol, uint16_t type,
		 const void *header, size_t size, foreign_take *take);
/* The same for a question with a single answer. */
int foreign_ask(struct foreign *out, int protocol, uint16_t type,
		const void *header, size_t size, foreign_take *take);

/* IPv4 in network order as a prefix of 16 bytes. */
struct prefix foreign_prefix_of(in_addr_t address, uint8_t length);

#endif
