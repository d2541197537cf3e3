// SPDX-License-Identifier: GPL-2.0-or-later
/* interfaces_forward.c - see interfaces.h: the sysctls that forwarding needs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "interfaces_private.h"
#include "log.h"
#include "sysctl.h"

static void put(const struct interfaces_context *context, const char *name,
		const char *value)
{
	int err = sysctl_set(context->sysctls, name, value);

	if (err && err != -ENOENT)
		log_warning("cannot set %s to %s: %s", name, value,
			    strerror(-err));
}

static void set(const struct interfaces_context *context, const char *interface,
		const char *key, const char *value)
{
	char name[96];

	snprintf(name, sizeof(name), "net/ipv4/conf/%s/%s", interface, key);
	put(context, name, value);
}

/*
 * rp_filter: loose, for a drained session's packets arrive where the default
 * route no longer points; none on a link to the partner, which may do without
 * an address: there even loose filtering drops everything, ARP too.
 * Redirects: the pair of gateways is one router.
 */
static void prepare(const struct interfaces_context *context, const char *name,
		    bool partner)
{
	set(context, name, "rp_filter", partner ? "0" : "2");
	set(context, name, "send_redirects", "0");
	set(context, name, "accept_redirects", "0");
}

/*
 * What a host sends to the virtual MAC enters the kernel by the macvlan.  Its
 * rp_filter stays as VRRP set it: a backup's macvlan has no address, and even
 * loose filtering would then drop the master's advertisements.
 */
static void forward_virtual(const struct interfaces_context *context,
			    unsigned parent)
{
	const struct netlink_link *link = NULL;

	while ((link = netlink_next_link(context->netlink, link))) {
		if (link->parent != parent || strcmp(link->kind, "macvlan"))
			continue;
		set(context, link->name, "send_redirects", "0");
		set(context, link->name, "forwarding", "1");
	}
}

void interfaces_forward(const struct interfaces *interfaces,
			const struct interfaces_context *context)
{
	for (unsigned i = 0; i < interfaces->count; i++) {
		const struct interface *one = &interfaces->list[i];

		if (!one->ifindex)
			continue;
		prepare(context, one->name, one->partner);
		set(context, one->name, "forwarding", "1");
		if (one->role == ATTACH_LAN)
			forward_virtual(context, one->ifindex);
	}
}

void interfaces_prepare_host(const struct interfaces_context *context)
{
	const struct config *config = context->config;
	char range[32];
	int err;

	set(context, "all", "send_redirects", "0");
	/*
	 * An ICMP error about what came by an uplink carries that one's address,
	 * and so leaves by it, whoever is primary: the sender's path MTU hangs
	 * on it.
	 */
	put(context, "net/ipv4/icmp_errors_use_inbound_ifaddr", "1");
	/* The gateway's own connections stay out of NAT's ports. */
	snprintf(range, sizeof(range), "%u\t%u", config->local_min,
		 config->local_max);
	err = sysctl_set(context->sysctls, "net/ipv4/ip_local_port_range",
			 range);
	if (err)
		log_warning("cannot set ip_local_port_range: %s",
			    strerror(-err));
}
