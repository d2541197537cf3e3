// SPDX-License-Identifier: GPL-2.0-or-later
/* explain.c - see explain.h. */
#include <arpa/inet.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../bpf/ownership.h"
#include "address.h"
#include "explain.h"
#include "maps.h"
#include "next_hop.h"
#include "site.h"
#include "twinpath/reasons.h"

#define ENDPOINT (ADDRESS_TEXT + 8)
#define EXITS_NONE (-1)

static const struct {
	const char *name, *text;
	enum tp_fate fate;
} reasons[] = {
#define REASON(name, fate, text) { #name, text, TP_FATE_##fate },
	TP_REASONS(REASON)
#undef REASON
};

static const char *const fates[] = {
	[TP_FATE_FORWARDED] = "forwarded",
	[TP_FATE_PASSED] = "passed",
	[TP_FATE_DROPPED] = "dropped",
};

struct words {
	const struct site *site;
	const struct tp_explain *is;
	struct json_object *why;
	char source[ADDRESS_TEXT], destination[ADDRESS_TEXT];
};

static void say(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	char line[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	json_object_array_add(words->why, json_object_new_string(line));
}

/* Index in the configuration; EXITS_NONE: the partner, or none. */
static int uplink_of(const struct site *site, unsigned exit)
{
	for (unsigned i = 0; exit && i < site->config.uplinks_count; i++)
		if (site->exits[i] == exit)
			return (int)i;
	return EXITS_NONE;
}

static const char *exit_name(const struct words *words)
{
	int i = uplink_of(words->site, words->is->exit);

	if (i != EXITS_NONE)
		return words->site->config.uplinks[i].name;
	return words->is->exit ? "partner" : "none";
}

static const char *endpoint(const struct tp_addr *address, __be16 port,
			    char text[ENDPOINT])
{
	char one[ADDRESS_TEXT];

	snprintf(text, ENDPOINT, "%s:%u", address_print(address, one),
		 ntohs(port));
	return text;
}

static const char *interface_name(const struct site *site, unsigned ifindex)
{
	const struct netlink_link *link =
		netlink_link_by_index(site->netlink, ifindex);

	return link ? link->name : "an interface that is gone";
}

/* ---- where they are -------------------------------------------------------- */

static void say_place(struct words *words, const struct tp_addr *address,
		      const char *text)
{
	const struct site *site = words->site;
	struct tp_route route;
	static const char *const kinds[] = {
		[TP_ROUTE_KERNEL] = "left to the kernel, excluded or not ours "
				    "to route",
		[TP_ROUTE_GROUP] = "a group's, which is never routed",
		[TP_ROUTE_LINK_LOCAL] = "a neighbour's on its own link, never "
					"routed",
		[TP_ROUTE_MARTIAN] = "nobody's",
	};
	struct prefix prefix;
	char to[ADDRESS_TEXT];

	if (!maps_route_to(site->maps, address, &prefix, &route) ||
	    route.kind == TP_ROUTE_DEFAULT) {
		say(words,
		    "%s is outside: no route by a LAN interface leads "
		    "there",
		    text);
		return;
	}
	prefix_print(&prefix, to);
	switch (route.kind) {
	case TP_ROUTE_INSIDE:
		say(words, "%s is inside: %s by %s%s", text, to,
		    interface_name(site, route.ifindex),
		    route.via ? ", by a router" : "");
		return;
	case TP_ROUTE_LOCAL:
		say(words, "%s is an address of this gateway", text);
		return;
	}
	say(words, "%s is %s: %s", text, kinds[route.kind], to);
}

/* ---- what is held, and by whom ---------------------------------------------- */

static void say_session(struct words *words)
{
	const struct tp_explain *is = words->is;
	char external[ENDPOINT];

	if (is->session && is->bound)
		say(words,
		    "a session carries it, as %s by %s; it has %u s left",
		    endpoint(&is->external, is->port, external),
		    exit_name(words), is->left / TP_TICKS_PER_SECOND);
	else
		say(words, "no session carries it%s",
		    is->opens ? ": it would open one" : "");
}

static void say_binding(struct words *words)
{
	const struct tp_explain *is = words->is;
	char external[ENDPOINT];

	if (is->session)
		return;
	if (is->bound)
		say(words, "its port is %s %s: %s",
		    is->published ? "published as" : "bound to",
		    endpoint(&is->external, is->port, external),
		    is->held == OWN_CONFIRMED ?
			    "no doubt whose it is" :
			    "the partner may have taken it over since");
	else if (is->action == OWN_BIND)
		say(words, "its port is not bound: it gets one of %s's",
		    exit_name(words));
}

static void say_partner(struct words *words)
{
	static const char *const states[] = {
		[OWN_PARTNER_GONE] = "is gone: it is not asked",
		[OWN_PARTNER_SILENT] = "is silent: what is new is not asked "
				       "about, the middle of a connection is",
		[OWN_PARTNER_ALIVE] = "is alive: it is asked whose a packet is",
		[OWN_PARTNER_ROUTER] = "is an ordinary router: it is never "
				       "asked",
	};
	const struct tp_explain *is = words->is;

	if (words->site->config.partner.type == TP_PARTNER_NONE ||
	    is->partner > OWN_PARTNER_ROUTER)
		return;
	if (is->quiet)
		say(words, "the partner holds nothing of this host: it need "
			   "not be asked");
	else
		say(words, "the partner %s", states[is->partner]);
}

/* ---- who decides --------------------------------------------------------------- */

static void say_selector(struct words *words)
{
	const struct site *site = words->site;

	say(words, "new sessions leave by %s (event %u): %s",
	    decide_name(&site->config, site->desired.selector), site->event,
	    site->desired.reason);
}

static void say_decider(struct words *words)
{
	const struct site *site = words->site;
	const struct tp_explain *is = words->is;
	int uplink = uplink_of(site, is->exit);

	switch (is->action) {
	case OWN_SERVE:
		say(words, "a session stays with the exit it began on, "
			   "whatever is best now");
		return;
	case OWN_BIND:
		if (is->bound && uplink != site->desired.selector)
			say(words, "its binding decides, not the selector: an "
				   "endpoint keeps its external address as "
				   "long as that lives (RFC 4787 REQ-1)");
		say_selector(words);
		return;
	case OWN_QUESTION:
	case OWN_SESSION_QUESTION:
		say(words, "what the partner does not hold it gives back, and "
			   "it is finished here");
		say_selector(words);
		return;
	case OWN_TAKE:
	case OWN_REFUSE:
		say_selector(words);
		return;
	case OWN_RESET:
		say(words, "nobody holds the connection that it is the middle "
			   "of: the host is told");
		return;
	case OWN_WAIT:
		say(words, "its uplink is dead, and \"hold\" gives it time to "
			   "come back");
		return;
	}
}

static void say_next_hop(struct words *words)
{
	const struct site *site = words->site;
	int i = uplink_of(site, words->is->exit);
	const struct uplink_config *config;
	const struct uplink_facts *facts;
	const struct tp_addr *next_hop;
	char text[ADDRESS_TEXT];

	if (i == EXITS_NONE ||
	    reasons[words->is->reason].fate == TP_FATE_DROPPED)
		return;
	config = &site->config.uplinks[i];
	facts = &site->facts.uplinks[i];
	next_hop = next_hop_of(config, facts);
	if (facts->raw || address_is_zero(next_hop))
		say(words, "by %s, a link without next hop", config->interface);
	else if (facts->next_hop_mac_known)
		say(words,
		    "by %s to the next hop %s, "
		    "%02x:%02x:%02x:%02x:%02x:%02x",
		    config->interface, address_print(next_hop, text),
		    facts->next_hop_mac[0], facts->next_hop_mac[1],
		    facts->next_hop_mac[2], facts->next_hop_mac[3],
		    facts->next_hop_mac[4], facts->next_hop_mac[5]);
	else
		say(words,
		    "by %s to the next hop %s, whose MAC is not known: the "
		    "kernel takes it until it is",
		    config->interface, address_print(next_hop, text));
}

/* ---- from outside ---------------------------------------------------------------- */

static void say_inward(struct words *words)
{
	const struct tp_explain *is = words->is;
	char inside[ENDPOINT];

	say(words, "%s is the external address of %s", words->destination,
	    exit_name(words));
	if (!is->bound) {
		say(words,
		    "port %u leads to nothing inside: a program of this "
		    "gateway that listens there gets it, else it is "
		    "dropped",
		    ntohs(is->destination_port));
		return;
	}
	say(words, "port %u is %s %s", ntohs(is->destination_port),
	    is->published ? "published: it leads to" : "bound to",
	    endpoint(&is->external, is->port, inside));
	if (is->reason == TP_REASON_filtered)
		say(words,
		    "%s was never sent to from there: filtering keeps "
		    "it out",
		    words->source);
}

/* ---- all of it -------------------------------------------------------------------- */

static void verdict(const struct words *words, char text[200])
{
	const struct tp_explain *is = words->is;
	char external[ENDPOINT];

	switch (is->reason) {
	case TP_REASON_translated_out:
	case TP_REASON_no_next_hop:
		if (is->bound)
			snprintf(text, 200, "sent by %s as %s",
				 exit_name(words),
				 endpoint(&is->external, is->port, external));
		else
			snprintf(text, 200,
				 "sent by %s, with a port of its "
				 "own",
				 exit_name(words));
		return;
	case TP_REASON_translated_in:
		snprintf(text, 200, "delivered to %s",
			 endpoint(&is->external, is->port, external));
		return;
	}
	switch (reasons[is->reason].fate) {
	case TP_FATE_FORWARDED:
		snprintf(text, 200, "%s", reasons[is->reason].text);
		return;
	case TP_FATE_PASSED:
		snprintf(text, 200, "left to the kernel: %s",
			 reasons[is->reason].text);
		return;
	case TP_FATE_DROPPED:
		snprintf(text, 200, "dropped: %s", reasons[is->reason].text);
		return;
	}
}

static void explain_why(struct words *words)
{
	const struct tp_explain *is = words->is;

	if (is->inward) {
		say_inward(words);
		return;
	}
	say_place(words, &is->source, words->source);
	say_place(words, &is->destination, words->destination);
	if (is->reason == TP_REASON_hairpin)
		say(words,
		    "port %u of %s is an inside host's: it is turned "
		    "round, and enters as from outside",
		    ntohs(is->destination_port), exit_name(words));
	if (is->action == TP_EXPLAIN_NOTHING)
		return;
	say_session(words);
	say_binding(words);
	if (is->action != OWN_SERVE)
		say_partner(words);
	say_decider(words);
	say_next_hop(words);
}

static void add(struct json_object *json, const char *key, const char *text)
{
	json_object_object_add(json, key,
			       text ? json_object_new_string(text) : NULL);
}

struct json_object *explain_json(const struct site *site,
				 const struct tp_explain *answer)
{
	struct json_object *json = json_object_new_object();
	struct words words = { .site = site, .is = answer };
	char text[200] = "", external[ENDPOINT];

	words.why = json_object_new_array();
	address_print(&answer->source, words.source);
	address_print(&answer->destination, words.destination);
	verdict(&words, text);
	explain_why(&words);
	say(&words, "it is counted as %s: %s", reasons[answer->reason].name,
	    reasons[answer->reason].text);
	add(json, "verdict", text);
	json_object_object_add(json, "why", words.why);
	add(json, "reason", reasons[answer->reason].name);
	add(json, "fate", fates[reasons[answer->reason].fate]);
	add(json, "exit", answer->exit ? exit_name(&words) : NULL);
	add(json, answer->inward ? "inside" : "external",
	    answer->bound ?
		    endpoint(&answer->external, answer->port, external) :
		    NULL);
	json_object_object_add(json, "session",
			       json_object_new_boolean(answer->session));
	json_object_object_add(json, "event",
			       json_object_new_int64(site->event));
	return json;
}
