// SPDX-License-Identifier: GPL-2.0-or-later
/* netns.c - see netns.h. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "netns.h"

void netns_run(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command))
		fail_msg("failed: %s", command);
}

char *netns_output(const char *command)
{
	size_t room = 1 << 20, used;
	char *text = malloc(room);
	FILE *pipe = popen(command, "re");

	assert_non_null(text);
	assert_non_null(pipe);
	used = fread(text, 1, room - 1, pipe);
	text[used] = '\0';
	pclose(pipe);
	return text;
}

bool netns_says(const char *command, const char *needle)
{
	char *text = netns_output(command);
	bool found = strstr(text, needle);

	free(text);
	return found;
}

void netns_changed(void *arg, unsigned changes)
{
	struct netns *netns = arg;

	netns->changes |= changes;
	netns->calls++;
}

int netns_setup(void **state)
{
	static struct netns netns;

	memset(&netns, 0, sizeof(netns));
	*state = &netns;
	if (unshare(CLONE_NEWNET))
		return 0; /* not root: the tests skip */
	loop_open(&netns.loop);
	log_set_level(LOG_LEVEL_ERROR);
	netns_run("ip link set lo up");
	assert_int_equal(netlink_open(&netns.netlink, netns.loop.base,
				      netns_changed, &netns),
			 0);
	return 0;
}

int netns_teardown(void **state)
{
	struct netns *netns = *state;

	if (!netns->loop.base)
		return 0;
	netlink_close(netns->netlink);
	loop_close(&netns->loop);
	return 0;
}

struct netns *netns_of(void **state)
{
	struct netns *netns = *state;

	if (!netns->loop.base)
		skip();
	return netns;
}

struct tp_addr netns_address(const char *text)
{
	struct tp_addr address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

struct prefix netns_prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

void netns_veth(const char *name, const char *address)
{
	netns_run("ip link add %s type veth peer name %sp && "
		  "ip link set %s up && ip link set %sp up && "
		  "ip addr add %s dev %s",
		  name, name, name, name, address, name);
}

/* ---- what the tables say ----------------------------------------------------- */

unsigned netns_index_of(struct netns *netns, const char *name)
{
	const struct netlink_link *link =
		netlink_link_by_name(netns->netlink, name);

	return link ? link->index : 0;
}

unsigned netns_entries(struct netns *netns, const char *to)
{
	const struct netlink_route *route = NULL;
	struct prefix wanted = netns_prefix(to);
	unsigned count = 0;

	while ((route = netlink_next_route(netns->netlink, route)))
		count += prefix_equal(&route->to, &wanted);
	return count;
}

const struct netlink_route *netns_by(struct netns *netns, const char *to,
				     const char *gateway)
{
	const struct netlink_route *route = NULL;
	struct prefix wanted = netns_prefix(to);
	struct tp_addr via = { 0 };

	if (*gateway)
		via = netns_address(gateway);
	while ((route = netlink_next_route(netns->netlink, route))) {
		if (prefix_equal(&route->to, &wanted) &&
		    address_equal(&route->gateway, &via))
			break;
	}
	return route;
}

unsigned netns_addresses_on(struct netns *netns, const char *name)
{
	const struct netlink_address *address = NULL;
	unsigned count = 0, ifindex = netns_index_of(netns, name);

	while ((address = netlink_next_address(netns->netlink, address)))
		count += address->ifindex == ifindex;
	return count;
}

unsigned netns_all_routes(struct netns *netns)
{
	const struct netlink_route *route = NULL;
	unsigned count = 0;

	while ((route = netlink_next_route(netns->netlink, route)))
		count++;
	return count;
}

void netns_two_uplinks(struct netns *netns)
{
	netns_veth("w0", "10.0.0.1/24");
	netns_veth("w1", "10.0.1.1/24");
	NETNS_WAIT(netns, netns_entries(netns, "10.0.0.0/24") == 1 &&
				  netns_entries(netns, "10.0.1.0/24") == 1);
}
