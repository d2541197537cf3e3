// SPDX-License-Identifier: GPL-2.0-or-later
/* witness.c - see witness.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#include "netlink_request.h"
#include "witness.h"

void witness_open(struct witness *witness)
{
	struct nl_sock *socket = nl_socket_alloc();

	assert_non_null(socket);
	assert_int_equal(nl_connect(socket, NETLINK_ROUTE), 0);
	assert_int_equal(nl_socket_add_membership(socket, RTNLGRP_IPV4_ROUTE),
			 0);
	nl_socket_set_nonblocking(socket);
	memset(witness, 0, sizeof(*witness));
	witness->socket = socket;
}

void witness_close(struct witness *witness)
{
	netlink_fib_clear(&witness->fib);
	nl_socket_free(witness->socket);
}

bool witness_sees_default(const struct witness *witness)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_fib_next(&witness->fib, route))) {
		if (route->table == RT_TABLE_MAIN && route->to.length == 96 &&
		    route->type == RTN_UNICAST)
			return true;
	}
	return false;
}

bool witness_saw_default(struct witness *witness)
{
	char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = nl_socket_get_fd(witness->socket);
	struct netlink_whole_route route;
	bool always = witness_sees_default(witness);
	ssize_t got;

	while ((got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		struct nlmsghdr *message = (struct nlmsghdr *)buffer;
		int left = (int)got;

		for (; nlmsg_ok(message, left);
		     message = nlmsg_next(message, &left)) {
			if (!netlink_parse_route(message, &route))
				continue;
			if (message->nlmsg_type == RTM_NEWROUTE)
				netlink_fib_put(&witness->fib, &route,
						message->nlmsg_flags);
			else
				netlink_fib_drop(&witness->fib, &route);
			always = always && witness_sees_default(witness);
		}
	}
	assert_int_equal(errno, EAGAIN);
	return always;
}
