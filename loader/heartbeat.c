// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heartbeat.c - the socket and the timer of the heartbeat.
 *
 * Owns: one UDP socket between the two gateways' LAN addresses.  Nothing of it
 * is ever routed: TTL 1, and only to a neighbour (SO_DONTROUTE), so that with
 * the LAN down it does not leave by an uplink.  What a message means is judged
 * in heartbeat_message.c and heartbeat_accept.c.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "heartbeat.h"
#include "heartbeat_accept.h"
#include "log.h"

/* One complaint of a kind in this time, whoever floods us. */
#define COMPLAINT_PACE 60000
/* Messages that one wake-up reads: a flood must not stop the daemon's loop. */
#define BURST 64

enum complaint {
	COMPLAINT_FORGED,
	COMPLAINT_FORMAT,
	COMPLAINT_SEND,
	COMPLAINTS,
};

struct heartbeat {
	int fd;
	struct event *readable;
	struct event *beat;
	struct sockaddr_in to;
	struct heartbeat_seal outward, inward;
	struct heartbeat_accept state;
	struct heartbeat_report theirs;
	struct heartbeat_counters counters;
	struct heartbeat_callbacks callbacks;
	void *arg;
	bool fresh, two_way; /* as last told */
	uint64_t awaited;    /* the last poke, not heard yet; or 0 */
	msec_t complained[COMPLAINTS];
};

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool may_complain(struct heartbeat *heartbeat, enum complaint kind)
{
	msec_t *last = &heartbeat->complained[kind];
	msec_t now = now_ms();

	if (*last && now - *last < COMPLAINT_PACE)
		return false;
	*last = now;
	return true;
}

/* ---- telling the daemon ------------------------------------------------ */

void heartbeat_view(const struct heartbeat *heartbeat,
		    struct heartbeat_view *view)
{
	msec_t now = now_ms();

	memset(view, 0, sizeof(*view));
	if (!heartbeat)
		return;
	view->running = true;
	view->known = heartbeat->state.theirs.boot;
	view->fresh = heartbeat_accept_fresh(&heartbeat->state, now);
	view->two_way = heartbeat_accept_two_way(&heartbeat->state, now);
	view->boots = heartbeat->state.boots;
	view->echoed = heartbeat->state.echoed;
	view->at = heartbeat->state.at;
	view->theirs = heartbeat->theirs;
	view->counters = heartbeat->counters;
}

/* `news`: beyond what has to do with time. */
static void tell(struct heartbeat *heartbeat, bool news)
{
	struct heartbeat_view view;

	heartbeat_view(heartbeat, &view);
	if (!news && view.fresh == heartbeat->fresh &&
	    view.two_way == heartbeat->two_way)
		return;
	heartbeat->fresh = view.fresh;
	heartbeat->two_way = view.two_way;
	heartbeat->callbacks.changed(heartbeat->arg, &view);
}

/* ---- sending ----------------------------------------------------------- */

/* Returns the message's counter, 0 when it did not leave. */
static uint64_t send_one(struct heartbeat *heartbeat, bool ask)
{
	struct heartbeat_message message = { .ask = ask };
	uint8_t bytes[HEARTBEAT_MAX];
	size_t length;

	heartbeat->callbacks.fill(heartbeat->arg, &message.report);
	heartbeat_accept_stamp(&heartbeat->state, now_ms(), &message);
	length = heartbeat_encode(&heartbeat->outward, &message, bytes);
	if (sendto(heartbeat->fd, bytes, length, 0,
		   (const struct sockaddr *)&heartbeat->to,
		   sizeof(heartbeat->to)) == (ssize_t)length) {
		heartbeat->counters.sent++;
		return message.from.counter;
	}
	/* The partner's host says that nobody listens there: no news. */
	if (errno != ECONNREFUSED && may_complain(heartbeat, COMPLAINT_SEND))
		log_warning("heartbeat: cannot send: %s", strerror(errno));
	heartbeat->counters.unsent++;
	return 0;
}

uint64_t heartbeat_poke(struct heartbeat *heartbeat)
{
	if (!heartbeat)
		return 0;
	heartbeat->awaited = send_one(heartbeat, true);
	return heartbeat->awaited;
}

/* ---- receiving --------------------------------------------------------- */

static void count_refused(struct heartbeat *heartbeat,
			  enum heartbeat_decoded what)
{
	struct heartbeat_counters *counters = &heartbeat->counters;

	switch (what) {
	case HEARTBEAT_GOOD:
		break;
	case HEARTBEAT_MALFORMED:
		counters->malformed++;
		break;
	case HEARTBEAT_FORGED:
		counters->forged++;
		if (may_complain(heartbeat, COMPLAINT_FORGED))
			log_warning("heartbeat: a message with the partner's "
				    "address is not sealed with our key: do "
				    "both gateways have the same key file?");
		break;
	case HEARTBEAT_OTHER_FORMAT:
		counters->version++;
		if (may_complain(heartbeat, COMPLAINT_FORMAT))
			log_warning("heartbeat: the partner speaks another "
				    "format: run the same release on both "
				    "gateways; until then there is no "
				    "heartbeat");
		break;
	}
}

static void take(struct heartbeat *heartbeat,
		 const struct heartbeat_message *message, bool restarted)
{
	bool news = restarted || heartbeat_report_differs(&message->report,
							  &heartbeat->theirs);

	heartbeat->counters.accepted++;
	heartbeat->theirs = message->report;
	if (heartbeat->awaited &&
	    heartbeat->state.echoed >= heartbeat->awaited) {
		heartbeat->awaited = 0;
		news = true;
	}
	heartbeat->callbacks.heard(heartbeat->arg, &heartbeat->theirs);
	if (restarted)
		log_info("heartbeat: the partner speaks: version %s",
			 *message->report.version ? message->report.version :
						    "unknown");
	/* Before `changed`: what it sends itself shall not be the answer. */
	if (message->ask)
		send_one(heartbeat, false);
	tell(heartbeat, news);
}

static void receive(struct heartbeat *heartbeat, const uint8_t *bytes,
		    size_t length)
{
	struct heartbeat_counters *counters = &heartbeat->counters;
	struct heartbeat_message message;
	enum heartbeat_decoded what =
		heartbeat_decode(&heartbeat->inward, bytes, length, &message);

	if (what != HEARTBEAT_GOOD) {
		count_refused(heartbeat, what);
		return;
	}
	switch (heartbeat_accept_judge(&heartbeat->state, &message, now_ms())) {
	case HEARTBEAT_ACCEPTED:
		take(heartbeat, &message, false);
		break;
	case HEARTBEAT_ACCEPTED_BOOT:
		take(heartbeat, &message, true);
		break;
	case HEARTBEAT_REPLAYED:
		counters->replayed++;
		break;
	case HEARTBEAT_STALE:
		counters->stale++;
		break;
	}
}

static void drain(struct heartbeat *heartbeat)
{
	uint8_t bytes[HEARTBEAT_MAX + 1]; /* one more than is good */
	struct sockaddr_in from;

	for (unsigned i = 0; i < BURST; i++) {
		socklen_t size = sizeof(from);
		ssize_t length = recvfrom(heartbeat->fd, bytes, sizeof(bytes),
					  0, (struct sockaddr *)&from, &size);

		if (length < 0)
			return;
		if (from.sin_addr.s_addr == heartbeat->to.sin_addr.s_addr)
			receive(heartbeat, bytes, (size_t)length);
		else
			heartbeat->counters.forged++;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

/* What is in the socket first: a late timer of mine is not their silence. */
static void on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct heartbeat *heartbeat = arg;

	(void)fd;
	(void)what;
	drain(heartbeat);
	send_one(heartbeat, false);
	tell(heartbeat, false);
}

/* ---- opening ----------------------------------------------------------- */

static struct sockaddr_in socket_address(const struct tp_addr *address,
					 uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = address_to_v4(address),
	};
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno :
								      0;
}

static int open_socket(const struct tp_addr *local, uint16_t port)
{
	struct sockaddr_in here = socket_address(local, port);
	int fd, err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Freebind: the LAN may come up after the daemon.  CS6 is what RFC
	 * 4594 3.1 gives to routing protocols: a busy LAN delays it last. */
	err = set_option(fd, IPPROTO_IP, IP_FREEBIND, 1)	  ?:
		      set_option(fd, SOL_SOCKET, SO_DONTROUTE, 1) ?:
		      set_option(fd, IPPROTO_IP, IP_TTL, 1)	  ?:
		      set_option(fd, IPPROTO_IP, IP_TOS, IPTOS_CLASS_CS6);
	if (!err && bind(fd, (const struct sockaddr *)&here, sizeof(here)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void init(struct heartbeat *heartbeat,
		 const struct heartbeat_config *config)
{
	uint64_t boot = 0;

	while (!boot)
		randombytes_buf(&boot, sizeof(boot));
	heartbeat_accept_init(&heartbeat->state, boot);
	memcpy(heartbeat->outward.key, config->key, KEY_BYTES);
	heartbeat->outward.from = config->local;
	heartbeat->outward.to = config->partner;
	heartbeat->inward = heartbeat->outward;
	heartbeat->inward.from = config->partner;
	heartbeat->inward.to = config->local;
	heartbeat->to = socket_address(&config->partner, config->port);
}

static int start(struct heartbeat *heartbeat, struct event_base *base,
		 const struct heartbeat_config *config)
{
	const struct timeval interval = { 0, HEARTBEAT_INTERVAL * 1000 };

	heartbeat->fd = open_socket(&config->local, config->port);
	if (heartbeat->fd < 0)
		return heartbeat->fd;
	heartbeat->readable = event_new(base, heartbeat->fd,
					EV_READ | EV_PERSIST, on_readable,
					heartbeat);
	heartbeat->beat = event_new(base, -1, EV_PERSIST, on_beat, heartbeat);
	if (!heartbeat->readable || !heartbeat->beat)
		return -ENOMEM;
	event_add(heartbeat->readable, NULL);
	event_add(heartbeat->beat, &interval);
	return 0;
}

int heartbeat_open(struct heartbeat **out, struct event_base *base,
		   const struct heartbeat_config *config,
		   const struct heartbeat_callbacks *callbacks, void *arg)
{
	struct heartbeat *heartbeat;
	char text[ADDRESS_TEXT];
	int err;

	*out = NULL;
	if (!config->key) {
		log_info("no key in the partner section: no heartbeat");
		return 0;
	}
	if (sodium_init() < 0)
		return -EIO;
	heartbeat = calloc(1, sizeof(*heartbeat));
	if (!heartbeat)
		return -ENOMEM;
	heartbeat->callbacks = *callbacks;
	heartbeat->arg = arg;
	init(heartbeat, config);
	err = start(heartbeat, base, config);
	if (err) {
		log_error("heartbeat: cannot speak from %s, port %u: %s",
			  address_print(&config->local, text), config->port,
			  strerror(-err));
		heartbeat_close(heartbeat);
		return err;
	}
	*out = heartbeat;
	send_one(heartbeat, false);
	return 0;
}

void heartbeat_close(struct heartbeat *heartbeat)
{
	if (!heartbeat)
		return;
	if (heartbeat->readable)
		event_free(heartbeat->readable);
	if (heartbeat->beat)
		event_free(heartbeat->beat);
	if (heartbeat->fd >= 0)
		close(heartbeat->fd);
	sodium_memzero(heartbeat, sizeof(*heartbeat));
	free(heartbeat);
}
