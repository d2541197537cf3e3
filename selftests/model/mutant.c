// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutant.c - see mutant.h.
 */
#include "mutant.h"

static bool from_host(const struct own_view *view)
{
	return view->kind == TP_KIND_HOST;
}

/* Asked by the partner: question or session-question. */
static bool asked(const struct own_view *view)
{
	return view->kind == TP_KIND_QUESTION ||
	       view->kind == TP_KIND_SESSION_QUESTION;
}

static bool bound(const struct own_view *view)
{
	return view->binding && !view->published;
}

static uint32_t finish(const struct own_view *view)
{
	return own_finish(view);
}

/* ---- what waits ---------------------------------------------------------------- */

/* A packet that I have to bring to an end. */
static bool mine(const struct own_view *view)
{
	return from_host(view) || view->kind == TP_KIND_RETURNED;
}

/* A session that waits is none for my own packets, or for the partner's. */
static uint32_t w_mine(const struct own_view *view)
{
	struct own_view other = *view;

	if (mine(view) && view->session == OWN_WAITING)
		other.session = OWN_NOTHING;
	return own_decide(&other);
}

static uint32_t w_partner(const struct own_view *view)
{
	struct own_view other = *view;

	if (!mine(view) && view->session == OWN_WAITING)
		other.session = OWN_NOTHING;
	return own_decide(&other);
}

/* ---- what a host's packet meets ---------------------------------------------- */

static uint32_t h2_serve(const struct own_view *view)
{
	if (from_host(view) && view->session)
		return OWN_SERVE;
	return own_decide(view);
}

static uint32_t h2_question(const struct own_view *view)
{
	uint32_t action = own_decide(view);

	if (from_host(view) && view->session && action == OWN_SESSION_QUESTION)
		return OWN_QUESTION;
	return action;
}

static uint32_t h3_finish(const struct own_view *view)
{
	if (from_host(view) && !view->session && !view->bindable)
		return finish(view);
	return own_decide(view);
}

static uint32_t h4_ask(const struct own_view *view)
{
	struct own_view other = *view;

	if (from_host(view) && view->partner == OWN_PARTNER_GONE)
		other.partner = OWN_PARTNER_ALIVE;
	return own_decide(&other);
}

static uint32_t h4_silent(const struct own_view *view)
{
	struct own_view other = *view;

	if (from_host(view) && view->partner == OWN_PARTNER_SILENT)
		other.partner = OWN_PARTNER_ALIVE;
	return own_decide(&other);
}

static uint32_t h5_question(const struct own_view *view)
{
	uint32_t action = own_decide(view);

	return action == OWN_TAKE ? OWN_QUESTION : action;
}

/* The hash beats the binding. */
static uint32_t h5_bound(const struct own_view *view)
{
	if (from_host(view) && !view->session && view->bindable &&
	    view->partner == OWN_PARTNER_ALIVE && !view->self)
		return OWN_TAKE;
	return own_decide(view);
}

static uint32_t h6_question(const struct own_view *view)
{
	uint32_t action = own_decide(view);

	if (from_host(view) && !view->session && action == OWN_SESSION_QUESTION)
		return OWN_QUESTION;
	return action;
}

static uint32_t h6_bind(const struct own_view *view)
{
	uint32_t action = own_decide(view);

	if (from_host(view) && !view->session && action == OWN_SESSION_QUESTION)
		return OWN_BIND;
	return action;
}

static uint32_t h6_published_quiet(const struct own_view *view)
{
	if (from_host(view) && view->published && view->quiet &&
	    own_decide(view) == OWN_SESSION_QUESTION && !view->session)
		return OWN_BIND;
	return own_decide(view);
}

static uint32_t h7_confirmed(const struct own_view *view)
{
	struct own_view other = *view;

	if (from_host(view) && bound(view))
		other.binding = OWN_CONFIRMED;
	return own_decide(&other);
}

static uint32_t h8_bind(const struct own_view *view)
{
	uint32_t action = own_decide(view);

	if (action == OWN_QUESTION && view->bindable && !view->binding)
		return OWN_BIND;
	return action;
}

/* ---- what the partner's meets -------------------------------------------------- */

static uint32_t k1_confirmed(const struct own_view *view)
{
	struct own_view other = *view;

	if (asked(view) && view->session == OWN_UNCONFIRMED)
		other.session = OWN_NOTHING;
	return own_decide(&other);
}

static uint32_t k2_return(const struct own_view *view)
{
	if (asked(view) && !view->session)
		return OWN_RETURN;
	return own_decide(view);
}

static uint32_t k3_bind(const struct own_view *view)
{
	if (view->kind == TP_KIND_SESSION_QUESTION && !view->session &&
	    view->bindable && bound(view))
		return OWN_BIND;
	return own_decide(view);
}

/* A static binding proves that the endpoint is mine. */
static uint32_t k3_published(const struct own_view *view)
{
	if (asked(view) && !view->session && view->bindable && view->published)
		return OWN_BIND;
	return own_decide(view);
}

static uint32_t k4_selector(const struct own_view *view)
{
	if (view->kind == TP_KIND_TAKE && !view->session && !view->self)
		return OWN_RETURN;
	return own_decide(view);
}

static uint32_t k5_finish(const struct own_view *view)
{
	if (view->kind == TP_KIND_TAKE && own_decide(view) == OWN_RETURN)
		return finish(view);
	return own_decide(view);
}

static uint32_t r1_finish(const struct own_view *view)
{
	if (view->kind == TP_KIND_RETURNED)
		return finish(view);
	return own_decide(view);
}

/* The selector says partner: so let the partner have it. */
static uint32_t f_take(const struct own_view *view)
{
	if (view->kind == TP_KIND_RETURNED && !view->session &&
	    view->bindable && !view->self)
		return OWN_TAKE;
	return own_decide(view);
}

const struct explore_mutant mutant_table[] = {
	{ "W: not for a host's packet", w_mine, 0 },
	{ "W: not for a partner's", w_partner, 0 },
	{ "W: a new session waits as well", NULL, WORLD_SYN_WAITS },
	{ "H2: an unconfirmed session is used at once", h2_serve, 0 },
	{ "H2: asked for the endpoint as well", h2_question, 0 },
	{ "H3: mid-stream is finished at once", h3_finish, 0 },
	{ "H4: a partner that is gone is asked", h4_ask, 0 },
	{ "H4: a silent partner is asked for new sessions", h4_silent, 0 },
	{ "H5: a question, not a take", h5_question, 0 },
	{ "H5: the selector beats a binding", h5_bound, 0 },
	{ "H6: asked for the endpoint as well", h6_question, 0 },
	{ "H6: bound at once", h6_bind, 0 },
	{ "H6: quiet counts for a published endpoint", h6_published_quiet, 0 },
	{ "H7: an unconfirmed binding is as good", h7_confirmed, 0 },
	{ "H8: bound at once", h8_bind, 0 },
	{ "K1: only of a confirmed session", k1_confirmed, 0 },
	{ "K2: given back", k2_return, 0 },
	{ "K3: a binding answers a session-question", k3_bind, 0 },
	{ "K3: a static binding answers", k3_published, 0 },
	{ "K4: only if the selector agrees", k4_selector, 0 },
	{ "K5: finished", k5_finish, 0 },
	{ "R1: finished", r1_finish, 0 },
	{ "F: handed to the partner again", f_take, 0 },
	{ "confirm: not when the partner is gone", NULL, WORLD_NO_GROW_GONE },
	{ "confirm: not when I was gone", NULL, WORLD_NO_GROW_TOLD },
	{ "confirm: by packets from outside", NULL, WORLD_INBOUND_CONFIRMS },
	{ "confirm: a session confirms its binding", NULL,
	  WORLD_SERVE_CONFIRMS },
	{ "look-up: a dead exit's session counts", NULL, WORLD_NO_LIVE_EXIT },
	{ "look-up: a dead exit's session is kept", NULL, WORLD_NO_FREE },
	{ "look-up: an endpoint that left a dead exit counts", NULL,
	  WORLD_NO_LEAVE },
	{ "quiet: not cancelled by a take", NULL, WORLD_NO_CANCEL_TAKE },
	{ "quiet: not cancelled by giving one back", NULL,
	  WORLD_NO_CANCEL_RETURN },
	{ "quiet: not revoked before a flip", NULL, WORLD_NO_REVOKE },
	{ "quiet: says nothing of bindings", NULL, WORLD_QUIET_BY_SESSIONS },
	{ "quiet: from one who believes me gone", NULL,
	  WORLD_QUIET_WHILE_GONE },
	{ "quiet: outlasts being gone", NULL, WORLD_NO_CANCEL_TOLD },
	{ "leases: do not end with the daemon", NULL, WORLD_NO_LAPSE },
	{ "boot: does not show itself", NULL, WORLD_NO_SHOW },
};

const size_t mutant_count = sizeof(mutant_table) / sizeof(*mutant_table);

const struct explore_mutant mutant_covered = {
	"confirm: not when my uplink dies", NULL, WORLD_NO_GROW_DEAD
};
