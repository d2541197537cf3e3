/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - packets through something, and how long that took.
 *
 * Owns: the ports that the benchmark's programs stand on, and runs.
 * A run is a live-frame test run on one CPU: each frame is made, redirected into
 * a port, and goes its way in the same softirq until a sink drops it.
 */
#ifndef TWINPATH_BENCH_STREAM_H
#define TWINPATH_BENCH_STREAM_H

#include <net/if.h>
#include <stdbool.h>

#include "engine.h"

/* One end of a veth pair, in a namespace of its own. */
struct port {
	char name[16];
	char netns[ENGINE_NETNS];
	char device[IF_NAMESIZE];
	unsigned ifindex;
	__u8 mac[6];
	bool timed;
	int link; /* of the sink; -1: none */
};

struct stream {
	const struct port *port;
	struct bench_plan plan;
	__u32 packets;
	int cpu;
	/* out */
	__u64 nanoseconds; /* until the last one was seen */
	__u64 seen;
	int error;
};

/* Negative errno.  The port's device must be up, as the sink is native XDP. */
int stream_attach(struct bench *bench, struct port *port);
void stream_detach(struct port *port);

/* Put the bare redirect on a device of a gateway. */
int stream_bare(struct bench *bench, const char *netns, const char *device,
		const struct bench_bare *bare);

void stream_look(struct bench *bench, const struct bench_look *look);
void stream_seen(struct bench *bench, struct bench_seen *sum);
void stream_clear(struct bench *bench);

/* One or two streams at the same time, each on its CPU. */
int stream_run(struct bench *bench, struct stream *streams, int count);

#endif
