// SPDX-License-Identifier: GPL-2.0-or-later
/* upkeep.c - see upkeep.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "shortage.h"
#include "twinpath.skel.h"
#include "upkeep.h"

struct upkeep {
	const struct plane *plane;
	struct event *timer;
	struct shortage shortage;
	struct tp_reasons *each; /* one for each CPU */
	int cpus;
};

static msec_t now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sweep(const struct upkeep *upkeep)
{
	struct tp_sweep ask = {};
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &ask,
			    .ctx_size_in = sizeof(ask));

	bpf_prog_test_run_opts(plane_program(upkeep->plane,
					     upkeep->plane->skel->progs.sweep),
			       &run);
}

/* The counters of all hooks and CPUs. */
static int read_reasons(const struct upkeep *upkeep, uint64_t sums[SHORTAGES])
{
	int fd = bpf_map__fd(upkeep->plane->skel->maps.reasons);
	uint64_t counts[SHORTAGES];

	memset(sums, 0, SHORTAGES * sizeof(sums[0]));
	for (uint32_t hook = 0; hook < TP_HOOK_COUNT; hook++) {
		if (bpf_map_lookup_elem(fd, &hook, upkeep->each))
			return -errno;
		for (int cpu = 0; cpu < upkeep->cpus; cpu++) {
			shortage_counts(&upkeep->each[cpu], counts);
			for (unsigned i = 0; i < SHORTAGES; i++)
				sums[i] += counts[i];
		}
	}
	return 0;
}

static void tell(const struct shortage_change *change)
{
	const char *what = shortage_what(change->kind);

	if (change->over)
		log_info("%s: %s -> %s, because nothing was refused for a "
			 "minute; %llu new sessions were in all",
			 what, shortage_state(change->kind, false),
			 shortage_state(change->kind, true),
			 (unsigned long long)change->refused);
	else
		log_warning("%s: %s -> %s, because %llu new sessions were "
			    "refused; 'twinpath hosts' shows who has how many",
			    what, shortage_state(change->kind, true),
			    shortage_state(change->kind, false),
			    (unsigned long long)change->refused);
}

static void look(struct upkeep *upkeep)
{
	struct shortage_change changes[SHORTAGES];
	uint64_t counts[SHORTAGES];
	unsigned count;

	if (read_reasons(upkeep, counts))
		return;
	count = shortage_look(&upkeep->shortage, counts, now_msec(), changes);
	for (unsigned i = 0; i < count; i++)
		tell(&changes[i]);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *upkeep = arg;

	(void)fd;
	(void)what;
	sweep(upkeep);
	look(upkeep);
}

int upkeep_open(struct upkeep **out, struct event_base *base,
		const struct plane *plane)
{
	struct timeval second = { 1, 0 };
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));

	if (!upkeep)
		return -ENOMEM;
	upkeep->plane = plane;
	upkeep->cpus = libbpf_num_possible_cpus();
	if (upkeep->cpus > 0)
		upkeep->each =
			calloc((size_t)upkeep->cpus, sizeof(*upkeep->each));
	upkeep->timer = event_new(base, -1, EV_PERSIST, on_second, upkeep);
	if (!upkeep->each || !upkeep->timer ||
	    event_add(upkeep->timer, &second)) {
		log_error("cannot look after the tables: no memory");
		upkeep_close(upkeep);
		return -ENOMEM;
	}
	look(upkeep);
	*out = upkeep;
	return 0;
}

void upkeep_close(struct upkeep *upkeep)
{
	if (!upkeep)
		return;
	if (upkeep->timer)
		event_free(upkeep->timer);
	free(upkeep->each);
	free(upkeep);
}
