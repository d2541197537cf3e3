/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apply_tc.h - carries out an edit on an skb.
 *
 * Owns: writes through the skb helpers, because only they know whether a
 * checksum is complete, partial or still owed, and keep GSO packets whole.  A
 * direct write would look right on veth and be wrong on a wire.  Decides
 * nothing.
 */
#ifndef TWINPATH_APPLY_TC_H
#define TWINPATH_APPLY_TC_H

#include <linux/pkt_cls.h>

#include "answer.h"
#include "fragment_hold.h"
#include "icmp.h"
#include "reason.h"
#include "reset.h"

#define TC_ETHERTYPE 12 /* from the start of the frame */
#define TC_IP_ID 4	/* from the start of the IP header */
#define TC_IP_TTL 8
#define TC_IP_CHECK 10

static __always_inline int tc_transport(struct __sk_buff *skb,
					const struct packet *p,
					const struct edit *edit, __be32 old,
					__be32 new)
{
	__u32 check = p->l4, port = p->l4;
	__u64 mangled = 0;
	__be16 was;

	switch (p->class) {
	case CLASS_QUERY:
		check += 2;
		port += 4;
		break;
	case CLASS_UDP:
		check += 6;
		mangled = BPF_F_MARK_MANGLED_0;
		port += edit->side == SIDE_SOURCE ? 0 : 2;
		break;
	default:
		check += 16;
		port += edit->side == SIDE_SOURCE ? 0 : 2;
	}
	if (bpf_skb_load_bytes(skb, port, &was, sizeof(was)))
		return 0;
	if (p->class != CLASS_QUERY &&
	    bpf_l4_csum_replace(skb, check, old, new,
				BPF_F_PSEUDO_HDR | mangled | sizeof(new)))
		return 0;
	if (bpf_l4_csum_replace(skb, check, was, edit->port,
				mangled | sizeof(was)))
		return 0;
	return !bpf_skb_store_bytes(skb, port, &edit->port, sizeof(was), 0);
}

/* Each helper costs some 20 ns: one sum for address and ID together. */
static __always_inline int tc_header(struct __sk_buff *skb,
				     const struct packet *p,
				     const struct edit *edit, __be32 old,
				     __be32 new)
{
	__u64 sum = (__u64)(__u32)~old + new;
	__be16 id = p->id ^ edit->id_mask;

	if (edit->id_mask) {
		sum += (__u64)(__u16)~p->id + id;
		if (bpf_skb_store_bytes(skb, p->l3 + TC_IP_ID, &id, sizeof(id),
					0))
			return 0;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return !bpf_l3_csum_replace(skb, p->l3 + TC_IP_CHECK, 0, sum, 0);
}

static __noinline int tc_translate(struct __sk_buff *skb,
				   const struct packet *p,
				   const struct edit *edit)
{
	__u32 at = p->l3 + (edit->side == SIDE_SOURCE ? 12 : 16);
	__be32 new = family_v4(&edit->address), old;

	if (bpf_skb_load_bytes(skb, at, &old, sizeof(old)) ||
	    bpf_skb_store_bytes(skb, at, &new, sizeof(new), 0) ||
	    !tc_header(skb, p, edit, old, new))
		return 0;
	/* What comes without ports has no sum over its addresses either. */
	if (p->class == CLASS_OTHER)
		return 1;
	if (p->class == CLASS_PORTLESS) {
		/* Else tc_out would take it for the gateway's own. */
		if (edit->flags & EDIT_REDIRECT)
			skb->mark = (skb->mark & ~TP_MARK_MASK) | edit->mark;
		return 1;
	}
	return tc_transport(skb, p, edit, old, new);
}

/*
 * An error's writes change skb->csum as they go: its checksum is never owed,
 * but the NIC may have delivered a complete one.
 */
static __noinline int tc_error(struct __sk_buff *skb, const struct packet *p,
			       const struct edit *edit)
{
	struct patch *list = icmp_patches();
	__u32 i;

	if (!list ||
	    !icmp_error_patches((void *)(long)skb->data,
				(void *)(long)skb->data_end, p, edit, list))
		return 0;
	for (i = 0; i < PATCHES; i++) {
		if (list[i].size &&
		    bpf_skb_store_bytes(skb, list[i].at, &list[i].value,
					list[i].size == 4 ? 4 : 2,
					BPF_F_RECOMPUTE_CSUM))
			return 0;
	}
	return 1;
}

static __noinline int tc_ttl(struct __sk_buff *skb, __u32 l3)
{
	__u32 at = l3 + TC_IP_TTL;
	__u16 old, new;

	if (bpf_skb_load_bytes(skb, at, &old, sizeof(old)))
		return 0;
	new = old - bpf_htons(0x0100);
	return !bpf_l3_csum_replace(skb, l3 + TC_IP_CHECK, old, new,
				    sizeof(new)) &&
	       !bpf_skb_store_bytes(skb, at, &new, sizeof(new), 0);
}

/*
 * Is the transport checksum at this offset still owed?  The context does not
 * say.  The helper that updates one leaves it alone when it is (it is not told of
 * a pseudo header here); else it changes, and is put back.  That the field looks
 * like the sum of a pseudo header proves nothing: one in 65,536 does.
 */
static __noinline int tc_owed(struct __sk_buff *skb, __u32 at)
{
	__u16 before, after;

	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)) ||
	    bpf_l4_csum_replace(skb, at, 0, 1, sizeof(before)) ||
	    bpf_skb_load_bytes(skb, at, &after, sizeof(after)))
		return 0;
	return before == after ||
	       bpf_skb_store_bytes(skb, at, &before, sizeof(before), 0);
}

static __noinline int tc_reset(struct __sk_buff *skb, const struct packet *p,
			       const struct edit *edit)
{
	int owed = tc_owed(skb, p->l4 + 16);
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct reset_frame frame = {};

	if (!reset_build(data, end, p, edit, &frame))
		return 0;
	if (owed)
		reset_owe(&frame);
	/* A complete checksum covers what is behind the Ethernet header. */
	return !bpf_skb_change_tail(skb, p->l3 + sizeof(frame) - ETHERNET, 0) &&
	       !bpf_skb_store_bytes(skb, p->l3, &frame.ip,
				    sizeof(frame) - ETHERNET,
				    BPF_F_RECOMPUTE_CSUM);
}

/*
 * A raw packet gets a MAC header.  Where it leaves by a raw device, too, as any
 * other that does, it loses it again in bpf_redirect().
 */
static __noinline int tc_macs(struct __sk_buff *skb, __u32 l3,
			      const struct edit *edit)
{
	__be16 type = bpf_htons(ETH_P_IP);

	if (l3 == RAW &&
	    (bpf_skb_change_head(skb, ETHERNET, 0) ||
	     bpf_skb_store_bytes(skb, TC_ETHERTYPE, &type, sizeof(type), 0)))
		return 0;
	return !bpf_skb_store_bytes(skb, 0, edit->macs, sizeof(edit->macs), 0);
}

/*
 * The room that was made still holds an old header, which no checksum covered:
 * zeros first, so that a complete one stays right.
 */
static __always_inline int tc_answer_headers(struct __sk_buff *skb, __u32 l3,
					     const struct answer_frame *frame,
					     const struct edit *edit)
{
	const __u8 none[ANSWER_HEADERS] = {};

	if (bpf_skb_store_bytes(skb, l3, none, sizeof(none), 0) ||
	    bpf_skb_store_bytes(skb, l3, &frame->ip, sizeof(none),
				BPF_F_RECOMPUTE_CSUM))
		return 0;
	if (l3 != RAW && bpf_skb_store_bytes(skb, TC_ETHERTYPE, &frame->type,
					     sizeof(frame->type), 0))
		return 0;
	return tc_macs(skb, l3, edit);
}

/* Apart from the sum's function: 6.1 counts both frames, and has 512 bytes. */
static __noinline int tc_answer_put(struct __sk_buff *skb,
				    const struct packet *p,
				    const struct edit *edit, __u32 bytes,
				    __u16 sum)
{
	struct answer_frame frame = {};

	answer_build(&frame, edit, family_v4(&p->flow.source), bytes, sum);
	return !bpf_skb_change_tail(skb, p->l3 + bytes, 0) &&
	       !bpf_skb_change_head(skb, ANSWER_HEADERS, 0) &&
	       tc_answer_headers(skb, p->l3, &frame, edit);
}

static __noinline int tc_answer(struct __sk_buff *skb, const struct packet *p,
				const struct edit *edit)
{
	int owed = p->class == CLASS_TCP ? tc_owed(skb, p->l4 + 16) :
		   p->class == CLASS_UDP ? tc_owed(skb, p->l4 + 6) :
					   0;
	void *data, *end;
	__u32 bytes;
	__u16 sum;

	bpf_skb_pull_data(skb, skb->len < 2048 ? skb->len : 2048);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	bytes = answer_quoted(data, end, p);
	if (!bytes)
		return 0;
	sum = answer_sum(data, end, p, bytes,
			 owed ? answer_owed(data, end, p) : 0);
	return tc_answer_put(skb, p, edit, bytes, sum);
}

static __noinline int tc_mss(struct __sk_buff *skb, const struct packet *p,
			     const struct edit *edit)
{
	struct mss_options *options = mss_room();
	__u32 size = mss_bytes(p), at;
	__u16 old, new = bpf_htons(edit->mss);

	if (!options || size < OPTION_MSS_BYTES)
		return !!options;
	APART(size);
	if (size > TCP_OPTIONS)
		return 1;
	if (bpf_skb_load_bytes(skb, p->l4 + TCP_HEADER, options, size))
		return 0;
	at = mss_find(options, size);
	if (!mss_too_large(options, at, edit->mss, &old))
		return 1;
	at += p->l4 + TCP_HEADER;
	return !bpf_l4_csum_replace(skb, p->l4 + TCP_CHECK, mss_word(old, at),
				    mss_word(new, at), sizeof(new)) &&
	       !bpf_skb_store_bytes(skb, at, &new, sizeof(new), 0);
}

static __always_inline void tc_mark(struct __sk_buff *skb, __u32 mark)
{
	skb->mark = (skb->mark & ~(TP_MARK_MASK | TP_MARK_FROM_PARTNER)) | mark;
}

static __always_inline int tc_send(const struct edit *edit)
{
	if (!(edit->flags & (EDIT_INWARD | EDIT_RESOLVE)))
		return bpf_redirect(edit->ifindex, 0);
	if (edit->flags & EDIT_INWARD)
		return bpf_redirect(edit->ifindex, BPF_F_INGRESS);
	return bpf_redirect_neigh(edit->ifindex, 0, 0, 0);
}

static __noinline int tc_edit(struct __sk_buff *skb, const struct packet *p,
			      const struct edit *edit)
{
	if (edit->flags & EDIT_RESET && !tc_reset(skb, p, edit))
		return 0;
	if (edit->flags & EDIT_MSS && !tc_mss(skb, p, edit))
		return 0;
	if (edit->flags & EDIT_INWARD)
		tc_mark(skb, TP_MARK_HAIRPIN);
	if (edit->side && p->class == CLASS_ERROR && !tc_error(skb, p, edit))
		return 0;
	if (edit->side && p->class != CLASS_ERROR &&
	    !tc_translate(skb, p, edit))
		return 0;
	if (edit->flags & EDIT_TTL && !tc_ttl(skb, p->l3))
		return 0;
	return !(edit->flags & EDIT_MAC) || tc_macs(skb, p->l3, edit);
}

/*
 * From the core's reason to a verdict.  Passing is TC_ACT_UNSPEC, so that
 * other people's filters on the interface still see the packet.
 */
static __noinline int tc_finish(struct __sk_buff *skb, const struct hook *hook,
				const struct packet *p, struct edit *edit,
				__u32 reason)
{
	__u32 fate;

	if (p->flags & PACKET_FRAGMENT)
		reason = hold_fragment(skb, hook, p, edit, reason);
	fate = reason_fate(reason);
	if (fate != TP_FATE_DROPPED && !tc_edit(skb, p, edit)) {
		reason = TP_REASON_program;
		fate = TP_FATE_DROPPED;
	}
	reason_count(hook->id, reason);
	if (fate == TP_FATE_DROPPED && edit->flags & EDIT_ANSWER &&
	    tc_answer(skb, p, edit))
		fate = TP_FATE_FORWARDED;
	if (fate == TP_FATE_FORWARDED)
		return tc_send(edit);
	if (fate == TP_FATE_DROPPED)
		return TC_ACT_SHOT;
	if (edit->mark) {
		tc_mark(skb, edit->mark);
		skb->tc_index = edit->tag;
	}
	return TC_ACT_UNSPEC;
}

#endif
