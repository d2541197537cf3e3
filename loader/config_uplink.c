// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_uplink.c - the sections "uplink NAME".
 *
 * Owns: the defaults of an uplink, and which track it follows when none is
 * named.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_local.h"
#include "config_probe.h"
#include "config_section.h"
#include "config_track.h"
#include "share.h"

static void read_interface_track(struct uplink_config *uplink)
{
	uplink->tracks[0].kind = TRACK_INTERFACE;
	uplink->tracks[0].line = uplink->line;
	snprintf(uplink->tracks[0].name, MODEL_NAME, "interface");
	config_open_track(&uplink->tracks[0]);
	uplink->tracks_count = 1;
}

static void read_track(const struct config_section *section,
		       struct uplink_config *uplink)
{
	struct config_value value;
	int track;

	uplink->track = uplink->tracks_count == 2 ? 1 : 0;
	if (!config_get(section, "track", &value))
		return;
	track = config_find_track(uplink, value.text);
	if (track >= 0)
		uplink->track = (unsigned)track;
	else
		config_error(value.messages, value.line,
			     "track: '%s' is neither a track of this uplink "
			     "nor 'interface'",
			     value.text);
}

static void read_next_hop(const struct config_section *section,
			  struct uplink_config *uplink)
{
	struct config_value value;

	if (!config_get(section, "next-hop", &value))
		config_missing(section, uplink->line, "next-hop",
			       "the ISP's router, dhcp, or none on a "
			       "point-to-point interface");
	else if (strcmp(value.text, "none") == 0)
		uplink->next_hop = (struct tp_addr){ .byte = { 0 } };
	else if (strcmp(value.text, "dhcp") == 0)
		uplink->dhcp = true;
	else if (value.text[strspn(value.text, "0123456789abcdefABCDEF.:/")])
		config_error(value.messages, value.line,
			     "next-hop: '%s' is neither an address such as "
			     "192.0.2.1, nor dhcp, nor none",
			     value.text);
	else
		config_value_address(&value, &uplink->next_hop);
}

static void read_sizes(const struct config_section *section,
		       struct uplink_config *uplink)
{
	struct config_value value;

	config_get_number(section, "mtu", 576, 65535, &uplink->mtu);
	if (config_get(section, "mss-clamp", &value))
		config_value_mss(&value, &uplink->mss, &uplink->mss_most);
}

/* Where traffic is paid for, it comes home soon unless told otherwise. */
static void read_failback(const struct config_section *section,
			  struct uplink_config *uplink)
{
	struct config_value value;
	unsigned policy = FAILBACK_STICKY;
	msec_t drain = CONFIG_MINUTE;

	if (config_get(section, "metered", &value))
		config_value_boolean(&value, &uplink->metered);
	if (uplink->metered)
		policy = FAILBACK_DRAIN;
	if (config_get(section, "failback", &value))
		config_value_choice(&value, config_failbacks, &policy);
	uplink->failback = (enum failback_policy)policy;
	config_get_duration(section, "drain", 1000, 24 * 60 * CONFIG_MINUTE,
			    &drain);
	uplink->drain = uplink->failback == FAILBACK_DRAIN ? drain : 0;
}

static void read_uplink(const struct config_section *section,
			struct uplink_config *uplink)
{
	struct config_value value = config_title(section);

	snprintf(uplink->name, MODEL_NAME, "%.15s", value.text);
	config_value_name(&value, uplink->name);
	uplink->level = 1;
	uplink->delay_down = 0;
	uplink->delay_up = 20 * 1000;
	if (config_get(section, "interface", &value))
		config_value_interface(&value, uplink->interface);
	else
		config_missing(section, uplink->line, "interface",
			       "the one that leads to the ISP");
	read_next_hop(section, uplink);
	if (config_get(section, "address", &value))
		config_value_address(&value, &uplink->address);
	uplink->locals_count = config_read_locals(section, uplink->locals);
	config_get_number(section, "level", 1, 16, &uplink->level);
	config_get_number(section, "share", 1, SHARE_MAX, &uplink->share);
	config_get_duration(section, "delay-down", 0, 24 * 60 * CONFIG_MINUTE,
			    &uplink->delay_down);
	config_get_duration(section, "delay-up", 0, 24 * 60 * CONFIG_MINUTE,
			    &uplink->delay_up);
	read_sizes(section, uplink);
	read_failback(section, uplink);
	config_get_duration(section, "hold", 0, 60 * CONFIG_MINUTE,
			    &uplink->hold);
	uplink->filtering = section->reader->config->filtering;
	config_get_filtering(section, &uplink->filtering);
	config_read_damp(section, &uplink->damp);
	read_interface_track(uplink);
	config_read_probes(section, uplink);
	config_read_lists(section, uplink);
	read_track(section, uplink);
	config_read_fallbacks(section, uplink);
	config_inherit_tracks(uplink);
}

void config_read_uplinks(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_section section;

	for (unsigned i = 0; config_get_section(root, "uplink", i, &section);
	     i++) {
		if (i == MODEL_UPLINKS) {
			config_error(root->reader->messages, section.line,
				     "uplink: more than %d uplinks",
				     MODEL_UPLINKS);
			return;
		}
		config->uplinks[i].line = section.line;
		config->uplinks_count = i + 1;
		read_uplink(&section, &config->uplinks[i]);
	}
}
