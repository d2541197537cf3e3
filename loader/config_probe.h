/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_probe.h - the sections of an uplink that are probes: icmp, echo, arp,
 * tcp, dns, http, route.
 *
 *   config_probe        their keys and defaults
 *   config_probe_check  what their values mean together
 *   config_probe_print  for people and programs
 */
#ifndef TWINPATH_CONFIG_PROBE_H
#define TWINPATH_CONFIG_PROBE_H

#include <confuse.h>
#include <json-c/json.h>
#include <stdio.h>

#include "config_section.h"

/* The options of each kind, by the name of its section. */
extern cfg_opt_t config_icmp_keys[], config_echo_keys[], config_arp_keys[],
	config_tcp_keys[], config_dns_keys[], config_http_keys[],
	config_route_keys[];

bool config_is_probe(enum track_kind kind);
/* What a slow answer counts for, by track_config's slow_is_miss. */
extern const char *const config_facets[];

/* All probes of this uplink, behind the tracks that it has. */
void config_read_probes(const struct config_section *section,
			struct uplink_config *uplink);

void config_check_probes(const struct config *config,
			 const struct uplink_config *uplink,
			 const struct config_text *text,
			 struct config_messages *messages);

void config_print_probe(FILE *out, const struct uplink_config *uplink,
			const struct track_config *track);
void config_put_probe(struct json_object *object,
		      const struct track_config *track);

#endif
