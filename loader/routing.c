// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * routing.c - the desired routes and rules, carried out in the kernel.
 *
 * Owns: every route and rule with our protocol number, and the order in which
 * they change: first where the rules lead, then the rules, then what is
 * announced in main; and whatever has to go goes last.
 * It must never touch a route or rule of another protocol, except by putting
 * ours in the place of one with the same destination, table and metric.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "routing_wish.h"

/* ---- what is the same --------------------------------------------------------- */

static bool same_route(const struct netlink_route *a,
		       const struct netlink_route *b)
{
	return a->table == b->table && a->metric == b->metric &&
	       a->tos == b->tos && a->type == b->type &&
	       a->protocol == b->protocol && a->hops == b->hops &&
	       a->nhid == b->nhid && a->oif == b->oif && a->mtu == b->mtu &&
	       prefix_equal(&a->to, &b->to) &&
	       address_equal(&a->gateway, &b->gateway) &&
	       address_equal(&a->source, &b->source);
}

static bool same_rule(const struct netlink_rule *a,
		      const struct netlink_rule *b)
{
	return a->priority == b->priority && a->table == b->table &&
	       a->mark == b->mark && a->mask == b->mask &&
	       a->no_default == b->no_default && !strcmp(a->oif, b->oif) &&
	       prefix_equal(&a->from, &b->from);
}

static bool in_routes(const struct netlink_route *routes, unsigned count,
		      const struct netlink_route *wanted)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (same_route(&routes[i], wanted))
			return true;
	}
	return false;
}

static bool in_rules(const struct netlink_rule *rules, unsigned count,
		     const struct netlink_rule *wanted)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (same_rule(&rules[i], wanted))
			return true;
	}
	return false;
}

/* ---- one call's work ------------------------------------------------------------ */

struct work {
	struct netlink *netlink;
	struct routing_report *report;
	bool there[ROUTING_ROUTES]; /* which of the plan's routes are */
	struct routing_memory seen; /* in place at the end of this call */
	int err;		    /* the first */
};

static void fail(struct work *work, const char *what, int err)
{
	const char *words = netlink_explanation(work->netlink);
	struct routing_report *report = work->report;

	if (work->err == 0)
		work->err = err;
	if (!report->failed++)
		snprintf(report->error, sizeof(report->error), "%s: %s%s%s",
			 what, strerror(-err), *words ? ": " : "", words);
}

static const char *route_text(const struct netlink_route *route,
			      char text[ROUTING_TEXT])
{
	char to[ADDRESS_TEXT], gateway[ADDRESS_TEXT] = "-";

	if (!address_is_zero(&route->gateway))
		address_print(&route->gateway, gateway);
	snprintf(text, ROUTING_TEXT, "route %s via %s, table %u, metric %u",
		 prefix_print(&route->to, to), gateway, route->table,
		 route->metric);
	return text;
}

/* The interface went while we were at it: its events are on their way. */
static bool too_late(int err)
{
	return err == -ENETDOWN || err == -ENODEV || err == -ENETUNREACH;
}

static void remember_route(struct work *work, const struct netlink_route *route)
{
	work->seen.routes[work->seen.routes_count++] = *route;
}

/* One walk for all: main may hold a hundred thousand routes of others. */
static void look(struct work *work, const struct routing_plan *plan)
{
	const struct netlink_route *route = NULL;
	unsigned i;

	while ((route = netlink_next_route(work->netlink, route))) {
		if (route->protocol != MODEL_RTPROT)
			continue;
		for (i = 0; i < plan->routes_count; i++) {
			if (same_route(&plan->routes[i], route))
				work->there[i] = true;
		}
	}
}

static void put_route(struct work *work, const struct netlink_route *route)
{
	const struct routing_memory *memory = &work->report->memory;
	struct routing_report *report = work->report;
	bool stolen = in_routes(memory->routes, memory->routes_count, route);
	char what[ROUTING_TEXT];
	int err;

	if (stolen && report->patient) {
		report->deferred++;
		remember_route(work, route);
		return;
	}
	err = netlink_route_put(work->netlink, route);
	if (!err) {
		report->added++;
		report->reinstalled += stolen;
		remember_route(work, route);
	} else if (too_late(err)) {
		if (!report->skipped++)
			snprintf(report->omission, sizeof(report->omission),
				 "%.120s: %s", route_text(route, what),
				 strerror(-err));
	} else {
		fail(work, route_text(route, what), err);
	}
}

static void put_routes(struct work *work, const struct routing_plan *plan,
		       bool in_main)
{
	unsigned i;

	for (i = 0; i < plan->routes_count; i++) {
		if ((plan->routes[i].table == RT_TABLE_MAIN) != in_main)
			continue;
		if (work->there[i])
			remember_route(work, &plan->routes[i]);
		else
			put_route(work, &plan->routes[i]);
	}
}

static void delete_route(struct work *work, const struct netlink_route *route)
{
	char what[ROUTING_TEXT];
	int err = netlink_route_delete(work->netlink, route);

	if (!err)
		work->report->deleted++;
	else if (err != -ESRCH) /* somebody was faster */
		fail(work, route_text(route, what), err);
}

/* Ours, and not in the plan (NULL: none is); main's, or the others'. */
static void delete_routes(struct work *work, const struct routing_plan *plan,
			  bool in_main)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_next_route(work->netlink, route))) {
		if (route->protocol != MODEL_RTPROT ||
		    (route->table == RT_TABLE_MAIN) != in_main)
			continue;
		if (plan && in_routes(plan->routes, plan->routes_count, route))
			continue;
		delete_route(work, route);
	}
}

/* ---- rules ------------------------------------------------------------------------ */

#define RULES_MAX 256 /* more of our protocol are taken in the next call */

struct rules {
	unsigned count;
	struct netlink_rule rule[RULES_MAX];
};

static int collect_rule(void *arg, const struct netlink_rule *rule)
{
	struct rules *rules = arg;

	if (rules->count < RULES_MAX)
		rules->rule[rules->count++] = *rule;
	return 0;
}

static void list_rules(struct work *work, struct rules *rules)
{
	int err;

	rules->count = 0;
	err = netlink_rules(work->netlink, collect_rule, rules);
	if (err)
		fail(work, "listing the rules", err);
}

static void add_rule(struct work *work, const struct netlink_rule *rule,
		     const struct rules *there)
{
	const struct routing_memory *memory = &work->report->memory;
	struct routing_memory *seen = &work->seen;
	bool stolen = in_rules(memory->rules, memory->rules_count, rule);
	bool missing = !in_rules(there->rule, there->count, rule);
	int err = 0;

	if (missing && stolen && work->report->patient) {
		work->report->deferred++;
	} else if (missing) {
		err = netlink_rule_add(work->netlink, rule);
		if (!err)
			work->report->added++;
		if (!err && stolen)
			work->report->reinstalled++;
	}
	if (err && err != -EEXIST) {
		fail(work, "adding a rule", err);
		return;
	}
	seen->rules[seen->rules_count++] = *rule;
}

static void delete_rule(struct work *work, const struct netlink_rule *rule)
{
	int err = netlink_rule_delete(work->netlink, rule);

	if (!err)
		work->report->deleted++;
	else if (err != -ENOENT)
		fail(work, "deleting a rule", err);
}

/* ---- the calls --------------------------------------------------------------------- */

int routing_apply(struct netlink *netlink, const struct routing_wish *wish,
		  struct routing_report *report)
{
	struct work work = { .netlink = netlink, .report = report };
	struct routing_plan plan;
	struct rules there;
	unsigned i;

	netlink_refresh(netlink);
	routing_plan(netlink, wish, &plan);
	look(&work, &plan);
	report->added = report->deleted = report->reinstalled = 0;
	report->failed = report->deferred = 0;
	report->error[0] = '\0';
	report->skipped = plan.skipped;
	memcpy(report->omission, plan.omission, sizeof(report->omission));

	put_routes(&work, &plan, false);
	list_rules(&work, &there);
	for (i = 0; i < plan.rules_count; i++)
		add_rule(&work, &plan.rules[i], &there);
	put_routes(&work, &plan, true);

	/* What a new route has replaced must not be deleted: look again. */
	netlink_refresh(netlink);
	delete_routes(&work, &plan, true);
	for (i = 0; i < there.count; i++) {
		if (!in_rules(plan.rules, plan.rules_count, &there.rule[i]))
			delete_rule(&work, &there.rule[i]);
	}
	delete_routes(&work, &plan, false);
	report->memory = work.seen;
	return work.err;
}

int routing_withdraw(struct netlink *netlink)
{
	struct routing_report report = { 0 };
	struct work work = { .netlink = netlink, .report = &report };
	struct rules there;
	unsigned i;

	netlink_refresh(netlink);
	delete_routes(&work, NULL, true);
	list_rules(&work, &there);
	for (i = 0; i < there.count; i++)
		delete_rule(&work, &there.rule[i]);
	delete_routes(&work, NULL, false);
	return work.err;
}

int routing_nudge(struct netlink *netlink, const struct routing_uplink *uplink,
		  uint32_t metric)
{
	struct netlink_route route =
		routing_default(uplink, RT_TABLE_MAIN, metric);
	int err;

	/* The address is gone: it cannot be the source either. */
	route.source = (struct tp_addr){ 0 };
	if (!address_is_zero(&route.gateway))
		route.flags = RTNH_F_ONLINK;
	err = netlink_route_add(netlink, &route);
	if (err)
		return err;
	return netlink_route_delete(netlink, &route);
}
