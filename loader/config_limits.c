// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_limits.c - the section limits: what one inside host may have.
 *
 * Owns: the defaults, which are generous and follow from the sizes: one host
 * cannot take more than half of the sessions, nor of an address's ports.
 */
#include "config_section.h"

#define QUESTIONS 1024 /* a second: more than a burst of new pages */
#define MANY 1000000

void config_limits_defaults(struct config *config)
{
	config->host_sessions = config->sessions / 2;
	config->host_ports = (config->port_max - config->port_min + 1U) / 2;
	config->host_rate = 0;
	config->host_questions = QUESTIONS;
}

void config_read_limits(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_section section = { .reader = root->reader,
					  .path = "limits" };

	config_limits_defaults(config);
	if (cfg_size(root->tree, "limits") == 0)
		return;
	section.tree = cfg_getsec(root->tree, "limits");
	config_get_number(&section, "host-sessions", 0, 1U << 24,
			  &config->host_sessions);
	config_get_number(&section, "host-ports", 0, MANY, &config->host_ports);
	config_get_number(&section, "host-rate", 0, MANY, &config->host_rate);
	config_get_number(&section, "host-questions", 0, MANY,
			  &config->host_questions);
}
