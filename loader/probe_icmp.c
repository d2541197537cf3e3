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
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "address.h"
#include "echo.h"
#include "probe_kind.h"

#define TTL 64

static int icmp_open(const struct probe_view *view)
{
	return echo_open(view->path->ifindex, &view->path->address,
			 ICMP_ECHOREPLY, view->id);
}

static int icmp_send(int fd, const struct probe_view *view,
		     const struct probe_shot *shot, bool again)
{
	struct echo_request request = {
		.ifindex = view->path->ifindex,
		.source = view->path->address,
		.target = view->config->target,
		.ttl = TTL,
		.id = view->id,
		.sequence = shot->sequence,
		.cookie = shot->cookie,
	};

	(void)again;
	memcpy(request.mac, view->path->next_hop_mac, sizeof(request.mac));
	return echo_send(fd, &request);
}

static int icmp_receive(int fd, const struct probe_view *view,
			struct probe_answer *answer)
{
	struct echo_answer echo;
	int got = echo_receive(fd, &echo);

	if (got <= 0)
		return got;
	if (!address_equal(&echo.source, &view->config->target))
		return -EBADMSG;
	answer->sequence = echo.sequence;
	answer->cookie = echo.cookie;
	answer->age = echo.age;
	return 1;
}

const struct probe_kind probe_icmp = {
	.by_mac = true,
	.open = icmp_open,
	.send = icmp_send,
	.receive = icmp_receive,
};
