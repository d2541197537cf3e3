/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apply_xdp.h - carries out an edit on a raw frame.
 *
 * Owns: byte writes and checksum folding (RFC 1624) in XDP.  Right only for
 * frames whose checksums are complete, as a wire delivers them: twinpathd does
 * not attach XDP where they may be partial, unless told so.  Decides nothing.
 */
#ifndef TWINPATH_APPLY_XDP_H
#define TWINPATH_APPLY_XDP_H

#include "answer.h"
#include "icmp.h"
#include "reason.h"
#include "reset.h"

static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline void checksum_update(__sum16 *check, __u64 delta)
{
	*check = ~checksum_fold((__u16) ~*check + delta);
}

/* In words: byte by byte it would be a tenth of a packet's cost. */
static __always_inline void xdp_macs(void *data, const struct edit *edit)
{
	const __u32 *from = (const __u32 *)edit->macs;
	__u32 *to = data;

	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

/* What the header's checksum is to learn of a TTL that is one less. */
static __always_inline __u64 xdp_ttl(struct iphdr *ip)
{
	__u16 *word = (__u16 *)&ip->ttl;
	__u16 old = *word, new = old - bpf_htons(0x0100);

	*word = new;
	return (__u64)(__u16)~old + new;
}

/* Ports and checksum of the transport header; `delta`: of the addresses. */
static __always_inline int xdp_transport(void *l4, void *end,
					 const struct packet *p,
					 const struct edit *edit, __u64 delta)
{
	__be16 *ports = l4;
	__be16 *port = edit->side == SIDE_SOURCE ? ports : ports + 1;
	__sum16 *check;

	if (p->class == CLASS_QUERY) {
		port = ports + 2;
		check = (__sum16 *)(ports + 1);
		delta = 0; /* no pseudo header */
	} else if (p->class == CLASS_UDP) {
		check = (__sum16 *)(ports + 3);
	} else {
		check = (__sum16 *)(ports + 8);
	}
	if ((void *)(check + 1) > end || (void *)(ports + 3) > end)
		return 0;
	delta += (__u64)(__u16) ~*port + edit->port;
	*port = edit->port;
	if (p->class != CLASS_UDP) {
		checksum_update(check, delta);
	} else if (*check) { /* none stays none; a sum of 0 is sent as 0xffff */
		checksum_update(check, delta);
		if (!*check)
			*check = 0xffff;
	}
	return 1;
}

/* Address and ID; the sum of what changed is added to `header`. */
static __always_inline int xdp_translate(void *data, void *end,
					 const struct packet *p,
					 const struct edit *edit, __u64 *header)
{
	struct iphdr *ip = data + ETHERNET;
	__be32 new = family_v4(&edit->address);
	__be32 *address;
	__u32 at = p->l4;
	__u64 delta;

	if ((void *)(ip + 1) > end || at > 128)
		return 0;
	address = edit->side == SIDE_SOURCE ? &ip->saddr : &ip->daddr;
	delta = (__u64)(__u32) ~*address + new;
	*address = new;
	*header += delta;
	if (edit->id_mask) {
		*header += (__u64)(__u16)~ip->id + (ip->id ^ edit->id_mask);
		ip->id ^= edit->id_mask;
	}
	if (p->class == CLASS_PORTLESS)
		return 1;
	return xdp_transport(data + at, end, p, edit, delta);
}

/* What is in the headers of every packet: endpoint, TTL, MACs. */
static __always_inline int xdp_rewrite(void *data, void *end,
				       const struct packet *p,
				       const struct edit *edit)
{
	struct iphdr *ip = data + ETHERNET;
	__u64 header = 0;

	if ((void *)(ip + 1) > end)
		return 0;
	if (edit->side && p->class != CLASS_ERROR &&
	    !xdp_translate(data, end, p, edit, &header))
		return 0;
	if (edit->flags & EDIT_TTL)
		header += xdp_ttl(ip);
	checksum_update(&ip->check, header);
	if (edit->flags & EDIT_MAC)
		xdp_macs(data, edit);
	return 1;
}

static __noinline int xdp_patch(struct xdp_md *ctx, const struct patch *list)
{
	__u32 i;

	for (i = 0; i < PATCHES; i++) {
		const struct patch *patch = &list[i];

		if (!patch->size)
			continue;
		if (bpf_xdp_store_bytes(ctx, patch->at, (void *)&patch->value,
					patch->size == 4 ? 4 : 2))
			return 0;
	}
	return 1;
}

static __noinline int xdp_error(struct xdp_md *ctx, const struct packet *p,
				const struct edit *edit)
{
	struct patch *list = icmp_patches();

	if (!list ||
	    !icmp_error_patches((void *)(long)ctx->data,
				(void *)(long)ctx->data_end, p, edit, list))
		return 0;
	return xdp_patch(ctx, list);
}

static __noinline int xdp_reset(struct xdp_md *ctx, const struct packet *p,
				const struct edit *edit)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	int wire = (int)bpf_xdp_get_buff_len(ctx);
	struct reset_frame frame = {};

	return reset_build(data, end, p, edit, &frame) &&
	       !bpf_xdp_adjust_tail(ctx, (int)sizeof(frame) - wire) &&
	       !bpf_xdp_store_bytes(ctx, 0, &frame, sizeof(frame));
}

static __noinline int xdp_answer(struct xdp_md *ctx, const struct packet *p,
				 const struct edit *edit)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 bytes = answer_quoted(data, end, p);
	struct answer_frame frame = {};
	int surplus;

	if (!bytes)
		return 0;
	answer_build(&frame, edit, family_v4(&p->flow.source), bytes,
		     answer_sum(data, end, p, bytes, 0));
	surplus = bpf_xdp_get_buff_len(ctx) - (ETHERNET + bytes);
	return !bpf_xdp_adjust_tail(ctx, -surplus) &&
	       !bpf_xdp_adjust_head(ctx, -(int)ANSWER_HEADERS) &&
	       !bpf_xdp_store_bytes(ctx, 0, &frame, sizeof(frame));
}

static __noinline int xdp_mss(struct xdp_md *ctx, const struct packet *p,
			      const struct edit *edit)
{
	struct mss_options *options = mss_room();
	__u32 size = mss_bytes(p), at;
	__u16 check, old, new = bpf_htons(edit->mss);

	if (!options || size < OPTION_MSS_BYTES)
		return !!options;
	APART(size);
	if (size > TCP_OPTIONS)
		return 1;
	if (bpf_xdp_load_bytes(ctx, p->l4 + TCP_HEADER, options, size) ||
	    bpf_xdp_load_bytes(ctx, p->l4 + TCP_CHECK, &check, sizeof(check)))
		return 0;
	at = mss_find(options, size);
	if (!mss_too_large(options, at, edit->mss, &old))
		return 1;
	at += p->l4 + TCP_HEADER;
	check = sum_replace(check, mss_word(old, at), mss_word(new, at));
	return !bpf_xdp_store_bytes(ctx, at, &new, sizeof(new)) &&
	       !bpf_xdp_store_bytes(ctx, p->l4 + TCP_CHECK, &check,
				    sizeof(check));
}

static __always_inline int xdp_edit(struct xdp_md *ctx, const struct packet *p,
				    const struct edit *edit)
{
	void *data, *end;

	if (edit->flags & (EDIT_RESET | EDIT_MSS)) {
		if (edit->flags & EDIT_RESET)
			return xdp_reset(ctx, p, edit);
		if (!xdp_mss(ctx, p, edit))
			return 0;
	}
	if (edit->side && p->class == CLASS_ERROR && !xdp_error(ctx, p, edit))
		return 0;
	data = (void *)(long)*(volatile __u32 *)&ctx->data;
	end = (void *)(long)*(volatile __u32 *)&ctx->data_end;
	return xdp_rewrite(data, end, p, edit);
}

/* Counted, and on its way. */
static __always_inline int xdp_send(__u32 hook, __u32 reason,
				    const struct edit *edit)
{
	reason_count(hook, reason);
	return bpf_redirect(edit->ifindex, 0);
}

/* From the core's reason to a verdict. */
static __always_inline int xdp_finish(struct xdp_md *ctx,
				      const struct hook *hook,
				      const struct packet *p,
				      const struct edit *edit, __u32 reason)
{
	__u32 fate = reason_fate(reason);

	if (fate == TP_FATE_FORWARDED && !xdp_edit(ctx, p, edit)) {
		reason = TP_REASON_program;
		fate = TP_FATE_DROPPED;
	}
	reason_count(hook->id, reason);
	if (fate == TP_FATE_DROPPED && edit->flags & EDIT_ANSWER &&
	    xdp_answer(ctx, p, edit))
		fate = TP_FATE_FORWARDED;
	if (fate == TP_FATE_FORWARDED)
		return bpf_redirect(edit->ifindex, 0);
	return fate == TP_FATE_PASSED ? XDP_PASS : XDP_DROP;
}

#endif
