/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ownership.h - which gateway serves a packet.
 *
 * Owns: the rules, as one pure function of where the packet comes from and what
 * is held here.  The names of the rules (W, H1 .. F) are those of
 * docs/ownership.md.  No map, no packet: it compiles for userspace as well, so
 * that a test can explore it.
 *
 * NAT state is never replicated; the packet itself is the question.  One that
 * cannot be placed goes, untranslated, to the partner; the owner serves it, who
 * is not gives it back, and the asker finishes it.  So a packet crosses at most
 * twice, whatever both believe.
 */
#ifndef TWINPATH_OWNERSHIP_H
#define TWINPATH_OWNERSHIP_H

#include "twinpath/maps.h"

enum own_held {
	OWN_NOTHING,
	OWN_UNCONFIRMED, /* the partner may have taken it over meanwhile */
	OWN_CONFIRMED,
	OWN_WAITING, /* a session on a dead exit that is waited for */
};

enum own_partner {
	OWN_PARTNER_GONE,   /* or none at all: never asked */
	OWN_PARTNER_SILENT, /* bind myself, keep asking for mid-stream */
	OWN_PARTNER_ALIVE,
	OWN_PARTNER_ROUTER, /* an ordinary router: a hop, never asked */
};

struct own_view {
	__u8 kind;	/* enum tp_kind */
	__u8 bindable;	/* may open a session; else mid-stream */
	__u8 session;	/* enum own_held */
	__u8 binding;	/* enum own_held: dynamic, on a live exit of mine */
	__u8 published; /* a static binding proves nothing: both may have it */
	__u8 self;	/* the selector is a live exit of mine */
	__u8 live;	/* any exit of mine is live */
	__u8 partner;	/* enum own_partner */
	__u8 quiet;	/* the partner holds nothing: no need to ask */
};

enum own_action {
	OWN_SERVE,  /* translate by the session, confirm it */
	OWN_BIND,   /* bind if need be, open a session, send */
	OWN_REFUSE, /* no live exit for a new session */
	OWN_RESET,  /* nobody holds it: tell the host, or drop */
	OWN_TAKE,
	OWN_QUESTION,
	OWN_SESSION_QUESTION,
	OWN_RETURN,
	OWN_WAIT, /* neither sent nor told: its exit may come back */
};

static __inline__ __attribute__((always_inline)) __u32
own_finish(const struct own_view *view)
{
	if (!view->bindable)
		return OWN_RESET;
	return view->live ? OWN_BIND : OWN_REFUSE;
}

static __inline__ __attribute__((always_inline)) __u32
own_from_partner(const struct own_view *view)
{
	if (view->session)
		return OWN_SERVE; /* K1, R1 */
	if (view->kind == TP_KIND_RETURNED)
		return own_finish(view); /* F */
	if (view->kind == TP_KIND_TAKE) {
		if (view->bindable && view->live)
			return OWN_BIND; /* K4 */
		if (view->partner == OWN_PARTNER_ROUTER)
			return own_finish(view);
		return OWN_RETURN; /* K5 */
	}
	if (view->kind == TP_KIND_QUESTION && view->bindable && view->binding &&
	    !view->published)
		return OWN_BIND; /* K2 */
	return OWN_RETURN;	 /* K3 */
}

/* From a host, and no session of ours. */
static __inline__ __attribute__((always_inline)) __u32
own_unknown(const struct own_view *view)
{
	int mine = view->binding && !view->published;

	if (view->partner == OWN_PARTNER_ROUTER)
		return !mine && !view->self ? OWN_TAKE : own_finish(view);
	if (view->partner == OWN_PARTNER_GONE)
		return own_finish(view); /* H3, H4 */
	if (!view->bindable)
		return OWN_QUESTION; /* H3 */
	if (view->partner == OWN_PARTNER_SILENT)
		return own_finish(view); /* H4 */
	if (!mine && !view->self)
		return OWN_TAKE; /* H5 */
	if (view->published)
		return OWN_SESSION_QUESTION; /* H6 */
	if (view->binding == OWN_CONFIRMED)
		return view->quiet ? OWN_BIND : OWN_SESSION_QUESTION; /* H6 */
	if (view->binding == OWN_UNCONFIRMED)
		return OWN_QUESTION;		      /* H7 */
	return view->quiet ? OWN_BIND : OWN_QUESTION; /* H8 */
}

static __inline__ __attribute__((always_inline)) __u32
own_decide(const struct own_view *view)
{
	/* Before all others: who asked must not take it for nobody's. */
	if (view->session == OWN_WAITING)
		return OWN_WAIT; /* W */
	if (view->kind != TP_KIND_HOST)
		return own_from_partner(view);
	if (view->session == OWN_CONFIRMED)
		return OWN_SERVE; /* H1 */
	if (!view->session)
		return own_unknown(view);
	if (view->partner == OWN_PARTNER_ALIVE ||
	    (view->partner == OWN_PARTNER_SILENT && !view->bindable))
		return OWN_SESSION_QUESTION; /* H2 */
	return OWN_SERVE;		     /* H2 */
}

#endif
