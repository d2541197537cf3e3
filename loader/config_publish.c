// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_publish.c - the sections "publish NAME": inside servers that can be
 * reached from outside.
 *
 * Owns: their defaults, and how "192.168.0.10:8000-8099" is read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_section.h"

const char *const config_protocols[] = { "tcp", "udp", "both", NULL };

/* The host, and the ports where they are written. */
static bool split_to(const struct config_value *value, char host[64],
		     struct config_value *ports)
{
	const char *colon = strrchr(value->text, ':');
	size_t length = colon ? (size_t)(colon - value->text) :
				strlen(value->text);

	if (length >= 64)
		length = 63;
	memcpy(host, value->text, length);
	host[length] = '\0';
	*ports = *value;
	ports->text = colon ? colon + 1 : NULL;
	return colon != NULL;
}

static void read_to(const struct config_section *section,
		    struct publish_config *publish)
{
	struct config_value value, ports;
	char host[64];

	if (!config_get(section, "to", &value)) {
		config_missing(section, publish->line, "to",
			       "the inside server, 192.168.0.10 or "
			       "192.168.0.10:443");
		return;
	}
	publish->to_first = publish->first;
	publish->to_last = publish->last;
	if (split_to(&value, host, &ports)) {
		if (!config_value_ports(&ports, &publish->to_first,
					&publish->to_last))
			return;
		if (publish->first && publish->to_last - publish->to_first !=
					      publish->last - publish->first)
			config_error(value.messages, value.line,
				     "to: %u ports cannot lead to %u: give as "
				     "many, or leave them out to keep them",
				     publish->last - publish->first + 1,
				     publish->to_last - publish->to_first + 1);
	}
	value.text = host;
	config_value_address(&value, &publish->to);
}

static void list_uplinks(const struct config *config, char *text, size_t size)
{
	size_t used = 0;
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < config->uplinks_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i > 0 ? ", " : "",
					 config->uplinks[i].name);
}

static void read_uplink(const struct config *config,
			const struct config_value *value,
			struct publish_config *publish)
{
	char all[CONFIG_MESSAGE_TEXT / 2];
	unsigned i;

	for (i = 0; i < config->uplinks_count; i++)
		if (strcmp(config->uplinks[i].name, value->text) == 0)
			break;
	if (i == config->uplinks_count) {
		list_uplinks(config, all, sizeof(all));
		config_error(value->messages, value->line,
			     "uplinks: there is no uplink '%s': there are %s",
			     value->text, all);
	} else if (publish->uplinks & (1U << i)) {
		config_error(value->messages, value->line,
			     "uplinks: '%s' is listed twice", value->text);
	} else {
		publish->uplinks |= 1U << i;
	}
}

static void read_uplinks(const struct config_section *section,
			 struct publish_config *publish)
{
	const struct config *config = section->reader->config;
	struct config_value value;
	unsigned i;

	if (!config_get(section, "uplinks", &value))
		publish->uplinks = (1U << config->uplinks_count) - 1;
	for (i = 0; config_get_nth(section, "uplinks", i, &value); i++)
		read_uplink(config, &value, publish);
}

static void read_publish(const struct config_section *section,
			 struct publish_config *publish)
{
	struct config_value value = config_title(section);
	unsigned protocol = PUBLISH_TCP;

	snprintf(publish->name, MODEL_NAME, "%.15s", value.text);
	config_value_name(&value, publish->name);
	publish->filtering = TP_FILTER_ENDPOINT;
	if (config_get(section, "protocol", &value))
		config_value_choice(&value, config_protocols, &protocol);
	publish->protocol = (enum publish_protocol)protocol;
	if (config_get(section, "port", &value))
		config_value_ports(&value, &publish->first, &publish->last);
	else
		config_missing(section, publish->line, "port",
			       "the public port, or a range of them");
	read_to(section, publish);
	read_uplinks(section, publish);
	config_get_filtering(section, &publish->filtering);
}

void config_read_publishes(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_section section;

	for (unsigned i = 0; config_get_section(root, "publish", i, &section);
	     i++) {
		if (i == MODEL_PUBLISHES) {
			config_error(root->reader->messages, section.line,
				     "publish: more than %d sections",
				     MODEL_PUBLISHES);
			return;
		}
		config->publishes[i].line = section.line;
		config->publishes_count = i + 1;
		read_publish(&section, &config->publishes[i]);
	}
}
