// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_iptables.c - does the forward hook have rules of somebody's, in the
 * iptables of before nftables?  It announces no change: look now and then.
 */
#include <errno.h>
#include <net/if.h> /* before <linux/if.h>, or they collide */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "foreign.h"

/* Asking for a table loads its module, so look whether it is there first. */
static bool has_filter_table(void)
{
	FILE *names = fopen("/proc/net/ip_tables_names", "re");
	char line[64];
	bool found = false;

	if (!names)
		return false;
	while (!found && fgets(line, sizeof(line), names))
		found = !strcmp(line, "filter\n");
	fclose(names);
	return found;
}

/* A chain without rules begins with its policy, a verdict. */
static bool drops(const struct ipt_get_entries *entries, unsigned policy)
{
	const struct ipt_entry *entry;
	const struct xt_standard_target *target;

	if (policy + sizeof(*entry) > entries->size)
		return false;
	entry = (const void *)((const char *)entries->entrytable + policy);
	if (policy + entry->target_offset + sizeof(*target) > entries->size)
		return false;
	target = (const void *)((const char *)entry + entry->target_offset);
	return target->verdict == -NF_DROP - 1;
}

static int read_filter(int fd, struct foreign *out)
{
	struct ipt_getinfo info = { .name = "filter" };
	struct ipt_get_entries *entries;
	socklen_t size = sizeof(info);
	int err = 0;

	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size))
		return -errno;
	if (info.hook_entry[NF_INET_FORWARD] !=
	    info.underflow[NF_INET_FORWARD]) {
		foreign_note(out->forward,
			     "iptables table filter, chain FORWARD: has rules");
		return 0;
	}
	size = (socklen_t)(sizeof(*entries) + info.size);
	entries = calloc(1, size);
	if (!entries)
		return -ENOMEM;
	snprintf(entries->name, sizeof(entries->name), "filter");
	entries->size = info.size;
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &size))
		err = -errno; /* it changed meanwhile: looked at again soon */
	else if (drops(entries, info.underflow[NF_INET_FORWARD]))
		foreign_note(out->forward, "iptables table filter, chain "
					   "FORWARD: policy DROP");
	free(entries);
	return err;
}

int foreign_read_iptables(struct foreign *out)
{
	int fd, err;

	if (!has_filter_table())
		return 0;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return -errno;
	err = read_filter(fd, out);
	close(fd);
	return err;
}
