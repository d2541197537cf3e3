// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_ownership.c - bpf/ownership.h, rule by rule, and over every view.
 *
 * A view is written as words (see `words`); what is not written is not so, a
 * packet is bindable, and the partner is gone.  What the rules amount to over
 * time is test_ownership_model.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../bpf/ownership.h"

struct word {
	const char *text;
	size_t field;
	uint8_t value;
};

#define FIELD(name) offsetof(struct own_view, name)

static const struct word words[] = {
	{ "host", FIELD(kind), TP_KIND_HOST },
	{ "take", FIELD(kind), TP_KIND_TAKE },
	{ "question", FIELD(kind), TP_KIND_QUESTION },
	{ "session-question", FIELD(kind), TP_KIND_SESSION_QUESTION },
	{ "returned", FIELD(kind), TP_KIND_RETURNED },
	{ "mid-stream", FIELD(bindable), 0 },
	{ "session", FIELD(session), OWN_CONFIRMED },
	{ "session?", FIELD(session), OWN_UNCONFIRMED },
	{ "waiting", FIELD(session), OWN_WAITING },
	{ "binding", FIELD(binding), OWN_CONFIRMED },
	{ "binding?", FIELD(binding), OWN_UNCONFIRMED },
	{ "published", FIELD(published), 1 },
	{ "self", FIELD(self), 1 },
	{ "live", FIELD(live), 1 },
	{ "silent", FIELD(partner), OWN_PARTNER_SILENT },
	{ "alive", FIELD(partner), OWN_PARTNER_ALIVE },
	{ "router", FIELD(partner), OWN_PARTNER_ROUTER },
	{ "quiet", FIELD(quiet), 1 },
};

struct row {
	const char *rule;
	const char *view;
	uint32_t action;
};

static const struct row rows[] = {
	{ "W", "host mid-stream waiting self live alive", OWN_WAIT },
	{ "W", "host mid-stream waiting", OWN_WAIT },
	{ "W", "question mid-stream waiting live alive", OWN_WAIT },
	{ "W", "session-question mid-stream waiting alive", OWN_WAIT },
	{ "W", "take mid-stream waiting alive", OWN_WAIT },
	{ "W", "returned mid-stream waiting self live alive", OWN_WAIT },
	{ "W", "host mid-stream waiting live router", OWN_WAIT },

	{ "H1", "host session live alive", OWN_SERVE },
	{ "H1", "host mid-stream session live alive", OWN_SERVE },
	{ "H1", "host mid-stream session live", OWN_SERVE },
	{ "H1", "host session published self live alive", OWN_SERVE },

	{ "H2", "host session? binding live alive", OWN_SESSION_QUESTION },
	{ "H2", "host mid-stream session? live alive", OWN_SESSION_QUESTION },
	{ "H2", "host session? binding live alive quiet",
	  OWN_SESSION_QUESTION },
	{ "H2", "host session? live", OWN_SERVE },
	{ "H2", "host mid-stream session? live", OWN_SERVE },
	{ "H2", "host session? live silent", OWN_SERVE },
	{ "H2", "host mid-stream session? live silent", OWN_SESSION_QUESTION },
	{ "H2", "host session? live router", OWN_SERVE },

	{ "H3", "host mid-stream self live alive", OWN_QUESTION },
	{ "H3", "host mid-stream self live alive quiet", OWN_QUESTION },
	{ "H3", "host mid-stream binding self live alive", OWN_QUESTION },
	{ "H3", "host mid-stream alive", OWN_QUESTION },
	{ "H3", "host mid-stream self live silent", OWN_QUESTION },
	{ "H3", "host mid-stream self live", OWN_RESET },
	{ "H3", "host mid-stream", OWN_RESET },

	{ "H4", "host self live silent", OWN_BIND },
	{ "H4", "host live silent", OWN_BIND },
	{ "H4", "host silent", OWN_REFUSE },
	{ "H4", "host self live", OWN_BIND },
	{ "H4", "host binding? live", OWN_BIND },
	{ "H4", "host", OWN_REFUSE },

	{ "H5", "host live alive", OWN_TAKE },
	{ "H5", "host live alive quiet", OWN_TAKE },
	{ "H5", "host alive", OWN_TAKE },
	{ "H5", "host binding published live alive", OWN_TAKE },

	{ "H6", "host binding self live alive", OWN_SESSION_QUESTION },
	{ "H6", "host binding live alive", OWN_SESSION_QUESTION },
	{ "H6", "host binding self live alive quiet", OWN_BIND },
	{ "H6", "host binding published self live alive",
	  OWN_SESSION_QUESTION },
	{ "H6", "host binding? published self live alive",
	  OWN_SESSION_QUESTION },
	{ "H6", "host binding published self live alive quiet",
	  OWN_SESSION_QUESTION },

	{ "H7", "host binding? self live alive", OWN_QUESTION },
	{ "H7", "host binding? live alive", OWN_QUESTION },
	{ "H7", "host binding? self live alive quiet", OWN_QUESTION },

	{ "H8", "host self live alive", OWN_QUESTION },
	{ "H8", "host self live alive quiet", OWN_BIND },

	{ "K1", "take session live alive", OWN_SERVE },
	{ "K1", "question session? live alive", OWN_SERVE },
	{ "K1", "question mid-stream session? live alive", OWN_SERVE },
	{ "K1", "session-question session? live alive", OWN_SERVE },
	{ "K1", "session-question mid-stream session live", OWN_SERVE },

	{ "K2", "question binding live alive", OWN_BIND },
	{ "K2", "question binding? live alive", OWN_BIND },

	{ "K3", "question self live alive", OWN_RETURN },
	{ "K3", "question binding published self live alive", OWN_RETURN },
	{ "K3", "question mid-stream binding self live alive", OWN_RETURN },
	{ "K3", "session-question binding self live alive", OWN_RETURN },
	{ "K3", "session-question mid-stream live alive", OWN_RETURN },

	{ "K4", "take self live alive", OWN_BIND },
	{ "K4", "take live alive", OWN_BIND },
	{ "K4", "take binding published live alive", OWN_BIND },

	{ "K5", "take alive", OWN_RETURN },
	{ "K5", "take mid-stream self live alive", OWN_RETURN },

	{ "R1", "returned session live alive", OWN_SERVE },
	{ "R1", "returned session? live alive", OWN_SERVE },
	{ "R1", "returned mid-stream session? live alive", OWN_SERVE },

	{ "F", "returned self live alive", OWN_BIND },
	{ "F", "returned live alive", OWN_BIND },
	{ "F", "returned binding? live alive", OWN_BIND },
	{ "F", "returned alive", OWN_REFUSE },
	{ "F", "returned mid-stream self live alive", OWN_RESET },

	{ "a router is a hop", "host live router", OWN_TAKE },
	{ "a router is a hop", "host router", OWN_TAKE },
	{ "a router is a hop", "host mid-stream router", OWN_TAKE },
	{ "a router is never asked", "host self live router", OWN_BIND },
	{ "a router is never asked", "host binding? live router", OWN_BIND },
	{ "a router is never asked", "host mid-stream self live router",
	  OWN_RESET },
	{ "a router gets nothing back", "take live router", OWN_BIND },
	{ "a router gets nothing back", "take router", OWN_REFUSE },
	{ "a router gets nothing back", "take mid-stream self live router",
	  OWN_RESET },
};

/* False: the word is none of `words`. */
static bool view_word(struct own_view *view, const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].text, text)) {
			((uint8_t *)view)[words[i].field] = words[i].value;
			return true;
		}
	return false;
}

static void test_rules(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct own_view view = { .bindable = 1 };
		char copy[128], *save = NULL, *word;
		uint32_t action;

		snprintf(copy, sizeof(copy), "%s", rows[i].view);
		for (word = strtok_r(copy, " ", &save); word;
		     word = strtok_r(NULL, " ", &save))
			if (!view_word(&view, word))
				fail_msg("%s: no such word", word);
		action = own_decide(&view);
		if (action != rows[i].action)
			fail_msg("%s, %s: %u, not %u", rows[i].rule,
				 rows[i].view, action, rows[i].action);
	}
}

/* ---- every view ---------------------------------------------------------------- */

#define HOLDS(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			fail_msg("not so: %s; kind %u bindable %u session %u " \
				 "binding %u published %u self %u live %u "    \
				 "partner %u quiet %u: %u",                    \
				 #condition, v->kind, v->bindable, v->session, \
				 v->binding, v->published, v->self, v->live,   \
				 v->partner, v->quiet, action);                \
	} while (0)

static bool handed(uint32_t action)
{
	return action == OWN_TAKE || action == OWN_QUESTION ||
	       action == OWN_SESSION_QUESTION;
}

static void holds_for_all(const struct own_view *v, uint32_t action)
{
	HOLDS(action <= OWN_RETURN);
	HOLDS(action != OWN_SERVE || v->session);
	HOLDS(action != OWN_BIND || (v->bindable && v->live && !v->session));
	HOLDS(action != OWN_REFUSE || (v->bindable && !v->live));
	HOLDS(action != OWN_RESET || (!v->bindable && !v->session));
	HOLDS(v->session != OWN_CONFIRMED || action == OWN_SERVE);
}

static void holds_for_partner(const struct own_view *v, uint32_t action)
{
	struct own_view other = *v;

	HOLDS(!handed(action));
	HOLDS(!v->session || action == OWN_SERVE);
	if (v->kind == TP_KIND_RETURNED)
		HOLDS(action != OWN_RETURN);
	else if (v->partner != OWN_PARTNER_ROUTER)
		HOLDS(action == OWN_SERVE || action == OWN_BIND ||
		      action == OWN_RETURN);
	if (v->kind == TP_KIND_SESSION_QUESTION)
		HOLDS(action != OWN_BIND);
	if (v->kind == TP_KIND_TAKE && v->partner == OWN_PARTNER_ROUTER)
		HOLDS(action != OWN_RETURN);
	/* No look at the selector, nor at quiet. */
	other.self = !v->self && v->live;
	other.quiet = !v->quiet;
	HOLDS(own_decide(&other) == action);
}

static void holds_for_host(const struct own_view *v, uint32_t action)
{
	struct own_view other = *v;

	HOLDS(action != OWN_RETURN);
	if (v->partner == OWN_PARTNER_GONE)
		HOLDS(!handed(action));
	if (v->partner == OWN_PARTNER_ROUTER)
		HOLDS(action != OWN_QUESTION && action != OWN_SESSION_QUESTION);
	if (v->partner == OWN_PARTNER_SILENT && v->bindable)
		HOLDS(!handed(action));
	if (v->partner == OWN_PARTNER_SILENT || v->partner == OWN_PARTNER_ALIVE)
		HOLDS(action != OWN_RESET);
	if (v->partner == OWN_PARTNER_ALIVE)
		HOLDS(action != OWN_REFUSE);
	/* A take, to a partner that can ask, is for new sessions. */
	if (action == OWN_TAKE && v->partner == OWN_PARTNER_ALIVE)
		HOLDS(v->bindable && !v->session && !v->self);
	/* What holds a session, or is published, is asked in any case. */
	other.quiet = !v->quiet;
	if (own_decide(&other) != action)
		HOLDS(v->bindable && !v->session && !v->published &&
		      v->partner == OWN_PARTNER_ALIVE);
}

/* What the data plane cannot see: an exit that is not live holds nothing. */
static bool possible(const struct own_view *view)
{
	return view->live || (!view->self && !view->session && !view->binding &&
			      !view->published);
}

/* The view of a number: each field is a digit of it. */
static bool view_at(unsigned number, struct own_view *view)
{
	static const struct {
		size_t field;
		unsigned values;
	} digits[] = {
		{ FIELD(kind), TP_KIND_HOST + 1 },
		{ FIELD(bindable), 2 },
		{ FIELD(session), OWN_CONFIRMED + 1 },
		{ FIELD(binding), OWN_CONFIRMED + 1 },
		{ FIELD(published), 2 },
		{ FIELD(self), 2 },
		{ FIELD(live), 2 },
		{ FIELD(partner), OWN_PARTNER_ROUTER + 1 },
		{ FIELD(quiet), 2 },
	};
	size_t i;

	for (i = 0; i < sizeof(digits) / sizeof(*digits); i++) {
		((uint8_t *)view)[digits[i].field] = number % digits[i].values;
		number /= digits[i].values;
	}
	return !number;
}

static void test_every_view(void **state)
{
	struct own_view view;
	unsigned number, seen = 0;

	(void)state;
	for (number = 0; view_at(number, &view); number++) {
		uint32_t action = own_decide(&view);

		if (!possible(&view))
			continue;
		seen++;
		holds_for_all(&view, action);
		if (view.kind == TP_KIND_HOST)
			holds_for_host(&view, action);
		else
			holds_for_partner(&view, action);
	}
	assert_int_equal(seen, 5 * 2 * 4 * 2 * (3 * 3 * 2 * 2 + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_every_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
