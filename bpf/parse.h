/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parse.h - bytes become a struct packet.
 *
 * Owns: header formats, bounds and the sanity of what is read.  Every function
 * answers GO_ON or the reason to stop.  It changes no byte and reads no map.
 */
#ifndef TWINPATH_PARSE_H
#define TWINPATH_PARSE_H

#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "family.h"
#include "tcp_state.h"

#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff
#define QUOTE_BYTES 8 /* of transport header that an error must quote */

/* Not in every <linux/in.h>. */
#define PROTO_ETHERIP 97 /* RFC 3378 */
#define PROTO_L2TP 115	 /* version 3 over IP, RFC 3931 */

/* ICMP types of RFC 792 and RFC 1256. */
#define ICMP_TYPE_ECHO_REPLY 0
#define ICMP_TYPE_UNREACHABLE 3
#define ICMP_TYPE_REDIRECT 5
#define ICMP_TYPE_ECHO 8
#define ICMP_TYPE_TIME_EXCEEDED 11
#define ICMP_TYPE_PARAMETER 12
#define ICMP_TYPE_TIMESTAMP 13
#define ICMP_TYPE_TIMESTAMP_REPLY 14

static __always_inline int parse_is_query(__u8 type)
{
	return type == ICMP_TYPE_ECHO || type == ICMP_TYPE_ECHO_REPLY ||
	       type == ICMP_TYPE_TIMESTAMP || type == ICMP_TYPE_TIMESTAMP_REPLY;
}

static __always_inline int parse_is_error(__u8 type)
{
	return type == ICMP_TYPE_UNREACHABLE ||
	       type == ICMP_TYPE_TIME_EXCEEDED || type == ICMP_TYPE_PARAMETER;
}

/*
 * Protocols without ports whose checksums, if they have any, leave the addresses
 * out: these can be changed alone.  Not so AH, which signs them, nor UDP-Lite,
 * DCCP and HIP, which sum them up in a pseudo header; and of a protocol that is
 * not known nobody can say.
 */
static __always_inline int parse_is_portless(__u8 proto)
{
	switch (proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6: /* 6in4 */
	case IPPROTO_GRE:
	case IPPROTO_ESP:
	case PROTO_ETHERIP:
	case PROTO_L2TP:
	case IPPROTO_SCTP:
	case IPPROTO_MPLS:
		return 1;
	default:
		return 0;
	}
}

static __always_inline __u32 parse_portless(struct packet *p)
{
	p->class = CLASS_PORTLESS;
	p->flags |= PACKET_BINDABLE;
	return GO_ON;
}

static __always_inline __u32 parse_tcp(void *l4, void *end, __u32 room,
				       struct packet *p)
{
	struct tcphdr *tcp = l4;

	if ((void *)(tcp + 1) > end || tcp->doff < 5 ||
	    (__u32)tcp->doff * 4 > room)
		return TP_REASON_malformed;
	p->tcp_flags = ((__u8 *)tcp)[13] & 0x1f;
	if (tcp_nonsense(p->tcp_flags))
		return TP_REASON_bad_flags;
	p->flow.source_port = tcp->source;
	p->flow.destination_port = tcp->dest;
	p->l4_bytes = tcp->doff * 4;
	p->class = CLASS_TCP;
	p->plane = TP_PLANE_TCP;
	if (p->tcp_flags & FLAG_SYN)
		p->flags |= p->tcp_flags & FLAG_ACK ?
				    PACKET_SYN :
				    PACKET_SYN | PACKET_BINDABLE;
	return GO_ON;
}

static __always_inline __u32 parse_udp(void *l4, void *end, __u32 room,
				       struct packet *p)
{
	struct udphdr *udp = l4;

	if ((void *)(udp + 1) > end || bpf_ntohs(udp->len) < sizeof(*udp) ||
	    bpf_ntohs(udp->len) > room)
		return TP_REASON_malformed;
	p->flow.source_port = udp->source;
	p->flow.destination_port = udp->dest;
	p->l4_bytes = sizeof(*udp);
	p->class = CLASS_UDP;
	p->plane = TP_PLANE_UDP;
	p->flags |= PACKET_BINDABLE;
	return GO_ON;
}

/*
 * The packet that an ICMP error quotes, turned round to be the error's flow.
 * It must have been sent by whoever the error goes to; a fragment or another
 * error cannot be looked up (RFC 5508 REQ-3..5).
 */
static __noinline __u32 parse_quote(void *data, void *end, struct packet *p)
{
	__u32 at = p->l4 + sizeof(struct icmphdr);
	struct tp_addr sender;
	struct iphdr *ip;
	__be16 *ports;
	int portless;

	if (at > 128)
		return TP_REASON_malformed;
	ip = data + at;
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return TP_REASON_bad_quote;
	portless = parse_is_portless(ip->protocol);
	if (!portless && ip->frag_off & bpf_htons(IP_OFFSET))
		return TP_REASON_bad_quote;
	if (ip->frag_off != bpf_htons(IP_DF))
		p->flags |= PACKET_QUOTE_LOOSE;
	p->quote = at;
	p->quote_l4 = at + ip->ihl * 4;
	family_map(&sender, ip->saddr);
	if (!address_equal(&sender, &p->flow.destination))
		return TP_REASON_bad_quote;
	if (!portless && ip->protocol != IPPROTO_TCP &&
	    ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_ICMP) {
		p->class = CLASS_OTHER; /* placed, and guarded, like any */
		return GO_ON;
	}
	family_map(&p->flow.source, ip->daddr);
	p->flow.proto = ip->protocol;
	ports = data + p->quote_l4;
	/* The frame may be longer than the packet in it (Ethernet padding). */
	if ((void *)ports + QUOTE_BYTES > end ||
	    p->quote_l4 + QUOTE_BYTES > p->l3 + p->size)
		return TP_REASON_bad_quote;
	if (portless)
		return GO_ON;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		p->plane = TP_PLANE_TCP;
		break;
	case IPPROTO_UDP:
		p->plane = TP_PLANE_UDP;
		break;
	case IPPROTO_ICMP:
		if (!parse_is_query(*(__u8 *)ports))
			return TP_REASON_bad_quote;
		p->plane = TP_PLANE_ICMP;
		p->flow.source_port = ports[2];
		p->flow.destination_port = ports[2];
		return GO_ON;
	}
	p->flow.destination_port = ports[0];
	p->flow.source_port = ports[1];
	return GO_ON;
}

static __always_inline __u32 parse_icmp(void *data, void *l4, void *end,
					__u32 room, struct packet *p)
{
	struct icmphdr *icmp = l4;

	if ((void *)(icmp + 1) > end || room < sizeof(*icmp))
		return TP_REASON_malformed;
	if (parse_is_query(icmp->type)) {
		p->plane = TP_PLANE_ICMP;
		p->flow.source_port = icmp->un.echo.id;
		p->flow.destination_port = icmp->un.echo.id;
		p->class = CLASS_QUERY;
		if (icmp->type == ICMP_TYPE_ECHO ||
		    icmp->type == ICMP_TYPE_TIMESTAMP)
			p->flags |= PACKET_BINDABLE;
		return GO_ON;
	}
	if (icmp->type == ICMP_TYPE_REDIRECT)
		p->flags |= PACKET_REDIRECT;
	if (!parse_is_error(icmp->type))
		return GO_ON; /* CLASS_OTHER */
	p->class = CLASS_ERROR;
	return parse_quote(data, end, p);
}

/*
 * A fragment.  The first has to hold the whole of the header that we read, and
 * no other may reach into it: such are made to get past filters (RFC 1858 3,
 * RFC 3128 2).  Of an ICMP error in fragments no checksum can be verified.  One
 * of a protocol without ports has all that is needed, and is no special case.
 */
static __noinline __u32 parse_fragment(void *data, void *end, __u32 room,
				       struct packet *p)
{
	struct iphdr *ip = data + p->l3;
	__u32 offset, reason = GO_ON;
	void *l4 = data + (p->l4 & 0x7f);

	if ((void *)(ip + 1) > end)
		return TP_REASON_malformed;
	offset = (bpf_ntohs(ip->frag_off) & IP_OFFSET) * 8;
	if ((room % 8 && ip->frag_off & bpf_htons(IP_MF)) ||
	    p->l4 - p->l3 + offset + room > 65535)
		return TP_REASON_malformed;
	p->flags |= PACKET_LOOSE;
	p->id = ip->id;
	if (parse_is_portless(ip->protocol)) {
		p->flags |= PACKET_PIECE;
		return parse_portless(p);
	}
	p->flags |= PACKET_FRAGMENT;
	if (offset) {
		p->flags |= PACKET_LATER;
		return offset < TCP_HEADER && ip->protocol == IPPROTO_TCP ?
			       TP_REASON_fragment_tiny :
			       TP_REASON_fragment_slow;
	}
	if (room < (ip->protocol == IPPROTO_TCP ? TCP_HEADER : QUOTE_BYTES))
		return TP_REASON_fragment_tiny;
	switch (ip->protocol) {
	case IPPROTO_TCP:
		reason = parse_tcp(l4, end, room, p);
		break;
	case IPPROTO_UDP:
		/* Its length is the datagram's. */
		reason = parse_udp(l4, end, 65535, p);
		break;
	case IPPROTO_ICMP:
		if (l4 + 1 > end || parse_is_error(*(__u8 *)l4))
			return TP_REASON_fragment;
		reason = parse_icmp(data, l4, end, room, p);
	}
	return reason == GO_ON ? TP_REASON_fragment_slow : reason;
}

/* The IPv4 header at l3, a constant, but for what is behind it. */
static __always_inline __u32 parse_header(void *data, void *end, __u32 wire,
					  __u32 l3, struct packet *p)
{
	struct iphdr *ip = data + l3;
	__u32 length, header;

	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return TP_REASON_malformed;
	header = ip->ihl * 4;
	length = bpf_ntohs(ip->tot_len);
	if (length < header || l3 + length > wire)
		return TP_REASON_malformed;
	family_map(&p->flow.source, ip->saddr);
	family_map(&p->flow.destination, ip->daddr);
	p->sender = p->flow.source;
	p->flow.proto = ip->protocol;
	p->ttl = ip->ttl;
	p->size = length;
	p->class = CLASS_OTHER;
	p->plane = TP_PLANE_NONE;
	p->l3 = l3;
	p->l4 = l3 + header;
	if (header != sizeof(*ip))
		p->flags |= PACKET_OPTIONS;
	return GO_ON;
}

/*
 * An IPv4 packet at l3, a constant.  `wire`: bytes of the frame, of which
 * data..end may be only the first (tc).  A good fragment's reason is
 * fragment_slow, which is the end of it in XDP alone.
 */
static __always_inline __u32 parse_ip(void *data, void *end, __u32 wire,
				      __u32 l3, struct packet *p)
{
	__u32 reason = parse_header(data, end, wire, l3, p);
	struct iphdr *ip = data + l3;
	__u32 room;
	void *l4;

	if (reason != GO_ON || (void *)(ip + 1) > end)
		return reason;
	room = p->size - (p->l4 - l3);
	if (ip->frag_off != bpf_htons(IP_DF)) {
		if (ip->frag_off & bpf_htons(IP_MF | IP_OFFSET))
			return parse_fragment(data, end, room, p);
		p->flags |= PACKET_LOOSE;
		p->id = ip->id;
	}
	l4 = data + p->l4;
	if (ip->protocol == IPPROTO_TCP)
		return parse_tcp(l4, end, room, p);
	if (ip->protocol == IPPROTO_UDP)
		return parse_udp(l4, end, room, p);
	if (ip->protocol == IPPROTO_ICMP)
		return parse_icmp(data, l4, end, room, p);
	return parse_is_portless(ip->protocol) ? parse_portless(p) : GO_ON;
}

/*
 * The Ethernet frame that nearly all are: IPv4 without options, whole, TCP or UDP.
 * 0: something else, or something wrong.
 */
static __always_inline int parse_plain(void *data, void *end, __u32 wire,
				       struct packet *p)
{
	struct ethhdr *eth = data;
	struct iphdr *ip = data + ETHERNET;
	void *l4 = ip + 1;
	__u32 room;

	if (l4 > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->frag_off & bpf_htons(IP_MF | IP_OFFSET) ||
	    parse_header(data, end, wire, ETHERNET, p) != GO_ON ||
	    p->flags & PACKET_OPTIONS)
		return 0;
	if (ip->frag_off != bpf_htons(IP_DF))
		p->flags |= PACKET_LOOSE;
	room = p->size - sizeof(*ip);
	if (ip->protocol == IPPROTO_TCP)
		return parse_tcp(l4, end, room, p) == GO_ON;
	return ip->protocol == IPPROTO_UDP &&
	       parse_udp(l4, end, room, p) == GO_ON;
}

/* `type`: of what is behind the MAC header, or of a raw packet. */
static __always_inline __u32 parse_type(__be16 type)
{
	switch (type) {
	case bpf_htons(ETH_P_IP):
		return GO_ON;
	case bpf_htons(ETH_P_IPV6):
		return TP_REASON_ipv6;
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return TP_REASON_vlan;
	}
	return TP_REASON_not_ip;
}

static __always_inline __u32 parse_frame(void *data, void *end, __u32 wire,
					 __u32 l3, struct packet *p)
{
	struct ethhdr *eth = data;
	__u32 reason;

	if (l3 == RAW) /* the shell has looked at the type */
		return parse_ip(data, end, wire, RAW, p);
	if ((void *)(eth + 1) > end)
		return TP_REASON_malformed;
	reason = parse_type(eth->h_proto);
	return reason == GO_ON ? parse_ip(data, end, wire, ETHERNET, p) :
				 reason;
}

#endif
