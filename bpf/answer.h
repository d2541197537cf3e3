/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * answer.h - tells a host that its packet cannot be carried.
 *
 * Owns: the ICMP errors that the data plane makes itself: which reasons are told
 * and with what code, to whom never (RFC 1122 3.2.2), and the frame.  It comes
 * from the gateway's address on the host's LAN and quotes as much as fits 576
 * bytes (RFC 1812 4.3.2.3) without an extension (RFC 4884 4).  The packet is
 * dropped all the same, and counted under its reason.
 */
#ifndef TWINPATH_ANSWER_H
#define TWINPATH_ANSWER_H

#include "clock.h"
#include "icmp.h"
#include "link.h"
#include "pace.h"
#include "route.h"

#define ANSWERS_A_SECOND 1024
#define ANSWER_TTL 64
#define ANSWER_TOS 0xc0 /* internetwork control (RFC 1812 4.3.2.5) */
#define ANSWER_BYTES 576
#define ANSWER_HEADERS (sizeof(struct iphdr) + sizeof(struct icmphdr))
#define ANSWER_QUOTE (ANSWER_BYTES - ANSWER_HEADERS)

/* ICMP type and code, as they stand on the wire. */
#define ANSWER(type, code) bpf_htons((type) << 8 | (code))
#define ANSWER_NO_NET ANSWER(ICMP_TYPE_UNREACHABLE, 0)
#define ANSWER_NO_HOST ANSWER(ICMP_TYPE_UNREACHABLE, 1)
#define ANSWER_PROHIBITED ANSWER(ICMP_TYPE_UNREACHABLE, 13)

struct answer_frame {
	__u8 macs[12];
	__be16 type;
	struct iphdr ip;
	struct icmphdr icmp;
} __attribute__((packed));
_Static_assert(sizeof(struct answer_frame) == ETHERNET + ANSWER_HEADERS,
	       "Ethernet, IP, ICMP");

/* No exit, and not just between two: nobody is told of a hiccup. */
static __always_inline int answer_exits_lost(__u32 now)
{
	const struct tp_selector *sel = ONLY(&selector);

	return sel && sel->lost &&
	       clock_passed(sel->lost + TP_TICKS_PER_SECOND, now);
}

/* What a host is told when its packet is dropped for `reason`; 0: nothing. */
static __always_inline __be16 answer_for(const struct hook *hook, __u32 reason)
{
	switch (reason) {
	case TP_REASON_no_exit:
		return answer_exits_lost(hook->now) ? ANSWER_NO_NET : 0;
	case TP_REASON_ports_full:
	case TP_REASON_sessions_full:
	case TP_REASON_remote_taken:
	case TP_REASON_host_sessions:
	case TP_REASON_host_ports:
	case TP_REASON_host_rate:
		/* RFC 5508 REQ-8; RFC 6888 REQ-11b asks for the other. */
		return hook->set->refusal == TP_REFUSE_UNREACHABLE ?
			       ANSWER_NO_HOST :
			       ANSWER_PROHIBITED;
	default:
		return 0;
	}
}

/*
 * The edit that answers, where the host can be reached.  Global, so that the
 * verifier walks it once and not at each of its callers.
 */
__noinline int answer_edit(const struct packet *p, struct edit *edit,
			   __u32 what, __u32 xdp, __u32 now)
{
	const struct tp_neighbour *to;
	const struct tp_link *link;
	__u32 id;

	if (!p || !edit || p->class == CLASS_ERROR ||
	    p->flags & (PACKET_FRAGMENT | PACKET_PIECE))
		return 0;
	id = route_neighbour(&p->flow.source);
	to = bpf_map_lookup_elem(&neighbours, &id);
	if (!to || !to->valid || (xdp && !to->xdp))
		return 0;
	link = link_find(to->ifindex);
	if (!link || !family_v4(&link->address) ||
	    !pace_allows(TP_PACE_ANSWERS, ANSWERS_A_SECOND, now))
		return 0;
	edit->flags = EDIT_ANSWER;
	edit->address = link->address;
	edit->port = what;
	edit->ifindex = to->ifindex;
	__builtin_memcpy(edit->macs, to->destination, sizeof(edit->macs));
	return 1;
}

/* Give the reason back; where the host is to be told, the edit tells it. */
static __always_inline __u32 answer_host(const struct hook *hook,
					 const struct packet *p,
					 struct edit *edit, __u32 reason)
{
	__be16 what = answer_for(hook, reason);

	if (what && hook->set->refusal != TP_REFUSE_SILENT)
		answer_edit(p, edit, what, hook->xdp, hook->now);
	return reason;
}

/* ---- the frame ------------------------------------------------------------- */

/* How many bytes of the packet in the frame are quoted; 0: none can be. */
static __always_inline __u32 answer_quoted(void *data, void *end,
					   const struct packet *p)
{
	struct iphdr *ip = data + p->l3;
	__u32 bytes;

	if ((void *)(ip + 1) > end)
		return 0;
	bytes = bpf_ntohs(ip->tot_len);
	if (bytes > ANSWER_QUOTE)
		bytes = ANSWER_QUOTE;
	return data + p->l3 + bytes > end ? 0 : bytes;
}

/*
 * What a transport checksum that is owed adds up to in the quote: it holds the
 * sum of the pseudo header, and whoever completes it makes the whole of transport
 * header and data the complement of that.
 */
static __always_inline __u16 answer_owed(void *data, void *end,
					 const struct packet *p)
{
	__u32 at = p->l4 & 0x7f;
	__u16 *check = data + at + (p->class == CLASS_TCP ? 16 : 6);

	return (void *)(check + 1) > end ? 0 : *check;
}

/* The sum of the quote, as it will be on the wire. */
static __always_inline __u16 answer_sum(void *data, void *end,
					const struct packet *p, __u32 bytes,
					__u16 owed)
{
	__u32 header = (p->l4 & 0x7f) - p->l3;

	if (!owed)
		return ~sum_of(data, end, p->l3, bytes);
	return sum_fold((__u16)~sum_of(data, end, p->l3, header) +
			(__u16)~owed);
}

/* The headers in front of the quote, whose sum is `sum`. */
static __always_inline void answer_build(struct answer_frame *out,
					 const struct edit *edit, __be32 to,
					 __u32 quoted, __u16 sum)
{
	__builtin_memcpy(out->macs, edit->macs, sizeof(out->macs));
	out->type = bpf_htons(ETH_P_IP);
	out->ip.version = 4;
	out->ip.ihl = 5;
	out->ip.tos = ANSWER_TOS;
	out->ip.tot_len = bpf_htons(ANSWER_HEADERS + quoted);
	out->ip.frag_off = bpf_htons(IP_DF);
	out->ip.ttl = ANSWER_TTL;
	out->ip.protocol = IPPROTO_ICMP;
	out->ip.saddr = family_v4(&edit->address);
	out->ip.daddr = to;
	out->ip.check = ~sum_fold(sum_words(&out->ip, 10));
	out->icmp.type = bpf_ntohs(edit->port) >> 8;
	out->icmp.code = bpf_ntohs(edit->port);
	out->icmp.checksum = ~sum_fold(sum_words(&out->icmp, 4) + sum);
}

#endif
