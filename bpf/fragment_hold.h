/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fragment_hold.h - fragments that come before their first wait for it.
 *
 * Owns: fragment_slots and fragment_bytes.  A packet cannot be kept, so its
 * bytes are; when the first has come, they are laid into its buffer one after
 * the other, and clones of it enter the interface again, where they find the
 * record (fragment.h).  The kernel puts those in its queue: the first itself
 * goes before them, whatever becomes of it.  tc only: XDP has no clones.
 *
 * Bounds: each source has a handful of the slots, another handful than the next
 * one, and outside and inside have their own halves.  So a flood from one source
 * takes an eighth of anybody else's; one from many fills a half for as long
 * as it lasts and two seconds more, and hits only what comes out of order.
 *
 * Races: slots are claimed, and taken back, by compare-and-swap.  One CPU keeps
 * a fragment while another writes its first's record down: who keeps looks for
 * the record afterwards, and who records looks for what is kept afterwards; the
 * exchanges between are full barriers, so one of them sees the other.
 */
#ifndef TWINPATH_FRAGMENT_HOLD_H
#define TWINPATH_FRAGMENT_HOLD_H

#include "fragment.h"
#include "reason.h"

#define HOLD_LIFE (2 * TP_TICKS_PER_SECOND)
#define HOLD_OF_SOURCE 64 /* slots: 65,535 bytes at an MTU of 1,500 are 45 */

struct hold {
	struct __sk_buff *skb;
	struct tp_fragment_key key;
	__u64 hash; /* of the source */
	__u32 now;
	__u32 ifindex;
	__u32 slot; /* claimed; TP_HELD: none */
	__u32 size; /* of the first, once it is in the scratch */
	__u32 l3;
};

/* Has a slot room for a frame of this size? */
static __always_inline int hold_fits(__u32 *size)
{
	if (*size <= ETHERNET)
		return 0;
	APART(*size);
	return *size <= TP_HELD_BYTES;
}

/* The i-th slot of a source: an odd stride never comes back within a half. */
static __always_inline __u32 hold_slot(const struct hold *hold, __u32 i)
{
	__u32 stride = (__u32)(hold->hash >> 16) | 1;
	__u32 half = hold->key.way == TP_FRAGMENT_OUTSIDE ? TP_HELD / 2 : 0;

	return half + ((__u32)hold->hash + i * stride) % (TP_HELD / 2);
}

static __always_inline struct tp_held *hold_at(__u32 slot)
{
	return bpf_map_lookup_elem(&fragment_slots, &slot);
}

static __always_inline void hold_open(struct hold *hold, struct __sk_buff *skb,
				      const struct hook *hook,
				      const struct packet *p)
{
	const struct tp_seed *keys = ONLY(&seed);

	hold->skb = skb;
	fragment_key(hook, p, &hold->key);
	if (keys)
		hold->hash = hash_endpoint(&p->sender, 0, keys);
	hold->now = hook->now;
	hold->ifindex = hook->ifindex;
	hold->l3 = p->l3;
	hold->slot = TP_HELD;
}

/* ---- keeping ---------------------------------------------------------------- */

static long hold_claim(__u32 i, void *arg)
{
	struct hold *hold = arg;
	__u32 slot = hold_slot(hold, i);
	struct tp_held *held = hold_at(slot);
	__u64 old;

	if (!held)
		return 1;
	old = *(volatile __u64 *)&held->control;
	if (TP_CONTROL_LINE(old) == TP_LINE_BUSY ||
	    session_live(old, hold->now))
		return 0;
	if (__sync_val_compare_and_swap(
		    &held->control, old,
		    TP_CONTROL(0, TP_LINE_BUSY, TP_CONTROL_INCARNATION(old) + 1,
			       0)) != old)
		return 0;
	hold->slot = slot;
	return 1;
}

/* Fill the claimed slot and let it be seen; its control word, or 0. */
static __always_inline __u64 hold_fill(const struct hold *hold,
				       struct tp_held *held)
{
	__u32 slot = hold->slot, size = hold->skb->len;
	struct tp_held_bytes *room =
		bpf_map_lookup_elem(&fragment_bytes, &slot);
	__u32 *last = ONLY(&fragment_last);
	__u8 number = TP_CONTROL_INCARNATION(held->control);
	__u64 live = TP_CONTROL(hold->now + HOLD_LIFE, TP_LINE_LIVE, number, 0);

	if (!room || !last || !hold_fits(&size) ||
	    bpf_skb_load_bytes(hold->skb, 0, room, size)) {
		live = 0;
	} else {
		held->key = hold->key;
		held->size = size;
		*(volatile __u32 *)last = hold->now;
	}
	__sync_lock_test_and_set(&held->control,
				 live ? live :
					TP_CONTROL(0, TP_LINE_FREE, number, 0));
	return live;
}

/*
 * Keep this fragment.  Its first may have come meanwhile, on another CPU: then
 * the fragment follows it at once, unless that CPU has seen it and taken it.
 */
static __noinline __u32 hold_keep(struct __sk_buff *skb,
				  const struct hook *hook,
				  const struct packet *p, struct edit *edit)
{
	struct hold hold = {};
	struct tp_held *held;
	__u32 reason;
	__u64 live;

	hold_open(&hold, skb, hook, p);
	bpf_loop(HOLD_OF_SOURCE, hold_claim, &hold, 0);
	held = hold.slot < TP_HELD ? hold_at(hold.slot) : 0;
	if (!held)
		return TP_REASON_fragment_full;
	live = hold_fill(&hold, held);
	if (!live)
		return TP_REASON_fragment;
	reason = fragment_recall(&hold.key, edit, hook->now);
	if (reason == GO_ON ||
	    __sync_val_compare_and_swap(&held->control, live,
					TP_CONTROL(0, TP_LINE_FREE,
						   TP_CONTROL_INCARNATION(live),
						   0)) != live)
		return TP_REASON_fragment_held;
	return fragment_follow(hook, p, reason, edit);
}

/* ---- letting go ------------------------------------------------------------- */

/*
 * Lay a frame into the packet.  A complete checksum (skb->csum) covers what is
 * behind the Ethernet header.
 */
static __always_inline int hold_lay(struct __sk_buff *skb, __u32 l3,
				    const struct tp_held_bytes *frame,
				    __u32 size)
{
	if (!hold_fits(&size) || bpf_skb_change_tail(skb, size, 0))
		return 0;
	if (l3 == RAW)
		return !bpf_skb_store_bytes(skb, 0, frame, size,
					    BPF_F_RECOMPUTE_CSUM);
	return !bpf_skb_store_bytes(skb, 0, frame, ETHERNET, 0) &&
	       !bpf_skb_store_bytes(skb, ETHERNET, frame->byte + ETHERNET,
				    size - ETHERNET, BPF_F_RECOMPUTE_CSUM);
}

/* The first of all goes into the scratch before its buffer is lent. */
static __always_inline int hold_save(struct hold *hold)
{
	struct tp_held_bytes *scratch = ONLY(&fragment_scratch);
	__u32 size = hold->skb->len;

	if (hold->size)
		return 1;
	if (!scratch || !hold_fits(&size) ||
	    bpf_skb_load_bytes(hold->skb, 0, scratch, size))
		return 0;
	hold->size = size;
	return 1;
}

static long hold_release(__u32 i, void *arg)
{
	struct hold *hold = arg;
	__u32 slot = hold_slot(hold, i);
	struct tp_held_bytes *frame =
		bpf_map_lookup_elem(&fragment_bytes, &slot);
	struct tp_held *held = hold_at(slot);
	__u64 old;

	if (!held || !frame)
		return 1;
	old = *(volatile __u64 *)&held->control;
	if (!session_live(old, hold->now) ||
	    !fragment_same(&held->key, &hold->key))
		return 0;
	if (!hold_save(hold))
		return 1;
	if (__sync_val_compare_and_swap(&held->control, old,
					TP_CONTROL(0, TP_LINE_BUSY,
						   TP_CONTROL_INCARNATION(old),
						   0)) != old)
		return 0;
	if (hold_lay(hold->skb, hold->l3, frame, held->size))
		bpf_clone_redirect(hold->skb, hold->ifindex, BPF_F_INGRESS);
	__sync_lock_test_and_set(&held->control,
				 TP_CONTROL(0, TP_LINE_FREE,
					    TP_CONTROL_INCARNATION(old), 0));
	return 0;
}

/* Let those go that wait for this first.  0: it did not survive that. */
static __noinline int hold_let_go(struct __sk_buff *skb,
				  const struct hook *hook,
				  const struct packet *p)
{
	const struct tp_held_bytes *scratch = ONLY(&fragment_scratch);
	const __u32 *last = ONLY(&fragment_last);
	struct hold hold = {};

	if (!last || !scratch || !*(volatile const __u32 *)last ||
	    clock_passed(*last + HOLD_LIFE, hook->now))
		return 1;
	hold_open(&hold, skb, hook, p);
	bpf_loop(HOLD_OF_SOURCE, hold_release, &hold, 0);
	return !hold.size || hold_lay(skb, p->l3, scratch, hold.size);
}

/* ---- both ------------------------------------------------------------------- */

/*
 * What the core, or hold_keep, has said of a fragment, and what more there is to
 * do.
 */
static __always_inline __u32 hold_fragment(struct __sk_buff *skb,
					   const struct hook *hook,
					   const struct packet *p,
					   struct edit *edit, __u32 reason)
{
	if (p->flags & PACKET_LATER || reason_fate(reason) == TP_FATE_DROPPED ||
	    edit->flags & EDIT_RESET)
		return reason;
	/* Where nothing is done with it the others need no ports to be told. */
	if (edit->side || edit->flags || edit->mark ||
	    hook->id == TP_HOOK_tc_wan)
		fragment_record(hook, p, edit, reason);
	if (hook->id == TP_HOOK_tc_out || hold_let_go(skb, hook, p))
		return reason;
	return TP_REASON_program;
}

#endif
