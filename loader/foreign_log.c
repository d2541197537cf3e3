// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_log.c - what changed in the machine's own rules, one line each.
 */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "foreign_watch.h"
#include "log.h"

static const struct foreign nothing;

static const char *who_decides(bool shown)
{
	return shown ? "the kernel sees each session's first packet" :
		       "the kernel sees none of them";
}

static const char *why(const struct foreign *is, enum firewall_mode mode)
{
	if (mode != FIREWALL_AUTO)
		return "the configuration says so";
	if (is->forward[0])
		return is->forward;
	return is->any[0] ? is->any : "there are no forward rules";
}

static void log_firewall(const struct foreign *was, const struct foreign *is,
			 enum firewall_mode mode)
{
	bool before = was && foreign_shows_first(was, mode);
	bool now = foreign_shows_first(is, mode);

	if (now != before)
		log_change(0, "firewall", who_decides(before), who_decides(now),
			   why(is, mode));
	if (mode == FIREWALL_NONE && is->forward[0] &&
	    strcmp(is->forward, was ? was->forward : ""))
		log_warning("firewall = none: what is forwarded goes past %s",
			    is->forward);
}

static bool holds(const struct foreign_list *list, const struct prefix *prefix)
{
	for (unsigned i = 0; i < list->count; i++)
		if (prefix_equal(&list->list[i].prefix, prefix))
			return true;
	return false;
}

/* The entries of `list` that `other` has not. */
static void log_list(const struct foreign_list *list,
		     const struct foreign_list *other, const char *way,
		     bool gone)
{
	char text[ADDRESS_TEXT], what[ADDRESS_TEXT + 16];

	for (unsigned i = 0; i < list->count; i++) {
		const struct foreign_prefix *one = &list->list[i];

		if (holds(other, &one->prefix))
			continue;
		snprintf(what, sizeof(what), "%s %s", way,
			 prefix_print(&one->prefix, text));
		log_change(0, what, gone ? "left to the kernel" : "ours",
			   gone ? "ours" : "left to the kernel",
			   one->origin == FOREIGN_RULE ? "an ip rule" :
							 "an IPsec policy");
	}
}

void foreign_log(const struct foreign *was, const struct foreign *is,
		 enum firewall_mode mode)
{
	const struct foreign *before = was ? was : &nothing;

	log_firewall(was, is, mode);
	log_list(&before->to, &is->to, "to", true);
	log_list(&is->to, &before->to, "to", false);
	log_list(&before->from, &is->from, "from", true);
	log_list(&is->from, &before->from, "from", false);
}
