/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcp_state.h - the TCP state machine of a session (RFC 6146 3.5.2, RFC 7857 2).
 *
 * Owns: bits and flags in, bits out; and which timer they mean.  Pure: no map.
 *
 *   RFC 6146      bits
 *   V4 INIT       SYN_OUT
 *   V6 INIT       SYN_IN            ("incoming"; the outside began)
 *   ESTABLISHED   SYN_OUT, SYN_IN, at most one FIN
 *   FIN RCV, both FIN_OUT, FIN_IN
 *   TRANS         ... and RST
 */
#ifndef TWINPATH_TCP_STATE_H
#define TWINPATH_TCP_STATE_H

#include "packet.h"

#define TCP_BOTH_SYN (TP_TCP_SYN_OUT | TP_TCP_SYN_IN)
#define TCP_BOTH_FIN (TP_TCP_FIN_OUT | TP_TCP_FIN_IN)

/* Ended before our eyes: nothing of it is to come. */
static __always_inline int tcp_finished(__u16 bits)
{
	return (bits & TCP_BOTH_FIN) == TCP_BOTH_FIN;
}

static __always_inline int tcp_closed(__u16 bits)
{
	return (bits & TP_TCP_RST) || tcp_finished(bits);
}

static __always_inline int tcp_established(__u16 bits)
{
	return (bits & (TCP_BOTH_SYN | TP_TCP_INCOMING)) == TCP_BOTH_SYN &&
	       !tcp_closed(bits);
}

/*
 * A SYN from the inside opens a session anew that is closed, or was about to be:
 * a host may reuse its port at once, and a FIN of the connection before does not
 * end the next one.  A SYN from outside opens it when the inside answers.
 */
static __always_inline __u16 tcp_after_syn(__u16 bits, __u8 flags, int outward)
{
	int first = !(flags & FLAG_ACK);

	if (outward && bits & TP_TCP_AGAIN)
		return TCP_BOTH_SYN;
	if (outward && first && bits & (TP_TCP_RST | TCP_BOTH_FIN))
		return TP_TCP_SYN_OUT;
	if (tcp_finished(bits))
		return !outward && first ? bits | TP_TCP_AGAIN : bits;
	bits |= outward ? TP_TCP_SYN_OUT : TP_TCP_SYN_IN;
	return bits & ~TP_TCP_RST;
}

/*
 * Would a SYN from the inside begin another connection, with nothing to lose?  One
 * that has ended, or that nobody outside has answered.
 */
static __always_inline int tcp_anew(__u16 bits)
{
	return !(bits & TP_TCP_AGAIN) &&
	       (bits & (TP_TCP_RST | TCP_BOTH_FIN) || !(bits & TP_TCP_SYN_IN));
}

/*
 * The bits after a segment.  An RST is remembered, not believed: it may be
 * forged, and anything but an RST that follows takes it back (RFC 7857 2.2).
 * Whoever comes from outside to a published port has to show, by another segment
 * than a SYN, that the answer reached it: until then it may be anybody.
 */
static __always_inline __u16 tcp_next(__u16 bits, __u8 flags, int outward)
{
	if (flags & FLAG_RST)
		return bits | TP_TCP_RST;
	if (flags & FLAG_SYN)
		return tcp_after_syn(bits, flags, outward);
	if (flags & FLAG_FIN)
		bits |= outward ? TP_TCP_FIN_OUT : TP_TCP_FIN_IN;
	if (bits & TP_TCP_SYN_OUT)
		bits &= ~TP_TCP_INCOMING;
	return bits & ~TP_TCP_RST;
}

/*
 * Does a segment move the timer?  What is closed ages from when it closed, or a
 * remote that goes on sending RSTs would hold the port for ever.
 */
static __always_inline int tcp_moves(__u16 was, __u16 bits)
{
	return !tcp_closed(was) || !tcp_closed(bits) ||
	       (bits & ~was & TP_TCP_AGAIN);
}

static __always_inline __u32 tcp_timeout(const struct tp_timers *timers,
					 __u16 bits)
{
	if (tcp_established(bits))
		return timers->tcp_established;
	if (tcp_closed(bits))
		return timers->tcp_closing;
	return bits & TP_TCP_SYN_OUT ? timers->tcp_opening :
				       timers->tcp_incoming;
}

/* Must this segment be shown to the state machine at all? */
static __always_inline int tcp_matters(__u16 bits, __u8 flags)
{
	return (flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) ||
	       (bits & (TP_TCP_RST | TP_TCP_INCOMING));
}

/* Combinations that no stack sends: scans, or broken. */
static __always_inline int tcp_nonsense(__u8 flags)
{
	if (flags & FLAG_SYN)
		return flags & (FLAG_FIN | FLAG_RST);
	return !(flags & (FLAG_ACK | FLAG_RST));
}

#endif
