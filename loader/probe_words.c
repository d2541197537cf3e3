// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_words.c - what happened to a track, in words.
 *
 * Owns: the texts about probes and interfaces.  It must never change anything.
 */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "duration.h"
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
			const struct tp_addr *next_hop,
			const struct probe_result *result, char because[WORDS])
{
	char text[ADDRESS_TEXT];

	switch (result->fate) {
	case PROBE_ANSWERED:
		in_a_row(config->hits, "got an answer", because);
		break;
	case PROBE_UNANSWERED:
		in_a_row(config->misses, "went unanswered", because);
		break;
	case PROBE_UNRESOLVED:
		snprintf(because, WORDS,
			 "next hop %s does not answer on %s (no MAC address)",
			 address_print(next_hop, text), uplink->interface);
		break;
	case PROBE_UNSENT:
		snprintf(because, WORDS, "%s takes no probe: %s",
			 uplink->interface, strerror(result->error));
		break;
	case PROBE_REFUSED:
		snprintf(because, WORDS, "%s says: %s",
			 address_print(&config->target, text), result->said);
		break;
	}
}

void probe_words_window(const struct track_config *config,
			const struct probe_window *window, char because[WORDS])
{
	struct probe_quality quality = probe_window_quality(window);

	if (window->lossy)
		snprintf(because, WORDS,
			 "%u of the last %u probes lost (down from %u%%, up to "
			 "%u%%)",
			 quality.lost, window->size, config->loss_down,
			 config->loss_up);
	else
		snprintf(because, WORDS,
			 "an average of %lld ms over %u probes (down from "
			 "%lld ms, up to %lld ms)",
			 (long long)quality.rtt_us / 1000, quality.count,
			 (long long)config->rtt_down,
			 (long long)config->rtt_up);
}

void probe_words_slow(const struct track_config *config, char because[WORDS])
{
	char text[DURATION_TEXT];

	snprintf(because, WORDS, "%u probes in a row took more than %s",
		 config->misses, duration_print(config->threshold, text));
}

void probe_words_route(const struct uplink_config *uplink,
		       const struct track_config *config, bool found,
		       char because[WORDS])
{
	char to[ADDRESS_TEXT], via[ADDRESS_TEXT];
	bool any = address_is_zero(&config->via);

	snprintf(because, WORDS, "%s route to %s by %s%s%s",
		 found ? "there is a" : "there is no",
		 prefix_print(&config->route, to), uplink->interface,
		 any ? "" : " via ",
		 any ? "" : address_print(&config->via, via));
}
