// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * liveness.c - asks the partner's data plane, ten times a second.
 *
 * Owns: the packet socket and the timer.  What an answer or a missing one means
 * is liveness_verdict.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <bpf/bpf.h>

#include "address.h"
#include "liveness.h"
#include "liveness_question.h"
#include "log.h"

struct link {		  /* whom to ask, and how */
	unsigned ifindex; /* 0: nobody */
	size_t skip;	  /* of the question: a raw link has no MAC header */
	struct liveness_question question;
};

struct liveness {
	int fd; /* sends only */
	int seen;
	struct event *timer;
	struct link link;
	struct liveness_verdict verdict;
	struct liveness_callbacks callbacks;
	void *arg;
};

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* An array's only entry is always there; without it, nothing new. */
static void read_seen(const struct liveness *liveness,
		      struct liveness_turn *turn)
{
	struct tp_partner_seen seen;
	uint32_t key = 0;

	turn->probe = liveness->verdict.seen;
	turn->shown = liveness->verdict.shown;
	if (bpf_map_lookup_elem(liveness->seen, &key, &seen))
		return;
	turn->probe = seen.probe;
	turn->shown = seen.shown;
}

static struct liveness_turn look(const struct liveness *liveness)
{
	struct liveness_turn turn = { .now = now_ms() };

	read_seen(liveness, &turn);
	return turn;
}

/*
 * Whether it went as far as the link.  A link that is down takes the partner
 * away like anything else that is between us; a full queue is my own fault.
 */
static bool ask(const struct liveness *liveness)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)liveness->link.ifindex,
	};
	const struct link *link = &liveness->link;
	const uint8_t *question = (const uint8_t *)&link->question;

	return sendto(liveness->fd, question + link->skip,
		      sizeof(link->question) - link->skip, 0,
		      (const struct sockaddr *)&to, sizeof(to)) >= 0 ||
	       errno == ENETDOWN || errno == ENXIO || errno == ENODEV;
}

/*
 * Not periodic: between two turns a question has always its time.  Who is gone is
 * looked for more often: until I know that he is back I bind, and reset, what is
 * his.
 */
static void rearm(struct liveness *liveness)
{
	bool gone = liveness->verdict.state == LIVENESS_GONE_RESET;
	const struct timeval interval = {
		0, (gone ? LIVENESS_SEARCH : LIVENESS_INTERVAL) * 1000
	};

	event_add(liveness->timer, &interval);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct liveness *liveness = arg;
	struct liveness_verdict *verdict = &liveness->verdict;
	const struct liveness_verdict before = *verdict;
	const struct liveness_turn turn = look(liveness);
	struct liveness_view view;

	(void)fd;
	(void)what;
	liveness_verdict_turn(verdict, &turn);
	liveness_verdict_asked(verdict, ask(liveness));
	rearm(liveness);
	if (before.state == verdict->state &&
	    before.counters.lost == verdict->counters.lost &&
	    before.counters.back == verdict->counters.back)
		return;
	log_change(0, "partner's data plane", liveness_name(before.state),
		   liveness_name(verdict->state),
		   verdict->state == LIVENESS_ALIVE ?
			   "it answers" :
			   "its answers do not come");
	liveness_state(liveness, &view);
	liveness->callbacks.changed(liveness->arg, &view);
}

static bool is_askable(const struct tp_partner *partner,
		       const struct tp_addr *local)
{
	return partner->type == TP_PARTNER_TWINPATH && partner->reachable &&
	       partner->way[TP_KIND_QUESTION].ifindex && address_is_v4(local) &&
	       !address_is_zero(local);
}

static bool same_link(const struct link *a, const struct link *b)
{
	return a->ifindex == b->ifindex && a->skip == b->skip &&
	       !memcmp(&a->question, &b->question, sizeof(a->question));
}

static void fill_link(struct link *link, const struct tp_partner *partner,
		      const struct tp_addr *local)
{
	const struct tp_way *way = &partner->way[TP_KIND_QUESTION];
	static const uint8_t none[6];

	memset(link, 0, sizeof(*link));
	if (!is_askable(partner, local))
		return;
	link->ifindex = way->ifindex;
	if (!memcmp(way->mac, none, sizeof(none)))
		link->skip = sizeof(struct ethhdr);
	liveness_question_build(&link->question, way->mac, way->mine, local);
}

void liveness_update(struct liveness *liveness,
		     const struct tp_partner *partner,
		     const struct tp_addr *local)
{
	struct liveness_turn turn;
	struct link link;

	fill_link(&link, partner, local);
	if (same_link(&link, &liveness->link))
		return;
	liveness->link = link;
	event_del(liveness->timer);
	liveness_verdict_end(&liveness->verdict);
	if (!link.ifindex)
		return;
	turn = look(liveness);
	liveness_verdict_begin(&liveness->verdict, &turn);
	liveness_verdict_asked(&liveness->verdict, ask(liveness));
	rearm(liveness);
}

/* By one clock alone: the stamp and the tick are both the data plane's. */
static msec_t age_of_answer(const struct liveness *liveness)
{
	uint32_t now;

	if (!liveness->verdict.seen ||
	    liveness->callbacks.clock(liveness->arg, &now))
		return -1;
	return (msec_t)(now - liveness->verdict.seen) * 1000 /
	       TP_TICKS_PER_SECOND;
}

void liveness_state(const struct liveness *liveness, struct liveness_view *view)
{
	memset(view, 0, sizeof(*view));
	view->age = -1;
	if (!liveness)
		return;
	view->state = liveness->verdict.state;
	view->believed = liveness_verdict_believed(&liveness->verdict);
	view->deaf = liveness_verdict_deaf(&liveness->verdict);
	view->counters = liveness->verdict.counters;
	view->age = age_of_answer(liveness);
}

int liveness_open(struct liveness **out, struct event_base *base, int seen,
		  const struct liveness_callbacks *callbacks, void *arg)
{
	struct liveness *liveness = calloc(1, sizeof(*liveness));
	int err;

	if (!liveness)
		return -ENOMEM;
	liveness->seen = seen;
	liveness->callbacks = *callbacks;
	liveness->arg = arg;
	/* Protocol 0: it receives nothing. */
	liveness->fd =
		socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (liveness->fd < 0) {
		err = -errno;
		liveness_close(liveness);
		return err;
	}
	liveness->timer = event_new(base, -1, 0, on_turn, liveness);
	if (!liveness->timer) {
		liveness_close(liveness);
		return -ENOMEM;
	}
	*out = liveness;
	return 0;
}

void liveness_close(struct liveness *liveness)
{
	if (!liveness)
		return;
	if (liveness->timer)
		event_free(liveness->timer);
	if (liveness->fd >= 0)
		close(liveness->fd);
	free(liveness);
}
