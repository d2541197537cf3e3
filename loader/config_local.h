/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_local.h - the key "local": ports that the gateway keeps for itself, on
 * every uplink or on one.
 */
#ifndef TWINPATH_CONFIG_LOCAL_H
#define TWINPATH_CONFIG_LOCAL_H

#include <stdio.h>

#include "config_section.h"

/* All of a section's; how many are good. */
unsigned config_read_locals(const struct config_section *section,
			    struct local_ports out[MODEL_LOCALS]);

/* Is there any port left for NAT on this uplink? */
bool config_locals_leave(const struct config *config,
			 const struct uplink_config *uplink, bool tcp);

/* As it is read; nothing where there are none. */
void config_print_locals(FILE *out, const char *indent,
			 const struct local_ports *locals, unsigned count);

#define CONFIG_LOCAL_TEXT 24 /* enough for one of them, with the NUL */
const char *config_local_text(const struct local_ports *local,
			      char text[CONFIG_LOCAL_TEXT]);

#endif
