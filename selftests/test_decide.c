// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_decide.c - decide.c against a table of situations.
 *
 * Facts and intent are written as short texts (see the parsers below); what is
 * not written is as on a good day.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide.h"

#define BEST MODEL_METRIC_BEST
#define FLOATING MODEL_METRIC_FLOATING
#define NOBODY MODEL_NOBODY
#define PARTNER MODEL_PARTNER

/*
 * uplinks: one word each, its level and its state, in the file's order
 *   1u up   1a down but heard from beyond   1d down   1?  no verdict
 *   1i no interface  1m admin down  1c no carrier  1n no address
 *   1h next hop nowhere  1t not attached
 *   with fallbacks behind it, each with its track: 1d3d5u, and "-" behind one
 *   that is not announced
 * partner: one letter each
 *   c configured  l address on the LAN  a MAC known  m marker  o default
 *   g gone  x three questions unanswered
 *   1 it says: my own uplink, of level 1  0 it says: not mine
 *   s3 it says: my own uplink, of level 3  t3 it says: not mine, but I have one
 *   of level 3 (0: I have none)
 *   f its address is the higher one  w it may be heard any moment
 * intent: "", "partner", an uplink's name (u0, u1, ...), or "-u0" to drain it;
 *   with a "!" behind it by force
 * before: the selector of the last answer, or NONE for no last answer
 */
#define NONE (-3)

struct row {
	const char *name;
	const char *uplinks, *partner, *intent;
	int before;
	int selector, announce;
	uint32_t metric;
	int last_resort;
	bool marker;
	int vrrp;
	const char *reason; /* a piece of it */
};

static const struct row rows[] = {
	/* The primary, level 1. */
	{ "good day", "1u", "clamo", "", NONE, 0, 0, BEST, 0, true, 100,
	  "u0 is the best uplink that is up (level 1)" },
	{ "good day, the partner is off", "1u", "cl", "", NONE, 0, 0, BEST, 0,
	  true, 100, "level 1" },
	{ "good day, no partner", "1u", "", "", NONE, 0, 0, BEST, 0, true, 100,
	  "level 1" },
	{ "S1: cable pulled", "1c", "clam", "", 0, PARTNER, NOBODY, 0, NOBODY,
	  false, 10, "u0: no carrier on wan0; partner has an uplink" },
	{ "S1: partner's default has come", "1c", "clao", "", PARTNER, PARTNER,
	  NOBODY, 0, NOBODY, false, 10, "partner offers a default" },
	{ "S2: black hole behind the next hop", "1d", "clam", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "u0: track core down" },
	{ "only the target died, partner lives", "1a", "clam", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "track core down" },
	{ "S22: the target died at both: stay", "1a", "cla", "", 0, 0, NOBODY,
	  0, 0, false, 100, "something still arrives" },
	{ "all dead, nothing known: hand over", "1d", "cla", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "handed over all the same" },
	{ "all dead, not even its MAC known", "1d", "cl", "", 0, PARTNER,
	  NOBODY, 0, 0, false, 10, "handed over all the same" },
	{ "all dead, partner on no LAN", "1d", "c", "", 0, NOBODY, NOBODY, 0, 0,
	  false, 10, "no partner" },
	{ "all dead, no partner", "1m", "", "", 0, NOBODY, NOBODY, 0, NOBODY,
	  false, 10, "u0: wan0 is down; no partner" },
	{ "no interface", "1i", "", "", 0, NOBODY, NOBODY, 0, NOBODY, false, 10,
	  "no interface wan0" },
	{ "lease lost", "1n", "", "", 0, NOBODY, NOBODY, 0, NOBODY, false, 10,
	  "no address on wan0" },
	{ "next hop on no subnet", "1h", "", "", 0, NOBODY, NOBODY, 0, NOBODY,
	  false, 10, "next hop is on no subnet of wan0" },
	{ "no program there: not even a last resort", "1t", "", "", 0, NOBODY,
	  NOBODY, 0, NOBODY, false, 10, "no program attached to wan0" },

	/* Starting. */
	{ "cold start, no verdict, partner lives", "1?", "clam", "", NONE,
	  PARTNER, NOBODY, 0, 0, false, 10, "no verdict yet" },
	{ "cold start, partner answers ARP", "1?", "cla", "", NONE, PARTNER,
	  NOBODY, 0, 0, false, 10, "no verdict yet" },
	{ "cold start, alone", "1?", "cl", "", NONE, 0, NOBODY, 0, 0, false,
	  100, "nothing better than u0" },
	{ "restart: adopted until the first verdict", "1?", "clam", "", 0, 0, 0,
	  BEST, 0, true, 100, "level 1" },

	/* The backup, level 2. */
	{ "backup, good day", "2u", "clamo", "", NONE, PARTNER, 0, FLOATING, 0,
	  true, 90, "my best uplink is of level 2; partner offers a default" },
	{ "backup, heard before its route comes", "2u", "clam1", "", NONE,
	  PARTNER, 0, FLOATING, 0, true, 90, "partner has a better one" },
	{ "backup, heard before its route goes", "2u", "clamo0", "", PARTNER, 0,
	  0, BEST, 0, true, 90, "level 2" },
	{ "backup, the primary is gone, its old route is not", "2u", "clamog",
	  "", PARTNER, 0, 0, BEST, 0, true, 90, "level 2" },
	{ "backup, the primary has not taken over yet", "2u", "clam0", "", 0, 0,
	  0, BEST, 0, true, 90, "level 2" },
	{ "backup, S15: the primary is off", "2u", "cl", "", PARTNER, 0, 0,
	  FLOATING, 0, true, 90, "level 2" },
	{ "backup, the primary has withdrawn", "2u", "clam", "", PARTNER, 0, 0,
	  FLOATING, 0, true, 90, "level 2" },
	{ "backup, its route stands but nobody answers ARP", "2u", "clmo", "",
	  PARTNER, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "S18: backup, the IGP is down, the primary is not", "2u", "cla1", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90, "has a better one" },
	{ "S18: no uplink of mine, and the IGP is down", "1d", "cla1", "", 0,
	  PARTNER, NOBODY, 0, 0, false, 10, "partner has an uplink" },
	{ "backup, the primary's route is there again, its answers are not",
	  "2u", "clamox", "", 0, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "backup, told of a better one that does not answer", "2u", "clamox1",
	  "", 0, 0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "backup, three answers of the primary are late", "2u", "clamox", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90,
	  "partner offers a default" },
	{ "backup without an uplink", "2d", "clao", "", 0, PARTNER, NOBODY, 0,
	  0, false, 10, "partner offers a default" },
	{ "backup without an uplink, the primary's answers are late", "2d",
	  "claox", "", 0, PARTNER, NOBODY, 0, 0, false, 10,
	  "partner offers a default" },
	{ "backup that is offered a default by one that has no exit", "2u",
	  "clamo0", "", PARTNER, 0, 0, BEST, 0, true, 90, "level 2" },
	{ "S21: an exit of mine that is only heard, before none at all", "1a",
	  "clamo0", "", 0, 0, NOBODY, 0, 0, false, 100,
	  "something still arrives" },

	/* Both of one level. */
	{ "equals: the higher address, when both carry", "1u", "clam1f", "", 0,
	  PARTNER, 0, FLOATING, 0, true, 95,
	  "partner has one, too, and the higher address" },
	{ "equals: the lower one gives way", "1u", "clam1", "", 0, 0, 0, BEST,
	  0, true, 100, "(level 1); partner has one, too, and shall give way" },
	{ "equals: mine is the lower, but it gave way", "1u", "clam0f", "", 0,
	  0, 0, BEST, 0, true, 100, "u0 is the best uplink that is up" },
	{ "equals: who carries goes on", "1u", "clam1", "", PARTNER, PARTNER, 0,
	  FLOATING, 0, true, 95, "has one, too, and carries already" },
	{ "equals: not heard, each for itself", "1u", "clamof", "", 0, 0, 0,
	  BEST, 0, true, 100, "u0 is the best" },
	{ "equals of a lower level, by what they say", "2u 3u", "clamo1f", "",
	  0, PARTNER, 0, FLOATING, 0, true, 90, "has a better one" },
	{ "equals: the operator's wish comes first", "1u", "clam1f", "u0", 0, 0,
	  0, BEST, 0, true, 100, "the operator asked for u0" },

	/* A new daemon, before it hears the partner's. */
	{ "restart of a backup: not for a moment by its own", "2u", "clamw", "",
	  PARTNER, PARTNER, 0, FLOATING, 0, true, 90, "level 2; partner" },
	{ "restart of a backup that carries: nor away", "2u", "clamow", "", 0,
	  0, 0, FLOATING, 0, true, 90, "level 2" },
	{ "first start of a backup", "2u", "clamow", "", NONE, PARTNER, 0,
	  FLOATING, 0, true, 90, "partner offers a default" },

	/* Several uplinks. */
	{ "two levels", "2u 1u", "", "", NONE, 1, 1, BEST, 1, true, 100, "u1" },
	{ "two levels, S10: the better one is back", "2u 1u", "", "", 0, 1, 1,
	  BEST, 1, true, 100, "u1" },
	{ "two levels, the better one is gone", "2u 1d", "", "", 1, 0, 0,
	  FLOATING, 0, true, 90, "u0 is the best uplink that is up (level 2)" },
	{ "equals: file order", "1u 1u", "", "", NONE, 0, 0, BEST, 0, true, 100,
	  "u0" },
	{ "equals: who has it keeps it", "1u 1u", "", "", 1, 1, 1, BEST, 1,
	  true, 100, "u1" },
	{ "equals: not when it is down", "1u 1d", "", "", 1, 0, 0, BEST, 0,
	  true, 100, "u0" },
	{ "S21: both ISPs down, last resort the one heard", "1d 2a", "clao", "",
	  0, PARTNER, NOBODY, 0, 1, false, 10, "u0: track core down" },
	{ "S21: last resort by level", "2d 1d", "clao", "", 0, PARTNER, NOBODY,
	  0, 1, false, 10, "u1: track core down" },
	/* The six levels of two gateways: A's and B's end-to-end track, A's and
	 * B's next hop, A's interface, B as a last resort. */
	{ "six levels, A: good day", "1u3u5u", "clamt2", "", 0, 0, 0, BEST, 0,
	  true, 100, "u0 is the best uplink that is up (level 1)" },
	{ "six levels, B: good day", "2u4u6u-", "clamos1", "", PARTNER, PARTNER,
	  0, FLOATING, 0, true, 90, "partner has a better one" },
	{ "A: dark beyond the next hop, before B has taken over", "1d3u5u",
	  "clamt2", "", 0, 0, 0, BEST, 0, true, 80,
	  "(level 3, by track router); u0: track core down" },
	{ "B: A has fallen to level 3", "2u4u6u-", "clamot3", "", PARTNER, 0, 0,
	  BEST, 0, true, 90, "u0 is the best uplink that is up (level 2)" },
	{ "A: B has taken over", "1d3u5u", "clamos2", "", 0, PARTNER, 0,
	  FLOATING, 0, true, 80,
	  "my best uplink is of level 3; partner has a better one" },
	{ "S22, A: the target died at both", "1d3u5u", "clamos4", "", PARTNER,
	  0, 0, FLOATING, 0, true, 80, "(level 3, by track router)" },
	{ "S22, A: and B follows", "1d3u5u", "clamot4", "", 0, 0, 0, BEST, 0,
	  true, 80, "(level 3, by track router)" },
	{ "S22, B", "2d4u6u-", "clamos3", "", 0, PARTNER, 0, FLOATING, 0, true,
	  70, "my best uplink is of level 4" },
	{ "S23, A: its next hop died, too", "1d3d5u", "clamos4", "", 0, PARTNER,
	  0, FLOATING, 0, true, 60, "my best uplink is of level 5" },
	{ "S23, B", "2d4u6u-", "clamot5", "", PARTNER, 0, 0, BEST, 0, true, 70,
	  "(level 4, by track router)" },
	{ "S21, A: both ISPs are down", "1d3d5u", "clamt6", "", PARTNER, 0, 0,
	  BEST, 0, true, 60, "(level 5, by track interface)" },
	{ "S21, B: has the last resort, and keeps it for itself", "2d4d6u-",
	  "clamos5", "", PARTNER, PARTNER, NOBODY, 0, 0, false, 50,
	  "my best uplink is of level 6" },
	{ "S21, B: A's cable is out as well", "2d4d6u-", "clat0", "", PARTNER,
	  0, NOBODY, 0, 0, false, 50, "(level 6, by track interface)" },
	{ "S21, A: its cable is out, B has its last resort", "1c3d5d", "clas6",
	  "", 0, PARTNER, NOBODY, 0, NOBODY, false, 10,
	  "no carrier on wan0; partner has an uplink" },
	{ "B, not hearing A: its marker is worth more than a last resort",
	  "2d4d6u-", "clam", "", 0, PARTNER, NOBODY, 0, 0, false, 50,
	  "partner has an uplink" },
	{ "what A says is newer than its routes", "2d4d6u-", "clamot0", "",
	  PARTNER, 0, NOBODY, 0, 0, false, 50, "level 6" },
	{ "a fallback has the operator's wish, too", "1d3u5u", "clamos2", "u0",
	  PARTNER, 0, 0, BEST, 0, true, 80, "the operator asked for u0" },
	{ "a candidate without a verdict hides those behind it", "1?3u5u", "cl",
	  "", NONE, 0, NOBODY, 0, 0, false, 100, "nothing better than u0" },
	{ "likewise a fallback's", "1d3?5u", "cla", "", 0, PARTNER, NOBODY, 0,
	  0, false, 10, "track core down" },
	{ "one gateway, six levels: B", "1d3u5u 2u4u6u-", "", "", 0, 1, 1,
	  FLOATING, 1, true, 90, "u1 is the best uplink that is up (level 2)" },
	{ "one gateway, six levels: A's next hop", "1d3u5u 2d4u6u-", "", "", 1,
	  0, 0, FLOATING, 0, true, 80, "(level 3, by track router)" },
	{ "one gateway, six levels: B's next hop", "1d3d5u 2d4u6u-", "", "", 0,
	  1, 1, FLOATING, 1, true, 70, "(level 4, by track router)" },
	{ "one gateway, six levels: A's cable", "1d3d5u 2d4d6u-", "", "", 1, 0,
	  0, FLOATING, 0, true, 60, "(level 5, by track interface)" },
	{ "one gateway, six levels: the last resort", "1c3d5d 2d4d6u-", "", "",
	  0, 1, NOBODY, 0, 1, false, 50, "(level 6, by track interface)" },
	{ "S48: one dies, one comes", "1u 2d", "", "", 1, 0, 0, BEST, 0, true,
	  100, "u0" },
	{ "level 12 attracts no less than the floor", "12u", "", "", NONE, 0, 0,
	  FLOATING, 0, true, 10, "level 12" },

	/* What the operator wants. */
	{ "flip to the lower level", "1u 2u", "clamo", "u1", 0, 1, 1, BEST, 1,
	  true, 90, "the operator asked for u1" },
	{ "S36: flip to a dead one", "1u 2d", "", "u1", 0, 0, 0, BEST, 0, true,
	  100, "the operator asked for u1: track core down; u0 is the best" },
	{ "flip to an avoided one", "1u 2a", "", "u1", 0, 0, 0, BEST, 0, true,
	  100, "u1: track core down" },
	{ "flip to a name that is gone", "1u", "", "isp-x", 0, 0, 0, BEST, 0,
	  true, 100, "isp-x, which is not configured; u0" },
	{ "flip to the partner", "1u", "clam", "partner", 0, PARTNER, NOBODY, 0,
	  0, true, 10, "the operator asked for partner" },
	{ "flip to the partner, its default is here", "1u", "clao", "partner",
	  PARTNER, PARTNER, NOBODY, 0, 0, true, 10, "operator" },
	{ "flip to a partner that offers nothing", "1u", "cla", "partner", 0, 0,
	  0, BEST, 0, true, 100, "partner, which offers no exit; u0" },
	{ "flip to a partner that is gone", "1u", "clmo", "partner", PARTNER, 0,
	  0, BEST, 0, true, 100, "cannot be reached; u0" },
	{ "flip to a partner there is none", "1u", "", "partner", 0, 0, 0, BEST,
	  0, true, 100, "is not configured" },
	{ "backup flipped to its own", "2u", "clamo", "u0", PARTNER, 0, 0, BEST,
	  0, true, 90, "the operator asked for u0" },
	{ "backup flipped to the partner", "2u", "clamo", "partner", PARTNER,
	  PARTNER, NOBODY, 0, 0, true, 10, "operator" },

	/* By force. */
	{ "S36: forced onto a dead one", "1u 2d", "", "u1!", 0, 1, NOBODY, 0, 1,
	  true, 90, "the operator forces u1: track core down" },
	{ "S36: forced where no packet leaves", "1u 2c", "", "u1!", 0, 0, 0,
	  BEST, 0, true, 100,
	  "the operator forces u1: no carrier on wan1; u0 is the best" },
	{ "forced onto one that is up: no force needed", "1u 2u", "", "u1!", 0,
	  1, 1, BEST, 1, true, 90, "the operator asked for u1" },
	{ "forced onto a name that is gone", "1u", "", "isp-x!", 0, 0, 0, BEST,
	  0, true, 100, "isp-x, which is not configured; u0" },
	{ "forced to a partner that offers nothing", "1u", "cla", "partner!", 0,
	  PARTNER, NOBODY, 0, 0, true, 10,
	  "the operator forces the partner, which offers no exit" },
	{ "forced to a partner that is gone", "1u", "cl", "partner!", 0, 0, 0,
	  BEST, 0, true, 100, "which cannot be reached; u0" },

	/* Maintenance. */
	{ "drain, another uplink", "1u 2u", "", "-u0", 0, 1, 1, FLOATING, 1,
	  true, 90, "the operator drains u0; u1 is the best" },
	{ "drain, the partner lives", "1u", "clam", "-u0", 0, PARTNER, NOBODY,
	  0, 0, false, 10, "u0: the operator drains it; partner has" },
	{ "drain, nothing else is up", "1u 2d", "cl", "-u0", 1, 0, 0, FLOATING,
	  0, false, 100, "nothing else is up: u0 is used all the same" },
	{ "drain, only its MAC is known", "1u", "cla", "-u0", 0, 0, 0, FLOATING,
	  0, false, 100, "nothing else is up: u0" },
	{ "drained before one only heard of", "1u 1a", "", "-u0", 0, 0, 0,
	  FLOATING, 0, false, 100, "nothing else is up: u0" },
	{ "drained and dead", "1d 2u", "", "-u0", 0, 1, 1, FLOATING, 1, true,
	  90, "u1 is the best" },
	{ "drain of a standby", "1u 2u", "", "-u1", 0, 0, 0, BEST, 0, true, 100,
	  "the operator drains u1; u0 is the best" },
};

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

static void parse(const struct row *row, struct config *config,
		  struct facts *facts, struct intent *intent)
{
	const char *p = row->partner;
	char text[64], *rest, *word;

	memset(config, 0, sizeof(*config));
	memset(facts, 0, sizeof(*facts));
	memset(intent, 0, sizeof(*intent));
	strcpy(text, row->uplinks);
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		parse_uplink(config, facts, config->uplinks_count++, word);
	config->last_resort = true;
	if (strchr(p, 'c'))
		config->partner.type = TP_PARTNER_TWINPATH;
	facts->ready = true;
	facts->partner.address_on_lan = strchr(p, 'l');
	facts->partner.mac_known = strchr(p, 'a');
	facts->partner.marker = strchr(p, 'm');
	facts->partner.offers_default = strchr(p, 'o');
	facts->partner.gone = strchr(p, 'g');
	facts->partner.failing = strpbrk(p, "gx");
	parse_told(p, &facts->partner);
	facts->partner.first = strchr(p, 'f');
	facts->partner.awaited = strchr(p, 'w');
	parse_intent(row->intent, intent);
}

static void check(const struct row *row, const struct desired *got)
{
	if (got->selector != row->selector)
		fail_msg("%s: selector %d: %s", row->name, got->selector,
			 got->reason);
	if (got->announce != row->announce ||
	    (got->announce != NOBODY && got->metric != row->metric))
		fail_msg("%s: announces %d, metric %u", row->name,
			 got->announce, got->metric);
	if (got->last_resort != row->last_resort)
		fail_msg("%s: last resort %d", row->name, got->last_resort);
	if (got->marker != row->marker)
		fail_msg("%s: marker %d", row->name, got->marker);
	if (got->vrrp != row->vrrp)
		fail_msg("%s: vrrp %d", row->name, got->vrrp);
	if (!strstr(got->reason, row->reason))
		fail_msg("%s: reason \"%s\"", row->name, got->reason);
}

static struct desired last_answer(int selector)
{
	struct desired last = {
		.selector = selector,
		.announce = NOBODY,
		.last_resort = NOBODY,
	};

	if (selector >= 0)
		last.states[selector] = TP_EXIT_UP;
	return last;
}

static void situations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct desired before = last_answer(row->before);
		struct config config;
		struct facts facts;
		struct intent intent;
		struct desired got;

		parse(row, &config, &facts, &intent);
		got = decide(&config, &facts, &intent,
			     row->before == NONE ? NULL : &before);
		check(row, &got);
	}
}

/* The same situations with the programs not in place: silence. */
static void not_ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;
		struct facts facts;
		struct intent intent;
		struct desired got;

		parse(&rows[i], &config, &facts, &intent);
		facts.ready = false;
		got = decide(&config, &facts, &intent, NULL);
		assert_int_equal(got.announce, NOBODY);
		assert_int_equal(got.last_resort, NOBODY);
		assert_false(got.marker);
		assert_int_equal(got.vrrp, 0);
	}
}

static void states(void **state)
{
	static const struct row all = {
		.uplinks = "1u 1a 1d 1? 1i 1m 1c 1n 1h 1t",
		.partner = "",
		.intent = "",
	};
	static const enum tp_exit_state expected[] = {
		TP_EXIT_UP,   TP_EXIT_AVOID, TP_EXIT_DEAD, TP_EXIT_AVOID,
		TP_EXIT_DEAD, TP_EXIT_DEAD,  TP_EXIT_DEAD, TP_EXIT_DEAD,
		TP_EXIT_DEAD, TP_EXIT_DEAD,
	};
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&all, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, NULL);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(got.states[i], expected[i]);
}

/* A fallback that is not taken is what its own track says it is. */
static void states_of_fallbacks(void **state)
{
	static const struct row both = {
		.uplinks = "1d3u 1a3u 2u",
		.partner = "",
		.intent = "",
	};
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&both, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, NULL);
	assert_int_equal(got.selector, 2);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.states[1], TP_EXIT_AVOID);
	assert_int_equal(got.levels[0], 3);
	assert_int_equal(got.levels[1], 3);
	assert_int_equal(got.levels[2], 2);
	facts.uplinks[2].track = TRACK_DOWN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.states[0], TP_EXIT_UP);
	assert_int_equal(got.levels[2], 0);
	facts.uplinks[0].fallbacks[0] = TRACK_DOWN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.states[1], TP_EXIT_UP);
	/* Maintenance: what only serves as a fallback is drained as well. */
	strcpy(intent.uplink, "u1");
	intent.kind = INTENT_DRAIN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.states[1], TP_EXIT_DRAIN);
	assert_int_equal(got.levels[1], 0);
}

/* A better one waits a second, a necessity and the operator do not. */
static void settling(void **state)
{
	static const struct row two = { .uplinks = "1u 2u",
					.partner = "",
					.intent = "" };
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&two, &config, &facts, &intent);
	config.settle = 1000;
	facts.now = 50000;
	facts.uplinks[0].track = TRACK_DOWN;
	got = decide(&config, &facts, &intent, NULL);
	assert_int_equal(got.selector, 1);
	facts.now += 999;
	facts.uplinks[0].track = TRACK_UP;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.switched, 50000);
	assert_int_equal(got.settled, 51000);
	assert_non_null(strstr(got.reason, "u1 was taken a moment ago"));
	facts.now += 1;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.switched, 51000);
	assert_int_equal(got.settled, 0);
	/* What is dead is left at once. */
	facts.uplinks[0].track = TRACK_DOWN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	/* And the operator is obeyed, also when he lets go. */
	facts.uplinks[0].track = TRACK_UP;
	intent.kind = INTENT_UPLINK;
	strcpy(intent.uplink, "u0");
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 0);
	intent.kind = INTENT_DRAIN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	intent.kind = INTENT_AUTO;
	assert_int_equal(decide(&config, &facts, &intent, &got).selector, 1);
	intent.since = facts.now + 1;
	assert_int_equal(decide(&config, &facts, &intent, &got).selector, 0);
}

/* Nor is a partner kept that sends by me. */
static void settling_with_a_partner(void **state)
{
	static const struct row row = { .uplinks = "1u3u",
					.partner = "clams2",
					.intent = "" };
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&row, &config, &facts, &intent);
	config.settle = 1000;
	facts.now = 50000;
	facts.uplinks[0].track = TRACK_DOWN;
	got = decide(&config, &facts, &intent, NULL);
	assert_int_equal(got.selector, PARTNER);
	facts.partner.told_level = 4;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, PARTNER);
	facts.partner.told_self = false;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 0);
}

static void assert_shares(const struct desired *got, unsigned count,
			  const int candidates[])
{
	assert_int_equal(got->shares_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(got->shares[i].candidate, candidates[i]);
}

/* Those of the best level, as long as they are up, and nobody has a wish. */
static void sharing(void **state)
{
	static const struct row row = { .uplinks = "1u 1u 2u 1d3u",
					.partner = "",
					.intent = "" };
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&row, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, NULL);
	assert_int_equal(got.shares_count, 0);
	for (unsigned i = 0; i < 4; i++)
		config.uplinks[i].share = 10 + i;
	got = decide(&config, &facts, &intent, NULL);
	assert_shares(&got, 2, (const int[]){ 0, 1 });
	assert_int_equal(got.shares[1].weight, 11);
	assert_true(got.shares[0].id != got.shares[1].id);
	assert_non_null(strstr(got.reason, "2 share this level"));
	/* One of them: it has all, and so nothing is shared. */
	facts.uplinks[0].track = TRACK_DOWN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.shares_count, 0);
	/* It comes back, and shares at once: nothing settles here. */
	config.settle = 1000;
	facts.uplinks[0].track = TRACK_UP;
	got = decide(&config, &facts, &intent, &got);
	assert_shares(&got, 2, (const int[]){ 0, 1 });
	assert_int_equal(got.selector, 1);
	/* A fallback does not share, also not of its own level. */
	facts.uplinks[0].track = facts.uplinks[1].track = TRACK_DOWN;
	config.uplinks[2].level = 3;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.shares_count, 0);
	facts.uplinks[0].track = facts.uplinks[1].track = TRACK_UP;
	intent.kind = INTENT_UPLINK;
	strcpy(intent.uplink, "u0");
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.selector, 0);
	assert_int_equal(got.shares_count, 0);
	intent.kind = INTENT_DRAIN;
	got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.shares_count, 0);
}

/* Both gateways, each from its side, come to the same shares. */
static void sharing_with_a_partner(void **state)
{
	static const struct row row = { .uplinks = "1u",
					.partner = "clamo1f",
					.intent = "" };
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired a, b;

	(void)state;
	parse(&row, &config, &facts, &intent);
	config.uplinks[0].share = 3;
	facts.partner.local.byte[15] = 3;
	config.partner.address.byte[15] = 4;
	facts.partner.told_shares[0] =
		(struct told_share){ .name = "u1", .level = 1, .weight = 2 };
	a = decide(&config, &facts, &intent, NULL);
	assert_int_equal(a.selector, 0); /* no matter who has which address */
	assert_shares(&a, 2, (const int[]){ 0, PARTNER });
	assert_int_equal(a.metric, BEST);
	/* While it does not answer it has no share, and all is mine. */
	facts.partner.failing = true;
	b = decide(&config, &facts, &intent, &a);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	facts.partner.failing = false;
	/* The other side of the same. */
	strcpy(config.uplinks[0].name, "u1");
	config.uplinks[0].share = 2;
	facts.partner.local.byte[15] = 4;
	config.partner.address.byte[15] = 3;
	facts.partner.told_shares[0] =
		(struct told_share){ .name = "u0", .level = 1, .weight = 3 };
	b = decide(&config, &facts, &intent, NULL);
	assert_shares(&b, 2, (const int[]){ 0, PARTNER });
	assert_true(a.shares[0].id == b.shares[1].id);
	assert_true(a.shares[1].id == b.shares[0].id);
	assert_int_equal(a.shares[0].weight, b.shares[1].weight);
	/* It has fallen to a worse level, or is not heard: all is mine. */
	facts.partner.told_shares[0].level = 2;
	facts.partner.told_level = 2;
	b = decide(&config, &facts, &intent, &b);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	facts.partner.told_shares[0].level = 1;
	facts.partner.told = false;
	b = decide(&config, &facts, &intent, &b);
	assert_int_equal(b.selector, 0);
	assert_int_equal(b.shares_count, 0);
	/* Mine has: all is the partner's. */
	facts.partner.told = true;
	facts.partner.told_level = 1;
	facts.uplinks[0].track = TRACK_DOWN;
	b = decide(&config, &facts, &intent, &b);
	assert_int_equal(b.selector, PARTNER);
	assert_int_equal(b.shares_count, 0);
}

/* A standby that restarts must not take its marker away for a moment. */
static void restart_of_a_standby(void **state)
{
	static const struct row standby = {
		.uplinks = "2?",
		.partner = "clamo",
		.intent = "",
	};
	struct desired before = last_answer(PARTNER);
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	before.states[0] = TP_EXIT_UP;
	parse(&standby, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.selector, PARTNER);
	assert_int_equal(got.states[0], TP_EXIT_UP);
	assert_int_equal(got.announce, 0);
	assert_true(got.marker);
	assert_int_equal(got.vrrp, 90);
}

/* One that was dead does not live by a new daemon; one that is new, perhaps. */
static void restart_beside_a_dead_one(void **state)
{
	static const struct row row = { .uplinks = "1? 2u",
					.partner = "",
					.intent = "" };
	struct desired before = last_answer(1);
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	before.states[1] = TP_EXIT_UP;
	parse(&row, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	assert_int_equal(got.unproven, 0);
	before.unproven = 1U << 0;
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.states[0], TP_EXIT_AVOID);
	assert_int_equal(got.unproven, 1U << 0);
	/* Also when it had no carrier meanwhile. */
	facts.uplinks[0].carrier = false;
	before = got = decide(&config, &facts, &intent, &got);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
	facts.uplinks[0].carrier = true;
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.states[0], TP_EXIT_AVOID);
	/* A verdict ends it, once and for all. */
	facts.uplinks[0].track = TRACK_DOWN;
	before = decide(&config, &facts, &intent, &got);
	assert_int_equal(before.unproven, 0);
	facts.uplinks[0].track = TRACK_UNKNOWN;
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.states[0], TP_EXIT_DEAD);
}

/* What is forced counts as to be avoided; what is drained, as draining. */
static void states_the_operator_wants(void **state)
{
	static const struct {
		const char *uplinks, *intent;
		enum tp_exit_state expected;
		bool degraded;
	} wishes[] = {
		{ "1u 2d", "u1!", TP_EXIT_AVOID, true },
		{ "1u 2?", "u1!", TP_EXIT_AVOID, true },
		{ "1u 2c", "u1!", TP_EXIT_DEAD, true },
		{ "1u 2d", "u1", TP_EXIT_DEAD, false },
		{ "1u 2u", "u1!", TP_EXIT_UP, false },
		{ "1u 2u", "-u1", TP_EXIT_DRAIN, false },
		{ "1u 2a", "-u1", TP_EXIT_AVOID, false },
		{ "1u 2d", "-u1", TP_EXIT_DEAD, false },
		{ "1d 2u", "-u1", TP_EXIT_DRAIN, false },
	};
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		const struct row row = {
			.uplinks = wishes[i].uplinks,
			.partner = "",
			.intent = wishes[i].intent,
		};

		parse(&row, &config, &facts, &intent);
		got = decide(&config, &facts, &intent, NULL);
		if (got.states[1] != wishes[i].expected ||
		    got.degraded != wishes[i].degraded)
			fail_msg("%s, %s: %s, degraded %d", row.uplinks,
				 row.intent, decide_state(got.states[1]),
				 got.degraded);
	}
}

/* One that drains is up underneath, for a daemon that has just started. */
static void restart_in_a_drain(void **state)
{
	static const struct row row = {
		.uplinks = "1u 2?",
		.partner = "",
		.intent = "",
	};
	struct desired before = last_answer(0);
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	before.states[1] = TP_EXIT_DRAIN;
	parse(&row, &config, &facts, &intent);
	got = decide(&config, &facts, &intent, &before);
	assert_int_equal(got.states[1], TP_EXIT_UP);
}

static void faults(void **state)
{
	static const char *const expected[] = {
		"track core up",
		"track core down",
		"track core down",
		"track core has no verdict yet",
		"no interface wan4",
		"wan5 is down",
		"no carrier on wan6",
		"no address on wan7",
		"next hop is on no subnet of wan8",
		"no program attached to wan9",
	};
	static const struct row all = {
		.uplinks = "1u 1a 1d 1? 1i 1m 1c 1n 1h 1t",
		.partner = "",
		.intent = "",
	};
	char fault[MODEL_REASON];
	struct config config;
	struct facts facts;
	struct intent intent;

	(void)state;
	parse(&all, &config, &facts, &intent);
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		decide_fault(&config, &facts, i, fault);
		assert_string_equal(fault, expected[i]);
	}
	facts.uplinks[8].stranded = true;
	decide_fault(&config, &facts, 8, fault);
	assert_string_equal(fault,
			    "next-hop = none, and wan8 is not point-to-point");
}

static void no_last_resort_unless_asked(void **state)
{
	struct config config;
	struct facts facts;
	struct intent intent;
	struct desired got;

	(void)state;
	parse(&rows[0], &config, &facts, &intent);
	config.last_resort = false;
	got = decide(&config, &facts, &intent, NULL);
	assert_int_equal(got.last_resort, NOBODY);
}

static void names(void **state)
{
	struct config config;
	struct facts facts;
	struct intent intent;

	(void)state;
	parse(&rows[0], &config, &facts, &intent);
	assert_string_equal(decide_name(&config, 0), "u0");
	assert_string_equal(decide_name(&config, 1), "none");
	assert_string_equal(decide_name(&config, NOBODY), "none");
	assert_string_equal(decide_name(&config, PARTNER), "partner");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(situations),
		cmocka_unit_test(not_ready),
		cmocka_unit_test(states),
		cmocka_unit_test(states_of_fallbacks),
		cmocka_unit_test(settling),
		cmocka_unit_test(sharing),
		cmocka_unit_test(sharing_with_a_partner),
		cmocka_unit_test(settling_with_a_partner),
		cmocka_unit_test(states_the_operator_wants),
		cmocka_unit_test(restart_of_a_standby),
		cmocka_unit_test(restart_in_a_drain),
		cmocka_unit_test(restart_beside_a_dead_one),
		cmocka_unit_test(faults),
		cmocka_unit_test(no_last_resort_unless_asked),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
