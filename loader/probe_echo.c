// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_echo.c - the kind "echo": a packet to our own address, given to the next
 * hop, which routes it back.
 *
 * That asks the next hop's forwarding and nothing else: no target, nobody who
 * has to answer, nothing that limits the rate of answers.  So it may be asked
 * many times a second.  The idea is that of BFD's unaffiliated echo (RFC 9747),
 * and so is the hop count: sent with 255, it is back after exactly one router.
 *
 * It is an ICMP echo request, for that is what routers let pass; our own kernel
 * drops it when it is back, because its source is this host's.  Whoever forges
 * one has to know id, sequence and cookie.
 *
 * Not every next hop sends a packet back where it came from: what was never seen
 * to work says nothing when it does not (see probes.c, "armed").  Some also send
 * an ICMP redirect now and then, which our kernel does not believe.
 */
#include <netinet/ip_icmp.h>

#include "echo.h"
#include "probe_ping.h"

#define TTL 255

static int own_open(const struct probe_view *view)
{
	return echo_open(view->path->ifindex, &view->path->address, ICMP_ECHO,
			 view->id);
}

static int own_send(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, bool again)
{
	(void)again;
	return probe_ping_send(fd, view, shot, &view->path->address, TTL);
}

static int own_receive(int fd, const struct probe_view *view,
		       struct probe_answer *answer)
{
	return probe_ping_receive(fd, &view->path->address, TTL - 1, answer);
}

const struct probe_kind probe_echo = {
	.by_mac = true,
	.open = own_open,
	.send = own_send,
	.receive = own_receive,
};
