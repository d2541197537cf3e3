/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment.h - how long until packets leave by another exit.
 *
 * Owns: a stream of frames of new flows, one after the other, into a gateway; the
 * event in the middle of it; and the look at the gateway's selector between any
 * two frames.  The frames are ordinary ones, sent by a socket: a live-frame run
 * cannot look at a map while it runs.
 */
#ifndef TWINPATH_BENCH_MOMENT_H
#define TWINPATH_BENCH_MOMENT_H

#include "stream.h"

struct moment {
	const struct port *port; /* where the frames go in */
	struct bench_plan plan;
	int cpu;
	const char *pins; /* of the gateway */
	/* What happens: a line to a control socket, or a device that goes down,
	 * the other end of one of the gateway's. */
	const char *socket;
	const char *line;
	const char *netns;
	const char *device;
	const char *peer_netns;
	const char *peer;
	/* out: ktime */
	__u64 began;   /* just before the line was written, or when the kernel
			* no longer said that the peer is running */
	__u64 before;  /* last look that showed the old selector */
	__u64 decided; /* first look that showed the new one */
	__u64 first;   /* first frame that a timed sink saw */
	__u32 frames;  /* that were sent */
};

/* 0, or a negative errno; -ETIME: no frame came to a timed sink. */
int moment_run(struct bench *bench, struct moment *moment);

#endif
