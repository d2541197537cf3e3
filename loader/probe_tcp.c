// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_tcp.c - the kind "tcp": can a connection to a port of the target be
 * opened?  It is closed at once, without a word.
 *
 * The answer is the handshake, which nobody off the path can forge; the time is
 * the one that the kernel took for it.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "probe_socket.h"

static int tcp_begin(const struct probe_view *view,
		     const struct probe_shot *shot)
{
	(void)shot;
	return probe_socket_connect(view, SOCK_STREAM);
}

static int tcp_go_on(const struct probe_view *view, struct probe_shot *shot)
{
	int connected = probe_socket_connected(shot->socket);
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	(void)view;
	if (connected <= 0)
		return connected ? connected : PROBE_WRITE;
	/* None where the SYN was repeated: then it has taken that long. */
	if (!getsockopt(shot->socket, IPPROTO_TCP, TCP_INFO, &info, &size) &&
	    !info.tcpi_total_retrans)
		shot->rtt_us = info.tcpi_rtt;
	return PROBE_DONE;
}

const struct probe_kind probe_tcp = {
	.begin = tcp_begin,
	.go_on = tcp_go_on,
};
