// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_check.c - contradictions between values, and values that are legal
 * and unwise.
 *
 * Owns: every judgement that needs more than one value.  It never looks at
 * the machine: what an interface really is, is found out by others.
 */
#include <string.h>

#include "address.h"
#include "config.h"
#include "config_check.h"
#include "config_local.h"
#include "config_probe.h"
#include "config_times.h"
#include "config_track.h"
#include "duration.h"
#include "track_list.h"

struct check {
	const struct config *config;
	const struct config_text *text;
	struct config_messages *messages;
};

/* The line of a key of an uplink; of the uplink where it is not written. */
static unsigned line_of(const struct check *check,
			const struct uplink_config *uplink, const char *key)
{
	unsigned line = config_text_line(check->text, "uplink %s/%s",
					 uplink->name, key);

	return line != 0 ? line : uplink->line;
}

/* An address that was given, and given twice. */
static bool same(const struct tp_addr *a, const struct tp_addr *b)
{
	return !address_is_zero(a) && address_equal(a, b);
}

/* ---- the gateway ---- */

static void check_lans(const struct check *check)
{
	const struct config *config = check->config;
	unsigned line = config_text_line(check->text, "lan");
	unsigned i, j;

	if (line == 0)
		config_error(check->messages, 0,
			     "no lan: name the interfaces that face the "
			     "inside, lan = { eth0 }");
	for (i = 0; i < config->lans_count; i++)
		for (j = 0; j < i; j++)
			if (config->lans[i][0] != '\0' &&
			    strcmp(config->lans[i], config->lans[j]) == 0)
				config_error(check->messages, line,
					     "lan: '%s' is listed twice",
					     config->lans[i]);
}

static void check_ports(const struct check *check)
{
	const struct config *config = check->config;
	unsigned line = config_text_line(check->text, "local-ports");

	if (line == 0)
		line = config_text_line(check->text, "ports");
	if (config->port_min <= config->local_max &&
	    config->local_min <= config->port_max)
		config_error(check->messages, line,
			     "ports %u-%u (NAT's) and local-ports %u-%u (the "
			     "gateway's own) overlap",
			     config->port_min, config->port_max,
			     config->local_min, config->local_max);
	if (config->port_min < 1024)
		config_warning(check->messages,
			       config_text_line(check->text, "ports"),
			       "ports: below 1024 the gateway's own services "
			       "may start later than the NAT takes their port");
}

static void check_exclude(const struct check *check)
{
	const struct config *config = check->config;
	unsigned line = config_text_line(check->text, "exclude");
	unsigned i, j;

	for (i = 0; i < config->exclude_count; i++) {
		if (config->exclude[i].length == 96)
			config_error(check->messages, line,
				     "exclude: 0.0.0.0/0 would leave every "
				     "packet to the kernel");
		for (j = 0; j < i; j++) {
			char text[ADDRESS_TEXT];

			if (config->exclude[i].length == 0 ||
			    !prefix_equal(&config->exclude[i],
					  &config->exclude[j]))
				continue;
			config_warning(check->messages, line,
				       "exclude: %s is listed twice",
				       prefix_print(&config->exclude[i], text));
		}
	}
}

static void check_timers(const struct check *check)
{
	char text[DURATION_TEXT];

	if (check->config->tcp_opening < 4 * 60 * 1000)
		config_warning(
			check->messages,
			config_text_line(check->text, "timers/tcp-opening"),
			"tcp-opening: %s is short: RFC 7857 section 2.2 "
			"recommends at least 4m",
			duration_print(check->config->tcp_opening, text));
	if (check->config->hold < 120 * 1000)
		config_warning(check->messages,
			       config_text_line(check->text, "timers/hold"),
			       "hold: %s is short: RFC 6888 REQ-8 asks for "
			       "120s before a port goes to another host",
			       duration_print(check->config->hold, text));
}

static void check_partner(const struct check *check)
{
	const struct config *config = check->config;
	const struct partner_config *partner = &config->partner;
	bool ours = config->marker.length != 0;
	bool theirs = partner->marker.length != 0;
	unsigned line = config_text_line(check->text, "partner/marker");
	unsigned key = config_text_line(check->text, "partner/key");

	if (ours && theirs && prefix_equal(&config->marker, &partner->marker))
		config_error(check->messages, line,
			     "marker: the partner's is the same as this "
			     "gateway's: each needs its own");
	if (theirs && same(&partner->marker.address, &partner->address))
		config_error(check->messages, line,
			     "marker: the partner's own address is always "
			     "routed: take an address that nothing else uses");
	if (partner->type == TP_PARTNER_NONE)
		return;
	if (partner->type == TP_PARTNER_ROUTER && key != 0)
		config_warning(check->messages, key,
			       "key: an ordinary router has no heartbeat: the "
			       "key is not used");
	if (ours && !theirs)
		config_warning(check->messages, partner->line,
			       "partner: without its marker a standby partner "
			       "is not seen in the routes");
	if (!ours && theirs)
		config_warning(check->messages, line,
			       "marker: the partner's is watched, but this "
			       "gateway announces none of its own");
}

/* ---- uplinks ---- */

static void check_pair(const struct check *check,
		       const struct uplink_config *uplink,
		       const struct uplink_config *other)
{
	if (uplink->interface[0] != '\0' &&
	    strcmp(uplink->interface, other->interface) == 0)
		config_error(check->messages,
			     line_of(check, uplink, "interface"),
			     "interface: '%s' is uplink %s's already",
			     uplink->interface, other->name);
	if (same(&uplink->address, &other->address))
		config_error(check->messages, line_of(check, uplink, "address"),
			     "address: it is uplink %s's already", other->name);
	if (uplink->level != other->level)
		return;
	if (config_text_line(check->text, "uplink %s/level", uplink->name) !=
		    0 &&
	    config_text_line(check->text, "uplink %s/level", other->name) != 0)
		return;
	config_warning(check->messages, uplink->line,
		       "uplinks %s and %s are both at level %u, one of them "
		       "by default: say which is better with 'level'",
		       other->name, uplink->name, uplink->level);
}

static void check_addresses(const struct check *check,
			    const struct uplink_config *uplink)
{
	const struct config *config = check->config;
	unsigned next_hop = line_of(check, uplink, "next-hop");
	unsigned i;

	if (same(&uplink->next_hop, &uplink->address))
		config_error(check->messages, next_hop,
			     "next-hop: it is this uplink's own address");
	if (same(&uplink->next_hop, &config->partner.address))
		config_error(check->messages, next_hop,
			     "next-hop: it is the partner's address");
	for (i = 0; i < config->uplinks_count; i++)
		if (&config->uplinks[i] != uplink &&
		    same(&uplink->next_hop, &config->uplinks[i].address))
			config_error(check->messages, next_hop,
				     "next-hop: it is the address of uplink "
				     "%s, this gateway's own",
				     config->uplinks[i].name);
	for (i = 0; i < config->lans_count; i++)
		if (uplink->interface[0] != '\0' &&
		    strcmp(uplink->interface, config->lans[i]) == 0)
			config_error(check->messages,
				     line_of(check, uplink, "interface"),
				     "interface: '%s' is in lan too: inside "
				     "or outside, not both",
				     uplink->interface);
}

/* How much of the path it sees. */
static void check_reach(const struct check *check,
			const struct uplink_config *uplink,
			const struct track_config *track)
{
	const char *kind = track_kind_name(track->kind);

	if (track->kind == TRACK_ROUTE)
		config_warning(check->messages, track->line,
			       "route %s: a route may outlive the path: add a "
			       "probe",
			       track->name);
	else if (track->kind == TRACK_ECHO || track->kind == TRACK_ARP ||
		 same(&track->target, &uplink->next_hop))
		config_warning(check->messages, track->line,
			       "%s %s: it asks the next hop only: an outage "
			       "beyond it goes unseen",
			       kind, track->name);
	else if (uplink->fallbacks_count == 0)
		config_warning(check->messages, track->line,
			       "%s %s: uplink %s hangs on a single target: "
			       "when that dies, so does the uplink's track",
			       kind, track->name, uplink->name);
}

/* What the uplink's verdict rests on. */
static void check_track(const struct check *check,
			const struct uplink_config *uplink)
{
	const struct track_config *track = &uplink->tracks[uplink->track];
	char all[DURATION_TEXT], three[DURATION_TEXT];
	msec_t time;

	/* Of several probes; and one that contains itself would never end. */
	if (track_is_list(track->kind))
		return;
	if (track->kind == TRACK_INTERFACE) {
		config_warning(check->messages, uplink->line,
			       "uplink %s: its track is the interface alone: "
			       "an outage beyond the cable goes unseen, add "
			       "an icmp section",
			       uplink->name);
		return;
	}
	check_reach(check, uplink, track);
	time = config_detection(uplink, track);
	if (time < 3 * track->interval)
		config_warning(check->messages, track->line,
			       "%s %s: the track is down after %s, less "
			       "than three intervals (%s): raise misses or "
			       "delay-down, or a few lost packets switch",
			       track_kind_name(track->kind), track->name,
			       duration_print(time, all),
			       duration_print(3 * track->interval, three));
}

static void check_failback(const struct check *check,
			   const struct uplink_config *uplink)
{
	unsigned drain =
		config_text_line(check->text, "uplink %s/drain", uplink->name);

	if (drain != 0 && uplink->failback != FAILBACK_DRAIN)
		config_warning(check->messages, drain,
			       "drain: it goes with 'failback = drain'; uplink "
			       "%s has %s",
			       uplink->name,
			       config_failbacks[uplink->failback]);
	if (uplink->metered && uplink->failback == FAILBACK_STICKY)
		config_warning(check->messages,
			       line_of(check, uplink, "failback"),
			       "failback: uplink %s is metered, and with "
			       "sticky its sessions go on costing money after "
			       "a better uplink is back",
			       uplink->name);
}

/* Without the headers of IP and TCP. */
static void check_mss(const struct check *check,
		      const struct uplink_config *uplink)
{
	if (uplink->mtu != 0 && uplink->mss == MSS_MOST &&
	    uplink->mss_most + 40 > uplink->mtu)
		config_warning(check->messages,
			       line_of(check, uplink, "mss-clamp"),
			       "mss-clamp: %u does not fit into the mtu of %u, "
			       "which leaves room for %u",
			       uplink->mss_most, uplink->mtu, uplink->mtu - 40);
}

static void check_locals(const struct check *check,
			 const struct uplink_config *uplink)
{
	unsigned line = line_of(check, uplink, "local");
	bool tcp;

	if (uplink->locals_count == 0)
		line = config_text_line(check->text, "local");
	tcp = !config_locals_leave(check->config, uplink, true);
	if (tcp || !config_locals_leave(check->config, uplink, false))
		config_error(check->messages, line,
			     "local: no %s port of %u-%u is left for NAT on "
			     "uplink %s",
			     tcp ? "tcp" : "udp", check->config->port_min,
			     check->config->port_max, uplink->name);
}

static void check_uplink(const struct check *check, unsigned index)
{
	const struct uplink_config *uplink = &check->config->uplinks[index];
	unsigned i;

	for (i = 0; i < index; i++)
		check_pair(check, uplink, &check->config->uplinks[i]);
	check_addresses(check, uplink);
	config_check_probes(check->config, uplink, check->text,
			    check->messages);
	config_check_tracks(check->config, check->text, uplink,
			    check->messages);
	check_track(check, uplink);
	check_failback(check, uplink);
	check_mss(check, uplink);
	check_locals(check, uplink);
}

void config_check(const struct config *config, const struct config_text *text,
		  struct config_messages *messages)
{
	const struct check check = { config, text, messages };
	unsigned i;

	check_lans(&check);
	check_ports(&check);
	check_exclude(&check);
	check_timers(&check);
	check_partner(&check);
	config_check_links(config, text, messages);
	for (i = 0; i < config->uplinks_count; i++)
		check_uplink(&check, i);
	config_check_publishes(config, text, messages);
	if (config->uplinks_count == 0)
		config_error(messages, 0,
			     "no uplink: add uplink NAME { interface = ... "
			     "next-hop = ... }");
	if (config->uplinks_count > config->max_addresses)
		config_error(messages, config_text_line(text, "max-addresses"),
			     "max-addresses: %u uplinks need as many "
			     "addresses, %u is too few",
			     config->uplinks_count, config->max_addresses);
	if (config->uplinks_count == 1 &&
	    config->partner.type == TP_PARTNER_NONE)
		config_warning(messages, config->uplinks[0].line,
			       "one uplink and no partner: there is nothing "
			       "to switch to");
}
