// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_flight.c - the probes of one prober that are under way.
 *
 * An answer is what the kind takes for one, for a probe in flight, within the
 * timeout by the kernel's time of arrival.
 *
 * A process that did not run must not blame the link.  The sockets are read
 * before any probe is given up, and after an oversleep of more than the timeout
 * (a stopped process, a suspended machine: perhaps nothing was received either)
 * no verdict is passed on a probe without an answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "probe_flight.h"

#define READ_AT_ONCE 512 /* a flood must not hold the loop for ever */
#define LINGER 4 /* probes given up whose sockets stay, for late answers */

int64_t probe_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct probe_view view_of(const struct probe *probe)
{
	return (struct probe_view){ probe->settings.config, &probe->path,
				    probe->settings.id };
}

static int64_t timeout_of(const struct probe *probe)
{
	return probe->settings.config->timeout * PROBE_USEC;
}

static bool pending(const struct probe_shot *shot)
{
	return shot->state == SHOT_FLYING || shot->state == SHOT_UNRESOLVED;
}

static bool overslept(const struct probe *probe, int64_t now)
{
	return now - probe->due > timeout_of(probe);
}

static void hang_up(struct probe_shot *shot)
{
	if (shot->event)
		event_free(shot->event);
	shot->event = NULL;
	if (shot->probe && shot->socket >= 0)
		close(shot->socket);
	shot->socket = -1;
}

static void clear(struct probe_shot *shot)
{
	hang_up(shot);
	*shot = (struct probe_shot){ .socket = -1 };
}

static void report(struct probe *probe, const struct probe_result *result)
{
	probe->lost = result->fate != PROBE_ANSWERED;
	probe->calls.result(probe->arg, result);
}

/* ---- the end of a probe -------------------------------------------------- */

static void give_up(struct probe *probe, struct probe_shot *shot, bool excused)
{
	struct probe_result result = { .rtt_us = -1 };

	result.fate = shot->state == SHOT_UNRESOLVED ? PROBE_UNRESOLVED :
						       PROBE_UNANSWERED;
	shot->state = shot->state == SHOT_FLYING ? SHOT_LOST : SHOT_FREE;
	if (excused || shot->excused) {
		probe->statistics.excused++;
		return;
	}
	/* A next hop that has another MAC now looks just like this. */
	probe->calls.resolve(probe->arg);
	report(probe, &result);
}

static void answered(struct probe *probe, struct probe_shot *shot, int64_t rtt)
{
	struct probe_result result = { PROBE_ANSWERED, 0, rtt, NULL };

	shot->state = SHOT_ANSWERED;
	hang_up(shot);
	probe->statistics.answered++;
	report(probe, &result);
}

/* An answer for this one: in time, late, or once more. */
static void take(struct probe *probe, struct probe_shot *shot, int64_t rtt,
		 bool excused)
{
	probe->statistics.heard = probe_usec() / PROBE_USEC;
	if (shot->state == SHOT_ANSWERED) {
		probe->statistics.duplicates++;
		return;
	}
	if (shot->state == SHOT_FLYING && rtt <= timeout_of(probe)) {
		answered(probe, shot, rtt);
		return;
	}
	probe->statistics.late++;
	if (shot->state == SHOT_FLYING)
		give_up(probe, shot, excused);
	if (shot->state == SHOT_LOST) { /* not when a call-back wiped it */
		shot->state = SHOT_ANSWERED;
		hang_up(shot);
	}
}

/* ---- a shared socket ------------------------------------------------------ */

/* The probe that this is an answer to, or NULL. */
static struct probe_shot *find(struct probe *probe,
			       const struct probe_answer *answer)
{
	unsigned number = answer->blind ? probe->sequence : answer->sequence;
	struct probe_shot *shot = &probe->shots[number % PROBE_SHOTS];

	if (shot->state == SHOT_FREE || shot->state == SHOT_UNRESOLVED)
		return NULL;
	if (!answer->blind && (shot->sequence != answer->sequence ||
			       shot->cookie != answer->cookie))
		return NULL;
	return shot;
}

static void drain_shared(struct probe *probe)
{
	/* A call-back may have put probing to rest. */
	for (int i = 0; i < READ_AT_ONCE && probe->socket >= 0; i++) {
		struct probe_view view = view_of(probe);
		struct probe_answer answer = { 0 };
		int got = probe->kind->receive(probe->socket, &view, &answer);
		struct probe_shot *shot;
		int64_t rtt;

		if (!got)
			return;
		shot = got > 0 ? find(probe, &answer) : NULL;
		if (!shot) {
			probe->statistics.foreign++;
			continue;
		}
		rtt = probe_usec() - shot->sent - answer.age;
		take(probe, shot, rtt > 0 ? rtt : 0, false);
	}
}

/* ---- conversations --------------------------------------------------------- */

static void converse(struct probe_shot *shot);

static void on_shot(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	converse(arg);
}

static bool listen_for(struct probe_shot *shot, int step)
{
	short what = step == PROBE_WRITE ? EV_WRITE : EV_READ;

	if (shot->event && event_get_events(shot->event) & what)
		return true;
	if (shot->event)
		event_free(shot->event);
	shot->event = event_new(shot->probe->base, shot->socket,
				(short)(what | EV_PERSIST), on_shot, shot);
	return shot->event && !event_add(shot->event, NULL);
}

/* Nothing came, but a no: from the target itself, or from nearer. */
static void refused(struct probe *probe, struct probe_shot *shot, int error)
{
	bool flying = shot->state == SHOT_FLYING;
	char said[PROBE_SAID];
	const struct probe_result result = { PROBE_REFUSED, 0, -1, said };

	snprintf(said, sizeof(said), "%s",
		 *shot->said ? shot->said : strerror(-error));
	if (*shot->said || error == -ECONNREFUSED)
		probe->statistics.heard = probe_usec() / PROBE_USEC;
	shot->state = SHOT_ANSWERED;
	hang_up(shot);
	if (flying)
		report(probe, &result);
}

static void converse(struct probe_shot *shot)
{
	struct probe *probe = shot->probe;
	struct probe_view view = view_of(probe);
	int64_t now = probe_usec();
	int step;

	for (int i = 0; i < READ_AT_ONCE; i++) {
		step = probe->kind->go_on(&view, shot);
		if (step != -EBADMSG)
			break;
		probe->statistics.foreign++;
	}
	if (step == PROBE_DONE)
		take(probe, shot, shot->rtt_us ?: now - shot->sent - shot->age,
		     overslept(probe, now));
	else if (step < 0 && step != -EBADMSG)
		refused(probe, shot, step);
	else if (step >= 0 && !listen_for(shot, step))
		refused(probe, shot, -ENOMEM);
}

/* Those that were given up long ago need not be listened to any more. */
static void retire(struct probe *probe)
{
	for (unsigned i = 0; i < PROBE_SHOTS; i++) {
		struct probe_shot *shot = &probe->shots[i];

		if (shot->state == SHOT_LOST &&
		    (uint16_t)(probe->sequence - shot->sequence) > LINGER)
			hang_up(shot);
	}
}

void probe_drain(struct probe *probe)
{
	if (probe->socket >= 0)
		drain_shared(probe);
	for (unsigned i = 0; i < PROBE_SHOTS; i++)
		if (probe->shots[i].state == SHOT_FLYING &&
		    probe->shots[i].event)
			converse(&probe->shots[i]);
}

/* ---- sending ----------------------------------------------------------------- */

static int begin(struct probe *probe, struct probe_shot *shot)
{
	struct probe_view view = view_of(probe);
	int fd = probe->kind->begin(&view, shot);

	if (fd < 0)
		return fd;
	shot->socket = fd;
	return listen_for(shot, PROBE_WRITE) ? 0 : -ENOMEM;
}

/* 0 or a negative errno. */
static int launch(struct probe *probe, struct probe_shot *shot)
{
	struct probe_view view = view_of(probe);
	int error;

	if (getrandom(&shot->cookie, sizeof(shot->cookie), 0) !=
	    sizeof(shot->cookie))
		return -EAGAIN;
	shot->sent = probe_usec();
	shot->deadline = shot->sent + timeout_of(probe);
	if (probe->kind->send)
		error = probe->kind->send(probe->socket, &view, shot,
					  probe->lost);
	else
		error = begin(probe, shot);
	/* Held up between the clock and the wire. */
	shot->excused = probe_usec() > shot->deadline;
	return error;
}

void probe_shoot(struct probe *probe)
{
	struct probe_shot *shot =
		&probe->shots[++probe->sequence % PROBE_SHOTS];
	struct probe_result unsent = { .fate = PROBE_UNSENT, .rtt_us = -1 };
	int error;

	/* A timeout of more than PROBE_SHOTS intervals: the oldest must go. */
	if (pending(shot))
		give_up(probe, shot, false);
	clear(shot);
	shot->probe = probe;
	shot->sequence = probe->sequence;
	retire(probe);
	if (probe->kind->by_mac && !probe->path.next_hop_mac_known) {
		shot->state = SHOT_UNRESOLVED;
		shot->deadline = probe_usec() + timeout_of(probe);
		probe->calls.resolve(probe->arg);
		return;
	}
	error = launch(probe, shot);
	if (error) {
		hang_up(shot);
		unsent.error = -error;
		report(probe, &unsent);
		return;
	}
	shot->state = SHOT_FLYING;
	probe->last = shot->sent;
	probe->statistics.sent++;
}

/* ---- time ---------------------------------------------------------------------- */

void probe_expire(struct probe *probe, int64_t now)
{
	bool excused = overslept(probe, now);

	for (unsigned i = 0; i < PROBE_SHOTS; i++)
		if (pending(&probe->shots[i]) &&
		    probe->shots[i].deadline <= now)
			give_up(probe, &probe->shots[i], excused);
}

int64_t probe_first_deadline(const struct probe *probe, int64_t otherwise)
{
	for (unsigned i = 0; i < PROBE_SHOTS; i++)
		if (pending(&probe->shots[i]) &&
		    probe->shots[i].deadline < otherwise)
			otherwise = probe->shots[i].deadline;
	return otherwise;
}

void probe_forget(struct probe *probe)
{
	for (unsigned i = 0; i < PROBE_SHOTS; i++)
		clear(&probe->shots[i]);
}
