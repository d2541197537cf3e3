// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * site_log.c - see site_log.h.
 *
 * Every line says why: the selector's with the decision's own reason, an
 * uplink's with what happened to that uplink.
 */
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "log.h"
#include "site_log.h"

static void explain_drain(const struct site *site, const struct desired *now,
			  unsigned i, char because[MODEL_REASON])
{
	const struct failback_uplink *uplink = site_failback(site, i);
	char left[DURATION_TEXT], end[DURATION_TEXT + 40] = "";

	if (uplink->deadline)
		snprintf(end, sizeof(end), "; what is left is cut in %s",
			 duration_print(uplink->deadline - site->facts.now,
					left));
	if (uplink->ordered || now->selector == (int)i)
		snprintf(because, MODEL_REASON, "the operator drains it%s",
			 end);
	else
		snprintf(because, MODEL_REASON, "new sessions leave by %s%s",
			 decide_name(&site->config, now->selector), end);
}

static void explain_wait(const struct site *site, const struct desired *now,
			 unsigned i, char because[MODEL_REASON])
{
	size_t used = strlen(because);
	char left[DURATION_TEXT];

	if (now->wait_until[i])
		snprintf(because + used, MODEL_REASON - used,
			 "; its TCP sessions wait %s for it",
			 duration_print(now->wait_until[i] - site->facts.now,
					left));
}

static void explain(const struct site *site, const struct desired *now,
		    unsigned i, char because[MODEL_REASON])
{
	enum tp_exit_state state = now->states[i];
	bool drained = site->desired.states[i] == TP_EXIT_DRAIN;
	unsigned level = site->config.uplinks[i].level;
	size_t used;

	if (state == TP_EXIT_DRAIN) {
		explain_drain(site, now, i, because);
	} else if (state == TP_EXIT_UP && drained) {
		snprintf(because, MODEL_REASON, "%s",
			 now->selector == (int)i ?
				 "new sessions take it again" :
				 "the drain is over");
	} else if (state == TP_EXIT_UP && now->levels[i] > level) {
		snprintf(because, MODEL_REASON,
			 "nothing better is left, and it serves at level %u",
			 now->levels[i]);
	} else {
		decide_fault(&site->config, &site->facts, i, because);
		used = strlen(because);
		if (state == TP_EXIT_AVOID && now->degraded &&
		    now->selector == (int)i)
			snprintf(because + used, MODEL_REASON - used,
				 ", but the operator forces it");
		else if (state == TP_EXIT_AVOID &&
			 site->facts.uplinks[i].track == TRACK_DOWN)
			snprintf(because + used, MODEL_REASON - used,
				 ", but something arrives from beyond its "
				 "next hop");
		explain_wait(site, now, i, because);
	}
}

/* What became of the sessions, where the state alone does not say it. */
static void log_sessions(const struct site *site, const struct desired *now,
			 unsigned i, const struct site_fates *fates)
{
	bool waited = site->desired.wait_until[i];
	uint32_t bit = 1U << i;
	char what[MODEL_NAME + 16];

	snprintf(what, sizeof(what), "sessions of %s",
		 site->config.uplinks[i].name);
	if (fates->moved & bit) {
		if (waited || site->desired.states[i] != TP_EXIT_DEAD)
			log_change(site->event, what,
				   waited ? "waiting" : "kept", "lost",
				   "the uplink has another address");
		return;
	}
	if (fates->cut & bit)
		log_change(site->event, what, "kept", "cut",
			   site->desired.states[i] == TP_EXIT_DRAIN ?
				   "the drain's time is over" :
				   "the uplink's failback is now");
	if (!waited)
		return;
	if (fates->lost & bit)
		log_change(site->event, what, "waiting", "lost",
			   "the uplink has not come back in time");
	else if (now->states[i] != TP_EXIT_DEAD)
		log_change(site->event, what, "waiting", "kept",
			   "the uplink is back");
}

static void log_uplink(const struct site *site, const struct desired *now,
		       unsigned i)
{
	const char *name = site->config.uplinks[i].name;
	enum tp_exit_state was = site->desired.states[i];
	char what[MODEL_NAME + 16], because[MODEL_REASON];

	snprintf(what, sizeof(what), "exit %s", name);
	if (now->states[i] != was) {
		explain(site, now, i, because);
		log_change(site->event, what, decide_state(was),
			   decide_state(now->states[i]), because);
	}
}

static bool shares_differ(const struct desired *a, const struct desired *b)
{
	return a->shares_count != b->shares_count ||
	       memcmp(a->shares, b->shares, sizeof(a->shares)) != 0;
}

/* "isp-a 3, partner 1" */
static void print_shares(const struct config *config,
			 const struct desired *desired, char text[MODEL_REASON])
{
	size_t used = 0;

	snprintf(text, MODEL_REASON, "none");
	for (unsigned i = 0; i < desired->shares_count && used < MODEL_REASON;
	     i++)
		used += (size_t)snprintf(
			text + used, MODEL_REASON - used, "%s%s %u",
			i > 0 ? ", " : "",
			decide_name(config, desired->shares[i].candidate),
			desired->shares[i].weight);
}

static void log_shares(const struct site *site, const struct desired *now)
{
	char was[MODEL_REASON], is[MODEL_REASON];

	if (!shares_differ(now, &site->desired))
		return;
	print_shares(&site->config, &site->desired, was);
	print_shares(&site->config, now, is);
	log_change(site->event, "shares", was, is, now->reason);
}

static bool differs(const struct site *site, const struct desired *now)
{
	const struct desired *was = &site->desired;

	return now->selector != was->selector || shares_differ(now, was) ||
	       now->degraded != was->degraded ||
	       memcmp(now->states, was->states, sizeof(now->states)) != 0;
}

void site_log_decision(struct site *site, const struct desired *now,
		       const struct site_fates *fates)
{
	const struct desired *was = &site->desired;
	const struct config *config = &site->config;

	if (!differs(site, now) && !fates->moved && !fates->lost && !fates->cut)
		return;
	site->event++;
	for (unsigned i = 0; i < config->uplinks_count; i++) {
		log_uplink(site, now, i);
		log_sessions(site, now, i, fates);
	}
	if (now->degraded != was->degraded) {
		log_warning("%s: %s",
			    now->degraded ? "DEGRADED" : "no longer degraded",
			    now->reason);
		log_change(site->event, "site",
			   was->degraded ? "degraded" : "sound",
			   now->degraded ? "degraded" : "sound", now->reason);
	}
	log_shares(site, now);
	if (now->selector == was->selector)
		return;
	log_change(site->event, "selector", decide_name(config, was->selector),
		   decide_name(config, now->selector), now->reason);
	site->last = (struct site_switch){ site->event, site_now(),
					   was->selector, now->selector, "" };
	snprintf(site->last.reason, sizeof(site->last.reason), "%s",
		 now->reason);
}
