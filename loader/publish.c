// SPDX-License-Identifier: GPL-2.0-or-later
/* publish.c - see publish.h: what needs no machine. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "publish.h"

static bool has(const struct publish_config *publish, enum tp_plane plane)
{
	return publish->protocol == PUBLISH_BOTH ||
	       publish->protocol ==
		       (plane == TP_PLANE_TCP ? PUBLISH_TCP : PUBLISH_UDP);
}

unsigned publish_expand(const struct config *config, struct publish_item *items,
			unsigned room)
{
	unsigned count = 0;

	for (unsigned i = 0; i < config->publishes_count; i++) {
		const struct publish_config *publish = &config->publishes[i];

		for (unsigned u = 0; u < config->uplinks_count; u++)
			for (unsigned p = TP_PLANE_TCP; p <= TP_PLANE_UDP;
			     p++) {
				if (!(publish->uplinks & (1U << u)) ||
				    !has(publish, (enum tp_plane)p))
					continue;
				if (count < room)
					items[count] = (struct publish_item){
						.publish = i,
						.uplink = u,
						.plane = (enum tp_plane)p,
						.ports = publish->last -
							 publish->first + 1U,
					};
				count++;
			}
	}
	return count;
}

struct tp_publish publish_ask(const struct config *config,
			      const struct publish_item *item,
			      const struct publish_place *place, unsigned n)
{
	const struct publish_config *publish =
		&config->publishes[item->publish];

	return (struct tp_publish){
		.inside = publish->to,
		.inside_port = htons((uint16_t)(publish->to_first + n)),
		.port = htons((uint16_t)(publish->first + n)),
		.address = (uint8_t)place->address,
		.plane = (uint8_t)item->plane,
		.exit = (uint8_t)place->exit,
		.filtering = (uint8_t)publish->filtering,
	};
}

bool publish_stands(const struct tp_publish *ask, const struct tp_binding *line)
{
	uint64_t control = *(const volatile __u64 *)&line->control;

	return TP_CONTROL_LINE(control) == TP_LINE_STATIC &&
	       TP_CONTROL_EXPIRY(control) == 0 &&
	       line->inside_port == ask->inside_port &&
	       line->exit == ask->exit && line->filtering == ask->filtering &&
	       address_equal(&line->inside, &ask->inside);
}

bool publish_wanted(const struct config *config,
		    const struct publish_item *items, unsigned count,
		    const struct publish_place places[MODEL_UPLINKS],
		    unsigned address, enum tp_plane plane, uint16_t port)
{
	for (unsigned i = 0; i < count; i++) {
		const struct publish_config *publish =
			&config->publishes[items[i].publish];

		if (places[items[i].uplink].address == address &&
		    items[i].plane == plane && publish->first <= port &&
		    port <= publish->last)
			return true;
	}
	return false;
}

const char *publish_trouble(const struct publish_item *item)
{
	switch (item->trouble) {
	case PUBLISH_NO_ADDRESS:
		return "the uplink has no address yet";
	case PUBLISH_LISTENED:
		return "the gateway itself listens there";
	case PUBLISH_HELD:
		return "another host had it until just now";
	case PUBLISH_FAILED:
		return "the data plane refuses it";
	default:
		return "";
	}
}

const char *publish_state(const struct publish_item *item,
			  char text[PUBLISH_TEXT])
{
	bool named = item->trouble != PUBLISH_FINE &&
		     item->trouble != PUBLISH_NO_ADDRESS;

	if (item->open == item->ports)
		snprintf(text, PUBLISH_TEXT, "open");
	else if (item->open)
		snprintf(text, PUBLISH_TEXT, "%u of %u open, %u not",
			 item->open, item->ports, item->port);
	else if (item->ports > 1 && named)
		snprintf(text, PUBLISH_TEXT, "closed from %u on", item->port);
	else
		snprintf(text, PUBLISH_TEXT, "closed");
	return text;
}
