// SPDX-License-Identifier: GPL-2.0-or-later
/* foreign_read.c - see foreign_read.h. */
#include <errno.h>
#include <netlink/netlink.h>

#include "address.h"
#include "foreign_read.h"

#define TRIES 3 /* of an interrupted dump */

struct dump {
	struct foreign *out;
	foreign_take *take;
};

static void collect(void *arg, struct nlmsghdr *message)
{
	struct dump *dump = arg;

	dump->take(dump->out, message);
}

/* nfnetlink says EINVAL where it has no such part. */
static bool is_absent(int err)
{
	return err == -EPROTONOSUPPORT || err == -EOPNOTSUPP ||
	       err == -EINVAL || err == -ENOENT;
}

static int converse(struct dump *dump, int protocol, uint16_t type,
		    uint16_t flags, const void *header, size_t size)
{
	struct netlink_requests requests;
	struct foreign before = *dump->out;
	int err = netlink_requests_open_to(&requests, protocol), tries = 0;

	if (err)
		return is_absent(err) ? 0 : err;
	do {
		*dump->out = before;
		err = netlink_dump(&requests,
				   netlink_message(type, flags, header, size),
				   collect, dump);
	} while (err == -EAGAIN && ++tries < TRIES);
	netlink_requests_close(&requests);
	if (err == -EAGAIN || is_absent(err))
		return 0; /* good enough: the next change is told as well */
	return err;
}

int foreign_dump(struct foreign *out, int protocol, uint16_t type,
		 const void *header, size_t size, foreign_take *take)
{
	struct dump dump = { .out = out, .take = take };

	return converse(&dump, protocol, type, NLM_F_DUMP, header, size);
}

int foreign_ask(struct foreign *out, int protocol, uint16_t type,
		const void *header, size_t size, foreign_take *take)
{
	struct dump dump = { .out = out, .take = take };

	return converse(&dump, protocol, type, 0, header, size);
}

struct prefix foreign_prefix_of(in_addr_t address, uint8_t length)
{
	struct tp_addr mapped = address_from_v4(address);

	return prefix_of(&mapped, (uint8_t)(96 + length));
}
