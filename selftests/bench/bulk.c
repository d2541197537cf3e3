// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bulk.c - one TCP stream, as fast as it goes: bytes received in a given time.
 *
 *   bulk SERVER-NETNS ADDRESS PORT CLIENT-NETNS MILLISECONDS
 *
 * Owns: one connection.  The client stands inside and sends; the server counts
 * what arrived between the first byte and the end of the time.  Prints bits a
 * second and the source that the server saw.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (256 * 1024)
#define PATIENCE 5 /* seconds for a connection */

static char chunk[CHUNK];

static void die(const char *what)
{
	fprintf(stderr, "bulk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void enter(const char *netns)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static int open_socket(const struct sockaddr_in *where, int listening)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!listening)
		return fd;
	if (bind(fd, (const struct sockaddr *)where, sizeof(*where)) ||
	    listen(fd, 1))
		die("listen");
	return fd;
}

static void send_until_killed(const char *netns,
			      const struct sockaddr_in *where)
{
	int fd;

	enter(netns);
	fd = open_socket(where, 0);
	if (connect(fd, (const struct sockaddr *)where, sizeof(*where)))
		die("connect");
	while (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) > 0)
		;
	exit(0);
}

static void receive(int listener, double seconds)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int fd = accept(listener, (struct sockaddr *)&peer, &size);
	double start, t;
	long long bytes = 0;
	ssize_t got;

	if (fd < 0)
		die("no connection came through");
	if (recv(fd, chunk, sizeof(chunk), 0) <= 0)
		die("nothing came through");
	start = now();
	do {
		got = recv(fd, chunk, sizeof(chunk), 0);
		if (got <= 0)
			die("the stream broke off");
		bytes += got;
		t = now() - start;
	} while (t < seconds);
	printf("{\"bits_per_second\": %.0f, \"source\": \"%s\"}\n",
	       (double)bytes * 8 / t, inet_ntoa(peer.sin_addr));
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in where = { .sin_family = AF_INET };
	int listener;
	pid_t child;

	if (argc != 6 || inet_pton(AF_INET, argv[2], &where.sin_addr) != 1) {
		fprintf(stderr, "usage: bulk SERVER-NETNS ADDRESS PORT "
				"CLIENT-NETNS MILLISECONDS\n");
		return 2;
	}
	where.sin_port = htons((unsigned short)atoi(argv[3]));
	enter(argv[1]);
	listener = open_socket(&where, 1);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		send_until_killed(argv[4], &where);
	receive(listener, atof(argv[5]) / 1000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
