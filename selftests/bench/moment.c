// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * moment.c - see moment.h.
 *
 * One thread sends and looks, on a CPU that is not the daemon's; another makes
 * the event, because a device takes its time to go down.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <bpf/bpf.h>

#include "moment.h"
#include "program.h"

#define FRAMES 32768 /* in all: each opens a session, and takes a port */
#define PACE 8000ULL /* ns between them, or they would not last */
#define CALM 1500    /* of them before the event */
#define AFTER 64     /* and after the first at the new exit */

struct run {
	struct bench *bench;
	struct moment *moment;
	__u8 (*frames)[BENCH_FRAME];
	int selector;
	int control; /* -1: the event is a device's */
	int peer;    /* any socket in its namespace */
	atomic_int now;
	int error;
};

/* ---- the event ---------------------------------------------------------------- */

static int control_dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int control_tell(struct run *run)
{
	size_t length = strlen(run->moment->line);

	run->moment->began = engine_now();
	return write(run->control, run->moment->line, length) ==
			       (ssize_t)length ?
		       0 :
		       -EIO;
}

static int device_down(struct run *run)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, IF_NAMESIZE, "%s", run->moment->device);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		err = -errno;
	request.ifr_flags &= (short)~IFF_UP;
	if (!err && ioctl(fd, SIOCSIFFLAGS, &request))
		err = -errno;
	close(fd);
	return err;
}

static int peer_open(void *arg)
{
	struct run *run = arg;

	run->peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return run->peer < 0 ? -errno : 0;
}

static int peer_running(const struct run *run)
{
	struct ifreq request = {};

	snprintf(request.ifr_name, IF_NAMESIZE, "%s", run->moment->peer);
	return ioctl(run->peer, SIOCGIFFLAGS, &request) ||
	       request.ifr_flags & IFF_RUNNING;
}

static void *event(void *arg)
{
	struct run *run = arg;

	if (run->control < 0)
		run->error = engine_enter(run->moment->netns);
	while (!atomic_load(&run->now))
		usleep(100);
	if (!run->error)
		run->error = run->control < 0 ? device_down(run) :
						control_tell(run);
	return NULL;
}

/* ---- the frames ---------------------------------------------------------------- */

static int frames_make(struct run *run)
{
	int i, err;

	run->frames = calloc(FRAMES, BENCH_FRAME);
	if (!run->frames)
		return -ENOMEM;
	err = engine_plan(run->bench, run->moment->cpu, &run->moment->plan);
	for (i = 0; !err && i < FRAMES; i++)
		err = program_frame(run->bench, run->frames[i]);
	return err;
}

static int sender_open(const struct port *port, struct sockaddr_ll *where)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	*where = (struct sockaddr_ll){ .sll_family = AF_PACKET,
				       .sll_ifindex = (int)port->ifindex,
				       .sll_protocol = htons(ETH_P_IP) };
	if (fd >= 0)
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on,
			   sizeof(on));
	return fd < 0 ? -errno : fd;
}

static int selector_exit(const struct run *run, __u32 *exit)
{
	struct tp_selector selector;
	__u32 key = 0;

	if (bpf_map_lookup_elem(run->selector, &key, &selector))
		return -errno;
	*exit = selector.exit;
	return 0;
}

/* Look, send, look, ...: until the first frame has come by the new exit. */
static int send_all(struct run *run, int fd, const struct sockaddr_ll *where)
{
	struct moment *m = run->moment;
	struct bench_seen seen = {};
	__u32 old = 0, exit = 0, left = AFTER;
	int err = selector_exit(run, &old);

	for (m->frames = 0; !err && left && m->frames < FRAMES; m->frames++) {
		__u64 t = engine_now();

		if (run->peer >= 0 && !m->began && !peer_running(run))
			m->began = t;
		err = selector_exit(run, &exit);
		if (exit == old)
			m->before = t;
		else if (!m->decided)
			m->decided = engine_now();
		if (sendto(fd, run->frames[m->frames], BENCH_FRAME, 0,
			   (const struct sockaddr *)where, sizeof(*where)) < 0)
			err = -errno;
		if (m->frames == CALM)
			atomic_store(&run->now, 1);
		if (m->decided)
			stream_seen(run->bench, &seen);
		left -= !!seen.first;
		while (engine_now() - t < PACE)
			;
	}
	m->first = seen.first;
	return err ?: m->first ? 0 : -ETIME;
}

static void *sender(void *arg)
{
	struct run *run = arg;
	struct sockaddr_ll where;
	int fd = -1, err = engine_enter(run->moment->port->netns) ?:
				   engine_stay(run->moment->cpu)  ?:
				   frames_make(run);

	if (!err) {
		fd = sender_open(run->moment->port, &where);
		err = fd < 0 ? fd : send_all(run, fd, &where);
	}
	if (fd >= 0)
		close(fd);
	atomic_store(&run->now, 1);
	return (void *)(long)err;
}

static int run_threads(struct run *run)
{
	pthread_t threads[2];
	void *result = NULL;

	if (pthread_create(&threads[0], NULL, event, run))
		return -EAGAIN;
	if (pthread_create(&threads[1], NULL, sender, run))
		abort();
	pthread_join(threads[1], &result);
	pthread_join(threads[0], NULL);
	return (int)(long)result ?: run->error;
}

/* The daemon's answer, so that it is through with the request. */
static int control_answered(int fd)
{
	char answer[4096];

	return read(fd, answer, sizeof(answer)) > 0 &&
			       strstr(answer, "\"ok\":true") ?
		       0 :
		       -EPROTO;
}

int moment_run(struct bench *bench, struct moment *moment)
{
	struct run run = { .bench = bench,
			   .moment = moment,
			   .selector = -1,
			   .control = -1,
			   .peer = -1 };
	char path[192];
	int err;

	snprintf(path, sizeof(path), "%s/selector", moment->pins);
	run.selector = bpf_obj_get(path);
	err = run.selector < 0 ? -errno : 0;
	if (!err && moment->socket) {
		run.control = control_dial(moment->socket);
		err = run.control < 0 ? run.control : 0;
	}
	if (!err && moment->peer)
		err = engine_visit(moment->peer_netns, peer_open, &run);
	err = err ?: run_threads(&run);
	if (!err && run.control >= 0)
		err = control_answered(run.control);
	if (run.control >= 0)
		close(run.control);
	if (run.peer >= 0)
		close(run.peer);
	if (run.selector >= 0)
		close(run.selector);
	free(run.frames);
	return err;
}
