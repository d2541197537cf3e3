// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_write.c - the requests that change the kernel's routes, rules and
 * neighbours.
 *
 * Owns: how a request is spelled.  It must never change our tables: what came
 * of a request is learned by listening, like everybody else's doing.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "netlink_parse.h"
#include "netlink_request.h"
#include "netlink_table.h"

#define MAPPED_BITS 96

static unsigned char family_of(const struct tp_addr *address)
{
	return address_is_v4(address) ? AF_INET : AF_INET6;
}

static int put_address(struct nl_msg *message, int type,
		       const struct tp_addr *address)
{
	if (!address_is_v4(address))
		return nla_put(message, type, sizeof(address->byte),
			       address->byte);
	return nla_put_u32(message, type, address_to_v4(address));
}

static unsigned char length_of(const struct prefix *prefix)
{
	if (address_is_v4(&prefix->address))
		return (unsigned char)(prefix->length - MAPPED_BITS);
	return prefix->length;
}

/* ---- routes --------------------------------------------------------------- */

static unsigned char scope_of(const struct netlink_route *route)
{
	/* Without a gateway its destinations are neighbours. */
	if (route->type == RTN_UNICAST && !route->nhid &&
	    address_is_zero(&route->gateway))
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static int put_gateway(struct nl_msg *message,
		       const struct netlink_route *route)
{
	const struct tp_addr *gateway = &route->gateway;
	struct rtvia *via;
	struct nlattr *attribute;

	if (address_is_zero(gateway))
		return 0;
	if (family_of(gateway) == family_of(&route->to.address))
		return put_address(message, RTA_GATEWAY, gateway);
	attribute = nla_reserve(message, RTA_VIA,
				sizeof(*via) + sizeof(gateway->byte));
	if (!attribute)
		return -ENOMEM;
	via = nla_data(attribute);
	via->rtvia_family = family_of(gateway);
	memcpy(via->rtvia_addr, gateway->byte, sizeof(gateway->byte));
	return 0;
}

static int put_mtu(struct nl_msg *message, unsigned mtu)
{
	struct nlattr *metrics = nla_nest_start(message, RTA_METRICS);

	if (!metrics || nla_put_u32(message, RTAX_MTU, mtu))
		return -ENOMEM;
	nla_nest_end(message, metrics);
	return 0;
}

static int put_route(struct nl_msg *message, const struct netlink_route *route)
{
	if (nla_put_u32(message, RTA_TABLE, route->table) ||
	    put_address(message, RTA_DST, &route->to.address))
		return -ENOMEM;
	if (route->metric && nla_put_u32(message, RTA_PRIORITY, route->metric))
		return -ENOMEM;
	if (route->mtu && put_mtu(message, route->mtu))
		return -ENOMEM;
	if (route->nhid)
		return nla_put_u32(message, RTA_NH_ID, route->nhid);
	if (route->oif && nla_put_u32(message, RTA_OIF, route->oif))
		return -ENOMEM;
	if (!address_is_zero(&route->source) &&
	    put_address(message, RTA_PREFSRC, &route->source))
		return -ENOMEM;
	return put_gateway(message, route);
}

static int route_request(struct netlink *netlink, uint16_t type, uint16_t flags,
			 const struct netlink_route *route)
{
	struct rtmsg header = {
		.rtm_family = family_of(&route->to.address),
		.rtm_dst_len = length_of(&route->to),
		.rtm_tos = route->tos,
		/* RTA_TABLE says it for the tables that do not fit here. */
		.rtm_table = route->table < 256 ? (unsigned char)route->table :
						  RT_TABLE_UNSPEC,
		.rtm_protocol = route->protocol,
		.rtm_scope = scope_of(route),
		.rtm_type = route->type,
		.rtm_flags = route->flags & RTNH_F_ONLINK,
	};
	struct nl_msg *message =
		netlink_message(type, flags, &header, sizeof(header));

	if (message && put_route(message, route)) {
		nlmsg_free(message);
		message = NULL;
	}
	return netlink_request(netlink_requests_of(netlink), message);
}

int netlink_route_put(struct netlink *netlink,
		      const struct netlink_route *route)
{
	return route_request(netlink, RTM_NEWROUTE,
			     NLM_F_CREATE | NLM_F_REPLACE, route);
}

int netlink_route_add(struct netlink *netlink,
		      const struct netlink_route *route)
{
	return route_request(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			     route);
}

int netlink_route_delete(struct netlink *netlink,
			 const struct netlink_route *route)
{
	return route_request(netlink, RTM_DELROUTE, 0, route);
}

/* ---- rules ---------------------------------------------------------------- */

static int put_rule(struct nl_msg *message, const struct netlink_rule *rule)
{
	if (nla_put_u8(message, FRA_PROTOCOL, MODEL_RTPROT) ||
	    nla_put_u32(message, FRA_PRIORITY, rule->priority) ||
	    nla_put_u32(message, FRA_TABLE, rule->table))
		return -ENOMEM;
	if (rule->mask && (nla_put_u32(message, FRA_FWMARK, rule->mark) ||
			   nla_put_u32(message, FRA_FWMASK, rule->mask)))
		return -ENOMEM;
	if (rule->from.length &&
	    put_address(message, FRA_SRC, &rule->from.address))
		return -ENOMEM;
	if (rule->oif[0] && nla_put_string(message, FRA_OIFNAME, rule->oif))
		return -ENOMEM;
	/* A match whose prefix is this short or shorter is no match. */
	if (rule->no_default && nla_put_u32(message, FRA_SUPPRESS_PREFIXLEN, 0))
		return -ENOMEM;
	return 0;
}

static int rule_request(struct netlink *netlink, uint16_t type, uint16_t flags,
			const struct netlink_rule *rule)
{
	struct fib_rule_hdr header = {
		.family = AF_INET,
		.src_len = rule->from.length ? length_of(&rule->from) : 0,
		.table = rule->table < 256 ? (unsigned char)rule->table :
					     RT_TABLE_UNSPEC,
		.action = FR_ACT_TO_TBL,
	};
	struct nl_msg *message =
		netlink_message(type, flags, &header, sizeof(header));

	if (message && put_rule(message, rule)) {
		nlmsg_free(message);
		message = NULL;
	}
	return netlink_request(netlink_requests_of(netlink), message);
}

int netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule)
{
	return rule_request(netlink, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL,
			    rule);
}

int netlink_rule_delete(struct netlink *netlink,
			const struct netlink_rule *rule)
{
	return rule_request(netlink, RTM_DELRULE, 0, rule);
}

struct collected {
	struct netlink_table rules;
	int err;
};

static void collect_rule(void *arg, struct nlmsghdr *message)
{
	struct collected *collected = arg;
	struct netlink_rule rule;

	if (collected->err || !netlink_parse_rule(message, MODEL_RTPROT, &rule))
		return;
	collected->err = netlink_table_insert(&collected->rules,
					      collected->rules.count, &rule);
}

static int dump_rules(struct netlink *netlink, struct collected *collected)
{
	const struct fib_rule_hdr header = { .family = AF_INET };
	int err, tries;

	for (tries = 0; tries < 3; tries++) {
		netlink_table_clear(&collected->rules);
		err = netlink_dump(netlink_requests_of(netlink),
				   netlink_message(RTM_GETRULE, NLM_F_DUMP,
						   &header, sizeof(header)),
				   collect_rule, collected);
		if (err != -EAGAIN)
			break;
	}
	return err ? err : collected->err;
}

int netlink_rules(struct netlink *netlink,
		  int (*each)(void *arg, const struct netlink_rule *rule),
		  void *arg)
{
	struct collected collected = {
		.rules = { .size = sizeof(struct netlink_rule) },
	};
	const struct netlink_rule *rule = NULL;
	int err = dump_rules(netlink, &collected);

	/* All are in before the first is shown: `each` may make requests. */
	while (!err && (rule = netlink_table_next(&collected.rules, rule)))
		err = each(arg, rule);
	netlink_table_clear(&collected.rules);
	return err;
}

/* ---- neighbours ------------------------------------------------------------ */

static int neighbour_request(struct netlink *netlink, int type, int flags,
			     const struct ndmsg *header,
			     const struct tp_addr *address)
{
	struct nl_msg *message =
		netlink_message(type, flags, header, sizeof(*header));

	if (message && put_address(message, NDA_DST, address)) {
		nlmsg_free(message);
		message = NULL;
	}
	return netlink_request(netlink_requests_of(netlink), message);
}

/* The operator's own entry: NTF_USE would make it one that ages. */
static bool is_the_operators(struct netlink *netlink, unsigned ifindex,
			     const struct tp_addr *address)
{
	const struct netlink_neighbour *known =
		netlink_find_neighbour(netlink, ifindex, address);

	return known && known->state & (NUD_PERMANENT | NUD_NOARP);
}

int netlink_neighbour_probe(struct netlink *netlink, unsigned ifindex,
			    const struct tp_addr *address)
{
	const struct ndmsg header = {
		.ndm_family = family_of(address),
		.ndm_ifindex = (int)ifindex,
		.ndm_state = NUD_NONE,
		.ndm_flags = NTF_USE,
	};

	if (is_the_operators(netlink, ifindex, address))
		return 0;
	return neighbour_request(netlink, RTM_NEWNEIGH, NLM_F_CREATE, &header,
				 address);
}

int netlink_neighbour_ask_anew(struct netlink *netlink, unsigned ifindex,
			       const struct tp_addr *address)
{
	const struct ndmsg header = {
		.ndm_family = family_of(address),
		.ndm_ifindex = (int)ifindex,
	};
	int err;

	if (is_the_operators(netlink, ifindex, address))
		return 0;
	err = neighbour_request(netlink, RTM_DELNEIGH, 0, &header, address);
	if (err && err != -ENOENT)
		return err;
	return netlink_neighbour_probe(netlink, ifindex, address);
}
