// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_icmp.c - the kind "icmp": an ICMP echo to a target, over the next hop.
 *
 * An answer is, all of it: an ICMP echo reply that arrived on this interface in
 * a frame for us, from the target, to our address, with our id, the sequence
 * number of a probe in flight and that probe's random cookie.
 *
 * It goes past routing tables, so that a probe cannot leave by another exit and
 * come back through the partner.
 */
#include <netinet/ip_icmp.h>

#include "echo.h"
#include "probe_ping.h"

#define TTL 64

static int icmp_open(const struct probe_view *view)
{
	return echo_open(view->path->ifindex, &view->path->address,
			 ICMP_ECHOREPLY, view->id);
}

static int icmp_send(int fd, const struct probe_view *view,
		     const struct probe_shot *shot, bool again)
{
	(void)again;
	return probe_ping_send(fd, view, shot, &view->config->target, TTL);
}

static int icmp_receive(int fd, const struct probe_view *view,
			struct probe_answer *answer)
{
	return probe_ping_receive(fd, &view->config->target, 0, answer);
}

const struct probe_kind probe_icmp = {
	.by_mac = true,
	.open = icmp_open,
	.send = icmp_send,
	.receive = icmp_receive,
};
