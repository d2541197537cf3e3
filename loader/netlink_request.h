/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_request.h - one request at a time: send it, wait for the
 * acknowledgement, or for the end of the dump.
 */
#ifndef TWINPATH_NETLINK_REQUEST_H
#define TWINPATH_NETLINK_REQUEST_H

#include <netlink/msg.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/netlink.h>

struct netlink;

struct netlink_requests {
	struct nl_sock *socket;
	char explanation[128]; /* of the last request; may be empty */
};

/* 0 or a negative errno. */
int netlink_requests_open(struct netlink_requests *requests);
/* The same, of another protocol than rtnetlink: NETLINK_XFRM, ... */
int netlink_requests_open_to(struct netlink_requests *requests, int protocol);
void netlink_requests_close(struct netlink_requests *requests);

/* A request to build: NULL when there is no memory. */
struct nl_msg *netlink_message(uint16_t type, uint16_t flags,
			       const void *header, size_t size);

/*
 * Both take `message` and free it; NULL gives -ENOMEM.  They return 0 or the
 * kernel's negative errno; -ETIMEDOUT when it says nothing.
 */
int netlink_request(struct netlink_requests *requests, struct nl_msg *message);
/*
 * `each` is called for every message of the answer.  -EAGAIN: what was
 * dumped changed meanwhile (NLM_F_DUMP_INTR), so the answer is no picture of
 * any moment.
 */
int netlink_dump(struct netlink_requests *requests, struct nl_msg *message,
		 void (*each)(void *arg, struct nlmsghdr *message), void *arg);

/* The socket that netlink_open has made for requests; see netlink_write.c. */
struct netlink_requests *netlink_requests_of(struct netlink *netlink);

#endif
