// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_icmp.c - one ICMP echo prober: when to send, and what an answer is.
 *
 * An answer is, all of it: an ICMP echo reply that arrived on this interface in
 * a frame for us, from the target, to our address, with our id, the sequence
 * number of a probe in flight and that probe's random cookie, within the
 * timeout by the kernel's time of arrival.
 *
 * A process that did not run must not blame the link.  The socket is read
 * before any probe is given up, and after an oversleep of more than the timeout
 * (a stopped process, a suspended machine: perhaps nothing was received either)
 * no verdict is passed on a probe without an answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "echo.h"
#include "probe_icmp.h"

#define USEC 1000	 /* in a millisecond */
#define SLOTS 64	 /* probes remembered; divides 65536 */
#define READ_AT_ONCE 512 /* a flood must not hold the loop for ever */

enum slot_state {
	SLOT_FREE,
	SLOT_UNRESOLVED, /* not sent: waits for the next hop's MAC */
	SLOT_FLYING,
	SLOT_ANSWERED,
	SLOT_LOST, /* given up; an answer now is late */
};

struct slot {
	enum slot_state state;
	uint16_t sequence;
	bool excused; /* the delay is ours: no verdict without an answer */
	uint64_t cookie;
	int64_t sent; /* microseconds of CLOCK_BOOTTIME, as all below */
	int64_t deadline;
};

struct probe_icmp {
	struct event_base *base;
	struct probe_icmp_settings settings;
	struct probe_icmp_calls calls;
	void *arg;
	struct probe_icmp_path path;
	int socket; /* -1: probing rests */
	struct event *readable;
	struct event *timer;
	int64_t due;  /* what the timer was set for */
	int64_t next; /* the next probe */
	int64_t last; /* when the last one was sent; 0: never */
	uint16_t sequence;
	struct slot slots[SLOTS];
	struct probe_icmp_statistics statistics;
};

/* Not CLOCK_MONOTONIC: a suspended machine has overslept, and must see it. */
static int64_t usec_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t timeout_of(const struct probe_icmp *probe)
{
	return probe->settings.timeout * USEC;
}

static bool pending(const struct slot *slot)
{
	return slot->state == SLOT_FLYING || slot->state == SLOT_UNRESOLVED;
}

static void report(struct probe_icmp *probe, enum probe_icmp_fate fate,
		   int error, int64_t rtt)
{
	const struct probe_icmp_result result = {
		.fate = fate,
		.error = error,
		.rtt_us = rtt,
	};

	probe->calls.result(probe->arg, &result);
}

/* ---- sending ----------------------------------------------------------- */

static void give_up(struct probe_icmp *probe, struct slot *slot, bool overslept)
{
	enum probe_icmp_fate fate = slot->state == SLOT_UNRESOLVED ?
					    PROBE_ICMP_UNRESOLVED :
					    PROBE_ICMP_UNANSWERED;

	slot->state = slot->state == SLOT_FLYING ? SLOT_LOST : SLOT_FREE;
	if (overslept || slot->excused) {
		probe->statistics.excused++;
		return;
	}
	/* A next hop that has another MAC now looks just like this. */
	probe->calls.resolve(probe->arg);
	report(probe, fate, 0, -1);
}

/* 0 or a negative errno. */
static int send_request(struct probe_icmp *probe, struct slot *slot)
{
	struct echo_request request = {
		.ifindex = probe->path.ifindex,
		.source = probe->path.address,
		.target = probe->settings.target,
		.id = probe->settings.id,
		.sequence = slot->sequence,
	};
	int error;

	memcpy(request.mac, probe->path.next_hop_mac, sizeof(request.mac));
	if (getrandom(&slot->cookie, sizeof(slot->cookie), 0) !=
	    sizeof(slot->cookie))
		return -EAGAIN;
	request.cookie = slot->cookie;
	slot->sent = usec_now();
	slot->deadline = slot->sent + timeout_of(probe);
	error = echo_send(probe->socket, &request);
	/* Held up between the clock and the wire. */
	slot->excused = usec_now() > slot->deadline;
	return error;
}

static void send_probe(struct probe_icmp *probe)
{
	struct slot *slot = &probe->slots[++probe->sequence % SLOTS];
	int error;

	/* A timeout of more than SLOTS intervals: the oldest must go. */
	if (pending(slot))
		give_up(probe, slot, false);
	*slot = (struct slot){ .sequence = probe->sequence };
	if (!probe->path.next_hop_mac_known) {
		slot->state = SLOT_UNRESOLVED;
		slot->deadline = usec_now() + timeout_of(probe);
		probe->calls.resolve(probe->arg);
		return;
	}
	error = send_request(probe, slot);
	if (error) {
		report(probe, PROBE_ICMP_UNSENT, -error, -1);
		return;
	}
	slot->state = SLOT_FLYING;
	probe->last = slot->sent;
	probe->statistics.sent++;
}

/* ---- receiving --------------------------------------------------------- */

/* The probe that this is an answer to, or NULL. */
static struct slot *find(struct probe_icmp *probe,
			 const struct echo_answer *answer)
{
	struct slot *slot = &probe->slots[answer->sequence % SLOTS];

	if (!address_equal(&answer->source, &probe->settings.target) ||
	    slot->state == SLOT_FREE || slot->state == SLOT_UNRESOLVED ||
	    slot->sequence != answer->sequence ||
	    slot->cookie != answer->cookie)
		return NULL;
	return slot;
}

static void take(struct probe_icmp *probe, const struct echo_answer *answer)
{
	struct slot *slot = find(probe, answer);
	int64_t now = usec_now();
	int64_t rtt;

	if (!slot) {
		probe->statistics.foreign++;
		return;
	}
	probe->statistics.heard = now / USEC;
	if (slot->state == SLOT_ANSWERED) {
		probe->statistics.duplicates++;
		return;
	}
	rtt = now - slot->sent - answer->age;
	if (rtt < 0)
		rtt = 0;
	if (slot->state == SLOT_FLYING && rtt <= timeout_of(probe)) {
		slot->state = SLOT_ANSWERED;
		probe->statistics.answered++;
		report(probe, PROBE_ICMP_ANSWERED, 0, rtt);
		return;
	}
	probe->statistics.late++;
	if (slot->state == SLOT_FLYING)
		give_up(probe, slot, false);
	if (slot->state == SLOT_LOST) /* not when a call-back wiped it */
		slot->state = SLOT_ANSWERED;
}

static void drain(struct probe_icmp *probe)
{
	struct echo_answer answer;
	int got;

	/* A call-back may have put probing to rest. */
	for (int i = 0; i < READ_AT_ONCE && probe->socket >= 0; i++) {
		got = echo_receive(probe->socket, &answer);
		if (!got)
			return;
		if (got < 0)
			probe->statistics.foreign++;
		else
			take(probe, &answer);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

/* ---- time -------------------------------------------------------------- */

static void arm(struct probe_icmp *probe)
{
	int64_t due = probe->next;
	int64_t wait;
	struct timeval tv;

	for (unsigned i = 0; i < SLOTS; i++)
		if (pending(&probe->slots[i]) && probe->slots[i].deadline < due)
			due = probe->slots[i].deadline;
	probe->due = due;
	wait = due - usec_now();
	/* The loop's clock is coarse and may be behind ours, so that the timer
	 * comes early; it must not spin until its time has come. */
	if (wait < USEC)
		wait = USEC;
	tv.tv_sec = wait / 1000000;
	tv.tv_usec = wait % 1000000;
	evtimer_add(probe->timer, &tv);
}

static void expire(struct probe_icmp *probe, int64_t now, bool overslept)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (pending(&probe->slots[i]) &&
		    probe->slots[i].deadline <= now)
			give_up(probe, &probe->slots[i], overslept);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe_icmp *probe = arg;
	int64_t interval = probe->settings.interval * USEC;
	int64_t now = usec_now();

	(void)fd;
	(void)what;
	drain(probe);
	expire(probe, now, now - probe->due > timeout_of(probe));
	if (probe->socket < 0)
		return;
	if (probe->next <= now) {
		/* In step with the plan; turns slept through are left out. */
		probe->next += interval;
		if (probe->next <= now)
			probe->next = now + interval;
		send_probe(probe);
	}
	if (probe->socket >= 0)
		arm(probe);
}

/* ---- the path ---------------------------------------------------------- */

static void rest(struct probe_icmp *probe)
{
	if (probe->readable)
		event_free(probe->readable);
	probe->readable = NULL;
	if (probe->socket >= 0)
		close(probe->socket);
	probe->socket = -1;
	evtimer_del(probe->timer);
	memset(probe->slots, 0, sizeof(probe->slots));
}

/* The next probe at once, but no two within an interval: paths may flap. */
static void hasten(struct probe_icmp *probe)
{
	int64_t now = usec_now();
	int64_t next = probe->last + probe->settings.interval * USEC;

	for (unsigned i = 0; i < SLOTS; i++)
		if (probe->slots[i].state == SLOT_UNRESOLVED)
			probe->slots[i].state = SLOT_FREE;
	probe->next = probe->last && next > now ? next : now;
	arm(probe);
}

static int start(struct probe_icmp *probe)
{
	int fd = echo_open(probe->path.ifindex, &probe->path.address,
			   probe->settings.id);

	if (fd < 0)
		return fd;
	probe->socket = fd;
	probe->readable = event_new(probe->base, fd, EV_READ | EV_PERSIST,
				    on_readable, probe);
	if (!probe->readable || event_add(probe->readable, NULL)) {
		rest(probe);
		return -ENOMEM;
	}
	hasten(probe);
	return 0;
}

int probe_icmp_update(struct probe_icmp *probe,
		      const struct probe_icmp_path *path)
{
	bool moved = path->ifindex != probe->path.ifindex ||
		     !address_equal(&path->address, &probe->path.address);
	bool resolved = path->next_hop_mac_known &&
			!probe->path.next_hop_mac_known;

	probe->path = *path;
	if (moved || !path->ifindex)
		rest(probe);
	if (!path->ifindex)
		return 0;
	if (probe->socket < 0)
		return start(probe);
	if (resolved)
		hasten(probe);
	return 0;
}

/* ---- open and close ---------------------------------------------------- */

int probe_icmp_open(struct probe_icmp **out, struct event_base *base,
		    const struct probe_icmp_settings *settings,
		    const struct probe_icmp_calls *calls, void *arg)
{
	struct probe_icmp *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return -ENOMEM;
	probe->base = base;
	probe->settings = *settings;
	probe->calls = *calls;
	probe->arg = arg;
	probe->socket = -1;
	probe->timer = evtimer_new(base, on_timer, probe);
	if (!probe->timer) {
		free(probe);
		return -ENOMEM;
	}
	*out = probe;
	return 0;
}

void probe_icmp_close(struct probe_icmp *probe)
{
	if (!probe)
		return;
	rest(probe);
	event_free(probe->timer);
	free(probe);
}

struct probe_icmp_statistics
probe_icmp_statistics(const struct probe_icmp *probe)
{
	return probe->statistics;
}
