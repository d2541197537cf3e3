// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor_sysctl.c - see doctor.h: settings that twinpathd has set, and somebody
 * has set otherwise since. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "doctor_find.h"
#include "site_private.h"
#include "sysctl.h"

static int number_of(const char *name)
{
	char value[SYSCTL_VALUE];

	return sysctl_get(name, value) ? -1 : atoi(value);
}

static int conf_of(const char *interface, const char *key)
{
	char name[96];

	snprintf(name, sizeof(name), "net/ipv4/conf/%s/%s", interface, key);
	return number_of(name);
}

/* As sysctl(8) takes it: slashes, for a name may have dots. */
static void find_conf(struct json_object *findings, const char *interface,
		      const char *key, int wanted, const char *why)
{
	char type[128];

	snprintf(type, sizeof(type), "sysctl -w net/ipv4/conf/%s/%s=%d",
		 interface, key, wanted);
	doctor_find(findings, type, "%s: %s is %d: %s", interface, key,
		    conf_of(interface, key), why);
}

/* The kernel takes the larger one of "all" and the interface's. */
static void look_at_filter(const struct interface *one,
			   struct json_object *findings)
{
	int all = conf_of("all", "rp_filter");
	int own = conf_of(one->name, "rp_filter");
	int worst = all > own ? all : own;

	if (worst == 1)
		find_conf(findings, own == 1 ? one->name : "all", "rp_filter",
			  own == 1 && !one->partner ? 2 : 0,
			  "strict: what arrives where the default route does "
			  "not point is dropped, as after every switch");
	else if (one->partner && worst)
		find_conf(findings, own ? one->name : "all", "rp_filter", 0,
			  "on the link to the partner, which may have no "
			  "address, everything is dropped");
}

static void look_at_interface(const struct interface *one,
			      struct json_object *findings)
{
	look_at_filter(one, findings);
	if (conf_of(one->name, "forwarding") != 1)
		find_conf(findings, one->name, "forwarding", 1,
			  "what the fast path leaves to the kernel is not "
			  "forwarded");
	/* Either of the two is enough to send them. */
	if (conf_of(one->name, "send_redirects") == 1)
		find_conf(findings, one->name, "send_redirects", 0,
			  "hosts are told to go past one of the gateways");
	if (conf_of(one->name, "accept_redirects") == 1)
		find_conf(findings, one->name, "accept_redirects", 0,
			  "a redirect could turn the gateway's own packets");
}

static void look_at_host(const struct site *site, struct json_object *findings)
{
	const struct config *config = &site->config;
	char range[SYSCTL_VALUE], type[96];
	unsigned low, high;

	if (conf_of("all", "send_redirects") == 1)
		find_conf(findings, "all", "send_redirects", 0,
			  "hosts are told to go past one of the gateways");
	if (number_of("net/ipv4/icmp_errors_use_inbound_ifaddr") == 0)
		doctor_find(
			findings,
			"sysctl -w net.ipv4.icmp_errors_use_inbound_ifaddr=1",
			"icmp_errors_use_inbound_ifaddr is 0: an ICMP error "
			"may leave by another uplink than the packet that "
			"it is about came by, and path MTU discovery fails");
	if (sysctl_get("net/ipv4/ip_local_port_range", range) ||
	    sscanf(range, "%u %u", &low, &high) != 2 ||
	    (low >= config->local_min && high <= config->local_max))
		return;
	snprintf(type, sizeof(type),
		 "sysctl -w net.ipv4.ip_local_port_range=\"%u %u\"",
		 config->local_min, config->local_max);
	doctor_find(findings, type,
		    "ip_local_port_range is %u-%u: the gateway's own "
		    "connections may take ports of NAT's",
		    low, high);
}

void doctor_sysctls(const struct site *site, struct json_object *findings)
{
	const struct interfaces *all = &site->parts->interfaces;

	for (unsigned i = 0; i < all->count; i++)
		if (all->list[i].ifindex)
			look_at_interface(&all->list[i], findings);
	look_at_host(site, findings);
}
