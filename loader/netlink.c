// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink.c - the daemon's picture of the kernel's network, kept by listening.
 *
 * Owns: the socket that listens, when to dump again, and telling the caller
 * once for all that was read.  It must never act on what it sees.
 */
#include <errno.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "log.h"
#include "netlink_picture.h"

#define BUFFER_SIZE 65536
#define SOCKET_BUFFER (8 << 20)

/* Messages of one turn, so that a storm cannot keep the loop. */
#define READS_A_TURN 1024

/* Dumps take at most a tenth of the time; after a loss, wait out the storm. */
#define DUMP_SHARE 10
#define LOSS_PAUSE_MS 1000

struct netlink {
	struct nl_sock *socket;
	struct netlink_requests requests;
	struct event *readable, *again;
	netlink_changed *changed;
	void *arg;
	struct netlink_picture picture;
	unsigned stale;	 /* NETLINK_*: tables to dump again */
	unsigned untold; /* NETLINK_*: changes that the caller does not know */
	bool lost;	 /* since the last dump: messages */
	msec_t next_dump;
	struct netlink_statistics statistics;
};

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- dumping again ---------------------------------------------------------- */

static int dump(struct netlink *netlink)
{
	msec_t start = now_ms(), took;
	unsigned changed;
	int err;

	err = netlink_picture_dump(&netlink->picture, &netlink->requests,
				   netlink->stale, &changed,
				   &netlink->statistics.interrupted);
	took = now_ms() - start;
	netlink->next_dump = start + took + took * DUMP_SHARE;
	if (netlink->lost && netlink->next_dump < start + LOSS_PAUSE_MS)
		netlink->next_dump = start + LOSS_PAUSE_MS;
	netlink->untold |= changed;
	if (err == -EAGAIN) /* good enough to go on with, not to stay with */
		return err;
	if (err) {
		log_warning(
			"netlink: cannot read the kernel's tables, trying again in a second: %s",
			strerror(-err));
		netlink->next_dump = start + LOSS_PAUSE_MS;
		return err;
	}
	if (netlink->lost)
		log_warning(
			"netlink: messages were lost, everything was read again");
	netlink->statistics.resyncs++;
	netlink->lost = false;
	netlink->stale = 0;
	return 0;
}

/* Dump what is stale, or see to it that it is done when it may be. */
static void settle(struct netlink *netlink)
{
	msec_t wait = netlink->next_dump - now_ms();
	struct timeval delay;

	if (!netlink->stale)
		return;
	if (wait <= 0) {
		if (!dump(netlink))
			return;
		wait = netlink->next_dump - now_ms();
	}
	if (wait < 1)
		wait = 1;
	delay.tv_sec = wait / 1000;
	delay.tv_usec = wait % 1000 * 1000;
	evtimer_add(netlink->again, &delay);
}

/* ---- listening --------------------------------------------------------------- */

/*
 * What we did ourselves is no news to the caller.  Nothing but routes can be
 * the echo of a request of ours.
 */
static unsigned news(struct netlink *netlink, const struct nlmsghdr *message,
		     unsigned changed)
{
	if (message->nlmsg_pid ==
	    nl_socket_get_local_port(netlink->requests.socket))
		return changed & ~(unsigned)NETLINK_ROUTES;
	return changed;
}

static void take_messages(struct netlink *netlink, char *buffer, int left)
{
	struct nlmsghdr *message = (struct nlmsghdr *)buffer;
	unsigned changed;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		netlink->statistics.messages++;
		changed = netlink_picture_event(&netlink->picture, message,
						&netlink->stale);
		netlink->untold |= news(netlink, message, changed);
	}
}

static void count_loss(struct netlink *netlink)
{
	netlink->statistics.overruns++;
	netlink->lost = true;
	netlink->stale = NETLINK_EVERYTHING;
}

/* One datagram.  False: there is none. */
static bool read_one(struct netlink *netlink)
{
	char buffer[BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from = { 0 };
	socklen_t size = sizeof(from);
	ssize_t got;

	got = recvfrom(nl_socket_get_fd(netlink->socket), buffer,
		       sizeof(buffer), MSG_TRUNC, (struct sockaddr *)&from,
		       &size);
	if (got < 0) {
		if (errno == ENOBUFS)
			count_loss(netlink);
		return errno == ENOBUFS || errno == EINTR;
	}
	if ((size_t)got > sizeof(buffer))
		count_loss(netlink);
	else if (!from.nl_pid) /* the kernel, nobody else */
		take_messages(netlink, buffer, (int)got);
	return true;
}

/*
 * Read what is there.  False: there is more, and nothing may be dumped, for in a
 * storm, until its queue has been emptied after a loss, the kernel drops what
 * comes next.
 */
static bool read_all(struct netlink *netlink)
{
	unsigned i;

	for (i = 0; i < READS_A_TURN; i++) {
		if (!read_one(netlink))
			return true;
	}
	return false;
}

static void tell(struct netlink *netlink)
{
	unsigned changes = netlink->untold;

	netlink->untold = 0;
	if (changes)
		netlink->changed(netlink->arg, changes);
}

/*
 * What was said is told before anything is asked: a dump waits for the kernel's
 * lock (RTNL), which whoever has just taken a link down may hold for many
 * milliseconds more, and a lost carrier does not wait.
 */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *netlink = arg;
	bool empty = read_all(netlink);

	(void)fd;
	(void)what;
	tell(netlink);
	if (empty)
		settle(netlink);
	tell(netlink);
}

void netlink_refresh(struct netlink *netlink)
{
	if (read_all(netlink))
		settle(netlink);
	if (netlink->untold)
		event_active(netlink->readable, EV_READ, 0);
}

/* ---- open, close -------------------------------------------------------------- */

static int subscribe(struct nl_sock *socket)
{
	const int size = SOCKET_BUFFER;
	int fd;

	errno = 0;
	if (nl_connect(socket, NETLINK_ROUTE) < 0 ||
	    nl_socket_add_memberships(socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_NEIGH,
				      RTNLGRP_NEXTHOP, 0) < 0 ||
	    nl_socket_set_nonblocking(socket) < 0)
		return errno ? -errno : -EIO;
	fd = nl_socket_get_fd(socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return -errno;
	return 0;
}

static int make_events(struct netlink *netlink, struct event_base *base)
{
	netlink->readable = event_new(base, nl_socket_get_fd(netlink->socket),
				      EV_READ | EV_PERSIST, on_readable,
				      netlink);
	netlink->again = evtimer_new(base, on_readable, netlink);
	if (!netlink->readable || !netlink->again ||
	    event_add(netlink->readable, NULL))
		return -ENOMEM;
	return 0;
}

int netlink_open(struct netlink **out, struct event_base *base,
		 netlink_changed *changed, void *arg)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int err = -ENOMEM;

	if (!netlink)
		return -ENOMEM;
	netlink->changed = changed;
	netlink->arg = arg;
	netlink_picture_init(&netlink->picture);
	netlink->socket = nl_socket_alloc();
	if (!netlink->socket)
		goto fail;
	/* Listen first: nothing falls between the dump and the first event. */
	err = subscribe(netlink->socket);
	if (!err)
		err = netlink_requests_open(&netlink->requests);
	if (!err)
		err = make_events(netlink, base);
	if (err)
		goto fail;
	netlink->stale = NETLINK_EVERYTHING;
	err = dump(netlink);
	if (err && err != -EAGAIN)
		goto fail;
	settle(netlink);
	netlink->untold = 0;
	*out = netlink;
	return 0;
fail:
	netlink_close(netlink);
	return err;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->again)
		event_free(netlink->again);
	if (netlink->readable)
		event_free(netlink->readable);
	netlink_requests_close(&netlink->requests);
	nl_socket_free(netlink->socket);
	netlink_picture_clear(&netlink->picture);
	free(netlink);
}

/* ---- the tables ---------------------------------------------------------------- */

const struct netlink_link *netlink_next_link(const struct netlink *netlink,
					     const struct netlink_link *last)
{
	return netlink_table_next(&netlink->picture.links, last);
}

const struct netlink_link *netlink_link_by_name(const struct netlink *netlink,
						const char *name)
{
	const struct netlink_link *link = NULL;

	while ((link = netlink_next_link(netlink, link))) {
		if (!strcmp(link->name, name))
			break;
	}
	return link;
}

const struct netlink_link *netlink_link_by_index(const struct netlink *netlink,
						 unsigned index)
{
	const struct netlink_link key = { .index = index };
	void *found;

	netlink_table_find(&netlink->picture.links, &key, &found);
	return found;
}

const struct netlink_address *
netlink_next_address(const struct netlink *netlink,
		     const struct netlink_address *last)
{
	return netlink_table_next(&netlink->picture.addresses, last);
}

const struct netlink_neighbour *
netlink_find_neighbour(const struct netlink *netlink, unsigned ifindex,
		       const struct tp_addr *address)
{
	const struct netlink_neighbour key = {
		.ifindex = ifindex,
		.address = *address,
	};
	void *found;

	netlink_table_find(&netlink->picture.neighbours, &key, &found);
	return found;
}

const struct netlink_neighbour *
netlink_next_neighbour(const struct netlink *netlink,
		       const struct netlink_neighbour *last)
{
	return netlink_table_next(&netlink->picture.neighbours, last);
}

const struct netlink_route *netlink_next_route(const struct netlink *netlink,
					       const struct netlink_route *last)
{
	return netlink_fib_next(&netlink->picture.routes, last);
}

struct netlink_statistics netlink_statistics(const struct netlink *netlink)
{
	return netlink->statistics;
}

struct netlink_requests *netlink_requests_of(struct netlink *netlink)
{
	return &netlink->requests;
}

const char *netlink_explanation(const struct netlink *netlink)
{
	return netlink->requests.explanation;
}
