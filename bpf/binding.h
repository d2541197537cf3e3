/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * binding.h - which inside endpoint owns which external port.
 *
 * Owns: the lines of the binding table and their life; endpoint.h finds them,
 * claim.h makes them.  One array line per external
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
#include "packet.h"

#define BINDING_NONE (~0U)
#define BINDING_GRACE 2
#define BINDING_CAS_TRIES 8
#define BINDING_EVER 0x40000000 /* ticks: longer than any timer */

/* An inside endpoint on one external address. */
struct endpoint {
	struct tp_addr inside;
	__u64 hash;
	__be16 port;
	__u8 plane;
	__u8 address; /* id */
	__u8 exit;
	__u8 pad;
	__u16 ration; /* number of its host's, see ration.h */
};

static __always_inline int binding_live(__u64 control, __u32 now)
{
	switch (TP_CONTROL_LINE(control)) {
	case TP_LINE_LIVE:
	case TP_LINE_CLOSED:
		return !clock_passed(TP_CONTROL_EXPIRY(control), now);
	case TP_LINE_STATIC:
		return !TP_CONTROL_EXPIRY(control) ||
		       clock_passed(TP_CONTROL_EXPIRY(control), now);
	default:
		return 0;
	}
}

/*
 * Made under the address that is there now?  What is published stays published
 * under the next one; the sessions on it do not (binding_generation).
 */
static __always_inline int binding_current(const struct tp_binding *binding,
					   __u64 control,
					   const struct tp_address *address)
{
	return binding->generation == address->generation ||
	       TP_CONTROL_LINE(control) == TP_LINE_STATIC;
}

static __always_inline struct tp_binding *binding_at(__u32 index)
{
	return bpf_map_lookup_elem(&binding_table, &index);
}

/* Who may send to it: its uplink's, but for what is published. */
static __always_inline __u8 binding_filtering(const struct tp_binding *binding,
					      __u64 control,
					      const struct tp_address *address)
{
	return TP_CONTROL_LINE(control) == TP_LINE_STATIC ? binding->filtering :
							    address->filtering;
}

/* The generation that a session on it has, if it was not cut since. */
static __always_inline __u16
binding_generation(const struct tp_binding *binding, __u32 index)
{
	__u32 id = index / 65536 / TP_PLANES;
	const struct tp_address *address;

	if (TP_CONTROL_LINE(binding->control) != TP_LINE_STATIC)
		return binding->generation;
	address = bpf_map_lookup_elem(&addresses, &id);
	return address ? address->generation : 0;
}

/* Is the line this endpoint's?  Control word first, fields after. */
static __always_inline int binding_is(const struct tp_binding *binding,
				      const struct endpoint *end, __u32 now)
{
	__u64 control = *(volatile const __u64 *)&binding->control;
	__u32 id = end->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);

	return address && binding_live(control, now) &&
	       binding_current(binding, control, address) &&
	       binding->inside_port == end->port &&
	       address_equal(&binding->inside, &end->inside);
}

/*
 * Until when what came from outside alone may live: nobody inside has spoken, so
 * it does not prolong the binding (RFC 7857 7).
 */
static __always_inline __u32 binding_cap(const struct tp_binding *binding,
					 __u32 now)
{
	__u64 control = *(volatile const __u64 *)&binding->control;

	return TP_CONTROL_LINE(control) == TP_LINE_STATIC ?
		       now + BINDING_EVER :
		       TP_CONTROL_EXPIRY(control);
}

/* What happened to a session of the binding. */
enum binding_event {
	BINDING_USED,
	BINDING_JOINED,	  /* it is new */
	BINDING_OPENED,	  /* TCP: established, and counted from now on */
	BINDING_LEFT,	  /* no more, but who knows: an RST may be forged */
	BINDING_FINISHED, /* no more: both sides have said so */
};

/* A lost count heals by expiry. */
static __always_inline int binding_count(int open, __u32 event)
{
	if (event == BINDING_OPENED)
		return open < 65535 ? open + 1 : open;
	if (event == BINDING_LEFT || event == BINDING_FINISHED)
		return open ? open - 1 : 0;
	return open;
}

/* A session that is only being opened may be left: those are not counted. */
static __always_inline __u32 binding_last(__u32 until, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	__u32 opening = set ? now + set->timers.tcp_opening : until;

	return clock_passed(until, opening) ? opening : until;
}

/* Live until then at least, and so for all who look: it was just made. */
static __always_inline int binding_lasts(const struct tp_binding *binding,
					 __u8 incarnation, __u32 until)
{
	__u64 control = *(volatile const __u64 *)&binding->control;

	return TP_CONTROL_LINE(control) == TP_LINE_LIVE &&
	       TP_CONTROL_INCARNATION(control) == incarnation &&
	       TP_CONTROL_EXPIRY(control) == until;
}

/* Move a live binding's expiry on, never back; count TCP sessions. */
__noinline int binding_renew(struct tp_binding *binding, __u8 incarnation,
			     __u32 until, __u32 event, __u32 now)
{
	__u32 last = event >= BINDING_LEFT ? binding_last(until, now) : until;
	int i;

	if (!binding)
		return 0;
	for (i = 0; i < BINDING_CAS_TRIES; i++) {
		__u64 old = *(volatile __u64 *)&binding->control, next;
		__u32 expiry = TP_CONTROL_EXPIRY(old);
		__u32 line = TP_CONTROL_LINE(old);
		int open = binding_count(TP_CONTROL_EXTRA(old), event);

		if (line == TP_LINE_STATIC)
			return 1;
		if (!binding_live(old, now) ||
		    TP_CONTROL_INCARNATION(old) != incarnation)
			return 0;
		if (event == BINDING_OPENED || event == BINDING_JOINED)
			line = TP_LINE_LIVE;
		if (clock_passed(expiry, until))
			expiry = until;
		if (event >= BINDING_LEFT && !open) {
			/* The last one: two hours are not needed any more. */
			expiry = last;
			if (event == BINDING_FINISHED)
				line = TP_LINE_CLOSED;
		}
		next = TP_CONTROL(expiry, line, incarnation, open);
		if (next == old || __sync_val_compare_and_swap(
					   &binding->control, old, next) == old)
			return 1;
	}
	return 1; /* others moved it on meanwhile */
}

#endif
