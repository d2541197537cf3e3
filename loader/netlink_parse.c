// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_parse.c - rtnetlink messages become structs.
 *
 * Owns: what is read from a message and what is passed over.  It must never
 * keep anything, and never believe that an attribute is as long as it should be.
 */
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "netlink_parse.h"

/* The families that may stand in the tables; IPv6 is not served yet. */
static bool family_kept(unsigned family)
{
	return family == AF_INET;
}

/* What a prefix length of this family becomes in 16 bytes. */
static uint8_t length_of(unsigned family, unsigned length)
{
	return (uint8_t)(family == AF_INET ? length + 96 : length);
}

static uint32_t number(struct nlattr *attribute, uint32_t otherwise)
{
	if (!attribute || nla_len(attribute) < (int)sizeof(uint32_t))
		return otherwise;
	return nla_get_u32(attribute);
}

static struct tp_addr address_of(const void *bytes, int length)
{
	struct tp_addr address = { 0 };
	in_addr_t v4;

	if (length == sizeof(v4)) {
		memcpy(&v4, bytes, sizeof(v4));
		return address_from_v4(v4);
	}
	if (length == sizeof(address.byte))
		memcpy(address.byte, bytes, sizeof(address.byte));
	return address;
}

/* All zero where there is no attribute. */
static struct tp_addr address(struct nlattr *attribute)
{
	if (!attribute)
		return (struct tp_addr){ 0 };
	return address_of(nla_data(attribute), nla_len(attribute));
}

/* The same, where absence means the family's zero: the default route's. */
static struct tp_addr address_or_any(struct nlattr *attribute, unsigned family)
{
	if (!attribute && family == AF_INET)
		return address_from_v4(INADDR_ANY);
	return address(attribute);
}

static void mac_of(struct nlattr *attribute, uint8_t mac[6])
{
	if (attribute && nla_len(attribute) == 6)
		memcpy(mac, nla_data(attribute), 6);
}

static void link_kind(struct nlattr *info, struct netlink_link *out)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (!info || nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0)
		return;
	if (tb[IFLA_INFO_KIND])
		nla_strlcpy(out->kind, tb[IFLA_INFO_KIND], sizeof(out->kind));
}

/*
 * Devices on which a packet begins with its IP header, in both directions; the
 * types are those that bpf_redirect() takes the MAC header off for.  A tunnel to
 * many ends (GRE without a remote) is none: it wants a header of its own.
 */
static bool is_raw(const struct ifinfomsg *header)
{
	if (!(header->ifi_flags & IFF_POINTOPOINT))
		return false;
	switch (header->ifi_type) {
	case ARPHRD_NONE: /* tun, wireguard */
	case ARPHRD_PPP:
	case ARPHRD_RAWIP: /* LTE modems */
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
		return true;
	}
	return false;
}

bool netlink_parse_link(struct nlmsghdr *message, struct netlink_link *out)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct ifinfomsg *header;

	if (nlmsg_parse(message, sizeof(*header), tb, IFLA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	/* AF_BRIDGE tells of ports: its "deleted" is no interface's end. */
	if (header->ifi_family != AF_UNSPEC)
		return false;
	memset(out, 0, sizeof(*out));
	out->index = (unsigned)header->ifi_index;
	out->flags = header->ifi_flags;
	out->ethernet = header->ifi_type == ARPHRD_ETHER;
	out->raw = is_raw(header);
	out->mtu = number(tb[IFLA_MTU], 0);
	out->master = number(tb[IFLA_MASTER], 0);
	if (tb[IFLA_IFNAME])
		nla_strlcpy(out->name, tb[IFLA_IFNAME], sizeof(out->name));
	mac_of(tb[IFLA_ADDRESS], out->mac);
	link_kind(tb[IFLA_LINKINFO], out);
	/*
	 * A veth's IFLA_LINK is its peer, and one in another namespace is an
	 * index that means something else here.
	 */
	if (!tb[IFLA_LINK_NETNSID] && strcmp(out->kind, "veth"))
		out->parent = number(tb[IFLA_LINK], 0);
	return true;
}

bool netlink_parse_address(struct nlmsghdr *message,
			   struct netlink_address *out)
{
	struct nlattr *tb[IFA_MAX + 1], *own;
	struct ifaddrmsg *header;
	uint32_t flags;

	if (nlmsg_parse(message, sizeof(*header), tb, IFA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	own = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!family_kept(header->ifa_family) || !own)
		return false;
	flags = number(tb[IFA_FLAGS], header->ifa_flags);
	memset(out, 0, sizeof(*out));
	out->ifindex = header->ifa_index;
	out->address = address(own);
	out->peer = tb[IFA_ADDRESS] ? address(tb[IFA_ADDRESS]) : out->address;
	out->length = length_of(header->ifa_family, header->ifa_prefixlen);
	out->secondary = flags & IFA_F_SECONDARY;
	return true;
}

bool netlink_parse_neighbour(struct nlmsghdr *message,
			     struct netlink_neighbour *out)
{
	struct nlattr *tb[NDA_MAX + 1];
	struct ndmsg *header;

	if (nlmsg_parse(message, sizeof(*header), tb, NDA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	if (!family_kept(header->ndm_family) || !tb[NDA_DST] ||
	    (header->ndm_flags & NTF_PROXY))
		return false;
	memset(out, 0, sizeof(*out));
	out->ifindex = (unsigned)header->ndm_ifindex;
	out->address = address(tb[NDA_DST]);
	out->state = header->ndm_state;
	mac_of(tb[NDA_LLADDR], out->mac);
	return true;
}

static void nexthop_members(struct nlattr *group, struct netlink_nexthop *out)
{
	const struct nexthop_grp *member = nla_data(group);
	unsigned count = (unsigned)nla_len(group) / sizeof(*member), i;

	if (count > NETLINK_HOPS)
		count = NETLINK_HOPS;
	for (i = 0; i < count; i++)
		out->members[i] = member[i].id;
	out->members_count = count;
}

bool netlink_parse_nexthop(struct nlmsghdr *message,
			   struct netlink_nexthop *out)
{
	struct nlattr *tb[NHA_MAX + 1];
	struct nhmsg *header;

	if (nlmsg_parse(message, sizeof(*header), tb, NHA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	if (!tb[NHA_ID])
		return false;
	memset(out, 0, sizeof(*out));
	out->id = number(tb[NHA_ID], 0);
	out->oif = number(tb[NHA_OIF], 0);
	out->flags = header->nh_flags;
	out->gateway = address(tb[NHA_GATEWAY]);
	if (tb[NHA_GROUP])
		nexthop_members(tb[NHA_GROUP], out);
	return true;
}

/* An IPv4 route may have an IPv6 gateway: RTA_VIA (RFC 5549). */
static struct tp_addr gateway_of(struct nlattr **tb)
{
	struct rtvia *via;
	int length;

	if (!tb[RTA_VIA])
		return address(tb[RTA_GATEWAY]);
	length = nla_len(tb[RTA_VIA]) - (int)sizeof(*via);
	if (length < 0)
		return (struct tp_addr){ 0 };
	via = nla_data(tb[RTA_VIA]);
	return address_of(via->rtvia_addr, length);
}

static void route_hops(struct nlattr *multipath,
		       struct netlink_whole_route *out)
{
	struct rtnexthop *hop = nla_data(multipath);
	int left = nla_len(multipath);
	unsigned hops = 0;

	for (; RTNH_OK(hop, left) && hops < NETLINK_HOPS;
	     left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		struct nlattr *tb[RTA_MAX + 1];
		int length = hop->rtnh_len - (int)sizeof(*hop);

		if (nla_parse(tb, RTA_MAX, (struct nlattr *)RTNH_DATA(hop),
			      length, NULL) < 0)
			continue;
		/* Hop 0 holds what they have in common; the rest is set here. */
		if (hops)
			memcpy(&out->hop[hops], out->hop, sizeof(*out->hop));
		out->hop[hops].oif = (unsigned)hop->rtnh_ifindex;
		out->hop[hops].flags = hop->rtnh_flags;
		out->hop[hops].gateway = gateway_of(tb);
		hops++;
	}
	out->count = hops ? hops : 1;
}

unsigned netlink_kept_table(unsigned number_of_table)
{
	static const unsigned shared[] = { RT_TABLE_MAIN,
					   MODEL_TABLE_LAST_RESORT };

	if (number_of_table < 2)
		return shared[number_of_table];
	if (number_of_table < 2 + TP_MAX_EXITS)
		return MODEL_TABLE_BASE + number_of_table - 2;
	return 0;
}

static bool table_kept(unsigned table)
{
	return table == RT_TABLE_MAIN || table == MODEL_TABLE_LAST_RESORT ||
	       (table >= MODEL_TABLE_BASE &&
		table < MODEL_TABLE_BASE + TP_MAX_EXITS);
}

static unsigned mtu_of(struct nlattr *metrics)
{
	struct nlattr *tb[RTAX_MAX + 1];

	if (!metrics || nla_parse_nested(tb, RTAX_MAX, metrics, NULL) < 0)
		return 0;
	return number(tb[RTAX_MTU], 0);
}

static void route_common(const struct rtmsg *header, struct nlattr **tb,
			 struct netlink_route *out)
{
	memset(out, 0, sizeof(*out));
	out->table = number(tb[RTA_TABLE], header->rtm_table);
	out->to.address = address_or_any(tb[RTA_DST], header->rtm_family);
	out->to.length = length_of(header->rtm_family, header->rtm_dst_len);
	out->tos = header->rtm_tos;
	out->type = header->rtm_type;
	out->protocol = header->rtm_protocol;
	out->metric = number(tb[RTA_PRIORITY], 0);
	out->nhid = number(tb[RTA_NH_ID], 0);
	out->oif = number(tb[RTA_OIF], 0);
	out->flags = header->rtm_flags & 0xff; /* above are RTM_F_* */
	out->gateway = gateway_of(tb);
	out->source = address(tb[RTA_PREFSRC]);
	out->mtu = mtu_of(tb[RTA_METRICS]);
}

bool netlink_parse_route(struct nlmsghdr *message,
			 struct netlink_whole_route *out)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg *header;
	unsigned i;

	if (nlmsg_parse(message, sizeof(*header), tb, RTA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	if (!family_kept(header->rtm_family) ||
	    (header->rtm_flags & RTM_F_CLONED) ||
	    !table_kept(number(tb[RTA_TABLE], header->rtm_table)))
		return false;
	route_common(header, tb, &out->hop[0]);
	out->count = 1;
	if (tb[RTA_MULTIPATH])
		route_hops(tb[RTA_MULTIPATH], out);
	for (i = 0; i < out->count; i++)
		out->hop[i].hops = (uint8_t)out->count;
	return true;
}

bool netlink_parse_rule(struct nlmsghdr *message, uint8_t protocol,
			struct netlink_rule *out)
{
	struct nlattr *tb[FRA_MAX + 1];
	struct fib_rule_hdr *header;

	if (nlmsg_parse(message, sizeof(*header), tb, FRA_MAX, NULL) < 0)
		return false;
	header = nlmsg_data(message);
	if (!family_kept(header->family) || !tb[FRA_PROTOCOL] ||
	    nla_get_u8(tb[FRA_PROTOCOL]) != protocol)
		return false;
	memset(out, 0, sizeof(*out));
	out->priority = number(tb[FRA_PRIORITY], 0);
	out->table = number(tb[FRA_TABLE], header->table);
	out->mark = number(tb[FRA_FWMARK], 0);
	out->mask = number(tb[FRA_FWMASK], 0);
	out->no_default = tb[FRA_SUPPRESS_PREFIXLEN] &&
			  !number(tb[FRA_SUPPRESS_PREFIXLEN], 1);
	if (tb[FRA_SRC]) {
		out->from.address = address(tb[FRA_SRC]);
		out->from.length = length_of(header->family, header->src_len);
	}
	if (tb[FRA_OIFNAME])
		nla_strlcpy(out->oif, tb[FRA_OIFNAME], sizeof(out->oif));
	return true;
}
