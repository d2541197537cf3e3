// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_probe.c - the sections of an uplink that are probes.
 *
 * Owns: their keys and their defaults.
 */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "config_keys.h"
#include "config_probe.h"
#include "config_track.h"
#include "track_list.h"

#define LEAST_INTERVAL 50      /* the target is somebody else's ... */
#define LEAST_ECHO_INTERVAL 10 /* ... but not of an echo */
#define WINDOW 20
#define LABEL 63 /* of a domain name */

/* Of all that send something. */
#define PROBE_KEYS                                                      \
	VALUE("interval"), VALUE("standby-interval"), VALUE("timeout"), \
		VALUE("threshold"), VALUE("facet"), VALUE("misses"),    \
		VALUE("hits"), VALUE("window"), VALUE("loss-down"),     \
		VALUE("loss-up"), VALUE("rtt-down"), VALUE("rtt-up")

cfg_opt_t config_icmp_keys[] = { VALUE("target"), PROBE_KEYS, TRACK_KEYS,
				 CFG_END() };
cfg_opt_t config_echo_keys[] = { PROBE_KEYS, TRACK_KEYS, CFG_END() };
cfg_opt_t config_arp_keys[] = { VALUE("target"), PROBE_KEYS, TRACK_KEYS,
				CFG_END() };
cfg_opt_t config_tcp_keys[] = { VALUE("target"), VALUE("port"), PROBE_KEYS,
				TRACK_KEYS, CFG_END() };
cfg_opt_t config_dns_keys[] = { VALUE("target"), VALUE("port"), VALUE("name"),
				PROBE_KEYS,	 TRACK_KEYS,	CFG_END() };
cfg_opt_t config_http_keys[] = { VALUE("target"), VALUE("port"),
				 VALUE("host"),	  VALUE("path"),
				 VALUE("status"), PROBE_KEYS,
				 TRACK_KEYS,	  CFG_END() };
cfg_opt_t config_route_keys[] = { VALUE("prefix"), VALUE("via"), TRACK_KEYS,
				  CFG_END() };

const char *const config_facets[] = { "reachability", "state", NULL };

bool config_is_probe(enum track_kind kind)
{
	return kind >= TRACK_ICMP && kind <= TRACK_ROUTE;
}

/* ---- words ---------------------------------------------------------------- */

static void refuse(const struct config_value *value, const char *why)
{
	config_error(value->messages, value->line, "%s: '%s' %s", value->key,
		     value->text, why);
}

/* Letters, digits, '-' and '_' between single dots; one at the end; the root. */
static bool is_name(const char *text)
{
	bool empty = *text == '\0';
	size_t label = 0;

	if (strcmp(text, ".") == 0)
		return true;
	for (; *text; text++) {
		bool word = strchr("-_", *text) ||
			    (*text >= '0' && *text <= '9') ||
			    ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z');

		if (*text == '.' && label > 0)
			label = 0;
		else if (word && label < LABEL)
			label++;
		else
			return false;
	}
	return !empty;
}

static void read_name(const struct config_section *section, const char *key,
		      char out[MODEL_ASK])
{
	struct config_value value;

	if (!config_get(section, key, &value))
		return;
	if (strlen(value.text) >= MODEL_ASK || !is_name(value.text))
		refuse(&value, "is not a domain name");
	else
		snprintf(out, MODEL_ASK, "%s", value.text);
}

static void read_path(const struct config_section *section,
		      struct track_config *track)
{
	struct config_value value;

	snprintf(track->ask, sizeof(track->ask), "/");
	if (!config_get(section, "path", &value))
		return;
	if (strlen(value.text) >= MODEL_ASK || value.text[0] != '/' ||
	    strpbrk(value.text, " \t\"#\\") != NULL)
		refuse(&value, "is not the path of a URL: it begins with / and "
			       "has no blanks");
	else
		snprintf(track->ask, sizeof(track->ask), "%s", value.text);
}

/* ---- what each kind asks ---------------------------------------------------- */

static void read_port(const struct config_section *section,
		      struct track_config *track, unsigned otherwise)
{
	unsigned port = otherwise;
	struct config_value value;

	config_get_number(section, "port", 1, UINT16_MAX, &port);
	if (!otherwise && !config_get(section, "port", &value))
		config_missing(section, track->line, "port",
			       "the port to connect to");
	track->port = (uint16_t)port;
}

static void read_arp(const struct config_section *section,
		     const struct uplink_config *uplink,
		     struct track_config *track)
{
	struct config_value value;

	track->target = uplink->next_hop;
	if (config_get(section, "target", &value))
		config_value_address(&value, &track->target);
	else if (address_is_zero(&uplink->next_hop) && !uplink->dhcp)
		config_missing(section, track->line, "target",
			       "the uplink has no next hop to ask");
}

static void read_route(const struct config_section *section,
		       struct track_config *track)
{
	struct config_value value;

	if (config_get(section, "prefix", &value))
		config_value_prefix(&value, &track->route);
	else
		config_missing(section, track->line, "prefix",
			       "the destination of the route");
	if (config_get(section, "via", &value))
		config_value_address(&value, &track->via);
}

static void read_ask(const struct config_section *section,
		     const struct uplink_config *uplink,
		     struct track_config *track)
{
	switch (track->kind) {
	case TRACK_TCP:
		read_port(section, track, 0);
		break;
	case TRACK_DNS:
		read_port(section, track, 53);
		snprintf(track->ask, sizeof(track->ask), ".");
		read_name(section, "name", track->ask);
		break;
	case TRACK_HTTP:
		read_port(section, track, 80);
		read_name(section, "host", track->host);
		read_path(section, track);
		config_get_number(section, "status", 100, 599, &track->status);
		break;
	case TRACK_ARP:
		read_arp(section, uplink, track);
		return;
	case TRACK_ICMP:
		break;
	default:
		return;
	}
	config_need_address(section, track->line, "target",
			    "the address to probe", &track->target);
}

/* ---- when, and what for ------------------------------------------------------- */

/* Servers are asked less often than routers. */
static msec_t default_interval(enum track_kind kind)
{
	switch (kind) {
	case TRACK_ECHO:
		return 100;
	case TRACK_TCP:
	case TRACK_DNS:
	case TRACK_HTTP:
		return 5000;
	default:
		return 1000;
	}
}

static void read_times(const struct config_section *section,
		       struct track_config *track)
{
	bool echo = track->kind == TRACK_ECHO;
	struct config_value value;
	unsigned facet;

	track->interval = default_interval(track->kind);
	config_get_duration(section, "interval",
			    echo ? LEAST_ECHO_INTERVAL : LEAST_INTERVAL,
			    60 * CONFIG_MINUTE, &track->interval);
	config_get_duration(section, "standby-interval", track->interval,
			    24 * 60 * CONFIG_MINUTE, &track->standby_interval);
	/* half of the interval, so that answers of two probes do not mix */
	track->timeout = track->interval / 2;
	if (track->timeout > 1000)
		track->timeout = 1000;
	config_get_duration(section, "timeout", 1, 60 * CONFIG_MINUTE,
			    &track->timeout);
	config_get_duration(section, "threshold", 1, 60 * CONFIG_MINUTE,
			    &track->threshold);
	if (config_get(section, "facet", &value) &&
	    config_value_choice(&value, config_facets, &facet))
		track->slow_is_miss = facet == 1;
}

static void read_conditions(const struct config_section *section,
			    struct track_config *track)
{
	track->misses = 3;
	track->hits = 3;
	track->window = WINDOW;
	config_get_number(section, "misses", 1, 100, &track->misses);
	config_get_number(section, "hits", 1, 100, &track->hits);
	config_get_number(section, "window", 2, 128, &track->window);
	config_get_number(section, "loss-down", 1, 100, &track->loss_down);
	track->loss_up = track->loss_down / 2;
	config_get_number(section, "loss-up", 0, 99, &track->loss_up);
	config_get_duration(section, "rtt-down", 1, 60 * CONFIG_MINUTE,
			    &track->rtt_down);
	track->rtt_up = track->rtt_down * 3 / 4;
	config_get_duration(section, "rtt-up", 1, 60 * CONFIG_MINUTE,
			    &track->rtt_up);
}

/* ---- the sections --------------------------------------------------------------- */

static void read_title(const struct config_section *section,
		       const struct uplink_config *uplink,
		       struct track_config *track)
{
	struct config_value value = config_title(section);

	/* also a bad one: other messages may speak of it */
	snprintf(track->name, MODEL_NAME, "%.15s", value.text);
	if (!config_value_name(&value, track->name))
		return;
	for (const struct track_config *other = uplink->tracks; other < track;
	     other++)
		if (strcmp(other->name, track->name) == 0)
			config_error(value.messages, value.line,
				     "%s: '%s' is the name of another track of "
				     "this uplink, in line %u",
				     value.key, value.text, other->line);
}

static void read_one(const struct config_section *section,
		     struct uplink_config *uplink, struct track_config *track)
{
	read_title(section, uplink, track);
	read_ask(section, uplink, track);
	config_read_track_keys(section, track);
	if (track->kind == TRACK_ROUTE) {
		read_route(section, track);
		return;
	}
	read_times(section, track);
	read_conditions(section, track);
}

/* False: there is no room for more. */
static bool read_kind(const struct config_section *section,
		      struct uplink_config *uplink, enum track_kind kind)
{
	const char *key = track_kind_name(kind);
	struct config_section probe;

	for (unsigned i = 0; config_get_section(section, key, i, &probe); i++) {
		struct track_config *track;

		if (uplink->tracks_count == MODEL_TRACKS) {
			config_error(section->reader->messages, probe.line,
				     "%s: more than %d probes in one uplink",
				     key, MODEL_TRACKS - 1);
			return false;
		}
		track = &uplink->tracks[uplink->tracks_count++];
		track->kind = kind;
		track->line = probe.line;
		read_one(&probe, uplink, track);
	}
	return true;
}

void config_read_probes(const struct config_section *section,
			struct uplink_config *uplink)
{
	for (int kind = 0; kind < TRACK_KINDS; kind++)
		if (config_is_probe((enum track_kind)kind) &&
		    !read_kind(section, uplink, (enum track_kind)kind))
			return;
}
