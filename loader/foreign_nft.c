// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_nft.c - does the forward hook have rules of somebody's, in nftables?
 * The iptables of today is nftables too.
 */
#include <arpa/inet.h>
#include <netlink/attr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "foreign_read.h"

static uint32_t number(struct nlattr *attribute)
{
	if (!attribute || nla_len(attribute) < (int)sizeof(uint32_t))
		return 0;
	return ntohl(nla_get_u32(attribute));
}

static const char *text(struct nlattr *attribute)
{
	return attribute ? nla_get_string(attribute) : "";
}

static bool at_forward(struct nlattr *hook)
{
	struct nlattr *tb[NFTA_HOOK_MAX + 1];

	return hook && nla_parse_nested(tb, NFTA_HOOK_MAX, hook, NULL) >= 0 &&
	       tb[NFTA_HOOK_HOOKNUM] &&
	       number(tb[NFTA_HOOK_HOOKNUM]) == NF_INET_FORWARD;
}

static void take_chain(struct foreign *out, struct nlmsghdr *message)
{
	struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	struct nfgenmsg *header;
	const char *family, *why;

	if (message->nlmsg_type !=
		    (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN) ||
	    nlmsg_parse(message, sizeof(*header), tb, NFTA_CHAIN_MAX, NULL) < 0)
		return;
	header = nlmsg_data(message);
	if (header->nfgen_family == NFPROTO_IPV4)
		family = "ip";
	else if (header->nfgen_family == NFPROTO_INET)
		family = "inet";
	else
		return;
	if (!at_forward(tb[NFTA_CHAIN_HOOK]))
		return;
	/* Nobody can jump to a base chain: who uses it are its rules. */
	if (tb[NFTA_CHAIN_POLICY] && number(tb[NFTA_CHAIN_POLICY]) == NF_DROP)
		why = "policy drop";
	else if (number(tb[NFTA_CHAIN_USE]))
		why = "has rules";
	else
		return;
	foreign_note(out->forward, "nft table %s %.32s, chain %.32s: %s",
		     family, text(tb[NFTA_CHAIN_TABLE]),
		     text(tb[NFTA_CHAIN_NAME]), why);
}

int foreign_read_nft(struct foreign *out)
{
	const struct nfgenmsg header = { .nfgen_family = NFPROTO_UNSPEC };

	return foreign_dump(out, NETLINK_NETFILTER,
			    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
			    &header, sizeof(header), take_chain);
}
