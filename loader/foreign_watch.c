// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_watch.c - see foreign_watch.h.
 *
 * Owns: the sockets that listen, and when to read again.  What a message says is
 * of no interest: everything is read anew, soon after the first of a burst.
 */
#include <errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>

#include "foreign_watch.h"
#include "log.h"

/* A ruleset is loaded in many messages; then reading it has its share of the
 * time, and no more, but on a slow machine too it is seen soon. */
#define SETTLE_MS 20
#define READ_SHARE 10
#define REST_MOST_MS 300

/* The iptables of before nftables announces nothing. */
#define LOOK_AGAIN_MS 5000

#define GROUPS 2

struct source {
	int protocol;
	int groups[GROUPS]; /* 0 ends them */
};

static const struct source sources[] = {
	{ NETLINK_ROUTE, { RTNLGRP_IPV4_RULE, RTNLGRP_TC } },
	{ NETLINK_XFRM, { XFRMNLGRP_POLICY } },
	{ NETLINK_NETFILTER, { NFNLGRP_NFTABLES } },
};
#define SOURCES (sizeof(sources) / sizeof(sources[0]))

struct foreign_watch {
	void (*changed)(void *arg, const struct foreign *was);
	void *arg;
	struct nl_sock *sockets[SOURCES];
	struct event *readable[SOURCES];
	struct event *due;
	bool settling; /* due because of a message */
	msec_t rest;   /* no reading before */
	struct foreign seen;
	int said; /* the last failure to read, so that it is said once */
};

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_in(struct foreign_watch *watch, msec_t delay)
{
	const struct timeval timeout = { delay / 1000, delay % 1000 * 1000 };

	evtimer_add(watch->due, &timeout);
}

static int read_now(struct foreign_watch *watch, struct foreign *fresh)
{
	msec_t began = now_ms(), rest;
	int err = foreign_read(fresh);

	rest = (now_ms() - began) * READ_SHARE;
	watch->rest = now_ms() + (rest < REST_MOST_MS ? rest : REST_MOST_MS);
	if (err && err != watch->said)
		log_warning("cannot read all of the machine's own rules, "
			    "policies and qdiscs: %s",
			    strerror(-err));
	watch->said = err;
	return err;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct foreign_watch *watch = arg;
	struct foreign was = watch->seen, fresh;

	(void)fd;
	(void)what;
	watch->settling = false;
	read_in(watch, LOOK_AGAIN_MS);
	/* Half a picture would take exclusions away. */
	if (read_now(watch, &fresh) || !memcmp(&was, &fresh, sizeof(was)))
		return;
	watch->seen = fresh;
	watch->changed(watch->arg, &was);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct foreign_watch *watch = arg;
	msec_t wait = watch->rest - now_ms();
	char buffer[4096];

	(void)what;
	while (recv(fd, buffer, sizeof(buffer), MSG_TRUNC) >= 0 ||
	       errno == ENOBUFS || errno == EINTR)
		;
	if (watch->settling)
		return;
	watch->settling = true;
	read_in(watch, wait > SETTLE_MS ? wait : SETTLE_MS);
}

/* ---- open, close ---------------------------------------------------------------- */

/* A protocol that this kernel does not speak is no error: nothing to hear. */
static int listen_to(struct foreign_watch *watch, struct event_base *base,
		     unsigned n)
{
	const struct source *source = &sources[n];
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return -ENOMEM;
	watch->sockets[n] = sock;
	nl_socket_disable_seq_check(sock);
	errno = 0;
	if (nl_connect(sock, source->protocol) < 0)
		return errno == EPROTONOSUPPORT ? 0 : -(errno ?: EIO);
	for (unsigned i = 0; i < GROUPS && source->groups[i]; i++)
		if (nl_socket_add_memberships(sock, source->groups[i], 0) < 0)
			return -(errno ?: EIO);
	if (nl_socket_set_nonblocking(sock) < 0)
		return -(errno ?: EIO);
	watch->readable[n] = event_new(base, nl_socket_get_fd(sock),
				       EV_READ | EV_PERSIST, on_readable,
				       watch);
	if (!watch->readable[n] || event_add(watch->readable[n], NULL))
		return -ENOMEM;
	return 0;
}

int foreign_watch_open(struct foreign_watch **out, struct event_base *base,
		       void (*changed)(void *arg, const struct foreign *was),
		       void *arg)
{
	struct foreign_watch *watch = calloc(1, sizeof(*watch));
	int err = 0;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->arg = arg;
	watch->due = evtimer_new(base, on_due, watch);
	if (!watch->due)
		err = -ENOMEM;
	/* Listen first: nothing falls between. */
	for (unsigned i = 0; !err && i < SOURCES; i++)
		err = listen_to(watch, base, i);
	if (err) {
		log_error("cannot listen for the machine's own rules, policies "
			  "and qdiscs: %s",
			  strerror(-err));
		foreign_watch_close(watch);
		return err;
	}
	read_now(watch, &watch->seen);
	read_in(watch, LOOK_AGAIN_MS);
	*out = watch;
	return 0;
}

void foreign_watch_close(struct foreign_watch *watch)
{
	if (!watch)
		return;
	for (unsigned i = 0; i < SOURCES; i++) {
		if (watch->readable[i])
			event_free(watch->readable[i]);
		nl_socket_free(watch->sockets[i]);
	}
	if (watch->due)
		event_free(watch->due);
	free(watch);
}

const struct foreign *foreign_seen(const struct foreign_watch *watch)
{
	return &watch->seen;
}
