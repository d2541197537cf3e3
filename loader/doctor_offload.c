// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor_offload.c - see doctor.h: what a NIC does to packets before XDP.
 *
 * Hardware that merges segments (LRO, GRO_HW) shows XDP packets that are larger
 * than the wire's, or is refused by the driver; a router must not have either.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "doctor.h"
#include "doctor_find.h"
#include "site_private.h"

static int ask(int fd, const char *name, void *data)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = data;
	return ioctl(fd, SIOCETHTOOL, &request);
}

static bool has_lro(int fd, const char *name)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	return !ask(fd, name, &flags) && flags.data & ETH_FLAG_LRO;
}

static unsigned count_features(int fd, const char *name)
{
	struct {
		struct ethtool_sset_info info;
		__u32 count;
	} query = {
		.info = { .cmd = ETHTOOL_GSSET_INFO,
			  .sset_mask = 1ULL << ETH_SS_FEATURES },
	};

	return ask(fd, name, &query) || !query.info.sset_mask ? 0 : query.count;
}

/* Which bit of the features is that one; `count`: none. */
static unsigned feature_bit(int fd, const char *name, unsigned count,
			    const char *feature)
{
	struct ethtool_gstrings *strings =
		calloc(1, sizeof(*strings) + count * ETH_GSTRING_LEN);
	unsigned bit = count;

	if (!strings)
		return count;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_FEATURES;
	strings->len = count;
	if (!ask(fd, name, strings))
		for (unsigned i = 0; i < count && bit == count; i++)
			if (!strncmp((char *)strings->data +
					     i * ETH_GSTRING_LEN,
				     feature, ETH_GSTRING_LEN))
				bit = i;
	free(strings);
	return bit;
}

static bool has_feature(int fd, const char *name, const char *feature)
{
	unsigned count = count_features(fd, name), bit, blocks;
	struct ethtool_gfeatures *features;
	bool active = false;

	bit = count ? feature_bit(fd, name, count, feature) : count;
	if (bit == count)
		return false;
	blocks = (count + 31) / 32;
	features = calloc(1, sizeof(*features) +
				     blocks * sizeof(features->features[0]));
	if (!features)
		return false;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	if (!ask(fd, name, features))
		active = features->features[bit / 32].active & 1U << bit % 32;
	free(features);
	return active;
}

static void find_offload(struct json_object *findings, const char *name,
			 const char *what, const char *option)
{
	char type[64];

	snprintf(type, sizeof(type), "ethtool -K %s %s off", name, option);
	doctor_find(findings, type,
		    "%s: %s is on: the NIC merges packets before the programs "
		    "see them, and what is merged cannot be forwarded as it "
		    "came",
		    name, what);
}

void doctor_offloads(const struct site *site, struct json_object *findings)
{
	const struct interfaces *all = &site->parts->interfaces;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (unsigned i = 0; fd >= 0 && i < all->count; i++) {
		const struct interface *one = &all->list[i];

		if (!one->ifindex)
			continue;
		if (has_lro(fd, one->name))
			find_offload(findings, one->name, "LRO", "lro");
		if (has_feature(fd, one->name, "rx-gro-hw"))
			find_offload(findings, one->name, "GRO_HW",
				     "rx-gro-hw");
	}
	if (fd >= 0)
		close(fd);
}
