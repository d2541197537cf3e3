// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_request.c - one request at a time: send, wait for the answer.
 *
 * Owns: the socket for requests and dumps, apart from the one that listens, so
 * that an answer never waits behind events.  It must never interpret what an
 * answer is about.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <linux/rtnetlink.h>

#include "netlink_request.h"

/* No dump message is larger: the kernel fills at most 32 KiB at a time. */
#define BUFFER_SIZE 65536

/* rtnetlink answers within the call; this only keeps the loop from hanging. */
#define ANSWER_SECONDS 2

struct answer {
	struct netlink_requests *requests;
	uint32_t sequence;
	void (*each)(void *arg, struct nlmsghdr *message);
	void *arg;
	bool done, interrupted;
	int result;
};

static int set_options(int fd)
{
	const struct timeval timeout = { .tv_sec = ANSWER_SECONDS };
	const int on = 1;

	/* Without it the kernel takes no filter and dumps every table. */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		       sizeof(on)))
		return -errno;
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return -errno;
	return 0;
}

int netlink_requests_open(struct netlink_requests *requests)
{
	return netlink_requests_open_to(requests, NETLINK_ROUTE);
}

int netlink_requests_open_to(struct netlink_requests *requests, int protocol)
{
	int err;

	memset(requests, 0, sizeof(*requests));
	requests->socket = nl_socket_alloc();
	if (!requests->socket)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(requests->socket, protocol) < 0) {
		err = errno ? -errno : -EIO;
		goto fail;
	}
	err = set_options(nl_socket_get_fd(requests->socket));
	if (err)
		goto fail;
	return 0;
fail:
	netlink_requests_close(requests);
	return err;
}

void netlink_requests_close(struct netlink_requests *requests)
{
	nl_socket_free(requests->socket);
	requests->socket = NULL;
}

struct nl_msg *netlink_message(uint16_t type, uint16_t flags,
			       const void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message && nlmsg_append(message, (void *)(uintptr_t)header, size,
				    NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* The kernel's own sentence follows the header of our request. */
static void keep_explanation(struct netlink_requests *requests,
			     struct nlmsghdr *message)
{
	size_t skip = sizeof(struct nlmsgerr);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nlmsg_datalen(message) < (int)skip)
		return;
	if (nla_parse(tb, NLMSGERR_ATTR_MAX,
		      (struct nlattr *)((char *)nlmsg_data(message) + skip),
		      nlmsg_datalen(message) - (int)skip, NULL) < 0)
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(requests->explanation, tb[NLMSGERR_ATTR_MSG],
			    sizeof(requests->explanation));
}

static void take_message(struct answer *answer, struct nlmsghdr *message)
{
	/* The rest of an answer that we had given up waiting for. */
	if (message->nlmsg_seq != answer->sequence)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		answer->done = true;
		if (nlmsg_datalen(message) < (int)sizeof(struct nlmsgerr)) {
			answer->result = -EBADMSG;
			return;
		}
		answer->result =
			((struct nlmsgerr *)nlmsg_data(message))->error;
		keep_explanation(answer->requests, message);
		return;
	case NLMSG_DONE:
		/* A dump that fails says so at its end. */
		answer->done = true;
		if (nlmsg_datalen(message) >= (int)sizeof(int))
			answer->result = *(int *)nlmsg_data(message);
		return;
	default:
		if (answer->each)
			answer->each(answer->arg, message);
	}
}

static int receive(struct answer *answer)
{
	char buffer[BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message = (struct nlmsghdr *)buffer;
	int fd = nl_socket_get_fd(answer->requests->socket);
	ssize_t got;
	int left;

	do {
		got = recv(fd, buffer, sizeof(buffer), MSG_TRUNC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if ((size_t)got > sizeof(buffer))
		return -EMSGSIZE;
	left = (int)got;
	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
		take_message(answer, message);
	return 0;
}

static int converse(struct answer *answer, struct nl_msg *message)
{
	int err;

	if (!message)
		return -ENOMEM;
	answer->requests->explanation[0] = '\0';
	errno = 0;
	if (nl_send_auto(answer->requests->socket, message) < 0) {
		err = errno ? -errno : -EIO;
		nlmsg_free(message);
		return err;
	}
	answer->sequence = nlmsg_hdr(message)->nlmsg_seq;
	nlmsg_free(message);
	while (!answer->done) {
		err = receive(answer);
		if (err)
			return err;
	}
	return answer->result;
}

int netlink_request(struct netlink_requests *requests, struct nl_msg *message)
{
	struct answer answer = { .requests = requests };

	return converse(&answer, message);
}

int netlink_dump(struct netlink_requests *requests, struct nl_msg *message,
		 void (*each)(void *arg, struct nlmsghdr *message), void *arg)
{
	struct answer answer = {
		.requests = requests,
		.each = each,
		.arg = arg,
	};
	int err = converse(&answer, message);

	if (!err && answer.interrupted)
		return -EAGAIN;
	return err;
}
