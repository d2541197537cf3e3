/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * binding.h - which inside endpoint owns which external port.
 *
 * Owns: the binding table and the endpoint index.  One array line per external
 * address, protocol and port is reverse translation, port allocator and
 * endpoint-independent mapping (RFC 4787 REQ-1) at once: a port is reserved by
 * the compare-and-swap that makes its line busy, and no two endpoints can hold
 * it (REQ-3).  An expired line is a free line.
 *
 * Races (each CPU may run this at any time):
 *  - two CPUs claim one port: one wins the compare-and-swap, the other goes on
 *    to the next port.  A reader that sees a busy line treats it as not there.
 *  - one endpoint claims two ports: claims of an endpoint are serialised by its
 *    lock, and look again once they hold it.
 *  - a line is claimed again while another CPU still translates with it: not
 *    before BINDING_GRACE ticks after it expired, which no packet's stay in a
 *    program outlasts, and with a new incarnation.
 *  - expiry beside renewal: both are compare-and-swaps of the control word.
 */
#ifndef TWINPATH_BINDING_H
#define TWINPATH_BINDING_H

#include "clock.h"
#include "hash.h"
#include "lock.h"
#include "socket.h"

#define BINDING_NONE (~0U)
#define BINDING_GRACE 2
#define BINDING_CAS_TRIES 8

/* Ports tried for a new binding, in this order. */
#define BINDING_DERIVED 16 /* a list made from the endpoint */
#define BINDING_RANDOM 64
#define BINDING_WALK 256
#define BINDING_TRIES (1 + BINDING_DERIVED + BINDING_RANDOM + BINDING_WALK)

/* An inside endpoint on one external address. */
struct endpoint {
	struct tp_addr inside;
	__u64 hash;
	__be16 port;
	__u8 plane;
	__u8 address; /* id */
	__u8 exit;
	__u8 pad[3];
};

static __always_inline int binding_live(__u64 control, __u32 now)
{
	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_LIVE:
	case TP_LINE_CLOSED:
		return !clock_passed(TP_CONTROL_EXPIRY(control), now);
	case TP_LINE_STATIC:
		return 1;
	default:
		return 0;
	}
}

/*
 * May this line be claimed for another endpoint?  A freed port stays away from
 * other hosts for a while (RFC 6888 REQ-8), unless its connections were seen
 * to close.
 */
static __always_inline int binding_claimable(__u64 control, __u32 hold,
					     __u32 now)
{
	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_FREE:
		return 1;
	case TP_LINE_LIVE:
		return clock_passed(TP_CONTROL_EXPIRY(control) + BINDING_GRACE +
					    hold, now);
	case TP_LINE_CLOSED:
		return clock_passed(TP_CONTROL_EXPIRY(control) + BINDING_GRACE,
				    now);
	default:
		return 0;
	}
}

static __always_inline struct tp_binding *binding_at(__u32 index)
{
	return bpf_map_lookup_elem(&binding_table, &index);
}

/* Is the line this endpoint's?  Control word first, fields after. */
static __always_inline int binding_is(const struct tp_binding *binding,
				      const struct endpoint *end, __u32 now)
{
	__u64 control = *(volatile const __u64 *)&binding->control;
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	return address && binding_live(control, now) &&
	       binding->generation == address->generation &&
	       binding->inside_port == end->port &&
	       address_equal(&binding->inside, &end->inside);
}

static __always_inline void endpoint_hash(struct endpoint *end,
					  const struct tp_seed *seed)
{
	end->hash = hash_endpoint(&end->inside,
				  (__u64)end->port << 32 | end->plane << 8 |
					  end->address, seed);
}

static __always_inline __u32 endpoint_tag(const struct endpoint *end)
{
	__u32 tag = end->hash >> 32;

	return tag ? tag : 1;
}

/*
 * One of the endpoint's two buckets.  There are as many words as session lines,
 * so that with two choices none is refused before the sessions are.
 */
static __always_inline struct tp_endpoints *
endpoint_bucket(const struct endpoint *end, __u32 which)
{
	__u32 slot = (which ? end->hash >> 16 : end->hash) &
		     (2 * bucket_mask + 1);

	return bpf_map_lookup_elem(&endpoints, &slot);
}

/*
 * Which word of one of its buckets is the endpoint's; TP_INDEX_WORDS: none.
 * Global: the verifier would follow each outcome through the caller.
 */
__noinline __u32 endpoint_word(const struct endpoint *end, __u32 which)
{
	struct tp_endpoints *bucket;
	__u32 i, found = TP_INDEX_WORDS;

	if (!end)
		return TP_INDEX_WORDS;
	bucket = endpoint_bucket(end, which);
	if (!bucket)
		return TP_INDEX_WORDS;
#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++)
		if (bucket->word[i] >> 32 == endpoint_tag(end))
			found = i;
	return found;
}

/* Where the index says that the endpoint is bound. */
static __always_inline __u32 endpoint_find(const struct endpoint *end,
					   __u32 which)
{
	struct tp_endpoints *bucket = endpoint_bucket(end, which);
	__u32 i = endpoint_word(end, which);

	if (!bucket || i >= TP_INDEX_WORDS)
		return BINDING_NONE;
	return (__u32)bucket->word[i];
}

/*
 * The endpoint's binding: at its own port, or where the index says.  Global, so
 * that the verifier walks it once and not at each of its callers.
 */
__noinline __u32 binding_find(const struct endpoint *end, __u32 now)
{
	struct tp_binding *binding;
	__u32 index, which;

	if (!end)
		return BINDING_NONE;
	index = TP_BINDING_INDEX(end->address, end->plane,
				 bpf_ntohs(end->port));
	binding = binding_at(index);
	if (binding && binding_is(binding, end, now))
		return index;
#pragma unroll
	for (which = 0; which < 2; which++) {
		index = endpoint_find(end, which);
		binding = index == BINDING_NONE ? 0 : binding_at(index);
		if (binding && binding_is(binding, end, now))
			return index;
	}
	return BINDING_NONE;
}

/* Does the word still lead to the endpoint that it was written for? */
__noinline int endpoint_current(__u64 word, __u32 now)
{
	__u32 index = word, id = index / 65536 / TP_PLANES;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_binding *binding = binding_at(index);
	struct endpoint end;

	if (!binding || !address || !keys ||
	    !binding_live(binding->control, now) ||
	    binding->generation != address->generation)
		return 0;
	end.inside = binding->inside;
	end.port = binding->inside_port;
	end.plane = index / 65536 % TP_PLANES;
	end.address = id;
	endpoint_hash(&end, keys);
	return endpoint_tag(&end) == word >> 32;
}

/* Over the endpoint's own old word: it must not stand there twice. */
static __always_inline int endpoint_replace(const struct endpoint *end,
					    __u32 which, __u64 word)
{
	struct tp_endpoints *bucket = endpoint_bucket(end, which);
	__u32 i = endpoint_word(end, which);

	if (!bucket || i >= TP_INDEX_WORDS)
		return 0;
	__sync_lock_test_and_set(&bucket->word[i], word);
	return 1;
}

/* How many words of a bucket were never used; global for the same reason. */
__noinline __u32 endpoint_room(const struct endpoint *end, __u32 which)
{
	struct tp_endpoints *bucket;
	__u64 used = 0;
	__u32 i;

	if (!end)
		return 0;
	bucket = endpoint_bucket(end, which);
	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++) {
		__u64 word = bucket->word[i];

		used += (word | -word) >> 63;
	}
	return TP_INDEX_WORDS - used;
}

/* Into a word that is empty, or whose endpoint is gone. */
__noinline int endpoint_put(const struct endpoint *end, __u32 which,
			    __u64 word, __u32 now)
{
	struct tp_endpoints *bucket;
	int i;

	if (!end)
		return 0;
	bucket = endpoint_bucket(end, which);
	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < TP_INDEX_WORDS; i++) {
		__u64 old = *(volatile __u64 *)&bucket->word[i];

		if (old && endpoint_current(old, now))
			continue;
		if (__sync_val_compare_and_swap(&bucket->word[i], old, word) ==
		    old)
			return 1;
	}
	return 0;
}

/*
 * Remember where the endpoint went, under its lock.  Endpoints of other locks
 * may write the same word in between; the binding is the truth, so the loser is
 * merely not found again, which is why a full pair of buckets refuses the claim
 * instead of guessing.
 */
__noinline int endpoint_remember(const struct endpoint *end, __u32 index,
				 __u32 now)
{
	__u32 emptier;
	__u64 word;

	if (!end)
		return 0;
	word = (__u64)endpoint_tag(end) << 32 | index;
	emptier = endpoint_room(end, 1) > endpoint_room(end, 0);
	return endpoint_replace(end, 0, word) ||
	       endpoint_replace(end, 1, word) ||
	       endpoint_put(end, emptier, word, now) ||
	       endpoint_put(end, !emptier, word, now);
}

/* Move a live binding's expiry on, never back; count TCP sessions. */
__noinline int binding_renew(struct tp_binding *binding, __u8 incarnation,
			     __u32 until, int delta, __u32 now)
{
	int i;

	if (!binding)
		return 0;
	for (i = 0; i < BINDING_CAS_TRIES; i++) {
		__u64 old = *(volatile __u64 *)&binding->control;
		__u32 expiry = TP_CONTROL_EXPIRY(old);
		__u32 line = TP_CONTROL_LINE(old);
		int open = TP_CONTROL_EXTRA(old) + delta;

		if (line == TP_LINE_STATIC)
			return 1;
		if (!binding_live(old, now) ||
		    TP_CONTROL_INCARNATION(old) != incarnation)
			return 0;
		if (open < 0 || open > 65535) /* a lost count heals by expiry */
			open = TP_CONTROL_EXTRA(old);
		if (delta > 0)
			line = TP_LINE_LIVE;
		if (clock_passed(expiry, until))
			expiry = until;
		if (delta < 0 && !open) {
			/* The last one closed before our eyes. */
			line = TP_LINE_CLOSED;
			expiry = until;
		}
		if (__sync_val_compare_and_swap(
			    &binding->control, old,
			    TP_CONTROL(expiry, line, incarnation, open)) == old)
			return 1;
	}
	return 1; /* others moved it on meanwhile */
}

struct claim {
	const struct hook *hook;
	const struct endpoint *end;
	const struct tuple *flow; /* of the packet: remote is its destination */
	struct socket_ask ask;	  /* but for the port */
	__u32 start;		  /* of the walk */
	__u32 index;		  /* out, or BINDING_NONE */
	__u32 until;
	__u16 generation;
	__u16 pad;
};

/* The i-th port to try; 0: skip.  Parity is kept (RFC 4787 REQ-4). */
static __always_inline __u32 claim_port(const struct claim *claim, __u32 i)
{
	const struct tp_settings *set = claim->hook->set;
	__u32 own = bpf_ntohs(claim->end->port);
	__u32 span = set->port_max - set->port_min + 1;
	__u32 port;

	if (!i)
		port = own;
	else if (i <= BINDING_DERIVED)
		port = set->port_min +
		       (((claim->end->hash >> 8) + i * 0x9e3779b1U) & 0xffff) %
			       span;
	else if (i <= BINDING_DERIVED + BINDING_RANDOM)
		port = set->port_min + bpf_get_prandom_u32() % span;
	else
		port = set->port_min + (claim->start + i) % span;
	if (claim->end->plane == TP_PLANE_UDP &&
	    i <= BINDING_DERIVED + BINDING_RANDOM)
		port = (port & ~1U) | (own & 1);
	if (port < set->port_min || port > set->port_max)
		return 0;
	return port;
}

static __always_inline void claim_fill(struct tp_binding *binding,
				       const struct claim *claim)
{
	const struct tp_settings *set = claim->hook->set;

	binding->inside = claim->end->inside;
	binding->remote = claim->flow->destination;
	binding->inside_port = claim->end->port;
	binding->generation = claim->generation;
	binding->confirm = set->confirm;
	binding->neighbour = 0;
	binding->exit = claim->end->exit;
	binding->made = claim->hook->now;
	binding->used = claim->hook->now;
}

/* Would the gateway itself answer on that port? */
static __always_inline int claim_wanted(struct claim *claim, __u32 port)
{
	claim->ask.destination_port = bpf_htons(port);
	return socket_wants(claim->hook, &claim->ask, claim->end->plane);
}

/*
 * Is the line free for this claim?  A host may have its own port back at once;
 * a line of an earlier address is nobody's, whatever its expiry says.
 */
static __always_inline int claim_free(const struct claim *claim,
				      const struct tp_binding *binding,
				      __u64 control)
{
	__u32 hold = claim->hook->set->timers.hold;
	__u32 line = TP_CONTROL_LINE(control);

	if ((line == TP_LINE_LIVE || line == TP_LINE_CLOSED) &&
	    binding->generation != claim->generation)
		return 1;
	if (address_equal(&binding->inside, &claim->end->inside))
		hold = 0;
	return binding_claimable(control, hold, claim->hook->now);
}

static long claim_try(__u32 i, void *arg)
{
	struct claim *claim = arg;
	const struct endpoint *end = claim->end;
	__u32 port = claim_port(claim, i);
	struct tp_binding *binding;
	__u32 index;
	__u64 old;
	__u8 next;

	if (!port)
		return 0;
	index = TP_BINDING_INDEX(end->address, end->plane, port);
	binding = binding_at(index);
	if (!binding)
		return 0;
	old = *(volatile __u64 *)&binding->control;
	if (!claim_free(claim, binding, old) || claim_wanted(claim, port))
		return 0;
	next = TP_CONTROL_INCARNATION(old) + 1;
	if (__sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_BUSY, next, 0)) !=
	    old)
		return 0;
	claim_fill(binding, claim);
	__sync_lock_test_and_set(&binding->control,
				 TP_CONTROL(claim->until, TP_LINE_LIVE, next,
					    0));
	claim->index = index;
	return 1;
}

/* Its session found no room: the port is free again. */
static __always_inline void binding_unclaim(__u32 index, __u32 until)
{
	struct tp_binding *binding = binding_at(index);
	__u64 old;

	if (!binding)
		return;
	old = *(volatile __u64 *)&binding->control;
	if (TP_CONTROL_LINE(old) == TP_LINE_LIVE &&
	    TP_CONTROL_EXPIRY(old) == until && !TP_CONTROL_EXTRA(old))
		__sync_val_compare_and_swap(
			&binding->control, old,
			TP_CONTROL(0, TP_LINE_FREE,
				   TP_CONTROL_INCARNATION(old), 0));
}

/* Give back a line that we just claimed and nobody can have used. */
static __always_inline void binding_free(__u32 index)
{
	struct tp_binding *binding = binding_at(index);
	__u64 old;

	if (!binding)
		return;
	old = *(volatile __u64 *)&binding->control;
	__sync_val_compare_and_swap(
		&binding->control, old,
		TP_CONTROL(0, TP_LINE_FREE, TP_CONTROL_INCARNATION(old), 0));
}

/*
 * The endpoint's binding, claimed now if it has none: its index, or
 * BINDING_NONE with the reason.  `until`: first expiry.
 */
static __noinline __u32 binding_claim(const struct hook *hook,
				      const struct endpoint *end,
				      const struct tuple *flow, __u32 until,
				      __u32 *reason)
{
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct claim claim = {
		.hook = hook,
		.end = end,
		.flow = flow,
		.index = BINDING_NONE,
		.until = until,
	};
	__u32 own;

	*reason = TP_REASON_no_exit;
	if (!address || !address->exit)
		return BINDING_NONE;
	socket_ask(&claim.ask, &flow->destination, &address->address,
		   flow->destination_port, 0);
	claim.generation = address->generation;
	claim.start = bpf_get_prandom_u32();
	*reason = TP_REASON_contended;
	if (!lock_take(end->hash))
		return BINDING_NONE;
	claim.index = binding_find(end, hook->now);
	*reason = TP_REASON_translated_out;
	if (claim.index == BINDING_NONE) {
		*reason = TP_REASON_ports_full;
		bpf_loop(BINDING_TRIES, claim_try, &claim, 0);
		own = TP_BINDING_INDEX(end->address, end->plane,
				       bpf_ntohs(end->port));
		if (claim.index != BINDING_NONE && claim.index != own &&
		    !endpoint_remember(end, claim.index, hook->now)) {
			binding_free(claim.index);
			claim.index = BINDING_NONE;
		} else if (claim.index != BINDING_NONE) {
			*reason = GO_ON; /* made for this very packet */
		}
	}
	lock_give(end->hash);
	return claim.index;
}

#endif
