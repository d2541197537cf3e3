// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config.c - from libconfuse's tree of words to struct config.
 *
 * Owns: the defaults, and which key fills which field.  Nothing of the
 * machine is looked at: the same file means the same everywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_check.h"
#include "config_grammar.h"
#include "config_local.h"
#include "config_section.h"
#include "duration.h"

#define HEARTBEAT_PORT 5370
#define OPENING_LEAST \
	10000 /* the third SYN comes after 3 s, one more after 7 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const config_modes[] = { "auto", "xdp", "tc", NULL };
const char *const config_filterings[] = {
	"address-dependent",
	"endpoint-independent",
	"address-and-port-dependent",
	NULL,
};
const char *const config_port_choices[] = { "preserve", "random", NULL };
const char *const config_refusals[] = {
	"prohibited",
	"unreachable",
	"silent",
	NULL,
};
const char *const config_firewalls[] = { "auto", "kernel", "none", NULL };
const char *const config_failbacks[] = { "sticky", "drain", "now", NULL };
const char *const config_links[] = { "interface", "question",
				     "session-question", "returned", NULL };
/* From TP_PARTNER_ROUTER on: none is no kind. */
const char *const config_kinds[] = { "router", "twinpath", NULL };

/* Good values or none: an ordinary router, which has no heartbeat, keeps the
 * defaults. */
static void read_heartbeat(const struct config_section *section,
			   struct partner_config *partner)
{
	unsigned port = partner->port;
	char key_file[sizeof(partner->key_file)] = "";
	struct config_value value;

	if (config_get(section, "key", &value))
		config_value_path(&value, key_file, sizeof(key_file));
	config_get_number(section, "heartbeat-port", 1, UINT16_MAX, &port);
	if (partner->type != TP_PARTNER_TWINPATH)
		return;
	snprintf(partner->key_file, sizeof(partner->key_file), "%s", key_file);
	partner->port = (uint16_t)port;
}

static void read_partner(const struct config_section *root)
{
	struct partner_config *partner = &root->reader->config->partner;
	struct config_section section = { .reader = root->reader,
					  .path = "partner" };
	unsigned kind = TP_PARTNER_TWINPATH - TP_PARTNER_ROUTER;
	struct config_value value;

	if (cfg_size(root->tree, "partner") == 0)
		return;
	section.tree = cfg_getsec(root->tree, "partner");
	partner->line = config_text_line(root->reader->text, "partner");
	config_need_address(&section, partner->line, "address",
			    "the partner's address on the LAN",
			    &partner->address);
	for (unsigned i = 0; config_links[i]; i++)
		if (config_get(&section, config_links[i], &value))
			config_value_interface(&value, partner->links[i]);
	if (config_get(&section, "kind", &value))
		config_value_choice(&value, config_kinds, &kind);
	partner->type = (enum tp_partner_type)(TP_PARTNER_ROUTER + kind);
	config_get_marker(&section, &partner->marker);
	read_heartbeat(&section, partner);
}

/*
 * The least values are what the RFCs demand of a NAT: with shorter ones,
 * idle sessions of hosts that rely on them would break.
 */
static void read_timers(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_section section = { .reader = root->reader,
					  .path = "timers" };
	const struct {
		const char *key;
		msec_t *out;
		msec_t least;
		const char *rfc;
	} timers[] = {
		{ "udp", &config->udp, 2 * CONFIG_MINUTE, "RFC 4787 REQ-5" },
		{ "dns", &config->dns, 1000, "a name server's answer" },
		{ "icmp", &config->icmp, CONFIG_MINUTE, "RFC 5508 REQ-2" },
		{ "tcp-established", &config->tcp_established,
		  124 * CONFIG_MINUTE, "RFC 5382 REQ-5" },
		{ "tcp-opening", &config->tcp_opening, OPENING_LEAST,
		  "a retransmission" },
		{ "tcp-closing", &config->tcp_closing, 4 * CONFIG_MINUTE,
		  "RFC 5382 REQ-5" },
		{ "tcp-incoming", &config->tcp_incoming, 6 * 1000,
		  "RFC 5382 REQ-4" },
		{ "hold", &config->hold, 0, "" },
	};
	char least[DURATION_TEXT];
	struct config_value value;
	msec_t duration;
	size_t i;

	if (cfg_size(root->tree, "timers") == 0)
		return;
	section.tree = cfg_getsec(root->tree, "timers");
	for (i = 0; i < COUNT(timers); i++) {
		if (!config_get(&section, timers[i].key, &value) ||
		    !config_value_duration(&value, 0, DURATION_MAX, &duration))
			continue;
		if (duration >= timers[i].least)
			*timers[i].out = duration;
		else
			config_error(value.messages, value.line,
				     "%s: '%s' is too short: %s demands at "
				     "least %s",
				     value.key, value.text, timers[i].rfc,
				     duration_print(timers[i].least, least));
	}
}

static void read_lans(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_value value;
	unsigned i;

	for (i = 0; config_get_nth(root, "lan", i, &value); i++) {
		if (i == MODEL_LANS) {
			config_error(value.messages, value.line,
				     "lan: more than %d interfaces",
				     MODEL_LANS);
			return;
		}
		config_value_interface(&value, config->lans[i]);
		config->lans_count = i + 1;
	}
}

static void read_exclude(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_value value;
	unsigned i;

	for (i = 0; config_get_nth(root, "exclude", i, &value); i++) {
		if (i == MODEL_PREFIXES) {
			config_error(value.messages, value.line,
				     "exclude: more than %d prefixes",
				     MODEL_PREFIXES);
			return;
		}
		config_value_prefix(&value, &config->exclude[i]);
		config->exclude_count = i + 1;
	}
}

static void read_sessions(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_value value;
	unsigned below = 1024;
	unsigned sessions;

	config_get_number(root, "max-addresses", 1, TP_MAX_ADDRESSES,
			  &config->max_addresses);
	if (!config_get(root, "sessions", &value) ||
	    !config_value_number(&value, 1024, 1U << 24, &sessions))
		return;
	while (below * 2 <= sessions)
		below *= 2;
	if (below == sessions)
		config->sessions = sessions;
	else
		config_error(value.messages, value.line,
			     "sessions: %u is not a power of two: the nearest "
			     "are %u and %u",
			     sessions, below, below * 2);
}

static void read_port_policy(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_value value;
	unsigned choice;

	if (config_get(root, "port-choice", &value) &&
	    config_value_choice(&value, config_port_choices, &choice))
		config->port_choice = (enum tp_port_choice)choice;
	if (config_get(root, "port-parity", &value))
		config_value_boolean(&value, &config->port_parity);
}

static void read_root(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_value value;
	unsigned choice;

	read_lans(root);
	if (config_get(root, "mode", &value) &&
	    config_value_choice(&value, config_modes, &choice))
		config->mode = (enum mode)choice;
	read_partner(root);
	config_get_marker(root, &config->marker);
	read_exclude(root);
	read_sessions(root);
	config_get_ports(root, "ports", &config->port_min, &config->port_max);
	read_port_policy(root);
	config_get_ports(root, "local-ports", &config->local_min,
			 &config->local_max);
	config_get_filtering(root, &config->filtering);
	if (config_get(root, "refusal", &value) &&
	    config_value_choice(&value, config_refusals, &choice))
		config->refusal = (enum tp_refusal)choice;
	config->locals_count = config_read_locals(root, config->locals);
	if (config_get(root, "firewall", &value) &&
	    config_value_choice(&value, config_firewalls, &choice))
		config->firewall = (enum firewall_mode)choice;
	config_read_limits(root);
	read_timers(root);
	if (config_get(root, "vrrp-file", &value))
		config_value_path(&value, config->vrrp_file,
				  sizeof(config->vrrp_file));
	if (config_get(root, "last-resort", &value))
		config_value_boolean(&value, &config->last_resort);
	config_get_duration(root, "settle", 0, 60 * CONFIG_MINUTE,
			    &config->settle);
	config_read_uplinks(root);
	config_read_publishes(root);
	config_read_hooks(root);
}

/* memset, not an initialiser: holes too, so that configs can be compared. */
void config_defaults(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->mode = MODE_AUTO;
	config->sessions = 131072;
	config->max_addresses = 8;
	config->port_min = 1024;
	config->port_max = 60999;
	config->local_min = 61000;
	config->local_max = 65535;
	config->port_parity = true; /* RFC 4787 REQ-4 */
	config->filtering = TP_FILTER_ADDRESS;
	config->udp = 5 * CONFIG_MINUTE;	       /* RFC 4787 REQ-5c */
	config->icmp = CONFIG_MINUTE;		       /* RFC 5508 REQ-2 */
	config->tcp_established = 124 * CONFIG_MINUTE; /* RFC 5382 REQ-5 */
	config->tcp_opening = 4 * CONFIG_MINUTE;       /* RFC 7857 2.2 */
	config->tcp_closing = 4 * CONFIG_MINUTE;       /* RFC 5382 REQ-5 */
	config->tcp_incoming = 6 * 1000;	       /* RFC 6146 4 */
	config->hold = 2 * CONFIG_MINUTE;	       /* RFC 6888 REQ-8 */
	config->last_resort = true;
	config->settle = 1000;
	config_limits_defaults(config);
	config->partner.port = HEARTBEAT_PORT;
}

int config_load(const char *path, struct config *out,
		struct config_messages *messages)
{
	struct config_text text;
	struct config config;
	struct config_reader reader = { &text, messages, &config };
	struct config_section root = { .reader = &reader };
	int result;

	config_defaults(&config);
	config_messages_init(messages, path);
	if (strlen(path) >= sizeof(config.file))
		config_error(messages, 0, "a path of more than %zu characters",
			     sizeof(config.file) - 1);
	snprintf(config.file, sizeof(config.file), "%s", path);
	result = config_text_read(path, &text, messages);
	if (result < 0)
		goto out;
	result = -EINVAL;
	root.tree = config_grammar_parse(&text, messages);
	if (root.tree == NULL)
		goto out;
	read_root(&root);
	cfg_free(root.tree);
	config_check(&config, &text, messages);
	if (messages->errors == 0) {
		*out = config;
		result = 0;
	}
out:
	config_text_free(&text);
	/* they may be about a default in the place of a wrong value */
	if (result < 0)
		config_messages_drop_warnings(messages);
	config_messages_sort(messages);
	return result;
}
