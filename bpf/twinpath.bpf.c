// SPDX-License-Identifier: GPL-2.0-only
/*
 * twinpath.bpf.c - the programs: {xdp, tc} x {lan, wan}, tc egress, iterators,
 * syscall programs.
 *
 * Owns: the entries and the glue from a context to the pure core and back.  The
 * way of a packet:
 *
 *   parse -> session? hit  -> edit --------------------------> apply -> redirect
 *                     miss -> route -> who owns it -> bind --> apply -> redirect
 *                                                 \-> hand to the partner
 *   anything unusual -> reason -> the kernel does it; tc_out translates
 *
 * XDP always has the tc programs behind it, for what it passes up.
 */
#include "apply_tc.h"
#include "apply_xdp.h"
#include "explain.h"
#include "fast.h"
#include "forget.h"
#include "frame.h"
#include "fresh.h"
#include "lan.h"
#include "link.h"
#include "out.h"
#include "parse.h"
#include "print.h"
#include "publish.h"
#include "wan.h"

/* Enough of a frame for every header we read, but not of an error's quote. */
#define HEADERS (ETHERNET + 60 + 20)
#define VLAN_ID 0xfff /* of a tag's 16 bits */

/* Of a tunnel's super-packet: more than any MTU, so that the kernel judges. */
#define TUNNEL_SIZE 0xffff

/*
 * To nobody, and marked: turned round to enter here (see hairpin.h).  Without a
 * MAC header the mark alone tells it.
 */
static __always_inline int frame_turned(const struct hook *hook, __u32 l3,
					__u32 reason)
{
	const struct __sk_buff *skb = hook->ctx;

	return !hook->xdp &&
	       reason == (l3 == RAW ? GO_ON : TP_REASON_not_for_us) &&
	       (skb->mark & TP_MARK_MASK) == TP_MARK_HAIRPIN;
}

/*
 * From frame to packet, for both ingress sides and both hooks.  GO_ON, or why it
 * ends here; `exit`: of an uplink.
 */
static __always_inline __u32 ingress(struct hook *hook, void *data, void *end,
				     __u32 wire, __u32 l3, __u32 role,
				     struct packet *p, struct edit *edit,
				     __u32 *exit)
{
	const struct tp_link *link = link_find(hook->ifindex);
	__u32 reason, turned = 0;

	if (!link || link->role != role)
		return TP_REASON_link_unknown;
	reason = frame_for_us(data, end, l3, link, p);
	if (role == TP_LINK_UPLINK && (l3 == RAW || reason != GO_ON))
		turned = frame_turned(hook, l3, reason);
	if (reason != GO_ON && !turned)
		return reason;
	if (p->kind != TP_KIND_HOST) {
		partner_alive(p->kind, hook->now);
		edit->mark = TP_MARK_FROM_PARTNER;
	}
	reason = parse_frame(data, end, wire, l3, p);
	if (reason != GO_ON && (reason != TP_REASON_fragment_slow || hook->xdp))
		return reason;
	if (turned)
		p->kind = TP_KIND_HAIRPIN;
	/*
	 * A super-packet is as large as what the wire will see of it.  How long
	 * the headers in a tunnel are is known to the kernel only.
	 */
	if (hook->segment)
		p->size = p->class == CLASS_PORTLESS ?
				  TUNNEL_SIZE :
				  p->l4 - l3 + p->l4_bytes + hook->segment;
	*exit = link->exit;
	packet_forget(p);
	return p->class == CLASS_ERROR ? icmp_error_verify(data, end, p) :
					 GO_ON;
}

/*
 * Bytes of the frame.  A jumbo one lies in several buffers, of which data..end
 * is the first: its headers must be there, and an error as a whole.  0: tc has
 * to bring them there.
 */
static __always_inline __u32 xdp_wire(struct xdp_md *ctx, void *data, void *end)
{
	struct iphdr *ip = data + ETHERNET;
	__u32 first = end - data, wire;

	if ((void *)(ip + 1) > end ||
	    bpf_ntohs(ip->tot_len) + ETHERNET <= first)
		return first;
	wire = bpf_xdp_get_buff_len(ctx);
	if (wire > first && (first < HEADERS || ip->protocol == IPPROTO_ICMP))
		return 0;
	return wire;
}

static __always_inline int xdp_full(struct xdp_md *ctx, __u32 id, __u32 role)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 wire = xdp_wire(ctx, data, end);
	struct hook hook = {
		.ctx = ctx,
		.id = id,
		.ifindex = ctx->ingress_ifindex,
		.xdp = 1,
		.set = ONLY(&settings),
	};
	struct packet p = {};
	struct edit edit = {};
	__u32 reason = GO_ON, exit = 0;
	__u64 hash = 0;
	int fresh;

	if (!hook.set)
		return XDP_PASS;
	hook.now = clock_now(hook.set);
	hook.bytes = wire - ETHERNET;
	fresh = role == TP_LINK_LAN && fresh_take(&p, &hash);
	if (!fresh)
		reason = wire ? ingress(&hook, data, end, wire, ETHERNET, role,
					&p, &edit, &exit) :
				TP_REASON_not_xdp;
	if (reason == GO_ON)
		reason = role == TP_LINK_LAN ?
				 lan_packet(&hook, &p, fresh, hash, &edit) :
				 wan_packet(&hook, &p, exit, &edit);
	reason = edit_forget(&edit, reason);
	return xdp_finish(ctx, &hook, &p, &edit, reason);
}

/* Bring the headers into the linear part; an error whole, to verify it. */
static __noinline int tc_pull(struct __sk_buff *skb, __u32 l3)
{
	__u32 linear = skb->data_end - skb->data;
	__u32 want = skb->len < HEADERS ? skb->len : HEADERS;
	__u8 proto = 0;

	if (linear < want)
		bpf_skb_pull_data(skb, want);
	if (linear >= skb->len || skb->len > 2048)
		return 0;
	bpf_skb_load_bytes(skb, l3 + 9, &proto, sizeof(proto));
	if (proto == IPPROTO_ICMP)
		bpf_skb_pull_data(skb, skb->len);
	return 0;
}

/*
 * What no header tells.  tc runs before VLANs are told apart: a tagged packet is
 * another device's, but for one with a priority alone (VLAN 0, IEEE 802.1Q 6.9),
 * which loses its tag; and of a raw packet the kernel alone knows the type.
 */
static __always_inline int tc_foreign(struct __sk_buff *skb, __u32 hook,
				      __u32 l3)
{
	__u32 reason = GO_ON;

	if (l3 == RAW)
		reason = parse_type(skb->protocol);
	else if (skb->vlan_present &&
		 (skb->vlan_tci & VLAN_ID || bpf_skb_vlan_pop(skb)))
		reason = TP_REASON_vlan;
	if (reason == GO_ON)
		return 0;
	reason_count(hook, reason);
	return 1;
}

static __always_inline int tc_ingress(struct __sk_buff *skb, __u32 id, __u32 l3,
				      __u32 role)
{
	struct hook hook = {
		.ctx = skb,
		.id = id,
		.ifindex = skb->ifindex,
		.segment = skb->gso_size,
		.bytes = skb->len - l3,
		.set = ONLY(&settings),
	};
	struct packet p = {};
	struct edit edit = {};
	__u32 reason, exit = 0;

	if (!hook.set)
		return TC_ACT_UNSPEC;
	if (tc_foreign(skb, id, l3))
		return TC_ACT_UNSPEC;
	hook.now = clock_now(hook.set);
	tc_pull(skb, l3);
	reason = ingress(&hook, (void *)(long)skb->data,
			 (void *)(long)skb->data_end, skb->len, l3, role, &p,
			 &edit, &exit);
	if (reason == GO_ON)
		reason = role == TP_LINK_LAN ?
				 lan_packet(&hook, &p, 0, 0, &edit) :
				 wan_packet(&hook, &p, exit, &edit);
	if (reason == TP_REASON_fragment_held)
		reason = hold_keep(skb, &hook, &p, &edit);
	reason = edit_forget(&edit, reason);
	return tc_finish(skb, &hook, &p, &edit, reason);
}

SEC("xdp.frags")
int xdp_lan_full(struct xdp_md *ctx)
{
	return xdp_full(ctx, TP_HOOK_xdp_lan, TP_LINK_LAN);
}

SEC("xdp.frags")
int xdp_wan_full(struct xdp_md *ctx)
{
	return xdp_full(ctx, TP_HOOK_xdp_wan, TP_LINK_UPLINK);
}

/*
 * Where a fast program goes with what is not for it.  Pinned like any map: the
 * kernel empties such an array when nobody has it open any more.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TP_HOOK_COUNT);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct xdp_md *));
} full_programs SEC(".maps") = {
	.values = {
		[TP_HOOK_xdp_lan] = (void *)&xdp_lan_full,
		[TP_HOOK_xdp_wan] = (void *)&xdp_wan_full,
	},
};

static __always_inline int xdp_fast(struct xdp_md *ctx, __u32 id, __u32 role)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct hook hook = {
		.id = id,
		.ifindex = ctx->ingress_ifindex,
		.bytes = end - data - ETHERNET,
		.xdp = 1,
		.set = ONLY(&settings),
	};
	struct packet p = {};
	struct edit edit = {};
	__u32 reason;

	if (!hook.set)
		return XDP_PASS;
	hook.now = clock_now(hook.set);
	reason = role == TP_LINK_LAN ?
			 fast_lan(&hook, data, end, end - data, &p, &edit) :
			 fast_wan(&hook, data, end, end - data, &p, &edit);
	if (reason == GO_ON)
		bpf_tail_call(ctx, &full_programs, id);
	else if (xdp_rewrite(data, end, &p, &edit))
		return xdp_send(id, reason, &edit);
	fresh_drop();
	reason_count(id, TP_REASON_program);
	return XDP_DROP;
}

SEC("xdp.frags")
int xdp_lan(struct xdp_md *ctx)
{
	return xdp_fast(ctx, TP_HOOK_xdp_lan, TP_LINK_LAN);
}

SEC("xdp.frags")
int xdp_wan(struct xdp_md *ctx)
{
	return xdp_fast(ctx, TP_HOOK_xdp_wan, TP_LINK_UPLINK);
}

SEC("tc")
int tc_lan(struct __sk_buff *skb)
{
	return tc_ingress(skb, TP_HOOK_tc_lan, ETHERNET, TP_LINK_LAN);
}

SEC("tc")
int tc_lan_raw(struct __sk_buff *skb)
{
	return tc_ingress(skb, TP_HOOK_tc_lan, RAW, TP_LINK_LAN);
}

SEC("tc")
int tc_wan(struct __sk_buff *skb)
{
	return tc_ingress(skb, TP_HOOK_tc_wan, ETHERNET, TP_LINK_UPLINK);
}

SEC("tc")
int tc_wan_raw(struct __sk_buff *skb)
{
	return tc_ingress(skb, TP_HOOK_tc_wan, RAW, TP_LINK_UPLINK);
}

static __always_inline __u32 egress(struct hook *hook, void *data, void *end,
				    __u32 wire, __u32 l3, struct packet *p,
				    struct edit *edit)
{
	const struct tp_link *link = link_find(hook->ifindex);
	__u32 reason = parse_frame(data, end, wire, l3, p);

	p->kind = TP_KIND_HOST;
	if (reason == TP_REASON_ipv6 || reason == TP_REASON_not_ip ||
	    reason == TP_REASON_vlan)
		return reason;
	if (!link || link->role != TP_LINK_UPLINK)
		return TP_REASON_untranslated;
	if (reason != GO_ON && reason != TP_REASON_fragment_slow)
		/* what cannot be read cannot be vouched for */
		return reason_fate(reason) == TP_FATE_PASSED ?
			       TP_REASON_untranslated :
			       reason;
	packet_forget(p);
	return out_packet(hook, p, link->exit, edit);
}

/* An uplink's egress: nothing leaves it with an inside source. */
static __always_inline int tc_egress(struct __sk_buff *skb, __u32 l3)
{
	struct hook hook = {
		.ctx = skb,
		.id = TP_HOOK_tc_out,
		.ifindex = skb->ifindex,
		.mark = (skb->mark & TP_MARK_MASK) >> 16,
		.bytes = skb->len - l3,
		.set = ONLY(&settings),
	};
	struct packet p = {};
	struct edit edit = {};
	__u32 reason;

	if (!hook.set)
		return TC_ACT_SHOT;
	if (tc_foreign(skb, TP_HOOK_tc_out, l3))
		return TC_ACT_UNSPEC;
	hook.now = clock_now(hook.set);
	tc_pull(skb, l3);
	reason = egress(&hook, (void *)(long)skb->data,
			(void *)(long)skb->data_end, skb->len, l3, &p, &edit);
	return tc_finish(skb, &hook, &p, &edit, reason);
}

SEC("tc")
int tc_out(struct __sk_buff *skb)
{
	return tc_egress(skb, ETHERNET);
}

SEC("tc")
int tc_out_raw(struct __sk_buff *skb)
{
	return tc_egress(skb, RAW);
}

/* The first packet of a session from outside, that the kernel let through. */
static __always_inline void back_open(struct __sk_buff *skb, __u32 l3)
{
	const struct tp_settings *set = ONLY(&settings);
	struct packet p = {};
	__u32 reason;

	if (!(skb->mark & TP_MARK_MASK) || skb->mark & TP_MARK_VALID ||
	    skb->vlan_present || !set)
		return;
	tc_pull(skb, l3);
	reason = parse_frame((void *)(long)skb->data,
			     (void *)(long)skb->data_end, skb->len, l3, &p);
	if (reason != GO_ON && reason != TP_REASON_fragment_slow)
		return;
	packet_forget(&p);
	shown_open(&p, skb->mark, skb->tc_index, clock_now(set));
}

/*
 * A LAN interface's egress: what came from the partner and went up the kernel
 * must not go back there, or two kernels would play with it until its TTL ends.
 */
static __always_inline int tc_to_lan(const struct __sk_buff *skb,
				     const __u8 *mac)
{
	const struct tp_partner *mate = ONLY(&partner);

	if (!(skb->mark & TP_MARK_FROM_PARTNER) || !mate || !mate->reachable ||
	    !partner_is_at(mate, skb->ifindex, mac))
		return TC_ACT_UNSPEC;
	reason_count(TP_HOOK_tc_back, TP_REASON_ping_pong);
	return TC_ACT_SHOT;
}

SEC("tc")
int tc_back(struct __sk_buff *skb)
{
	struct ethhdr *eth;

	back_open(skb, ETHERNET);
	eth = (void *)(long)skb->data;
	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return TC_ACT_UNSPEC;
	return tc_to_lan(skb, eth->h_dest);
}

SEC("tc")
int tc_back_raw(struct __sk_buff *skb)
{
	back_open(skb, RAW);
	return tc_to_lan(skb, 0);
}

char LICENSE[] SEC("license") = "GPL";
