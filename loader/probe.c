// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe.c - one prober: its path, and when the next probe is sent.
 *
 * Probes keep in step with a plan, whatever their answers do; turns that were
 * slept through are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "probe_flight.h"

/* NULL: of the kinds that send nothing. */
static const struct probe_kind *kind_of(enum track_kind kind)
{
	switch (kind) {
	case TRACK_ARP:
		return &probe_arp;
	case TRACK_DNS:
		return &probe_dns;
	case TRACK_ECHO:
		return &probe_echo;
	case TRACK_HTTP:
		return &probe_http;
	case TRACK_ICMP:
		return &probe_icmp;
	case TRACK_TCP:
		return &probe_tcp;
	default:
		return NULL;
	}
}

bool probe_sends(enum track_kind kind)
{
	return kind_of(kind) != NULL;
}

/* ---- time ---------------------------------------------------------------- */

static void arm(struct probe *probe)
{
	struct timeval tv;
	int64_t wait;

	probe->due = probe_first_deadline(probe, probe->next);
	wait = probe->due - probe_usec();
	/* The loop's clock is coarse and may be behind ours, so that the timer
	 * comes early; it must not spin until its time has come. */
	if (wait < PROBE_USEC)
		wait = PROBE_USEC;
	tv.tv_sec = wait / 1000000;
	tv.tv_usec = wait % 1000000;
	evtimer_add(probe->timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe *probe = arg;
	int64_t now = probe_usec();

	(void)fd;
	(void)what;
	probe_drain(probe);
	probe_expire(probe, now);
	if (!probe->awake)
		return;
	if (probe->next <= now) {
		probe->next += probe->interval;
		if (probe->next <= now)
			probe->next = now + probe->interval;
		probe_shoot(probe);
	}
	if (probe->awake)
		arm(probe);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	probe_drain(arg);
}

/* ---- the path -------------------------------------------------------------- */

static void rest(struct probe *probe)
{
	if (probe->readable)
		event_free(probe->readable);
	probe->readable = NULL;
	if (probe->socket >= 0)
		close(probe->socket);
	probe->socket = -1;
	probe->awake = false;
	probe->lost = false;
	evtimer_del(probe->timer);
	probe_forget(probe);
}

/* The next probe at once, but no two within an interval: paths may flap. */
static void hasten(struct probe *probe)
{
	int64_t now = probe_usec();
	int64_t next = probe->last + probe->interval;

	for (unsigned i = 0; i < PROBE_SHOTS; i++)
		if (probe->shots[i].state == SHOT_UNRESOLVED)
			probe->shots[i].state = SHOT_FREE;
	probe->next = probe->last && next > now ? next : now;
	arm(probe);
}

static int open_shared(struct probe *probe)
{
	const struct probe_view view = { probe->settings.config, &probe->path,
					 probe->settings.id };
	int fd = probe->kind->open(&view);

	if (fd < 0)
		return fd;
	probe->socket = fd;
	probe->readable = event_new(probe->base, fd, EV_READ | EV_PERSIST,
				    on_readable, probe);
	if (!probe->readable || event_add(probe->readable, NULL)) {
		rest(probe);
		return -ENOMEM;
	}
	return 0;
}

static int start(struct probe *probe)
{
	int error = probe->kind->open ? open_shared(probe) : 0;

	if (error)
		return error;
	probe->awake = true;
	hasten(probe);
	return 0;
}

int probe_update(struct probe *probe, const struct probe_path *path)
{
	/* A next hop of DHCP's may be another one tomorrow. */
	bool moved = path->ifindex != probe->path.ifindex ||
		     !address_equal(&path->address, &probe->path.address) ||
		     !address_equal(&path->next_hop, &probe->path.next_hop);
	bool resolved = probe->kind->by_mac && path->next_hop_mac_known &&
			!probe->path.next_hop_mac_known;

	probe->path = *path;
	if (moved || !path->ifindex)
		rest(probe);
	if (!path->ifindex)
		return 0;
	if (!probe->awake)
		return start(probe);
	if (resolved)
		hasten(probe);
	return 0;
}

void probe_pace(struct probe *probe, msec_t interval)
{
	bool sooner = interval * PROBE_USEC < probe->interval;

	if (interval * PROBE_USEC == probe->interval)
		return;
	probe->interval = interval * PROBE_USEC;
	if (probe->awake && sooner)
		hasten(probe);
}

/* ---- open and close ---------------------------------------------------------- */

int probe_open(struct probe **out, struct event_base *base,
	       const struct probe_settings *settings,
	       const struct probe_calls *calls, void *arg)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return -ENOMEM;
	probe->base = base;
	probe->kind = kind_of(settings->config->kind);
	probe->settings = *settings;
	probe->calls = *calls;
	probe->arg = arg;
	probe->interval = settings->config->interval * PROBE_USEC;
	probe->socket = -1;
	probe->timer = evtimer_new(base, on_timer, probe);
	if (!probe->timer) {
		free(probe);
		return -ENOMEM;
	}
	*out = probe;
	return 0;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	rest(probe);
	event_free(probe->timer);
	free(probe);
}

struct probe_statistics probe_statistics(const struct probe *probe)
{
	return probe->statistics;
}

void probe_count_on(struct probe *probe, struct probe_statistics statistics)
{
	probe->statistics = statistics;
}
