// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_print.c - a configuration as a configuration file, and what follows
 * from it.
 *
 * Owns: the arithmetic of memory and times, and the printed form.
 * What it prints must read back as the same struct config (a test holds it to
 * that), so every figure that is no key is a comment.
 */
#include <inttypes.h>

#include "address.h"
#include "config.h"
#include "config_local.h"
#include "config_print.h"
#include "config_probe.h"
#include "config_times.h"
#include "config_track.h"
#include "duration.h"
#include "track_list.h"

#define MIB (1024.0 * 1024.0)

uint64_t config_session_bytes(const struct config *config)
{
	uint64_t buckets = config->sessions / TP_BUCKET_LINES;
	uint64_t words =
		buckets * (TP_INDEX_BUCKETS * sizeof(struct tp_endpoints) +
			   TP_PERMIT_BUCKETS * sizeof(struct tp_permits));

	buckets += buckets >> TP_OVERFLOW_SHIFT;
	return words +
	       buckets * (sizeof(struct tp_bucket) + sizeof(struct tp_tags));
}

uint64_t config_fragment_bytes(void)
{
	return TP_FRAGMENT_BUCKETS * sizeof(struct tp_fragments) +
	       TP_HELD *
		       (sizeof(struct tp_held) + sizeof(struct tp_held_bytes));
}

uint64_t config_binding_bytes(const struct config *config)
{
	return (uint64_t)TP_BINDINGS(config->max_addresses) *
	       sizeof(struct tp_binding);
}

const char *config_print_ports(uint16_t first, uint16_t last,
			       char text[CONFIG_PORTS])
{
	if (first == last)
		snprintf(text, CONFIG_PORTS, "%u", first);
	else
		snprintf(text, CONFIG_PORTS, "%u-%u", first, last);
	return text;
}

/* ---- printing ---- */

static void print_duration(FILE *out, const char *indent, const char *key,
			   msec_t duration)
{
	char text[DURATION_TEXT];

	fprintf(out, "%s%s = %s\n", indent, key,
		duration_print(duration, text));
}

static void print_address(FILE *out, const char *indent, const char *key,
			  const struct tp_addr *address)
{
	char text[ADDRESS_TEXT];

	if (!address_is_zero(address))
		fprintf(out, "%s%s = %s\n", indent, key,
			address_print(address, text));
}

static void print_prefix(FILE *out, const char *indent, const char *key,
			 const struct prefix *prefix)
{
	char text[ADDRESS_TEXT];

	if (prefix->length != 0)
		fprintf(out, "%s%s = %s\n", indent, key,
			prefix_print(prefix, text));
}

static void print_lists(FILE *out, const struct config *config)
{
	char text[ADDRESS_TEXT];
	unsigned i;

	/* quotes: an interface may have a name that is no plain word */
	fprintf(out, "lan = {");
	for (i = 0; i < config->lans_count; i++)
		fprintf(out, "%s \"%s\"", i > 0 ? "," : "", config->lans[i]);
	fprintf(out, " }\n");
	if (config->exclude_count == 0)
		return;
	fprintf(out, "exclude = {");
	for (i = 0; i < config->exclude_count; i++)
		fprintf(out, "%s %s", i > 0 ? "," : "",
			prefix_print(&config->exclude[i], text));
	fprintf(out, " }\n");
}

static void print_tables(FILE *out, const struct config *config)
{
	double sessions = (double)config_session_bytes(config) / MIB;
	double bindings = (double)config_binding_bytes(config) / MIB;
	double fragments = (double)config_fragment_bytes() / MIB;

	fprintf(out,
		"\n"
		"# memory: %.1f MiB for sessions, %.1f MiB for bindings, %.1f "
		"MiB for fragments\n"
		"sessions = %u\n"
		"max-addresses = %u\n"
		"ports = %u-%u\n"
		"port-choice = %s\n"
		"port-parity = %s\n"
		"local-ports = %u-%u\n"
		"filtering = %s\n"
		"refusal = %s\n"
		"firewall = %s\n",
		sessions, bindings, fragments, config->sessions,
		config->max_addresses, config->port_min, config->port_max,
		config_port_choices[config->port_choice],
		config->port_parity ? "true" : "false", config->local_min,
		config->local_max, config_filterings[config->filtering],
		config_refusals[config->refusal],
		config_firewalls[config->firewall]);
	config_print_locals(out, "", config->locals, config->locals_count);
	fprintf(out,
		"limits {\n"
		"    host-sessions = %u\n"
		"    host-ports = %u\n"
		"    host-rate = %u\n"
		"    host-questions = %u\n"
		"}\n",
		config->host_sessions, config->host_ports, config->host_rate,
		config->host_questions);
	fprintf(out, "timers {\n");
	print_duration(out, "    ", "udp", config->udp);
	if (config->dns)
		print_duration(out, "    ", "dns", config->dns);
	else
		fprintf(out, "    # dns: as udp\n");
	print_duration(out, "    ", "icmp", config->icmp);
	print_duration(out, "    ", "tcp-established", config->tcp_established);
	print_duration(out, "    ", "tcp-opening", config->tcp_opening);
	print_duration(out, "    ", "tcp-closing", config->tcp_closing);
	print_duration(out, "    ", "tcp-incoming", config->tcp_incoming);
	print_duration(out, "    ", "hold", config->hold);
	fprintf(out, "}\n");
}

static void print_heartbeat(FILE *out, const struct partner_config *partner)
{
	if (partner->key_file[0] != '\0')
		fprintf(out, "    key = \"%s\"\n", partner->key_file);
	else
		fprintf(out, "    # key: none, and so no heartbeat\n");
	fprintf(out, "    heartbeat-port = %u\n", partner->port);
}

static void print_partner(FILE *out, const struct config *config)
{
	const struct partner_config *partner = &config->partner;

	print_prefix(out, "", "marker", &config->marker);
	if (partner->type == TP_PARTNER_NONE)
		return;
	fprintf(out, "partner {\n");
	print_address(out, "    ", "address", &partner->address);
	for (unsigned i = 0; config_links[i]; i++)
		if (partner->links[i][0] != '\0')
			fprintf(out, "    %s = \"%s\"\n", config_links[i],
				partner->links[i]);
	fprintf(out, "    kind = %s\n",
		config_kinds[partner->type - TP_PARTNER_ROUTER]);
	print_prefix(out, "    ", "marker", &partner->marker);
	if (partner->type == TP_PARTNER_TWINPATH)
		print_heartbeat(out, partner);
	fprintf(out, "}\n");
}

static void print_sizes(FILE *out, const struct uplink_config *uplink)
{
	if (uplink->mtu != 0)
		fprintf(out, "    mtu = %u\n", uplink->mtu);
	if (uplink->mss == MSS_MOST)
		fprintf(out, "    mss-clamp = %u\n", uplink->mss_most);
	else
		fprintf(out, "    mss-clamp = %s\n",
			uplink->mss == MSS_OFF ? "off" : "auto");
}

static void print_next_hop(FILE *out, const struct uplink_config *uplink,
			   unsigned index)
{
	if (uplink->dhcp)
		/* The ids of a fresh start; `status` shows those in force. */
		fprintf(out,
			"    next-hop = dhcp\n"
			"    # its client's default route goes into table %u, "
			"not into main\n",
			MODEL_TABLE_BASE + index + 1);
	else if (address_is_zero(&uplink->next_hop))
		fprintf(out, "    next-hop = none\n");
	else
		print_address(out, "    ", "next-hop", &uplink->next_hop);
}

static void print_uplink(FILE *out, const struct uplink_config *uplink,
			 unsigned index)
{
	const struct track_config *track = &uplink->tracks[uplink->track];
	char down[DURATION_TEXT], up[DURATION_TEXT];
	unsigned i;

	fprintf(out, "\nuplink %s {\n    interface = \"%s\"\n", uplink->name,
		uplink->interface);
	print_next_hop(out, uplink, index);
	print_address(out, "    ", "address", &uplink->address);
	config_print_locals(out, "    ", uplink->locals, uplink->locals_count);
	fprintf(out, "    level = %u\n", uplink->level);
	if (uplink->share != 0)
		fprintf(out, "    share = %u\n", uplink->share);
	print_sizes(out, uplink);
	for (i = 1; i < uplink->tracks_count; i++)
		if (config_is_probe(uplink->tracks[i].kind))
			config_print_probe(out, uplink, &uplink->tracks[i]);
	config_print_lists(out, uplink);
	fprintf(out,
		"    # track %s: down at most %s after the path goes dark, "
		"up at most %s after it is back\n"
		"    track = %s\n",
		track->name,
		duration_print(config_detection(uplink, track), down),
		duration_print(config_recovery(uplink, track), up),
		track->name);
	print_duration(out, "    ", "delay-down", uplink->delay_down);
	print_duration(out, "    ", "delay-up", uplink->delay_up);
	config_print_damp(out, "    ", &uplink->damp);
	config_print_fallbacks(out, uplink);
	fprintf(out, "    filtering = %s\n",
		config_filterings[uplink->filtering]);
	fprintf(out, "    metered = %s\n    failback = %s\n",
		uplink->metered ? "true" : "false",
		config_failbacks[uplink->failback]);
	if (uplink->failback == FAILBACK_DRAIN)
		print_duration(out, "    ", "drain", uplink->drain);
	if (uplink->hold)
		print_duration(out, "    ", "hold", uplink->hold);
	fprintf(out, "}\n");
}

static void print_publish(FILE *out, const struct config *config,
			  const struct publish_config *publish)
{
	char text[ADDRESS_TEXT], ports[2][CONFIG_PORTS];
	const char *between = " ";
	unsigned i;

	fprintf(out,
		"\npublish %s {\n    protocol = %s\n    port = %s\n"
		"    to = %s:%s\n    uplinks = {",
		publish->name, config_protocols[publish->protocol],
		config_print_ports(publish->first, publish->last, ports[0]),
		address_print(&publish->to, text),
		config_print_ports(publish->to_first, publish->to_last,
				   ports[1]));
	for (i = 0; i < config->uplinks_count; i++) {
		if (!(publish->uplinks & (1U << i)))
			continue;
		fprintf(out, "%s%s", between, config->uplinks[i].name);
		between = ", ";
	}
	fprintf(out, " }\n    filtering = %s\n}\n",
		config_filterings[publish->filtering]);
}

static void print_hook(FILE *out, const struct hook_config *hook)
{
	const char *between = " ";

	fprintf(out, "\nhook %s {\n    run = \"%s\"\n    on = {", hook->name,
		hook->run);
	for (unsigned i = 0; config_kinds_of_event[i]; i++) {
		if (!(hook->on & (1U << i)))
			continue;
		fprintf(out, "%s%s", between, config_kinds_of_event[i]);
		between = ", ";
	}
	fprintf(out, " }\n");
	print_duration(out, "    ", "timeout", hook->timeout);
	fprintf(out, "}\n");
}

void config_print(FILE *out, const struct config *config)
{
	unsigned i;

	fprintf(out, "# %s, with every default written out\n", config->file);
	print_lists(out, config);
	fprintf(out, "mode = %s\n", config_modes[config->mode]);
	print_partner(out, config);
	fprintf(out, "last-resort = %s\n",
		config->last_resort ? "true" : "false");
	print_duration(out, "", "settle", config->settle);
	if (config->vrrp_file[0] != '\0')
		fprintf(out, "vrrp-file = \"%s\"\n", config->vrrp_file);
	else
		fprintf(out, "# vrrp-file: the instance's own, under /run\n");
	print_tables(out, config);
	for (i = 0; i < config->uplinks_count; i++)
		print_uplink(out, &config->uplinks[i], i);
	for (i = 0; i < config->publishes_count; i++)
		print_publish(out, config, &config->publishes[i]);
	for (i = 0; i < config->hooks_count; i++)
		print_hook(out, &config->hooks[i]);
}

void config_print_messages(FILE *out, const struct config_messages *messages)
{
	char line[CONFIG_MESSAGE_LINE];
	unsigned i;

	for (i = 0; i < messages->count; i++)
		fprintf(out, "%s\n", config_message_line(messages, i, line));
	if (messages->dropped > 0)
		fprintf(out, "%s: and %u more\n", messages->file,
			messages->dropped);
}
