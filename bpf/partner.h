/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * partner.h - the link to the partner gateway.
 *
 * Owns: telling the kinds of handover apart (by source MAC, or by the interface
 * where there is none to tell), what is believed of the partner, and the edit that hands a packet over.  A handed packet is
 * not translated, not aged and does not grow.  Leases (gone, quiet) come from
 * the daemon and lapse by themselves when it dies.
 */
#ifndef TWINPATH_PARTNER_H
#define TWINPATH_PARTNER_H

#include "clock.h"
#include "ownership.h"
#include "packet.h"
#include "twinpath/host.h"

/* Questions without any frame from the partner that make it silent. */
#define PARTNER_SILENT_ASKS 3

/*
 * `source`: its MAC; NULL for a raw packet.  Where a link carries one kind and
 * nothing else, no MAC counts.  That the partner cannot be reached now does not
 * make a host of it: what it asks would be bound, or reset.
 */
static __always_inline __u32 partner_kind(const struct tp_partner *mate,
					  const struct tp_link *link,
					  const __u8 *source)
{
	int sole = link->only && !(link->kinds & (link->kinds - 1));
	__u32 kind;

	if (!link->kinds || !mate)
		return TP_KIND_HOST;
#pragma unroll
	for (kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (link->kinds & 1U << kind &&
		    (sole || !source ||
		     mac_equal(source, mate->way[kind].theirs)))
			return kind;
	return TP_KIND_HOST;
}

/* Is the way of some kind by this interface, to this MAC? */
static __always_inline int partner_is_at(const struct tp_partner *mate,
					 __u32 ifindex, const __u8 *mac)
{
	__u32 kind;

#pragma unroll
	for (kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		if (mate->way[kind].ifindex == ifindex &&
		    (!mac || mac_equal(mac, mate->way[kind].mac)))
			return 1;
	return 0;
}

/*
 * A frame came from there: questions that it serves need no other answer.  That
 * its data plane lives is proved by what it returns alone: a take may be its
 * kernel's, a question its daemon's.
 */
static __always_inline void partner_alive(__u32 kind, __u32 now)
{
	struct tp_partner_seen *seen = ONLY(&partner_seen);

	if (!seen)
		return;
	if (seen->last != now || seen->asked) {
		seen->last = now;
		seen->asked = 0;
	}
	if (kind != TP_KIND_TAKE && seen->shown != now)
		seen->shown = now;
	if (kind == TP_KIND_RETURNED && seen->probe != now)
		seen->probe = now;
}

/*
 * A lease of a second, good until its tick and only while the partner has not
 * shown itself since it was given: it boots.  One that does so all the time, and
 * does not hear me, is as good as gone.
 */
static __always_inline int partner_gone(const struct tp_partner *mate,
					__u32 lease,
					const struct tp_partner_seen *seen,
					__u32 now)
{
	__u32 given = lease - TP_TICKS_PER_SECOND;

	return !clock_passed(lease, now) &&
	       (mate->deaf || clock_passed(seen->shown, given));
}

/*
 * Has it never shown itself in a way that I understand?  Two gateways whose keys
 * differ take each other's questions for a host's packets, and would ask each
 * other for ever.
 */
static __always_inline int partner_doubted(const struct tp_partner *mate,
					   const struct tp_partner_seen *seen,
					   __u32 now)
{
	return mate->doubted && clock_passed(mate->doubted, now) &&
	       (!seen->shown || clock_passed(seen->shown, mate->doubted));
}

static __always_inline int partner_silent(const struct tp_partner_seen *seen,
					  __u32 now)
{
	return seen->asked >= PARTNER_SILENT_ASKS &&
	       clock_passed(seen->asked_at + TP_TICKS_PER_SECOND, now);
}

static __always_inline __u32 partner_state(const struct tp_partner *mate,
					   int bindable, __u32 now)
{
	const struct tp_partner_seen *seen = ONLY(&partner_seen);

	if (!mate || !seen || mate->type == TP_PARTNER_NONE)
		return OWN_PARTNER_GONE;
	if (mate->type == TP_PARTNER_ROUTER)
		return mate->reachable ? OWN_PARTNER_ROUTER : OWN_PARTNER_GONE;
	if (partner_doubted(mate, seen, now) ||
	    partner_gone(mate, bindable ? mate->gone_bind : mate->gone_reset,
			 seen, now))
		return OWN_PARTNER_GONE;
	/* Its MAC may be known any moment: nobody is reset for that. */
	return !mate->reachable || partner_silent(seen, now) ?
		       OWN_PARTNER_SILENT :
		       OWN_PARTNER_ALIVE;
}

/* The partner holds nothing of this host: it need not be asked (H6, H8). */
__noinline int partner_quiet(const struct tp_addr *inside, __u32 now)
{
	const struct tp_partner_seen *seen = ONLY(&partner_seen);
	const struct tp_partner *mate = ONLY(&partner);
	__u32 host;

	/* A take, sent or given back, cancels it for a second. */
	if (!inside || !mate || !seen || clock_passed(mate->quiet, now) ||
	    !clock_passed(seen->taken + TP_TICKS_PER_SECOND, now))
		return 0;
	host = tp_host(inside);
	/* Or clang would shift before it masks, and 6.1 see no bound. */
	asm volatile("" : "+r"(host));
	return !(mate->busy[host / 8 % sizeof(mate->busy)] & 1U << host % 8);
}

static __always_inline void partner_unquiet(__u32 now)
{
	struct tp_partner_seen *seen = ONLY(&partner_seen);

	if (seen)
		seen->taken = now;
}

/*
 * Remember that this flow was asked, for a second; count what may be unheard.
 * Only a SYN counts (`opens`): a connection that is not there yet is given back,
 * while a datagram of a flow that the partner serves has no answer for us.
 */
static __always_inline void partner_asked(__u64 hash, __u32 action, int opens,
					  __u32 now)
{
	struct tp_partner_seen *seen = ONLY(&partner_seen);
	__u32 slot = hash % ASKED;
	__u32 *stamp = bpf_map_lookup_elem(&asked, &slot);

	if (stamp)
		*stamp = now;
	if (!seen)
		return;
	if (action == OWN_TAKE)
		seen->taken = now;
	if (action == OWN_TAKE || !opens)
		return; /* nothing need come back of these */
	if (!seen->asked)
		seen->asked_at = now;
	if (seen->asked < PARTNER_SILENT_ASKS)
		seen->asked++;
}

static __always_inline int partner_was_asked(__u64 hash, __u32 now)
{
	__u32 slot = hash % ASKED;
	__u32 *stamp = bpf_map_lookup_elem(&asked, &slot);

	return stamp && !clock_passed(*stamp + TP_TICKS_PER_SECOND + 1, now);
}

/* The four reasons stand in the order of the kinds. */
_Static_assert(TP_REASON_take + TP_KIND_RETURNED == TP_REASON_returned,
	       "reasons and kinds differ in order");

_Static_assert(__builtin_offsetof(struct tp_way, mine) ==
		       __builtin_offsetof(struct tp_way, mac) + 6,
	       "the two MACs of a frame are copied as one");

/*
 * Hand the packet over as it is.  One that a tunnel to the partner has no room
 * for is the kernel's, whose route by the partner has the same MTU: it answers
 * with ICMP 3/4, or cuts the packet up.
 */
static __always_inline __u32 partner_hand(const struct hook *hook,
					  const struct packet *p, __u32 kind,
					  struct edit *edit)
{
	const struct tp_partner *mate = ONLY(&partner);
	__u32 id = mate ? mate->exit : 0;
	const struct tp_exit *exit = bpf_map_lookup_elem(&exits, &id);
	const struct tp_way *way;

	if (!mate || !exit)
		return TP_REASON_program;
	if (!mate->reachable) /* it cannot be given back */
		return TP_REASON_no_exit;
	if (p->size > exit->mtu) {
		edit->mark |= exit->mark;
		return TP_REASON_too_big;
	}
	if (hook->xdp && !(exit->flags & TP_EXIT_XDP))
		return TP_REASON_not_xdp;
	way = &mate->way[kind % TP_KINDS];
	edit->flags = EDIT_MAC | EDIT_REDIRECT;
	edit->ifindex = way->ifindex;
	__builtin_memcpy(edit->macs, way->mac, sizeof(edit->macs));
	return TP_REASON_take + kind;
}

#endif
