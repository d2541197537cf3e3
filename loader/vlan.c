// SPDX-License-Identifier: GPL-2.0-or-later
/* vlan.c - see vlan.h. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "log.h"
#include "vlan.h"

/* A driver that does not know the question takes nothing off. */
static bool takes_tags_off(const char *interface)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (char *)&flags };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool off;

	if (fd < 0)
		return true; /* not known: the safe side */
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	off = !ioctl(fd, SIOCETHTOOL, &request) && flags.data & ETH_FLAG_RXVLAN;
	close(fd);
	return off;
}

static const char *find_above(const struct netlink *netlink, unsigned parent)
{
	const struct netlink_link *link = NULL;

	while ((link = netlink_next_link(netlink, link)))
		if (link->parent == parent && !strcmp(link->kind, "vlan"))
			return link->name;
	return NULL;
}

const char *vlan_hidden(const struct netlink *netlink,
			const struct netlink_link *link)
{
	const char *above = find_above(netlink, link->index);

	return above && takes_tags_off(link->name) ? above : NULL;
}

void vlan_log(const char *interface, const char *vlan)
{
	char because[160];

	snprintf(because, sizeof(because),
		 "XDP would take frames of %s for its own: the NIC takes their "
		 "tags off ('ethtool -K %s rxvlan off' stops it)",
		 vlan, interface);
	log_change(0, interface, "xdp and tc", "tc", because);
}
