// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * situation.c - see situation.h: its notation read.
 */
#include "situation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static enum track_state parse_track(char state)
{
	return state == '?'	   ? TRACK_UNKNOWN :
	       strchr("ad", state) ? TRACK_DOWN :
				     TRACK_UP;
}

/* What stands behind the first: "3d5u-". */
static void parse_fallbacks(struct uplink_config *to, struct uplink_facts *fact,
			    const char *word)
{
	static const char *const names[] = { "router", "interface" };
	static const unsigned tracks[] = { 2, 0 };

	strcpy(to->tracks[2].name, names[0]);
	while (*word) {
		unsigned n = to->fallbacks_count++;
		struct fallback_config *fallback = &to->fallbacks[n];
		char state;
		int length;

		assert_int_equal(sscanf(word, "%u%c%n", &fallback->level,
					&state, &length),
				 2);
		fact->fallbacks[n] = parse_track(state);
		fallback->track = tracks[n];
		word += length;
		fallback->announce = *word != '-';
		word += *word == '-';
	}
}

static void parse_uplink(struct config *config, struct facts *facts, unsigned i,
			 const char *word)
{
	struct uplink_config *to = &config->uplinks[i];
	struct uplink_facts *fact = &facts->uplinks[i];
	char state;
	int length;

	assert_int_equal(sscanf(word, "%u%c%n", &to->level, &state, &length),
			 2);
	parse_fallbacks(to, fact, word + length);
	snprintf(to->name, sizeof(to->name), "u%u", i);
	snprintf(to->interface, sizeof(to->interface), "wan%u", i);
	to->tracks_count = 2;
	to->track = 1;
	strcpy(to->tracks[0].name, "interface");
	strcpy(to->tracks[1].name, "core");
	fact->present = state != 'i';
	fact->admin_up = state != 'm';
	fact->carrier = state != 'c';
	fact->has_address = state != 'n';
	fact->next_hop = state != 'h';
	fact->attached = state != 't';
	fact->beyond = state == 'a';
	fact->track = parse_track(state);
}

static void parse_intent(const char *text, struct intent *intent)
{
	size_t length = strcspn(text, "!");

	intent->force = text[length];
	if (!length)
		return;
	intent->kind = INTENT_UPLINK;
	if (*text == '-') {
		intent->kind = INTENT_DRAIN;
		text++;
		length--;
	}
	memcpy(intent->uplink, text, length);
	if (strcmp(intent->uplink, "partner") != 0)
		return;
	intent->kind = INTENT_PARTNER;
	memset(intent->uplink, 0, sizeof(intent->uplink));
}

static void parse_told(const char *p, struct partner_facts *partner)
{
	const char *self = strchr(p, 's'), *other = strchr(p, 't');

	if (strchr(p, '1')) {
		partner->told_self = true;
		partner->told_level = 1;
	}
	if (self) {
		partner->told_self = true;
		partner->told_level = (unsigned)self[1] - '0';
	}
	if (other)
		partner->told_level = (unsigned)other[1] - '0';
	partner->told = self || other || strpbrk(p, "01");
}

static void parse_partner(const char *p, struct partner_facts *partner)
{
	partner->address_on_lan = strchr(p, 'l');
	partner->mac_known = strchr(p, 'a');
	partner->marker = strchr(p, 'm');
	partner->offers_default = strchr(p, 'o');
	partner->gone = strchr(p, 'g');
	partner->failing = strpbrk(p, "gx");
	partner->first = strchr(p, 'f');
	partner->awaited = strchr(p, 'w');
	parse_told(p, partner);
}

void situation_parse(struct situation *situation, const char *uplinks,
		     const char *partner, const char *intent)
{
	struct config *config = &situation->config;
	char text[64], *rest, *word;

	memset(situation, 0, sizeof(*situation));
	strcpy(text, uplinks);
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		parse_uplink(config, &situation->facts, config->uplinks_count++,
			     word);
	config->last_resort = true;
	if (strchr(partner, 'c'))
		config->partner.type = TP_PARTNER_TWINPATH;
	situation->facts.ready = true;
	parse_partner(partner, &situation->facts.partner);
	parse_intent(intent, &situation->intent);
}

struct desired situation_decide(const struct situation *situation,
				const struct desired *before)
{
	return decide(&situation->config, &situation->facts, &situation->intent,
		      before);
}

struct desired situation_answer(int selector)
{
	struct desired last = {
		.selector = selector,
		.announce = MODEL_NOBODY,
		.last_resort = MODEL_NOBODY,
	};

	if (selector >= 0)
		last.states[selector] = TP_EXIT_UP;
	return last;
}
