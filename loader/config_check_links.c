// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_check_links.c - the interfaces that lead to the partner: what may not
 * be one.  See config_check.h.
 */
#include <string.h>

#include "config.h"
#include "config_check.h"

static unsigned line_of(const struct config_text *text, unsigned kind)
{
	return config_text_line(text, "partner/%s", config_links[kind]);
}

/* Each frame on such a link is of the one kind: it is no LAN. */
static void check_lans(const struct config *config, unsigned kind,
		       unsigned line, struct config_messages *messages)
{
	const char *name = config->partner.links[kind];

	for (unsigned i = 0; kind != TP_KIND_TAKE && i < config->lans_count;
	     i++)
		if (!strcmp(name, config->lans[i]))
			config_error(messages, line,
				     "%s: '%s' is in lan too: the link of one "
				     "kind of handover carries nothing else",
				     config_links[kind], name);
}

static void check_link(const struct config *config, unsigned kind,
		       unsigned line, struct config_messages *messages)
{
	const struct partner_config *partner = &config->partner;
	const char *name = partner->links[kind];

	check_lans(config, kind, line, messages);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (!strcmp(name, config->uplinks[i].interface))
			config_error(messages, line,
				     "%s: '%s' is uplink %s's interface",
				     config_links[kind], name,
				     config->uplinks[i].name);
	for (unsigned other = TP_KIND_TAKE; other < kind; other++)
		if (!strcmp(name, partner->links[other]))
			config_error(messages, line,
				     "%s: '%s' is '%s' already: each kind "
				     "needs its own interface, or none has one",
				     config_links[kind], name,
				     config_links[other]);
}

void config_check_links(const struct config *config,
			const struct config_text *text,
			struct config_messages *messages)
{
	const struct partner_config *partner = &config->partner;
	unsigned named = 0, kind, line = 0;

	for (kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		if (!partner->links[kind][0])
			continue;
		check_link(config, kind, line_of(text, kind), messages);
		if (kind == TP_KIND_TAKE)
			continue;
		named++;
		line = line_of(text, kind);
	}
	if (named && named < TP_KINDS - 1)
		config_error(messages, line,
			     "partner: 'question', 'session-question' and "
			     "'returned' go together: name an interface for "
			     "each of them, or for none");
	if (named && partner->type == TP_PARTNER_ROUTER)
		config_error(messages, line,
			     "partner: an ordinary router knows no kinds of "
			     "handover: only 'interface' is for one");
}
