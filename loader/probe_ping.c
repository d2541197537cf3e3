// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_ping.c - see probe_ping.h.
 */
#include <errno.h>
#include <string.h>

#include "address.h"
#include "echo.h"
#include "probe_ping.h"

int probe_ping_send(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, const struct tp_addr *target,
		    uint8_t ttl)
{
	struct echo_request request = {
		.ifindex = view->path->ifindex,
		.source = view->path->address,
		.target = *target,
		.ttl = ttl,
		.id = view->id,
		.sequence = shot->sequence,
		.cookie = shot->cookie,
	};

	memcpy(request.mac, view->path->next_hop_mac, sizeof(request.mac));
	return echo_send(fd, &request);
}

int probe_ping_receive(int fd, const struct tp_addr *from, uint8_t ttl,
		       struct probe_answer *answer)
{
	struct echo_answer echo;
	int got = echo_receive(fd, &echo);

	if (got <= 0)
		return got;
	if (!address_equal(&echo.source, from) || (ttl && echo.ttl != ttl))
		return -EBADMSG;
	answer->sequence = echo.sequence;
	answer->cookie = echo.cookie;
	answer->age = echo.age;
	return 1;
}
