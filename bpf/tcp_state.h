/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcp_state.h - the TCP state machine of a session (RFC 6146 3.5.2, RFC 7857 2).
 *
 * Owns: bits and flags in, bits out; and which timer they mean.  Pure: no map.
 */
#ifndef TWINPATH_TCP_STATE_H
#define TWINPATH_TCP_STATE_H

#include "packet.h"

#define TCP_BOTH_SYN (TP_TCP_SYN_OUT | TP_TCP_SYN_IN)
#define TCP_BOTH_FIN (TP_TCP_FIN_OUT | TP_TCP_FIN_IN)

static __always_inline int tcp_closed(__u16 bits)
{
	return (bits & TP_TCP_RST) || (bits & TCP_BOTH_FIN) == TCP_BOTH_FIN;
}

static __always_inline int tcp_established(__u16 bits)
{
	return (bits & TCP_BOTH_SYN) == TCP_BOTH_SYN && !tcp_closed(bits);
}

/*
 * The bits after a segment.  An RST is remembered, not believed: it may be
 * forged, and anything but an RST that follows takes it back (RFC 7857 2.2).
 * A SYN from the inside opens a closed session anew, so that a host may reuse
 * its port at once; one from outside alone does not.
 */
static __always_inline __u16 tcp_next(__u16 bits, __u8 flags, int outward)
{
	if (flags & FLAG_RST)
		return bits | TP_TCP_RST;
	if (flags & FLAG_SYN) {
		if (outward && !(flags & FLAG_ACK) && tcp_closed(bits))
			return TP_TCP_SYN_OUT | (bits & TP_TCP_OPEN);
		bits |= outward ? TP_TCP_SYN_OUT : TP_TCP_SYN_IN;
	}
	if (flags & FLAG_FIN)
		bits |= outward ? TP_TCP_FIN_OUT : TP_TCP_FIN_IN;
	return bits & ~TP_TCP_RST;
}

/* Must this segment be shown to the state machine at all? */
static __always_inline int tcp_matters(__u16 bits, __u8 flags)
{
	return (flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) ||
	       (bits & TP_TCP_RST);
}

/* Combinations that no stack sends: scans, or broken. */
static __always_inline int tcp_nonsense(__u8 flags)
{
	if (flags & FLAG_SYN)
		return flags & (FLAG_FIN | FLAG_RST);
	return !(flags & (FLAG_ACK | FLAG_RST));
}

#endif
