/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reset.h - tells a host that its TCP connection is gone.
 *
 * Owns: the RST that answers a segment of a session that nobody holds any more
 * (ownership, rule F).  Its sequence number is what the host acknowledged, so it
 * is exactly in window (RFC 5961 3.2) and only the host's own stack can be
 * taken in by it.  To the inside only: an outside server would check it against
 * numbers that we do not have.  The pace is bounded for all hosts together.
 */
#ifndef TWINPATH_RESET_H
#define TWINPATH_RESET_H

#include "icmp.h"
#include "pace.h"
#include "route.h"

#define RESETS_A_SECOND 16384
#define RESET_TTL 64

struct reset_frame {
	__u8 macs[12];
	__be16 type;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));
_Static_assert(sizeof(struct reset_frame) == 54, "Ethernet, IP, TCP");

/*
 * The edit that answers; the MAC is the host's, also for a returned packet.  A
 * gateway that has only just become the hosts' has never sent to them: then it
 * is an edit without MACs, for tc, which lets the kernel find them.
 */
static __noinline __u32 reset_host(const struct hook *hook,
				   const struct packet *p, struct edit *edit)
{
	struct tp_addr host = p->flow.source;
	const struct tp_route *route = route_find(&host);
	__u32 id = route_neighbour(&host);
	const struct tp_neighbour *to = bpf_map_lookup_elem(&neighbours, &id);
	int known = to && to->valid;

	if (p->class != CLASS_TCP || p->tcp_flags & FLAG_RST ||
	    !(p->tcp_flags & FLAG_ACK) || !route ||
	    route->kind != TP_ROUTE_INSIDE)
		return TP_REASON_no_session;
	if (hook->xdp && (!known || !to->xdp))
		return TP_REASON_no_neighbour;
	if (!pace_allows(TP_PACE_RESETS, RESETS_A_SECOND, hook->now))
		return TP_REASON_no_session;
	edit->flags = EDIT_RESET | EDIT_REDIRECT |
		      (known ? EDIT_MAC : EDIT_RESOLVE);
	edit->ifindex = route->ifindex;
	if (known)
		__builtin_memcpy(edit->macs, to->destination,
				 sizeof(edit->macs));
	return TP_REASON_reset;
}

/* The answer to the segment at data: addresses and ports turned round. */
static __always_inline int reset_build(void *data, void *end,
				       const struct packet *p,
				       const struct edit *edit,
				       struct reset_frame *out)
{
	struct iphdr *ip = data + p->l3;
	struct tcphdr *tcp = data + (p->l4 & 0x7f);
	__u32 pseudo;

	if ((void *)(ip + 1) > end || (void *)(tcp + 1) > end)
		return 0;
	__builtin_memcpy(out->macs, edit->macs, sizeof(out->macs));
	out->type = bpf_htons(ETH_P_IP);
	out->ip.version = 4;
	out->ip.ihl = 5;
	out->ip.tot_len = bpf_htons(40);
	out->ip.frag_off = bpf_htons(IP_DF);
	out->ip.ttl = RESET_TTL;
	out->ip.protocol = IPPROTO_TCP;
	out->ip.saddr = ip->daddr;
	out->ip.daddr = ip->saddr;
	out->ip.check = ~sum_fold(sum_words(&out->ip, 10));
	out->tcp.source = tcp->dest;
	out->tcp.dest = tcp->source;
	out->tcp.seq = tcp->ack_seq;
	out->tcp.doff = 5;
	out->tcp.rst = 1;
	pseudo = sum_words(&out->ip.saddr, 4) + bpf_htons(IPPROTO_TCP) +
		 bpf_htons(20);
	out->tcp.check = ~sum_fold(pseudo + sum_words(&out->tcp, 10));
	return 1;
}

/*
 * What the check field holds while it is owed (CHECKSUM_PARTIAL), as the
 * segment's was: the device or the stack will complete it.
 */
static __always_inline void reset_owe(struct reset_frame *out)
{
	out->tcp.check = sum_fold(sum_words(&out->ip.saddr, 4) +
				  bpf_htons(IPPROTO_TCP) + bpf_htons(20));
}

#endif
