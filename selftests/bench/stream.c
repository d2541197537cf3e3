// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream.c - see stream.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "bench.skel.h"
#include "stream.h"

#define BATCH 64
#define PROMPT 50000ULL	  /* ns: no longer than it takes to ask */
#define LATE 200000000ULL /* a packet that takes longer is lost */

struct attaching {
	const char *device;
	int program;
	__u8 *mac;	   /* out, or NULL */
	unsigned *ifindex; /* out */
};

/* A link of ours ends with its fd: nothing stays attached behind us. */
static int attach_here(void *arg)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
			    .flags = XDP_FLAGS_DRV_MODE);
	struct attaching *a = arg;
	struct ifreq request = {};
	int fd, link;

	*a->ifindex = if_nametoindex(a->device);
	if (!*a->ifindex)
		return -ENODEV;
	if (a->mac) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		snprintf(request.ifr_name, IF_NAMESIZE, "%s", a->device);
		if (!ioctl(fd, SIOCGIFHWADDR, &request))
			memcpy(a->mac, request.ifr_hwaddr.sa_data, 6);
		close(fd);
	}
	link = bpf_link_create(a->program, (int)*a->ifindex, BPF_XDP, &options);
	return link < 0 ? -errno : link;
}

int stream_attach(struct bench *bench, struct port *port)
{
	struct bpf_program *program = port->timed ?
					      bench->skel->progs.sink_timed :
					      bench->skel->progs.sink;
	struct attaching a = { port->device, bpf_program__fd(program),
			       port->mac, &port->ifindex };

	port->link = engine_visit(port->netns, attach_here, &a);
	engine_keep(bench, port->netns);
	return port->link < 0 ? port->link : 0;
}

void stream_detach(struct port *port)
{
	if (port->link >= 0)
		close(port->link);
	port->link = -1;
}

int stream_bare(struct bench *bench, const char *netns, const char *device,
		const struct bench_bare *bare)
{
	unsigned ifindex = 0;
	struct attaching a = { device, bpf_program__fd(bench->skel->progs.bare),
			       NULL, &ifindex };
	int link = engine_visit(netns, attach_here, &a);

	if (link < 0)
		return link;
	/* The link lives as long as this process: it is not given back. */
	return bpf_map__update_elem(bench->skel->maps.bares, &ifindex,
				    sizeof(ifindex), bare, sizeof(*bare), 0);
}

/* ---- what the sinks saw ------------------------------------------------------ */

void stream_look(struct bench *bench, const struct bench_look *look)
{
	__u32 key = 0;

	bpf_map_update_elem(bpf_map__fd(bench->skel->maps.look), &key, look, 0);
}

void stream_seen(struct bench *bench, struct bench_seen *sum)
{
	struct bench_seen each[bench->cpus];
	__u32 key = 0;
	int i;

	memset(sum, 0, sizeof(*sum));
	if (bpf_map_lookup_elem(bpf_map__fd(bench->skel->maps.seen), &key,
				each))
		return;
	for (i = 0; i < bench->cpus; i++) {
		sum->packets += each[i].packets;
		sum->verified += each[i].verified;
		sum->bad += each[i].bad;
		sum->untranslated += each[i].untranslated;
		if (each[i].last > sum->last)
			sum->last = each[i].last;
		if (each[i].first &&
		    (!sum->first || each[i].first < sum->first))
			sum->first = each[i].first;
	}
}

void stream_clear(struct bench *bench)
{
	struct bench_seen each[bench->cpus];
	__u32 key = 0;

	memset(each, 0, sizeof(each));
	bpf_map_update_elem(bpf_map__fd(bench->skel->maps.seen), &key, each, 0);
}

/* ---- runs --------------------------------------------------------------------- */

static int plans_set(struct bench *bench, const struct stream *streams,
		     int count)
{
	struct bench_plan each[bench->cpus];
	__u32 key = 0;
	int i;

	memset(each, 0, sizeof(each));
	for (i = 0; i < count; i++) {
		if (streams[i].cpu < 0 || streams[i].cpu >= bench->cpus)
			return -EINVAL;
		each[streams[i].cpu] = streams[i].plan;
	}
	return bpf_map_update_elem(bpf_map__fd(bench->skel->maps.plans), &key,
				   each, 0);
}

struct runner {
	struct bench *bench;
	struct stream *stream;
	pthread_barrier_t *start;
	__u64 began;
	__u64 ended;
};

static void *run_one(void *arg)
{
	struct runner *run = arg;
	struct stream *s = run->stream;
	__u8 frame[BENCH_FRAME] = {};
	struct xdp_md where = { .data_end = sizeof(frame),
				.ingress_ifindex = s->port->ifindex };
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame), .ctx_in = &where,
			    .ctx_size_in = sizeof(where),
			    .repeat = (int)s->packets, .batch_size = BATCH,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	s->error = engine_enter(s->port->netns) ?: engine_stay(s->cpu);
	pthread_barrier_wait(run->start);
	run->began = engine_now();
	if (!s->error)
		s->error = bpf_prog_test_run_opts(
			bpf_program__fd(run->bench->skel->progs.generate),
			&options);
	run->ended = engine_now();
	return NULL;
}

/*
 * The last packets may still be on their way when the test run returns; those
 * that are long away are lost, and their wait is not part of the figure.
 */
static __u64 wait_for(struct bench *bench, __u64 packets, __u64 ended)
{
	struct bench_seen seen;
	__u64 t;

	do {
		stream_seen(bench, &seen);
		t = engine_now();
		if (seen.packets >= packets)
			return t - ended < PROMPT ? ended : t;
	} while (t - ended < LATE);
	return ended;
}

int stream_run(struct bench *bench, struct stream *streams, int count)
{
	struct runner runs[count];
	pthread_t threads[count];
	pthread_barrier_t start;
	struct bench_seen before, after;
	__u64 wanted = 0, last = 0;
	int i, err;

	stream_seen(bench, &before);
	err = plans_set(bench, streams, count);
	if (err)
		return err;
	pthread_barrier_init(&start, NULL, (unsigned)count);
	for (i = 0; i < count; i++) {
		runs[i] = (struct runner){ bench, &streams[i], &start, 0, 0 };
		wanted += streams[i].packets;
		if (pthread_create(&threads[i], NULL, run_one, &runs[i]))
			abort();
	}
	for (i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		err = err ?: streams[i].error;
		last = runs[i].ended > last ? runs[i].ended : last;
	}
	pthread_barrier_destroy(&start);
	last = err ? last : wait_for(bench, before.packets + wanted, last);
	stream_seen(bench, &after);
	for (i = 0; i < count; i++) {
		streams[i].nanoseconds = last - runs[i].began;
		streams[i].seen = after.packets - before.packets;
	}
	return err;
}
