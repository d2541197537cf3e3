// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_probe_check.c - what a probe's values mean together.  See
 * config_check.h.
 */
#include "address.h"
#include "config_check.h"
#include "config_probe.h"
#include "duration.h"
#include "track_list.h"

struct check {
	const struct config *config;
	const struct uplink_config *uplink;
	const struct config_text *text;
	struct config_messages *messages;
};

static unsigned line_of(const struct check *check,
			const struct track_config *track, const char *key)
{
	unsigned line = config_text_line(check->text, "uplink %s/%s %s/%s",
					 check->uplink->name,
					 track_kind_name(track->kind),
					 track->name, key);

	return line != 0 ? line : track->line;
}

/* An address that was given, and given twice. */
static bool same(const struct tp_addr *a, const struct tp_addr *b)
{
	return !address_is_zero(a) && address_equal(a, b);
}

static void check_target(const struct check *check,
			 const struct track_config *track)
{
	const struct config *config = check->config;
	unsigned line = line_of(check, track, "target");
	unsigned i;

	for (i = 0; i < config->uplinks_count; i++)
		if (same(&track->target, &config->uplinks[i].address))
			config_error(check->messages, line,
				     "target: it is the address of uplink "
				     "%s, this gateway's own",
				     config->uplinks[i].name);
	if (same(&track->target, &config->partner.address))
		config_error(check->messages, line,
			     "target: it is the partner's address, which no "
			     "uplink leads to");
}

static void check_times(const struct check *check,
			const struct track_config *track)
{
	char one[DURATION_TEXT], other[DURATION_TEXT];

	if (track->timeout > track->interval)
		config_error(check->messages, line_of(check, track, "timeout"),
			     "timeout: %s is longer than the interval, %s: "
			     "answers of two probes would mix",
			     duration_print(track->timeout, one),
			     duration_print(track->interval, other));
	if (track->threshold >= track->timeout && track->threshold != 0)
		config_error(check->messages,
			     line_of(check, track, "threshold"),
			     "threshold: %s is not less than the timeout, %s: "
			     "no answer could be slow",
			     duration_print(track->threshold, one),
			     duration_print(track->timeout, other));
	if (track->slow_is_miss && track->threshold == 0)
		config_error(check->messages, line_of(check, track, "facet"),
			     "facet: 'state' needs a threshold: without it no "
			     "answer is slow");
	if (track->standby_interval != 0 && !check->uplink->metered)
		config_warning(check->messages,
			       line_of(check, track, "standby-interval"),
			       "standby-interval: it saves traffic where that "
			       "is metered, and uplink %s is not: a dead path "
			       "is found late",
			       check->uplink->name);
}

static void check_loss(const struct check *check,
		       const struct track_config *track)
{
	unsigned line = line_of(check, track, "loss-down");

	if (track->loss_down == 0 && track->loss_up != 0)
		config_error(check->messages, line_of(check, track, "loss-up"),
			     "loss-up: it goes with loss-down");
	else if (track->loss_down != 0 && track->loss_up >= track->loss_down)
		config_error(check->messages, line_of(check, track, "loss-up"),
			     "loss-up: %u is not less than loss-down, %u",
			     track->loss_up, track->loss_down);
	if (track->loss_down != 0 && track->loss_down * track->window < 200)
		config_error(check->messages, line,
			     "loss-down: %u%% of %u probes is less than two: "
			     "make the window larger",
			     track->loss_down, track->window);
}

static void check_rtt(const struct check *check,
		      const struct track_config *track)
{
	char one[DURATION_TEXT], other[DURATION_TEXT];

	if (track->rtt_down == 0 && track->rtt_up != 0)
		config_error(check->messages, line_of(check, track, "rtt-up"),
			     "rtt-up: it goes with rtt-down");
	else if (track->rtt_down != 0 && track->rtt_up >= track->rtt_down)
		config_error(check->messages, line_of(check, track, "rtt-up"),
			     "rtt-up: %s is not less than rtt-down, %s",
			     duration_print(track->rtt_up, one),
			     duration_print(track->rtt_down, other));
	if (track->rtt_down >= track->timeout && track->rtt_down != 0)
		config_error(check->messages, line_of(check, track, "rtt-down"),
			     "rtt-down: %s is not less than the timeout, %s: "
			     "no answer takes that long",
			     duration_print(track->rtt_down, one),
			     duration_print(track->timeout, other));
}

void config_check_probes(const struct config *config,
			 const struct uplink_config *uplink,
			 const struct config_text *text,
			 struct config_messages *messages)
{
	const struct check check = { config, uplink, text, messages };

	for (unsigned i = 0; i < uplink->tracks_count; i++) {
		const struct track_config *track = &uplink->tracks[i];

		if (!config_is_probe(track->kind) || track->kind == TRACK_ROUTE)
			continue;
		check_target(&check, track);
		check_times(&check, track);
		check_loss(&check, track);
		check_rtt(&check, track);
	}
}
