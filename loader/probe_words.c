// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_words.c - what happened to a track, in words.
 *
 * Owns: the texts about probes and interfaces.  It must never change anything.
 */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "probe_words.h"

enum track_state probe_words_interface(const struct uplink_config *config,
				       const struct uplink_facts *facts,
				       char because[WORDS])
{
	const char *fault = NULL;

	if (!facts->present)
		fault = "no such interface";
	else if (!facts->admin_up)
		fault = "switched off";
	else if (!facts->carrier)
		fault = "no carrier";
	else if (!facts->has_address)
		fault = "no address";
	snprintf(because, WORDS, "%s: %s", config->interface,
		 fault ? fault : "carrier and address are there");
	return fault ? TRACK_DOWN : TRACK_UP;
}

static void in_a_row(unsigned count, const char *what, char because[WORDS])
{
	if (count > 1)
		snprintf(because, WORDS, "%u probes in a row %s", count, what);
	else
		snprintf(because, WORDS, "a probe %s", what);
}

void probe_words_result(const struct uplink_config *uplink,
			const struct track_config *config,
			const struct probe_icmp_result *result,
			char because[WORDS])
{
	char text[ADDRESS_TEXT];

	switch (result->fate) {
	case PROBE_ICMP_ANSWERED:
		in_a_row(config->hits, "got an answer", because);
		break;
	case PROBE_ICMP_UNANSWERED:
		in_a_row(config->misses, "went unanswered", because);
		break;
	case PROBE_ICMP_UNRESOLVED:
		snprintf(because, WORDS,
			 "next hop %s does not answer on %s (no MAC address)",
			 address_print(&uplink->next_hop, text),
			 uplink->interface);
		break;
	case PROBE_ICMP_UNSENT:
		snprintf(because, WORDS, "%s takes no probe: %s",
			 uplink->interface, strerror(result->error));
		break;
	}
}
