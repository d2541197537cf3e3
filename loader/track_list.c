// SPDX-License-Identifier: GPL-2.0-or-later
/* track_list.c - see track_list.h. */
#include "track_list.h"

bool track_is_list(enum track_kind kind)
{
	return kind >= TRACK_ANY;
}

struct track_weights track_list_weights(const struct track_config *list,
					const struct track tracks[])
{
	struct track_weights weights = { 0 };

	for (unsigned i = 0; i < list->members_count; i++) {
		const struct track_member *member = &list->members[i];
		enum track_state state = tracks[member->track].state;

		weights.total += member->weight;
		if (state == TRACK_UP)
			weights.up += member->weight;
		if (state != TRACK_DOWN)
			weights.possible += member->weight;
	}
	return weights;
}

static enum track_state opposite(enum track_state state)
{
	switch (state) {
	case TRACK_UP:
		return TRACK_DOWN;
	case TRACK_DOWN:
		return TRACK_UP;
	case TRACK_UNKNOWN:
		break;
	}
	return TRACK_UNKNOWN;
}

/* Up from `up` on, down from `down` on. */
static enum track_state weigh(const struct track_weights *weights, unsigned up,
			      unsigned down, enum track_state was)
{
	if (weights->up >= up)
		return TRACK_UP;
	if (weights->possible <= down)
		return TRACK_DOWN;
	if (was != TRACK_UNKNOWN)
		return was;
	/* Between the thresholds from the first: it was never enough. */
	return weights->possible >= up ? TRACK_UNKNOWN : TRACK_DOWN;
}

enum track_state track_list_verdict(const struct track_config *list,
				    const struct track tracks[],
				    enum track_state was)
{
	struct track_weights weights = track_list_weights(list, tracks);
	unsigned all = weights.total;

	switch (list->kind) {
	case TRACK_NOT:
		return opposite(tracks[list->members[0].track].state);
	case TRACK_ANY:
		return weigh(&weights, 1, 0, TRACK_UNKNOWN);
	case TRACK_ALL:
		return weigh(&weights, all, all - 1, TRACK_UNKNOWN);
	case TRACK_WEIGHT:
		return weigh(&weights, list->weight_up, list->weight_down, was);
	default:
		break;
	}
	return TRACK_UNKNOWN;
}

/* Lists cannot contain themselves (config_track.c): this ends. */
bool track_proves(const struct uplink_config *uplink, unsigned track)
{
	const struct track_config *config = &uplink->tracks[track];

	if (!track_is_list(config->kind))
		return config->kind != TRACK_INTERFACE &&
		       config->kind != TRACK_ROUTE;
	for (unsigned i = 0; i < config->members_count; i++)
		if (track_proves(uplink, config->members[i].track))
			return true;
	return false;
}

const char *track_kind_name(enum track_kind kind)
{
	static const char *const names[TRACK_KINDS] = {
		[TRACK_INTERFACE] = "interface",
		[TRACK_ICMP] = "icmp",
		[TRACK_ECHO] = "echo",
		[TRACK_ARP] = "arp",
		[TRACK_TCP] = "tcp",
		[TRACK_DNS] = "dns",
		[TRACK_HTTP] = "http",
		[TRACK_ROUTE] = "route",
		[TRACK_ANY] = "any",
		[TRACK_ALL] = "all",
		[TRACK_NOT] = "not",
		[TRACK_WEIGHT] = "weight",
	};

	return names[kind];
}
