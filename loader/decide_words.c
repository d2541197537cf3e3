// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide_words.c - decide's reasons.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decide_private.h"

void decide_say(struct desired *desired, const char *format, ...)
{
	size_t used = strlen(desired->reason);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(desired->reason + used, sizeof(desired->reason) - used,
		  format, arguments);
	va_end(arguments);
}

void decide_fault(const struct config *config, const struct facts *facts,
		  unsigned index, char fault[MODEL_REASON])
{
	const struct uplink_config *uplink = &config->uplinks[index];
	const struct uplink_facts *fact = &facts->uplinks[index];
	const char *interface = uplink->interface;

	if (!fact->present)
		snprintf(fault, MODEL_REASON, "no interface %s", interface);
	else if (!fact->admin_up)
		snprintf(fault, MODEL_REASON, "%s is down", interface);
	else if (!fact->carrier)
		snprintf(fault, MODEL_REASON, "no carrier on %s", interface);
	else if (!fact->has_address)
		snprintf(fault, MODEL_REASON, "no address on %s", interface);
	else if (fact->stranded)
		snprintf(fault, MODEL_REASON,
			 "next-hop = none, and %s is not point-to-point",
			 interface);
	else if (!fact->next_hop && uplink->dhcp)
		snprintf(fault, MODEL_REASON,
			 fact->astray ?
				 "the default route by %s is in the main "
				 "table, and belongs into %u" :
				 "no default route by %s in table %u: DHCP has "
				 "given no router, or its client puts it "
				 "elsewhere",
			 interface, fact->table);
	else if (!fact->next_hop)
		snprintf(fault, MODEL_REASON, "next hop is on no subnet of %s",
			 interface);
	else if (!fact->attached)
		snprintf(fault, MODEL_REASON, "no program attached to %s",
			 interface);
	else
		snprintf(fault, MODEL_REASON, "track %s %s",
			 uplink->tracks[uplink->track].name,
			 fact->track == TRACK_DOWN ? "down" :
			 fact->track == TRACK_UP   ? "up" :
						     "has no verdict yet");
}

/* Why this uplink is not up. */
void decide_say_fault(const struct view *view, struct desired *desired,
		      int index)
{
	char fault[MODEL_REASON] = "the operator drains it";

	if (view->standings[index].merit != MERIT_DRAINED)
		decide_fault(view->config, view->facts, (unsigned)index, fault);
	decide_say(desired, "%s: %s", decide_uplink_name(view, index), fault);
}

/* The uplink that ought to carry the traffic, and why it does not. */
void decide_say_best_fault(const struct view *view, struct desired *desired)
{
	int first = MODEL_NOBODY;

	for (unsigned i = 0; i < view->config->uplinks_count; i++)
		if (first == MODEL_NOBODY ||
		    decide_level(view, (int)i) < decide_level(view, first))
			first = (int)i;
	if (first == MODEL_NOBODY)
		decide_say(desired, "no uplink");
	else
		decide_say_fault(view, desired, first);
}

void decide_say_best(const struct view *view, struct desired *desired, int mine)
{
	const struct standing *standing = &view->standings[mine];
	const struct uplink_config *uplink = &view->config->uplinks[mine];

	decide_say(desired, "%s is the best uplink that is up (level %u",
		   uplink->name, standing->level);
	if (standing->fallback)
		decide_say(desired, ", by track %s",
			   uplink->tracks[standing->track].name);
	decide_say(desired, ")");
}

void decide_say_missing(const struct view *view, struct desired *desired,
			int mine)
{
	for (unsigned i = 0; i < view->config->uplinks_count; i++) {
		const struct standing *standing = &view->standings[i];

		if (view->config->uplinks[i].level >=
			    decide_level(view, mine) ||
		    (standing->merit >= MERIT_DRAINED && !standing->fallback))
			continue;
		decide_say(desired, "; ");
		decide_say_fault(view, desired, (int)i);
		return;
	}
}

const char *decide_state(enum tp_exit_state state)
{
	static const char *const names[] = {
		[TP_EXIT_DEAD] = "dead",
		[TP_EXIT_AVOID] = "avoid",
		[TP_EXIT_DRAIN] = "drain",
		[TP_EXIT_UP] = "up",
	};

	return names[state];
}

const char *decide_name(const struct config *config, int candidate)
{
	if (candidate == MODEL_PARTNER)
		return "partner";
	if (candidate < 0 || candidate >= (int)config->uplinks_count)
		return "none";
	return config->uplinks[candidate].name;
}
