// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_rules.c - ip rules of others, and which forwarded packets they are
 * about.
 *
 * Owns: what a rule's selectors mean for the fast path.  Ours are told by their
 * protocol number.
 */
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "foreign_read.h"

#define MAIN_PRIORITY 32766

static uint32_t number(struct nlattr *attribute, uint32_t otherwise)
{
	if (!attribute || nla_len(attribute) < (int)sizeof(uint32_t))
		return otherwise;
	return nla_get_u32(attribute);
}

static struct prefix prefix(struct nlattr *attribute, uint8_t length)
{
	if (!attribute || nla_len(attribute) < (int)sizeof(in_addr_t))
		return (struct prefix){ 0 };
	return foreign_prefix_of(nla_get_u32(attribute), length);
}

/* Of sockets only: forwarded packets count as root's. */
static bool of_users(struct nlattr *range)
{
	const struct fib_rule_uid_range *uids;

	if (!range || nla_len(range) < (int)sizeof(*uids))
		return false;
	uids = nla_data(range);
	return uids->start > 0;
}

static bool of_loopback(struct nlattr *name)
{
	return name && !strcmp(nla_get_string(name), "lo");
}

/* Never asked about a packet that is forwarded; or only where main knew no way. */
static bool is_irrelevant(struct nlattr **tb)
{
	return tb[FRA_OIFNAME] || of_loopback(tb[FRA_IIFNAME]) ||
	       tb[FRA_L3MDEV] || of_users(tb[FRA_UID_RANGE]) ||
	       number(tb[FRA_PRIORITY], 0) >= MAIN_PRIORITY;
}

/* A selector that the data plane does not look at by itself. */
static const char *unseen_selector(const struct fib_rule_hdr *header,
				   struct nlattr **tb)
{
	if (header->flags & FIB_RULE_INVERT)
		return "not ";
	if (tb[FRA_FWMARK] || tb[FRA_FWMASK])
		return "fwmark ";
	if (tb[FRA_IIFNAME])
		return "iif ";
	if (header->tos)
		return "tos ";
	if (tb[FRA_IP_PROTO])
		return "ipproto ";
	if (tb[FRA_SPORT_RANGE] || tb[FRA_DPORT_RANGE])
		return "port ";
	return "";
}

/* "from all lookup main" and its like say what holds anyway. */
static bool is_standard(const struct fib_rule_hdr *header, uint32_t table)
{
	return header->action == FR_ACT_NOP ||
	       (header->action == FR_ACT_TO_TBL &&
		(table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN ||
		 table == RT_TABLE_DEFAULT));
}

static void take_rule(struct foreign *out, struct nlmsghdr *message)
{
	struct nlattr *tb[FRA_MAX + 1];
	struct fib_rule_hdr *header;
	struct prefix from, to;
	char what[FOREIGN_TEXT];
	const char *selector;
	uint32_t table;

	if (message->nlmsg_type != RTM_NEWRULE ||
	    nlmsg_parse(message, sizeof(*header), tb, FRA_MAX, NULL) < 0)
		return;
	header = nlmsg_data(message);
	if (header->family != AF_INET || is_irrelevant(tb) ||
	    (tb[FRA_PROTOCOL] && nla_get_u8(tb[FRA_PROTOCOL]) == MODEL_RTPROT))
		return;
	table = number(tb[FRA_TABLE], header->table);
	if (is_standard(header, table))
		return;
	from = prefix(tb[FRA_SRC], header->src_len);
	to = prefix(tb[FRA_DST], header->dst_len);
	selector = unseen_selector(header, tb);
	if (header->flags & FIB_RULE_INVERT) /* about all but what it says */
		memset(&from, 0, sizeof(from)), memset(&to, 0, sizeof(to));
	snprintf(what, sizeof(what), "ip rule %u: %slookup %u",
		 number(tb[FRA_PRIORITY], 0), selector, table);
	foreign_take_prefixes(out, FOREIGN_RULE, &from, &to, what);
}

int foreign_read_rules(struct foreign *out)
{
	const struct fib_rule_hdr header = { .family = AF_INET };

	return foreign_dump(out, NETLINK_ROUTE, RTM_GETRULE, &header,
			    sizeof(header), take_rule);
}
