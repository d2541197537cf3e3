/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - from a configuration file to struct config.
 *
 *   config_token, config_text  the file; what libconfuse would misread
 *   config_grammar             which keys there are; libconfuse's tree
 *   config_value               one word to one typed value
 *   config_section, config, config_uplink, config_publish, config_hook
 *                              the tree to struct config, with the defaults
 *   config_probe        the probes in an uplink
 *   config_check, config_publish_check
 *                              what it means: contradictions, bad ideas
 *   config_print               what it means, for people and programs
 */
#ifndef TWINPATH_CONFIG_H
#define TWINPATH_CONFIG_H

#include "config_message.h"
#include "model.h"

/*
 * config_load - read, parse and check the file at `path`.
 * @out:      written only on success
 * @messages: emptied first; then every error or, where there is none, every
 *            warning, in order of line
 *
 * Returns 0 (there may be warnings), -EINVAL (the content is wrong) or what
 * opening and reading said; on failure there is at least one error in
 * `messages`.  One thread at a time: libconfuse keeps its state in globals.
 */
int config_load(const char *path, struct config *out,
		struct config_messages *messages);

/* The defaults, without any interface, uplink or partner. */
void config_defaults(struct config *config);

/* The words for enum mode, enum tp_filtering, enum publish_protocol and, from
 * TP_PARTNER_ROUTER on, enum tp_partner_type; each list ends with NULL. */
extern const char *const config_modes[];
extern const char *const config_filterings[];
extern const char *const config_port_choices[]; /* by enum tp_port_choice */
extern const char *const config_refusals[];	/* by enum tp_refusal */
extern const char *const config_firewalls[];	/* by enum firewall_mode */
extern const char *const config_failbacks[];	/* by enum failback_policy */
extern const char *const config_protocols[];
extern const char *const config_kinds[];
/* The partner's keys that name an interface, by enum tp_kind. */
extern const char *const config_links[];
/* What a hook can be run on, by enum event_kind. */
extern const char *const config_kinds_of_event[];

#endif
