/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_print.h - what `twinpath check FILE` says about a configuration.
 */
#ifndef TWINPATH_CONFIG_PRINT_H
#define TWINPATH_CONFIG_PRINT_H

#include <stdio.h>

#include "config_message.h"
#include "model.h"

/*
 * The configuration in force, every default written out, as a file that
 * config_load reads back to the same struct; what follows from it (memory,
 * times, traffic) stands in comments.
 */
void config_print(FILE *out, const struct config *config);

/* One "FILE:LINE: error: TEXT" a line, and how many found no room. */
void config_print_messages(FILE *out, const struct config_messages *messages);

/*
 * One JSON object on one line: "ok", "file", "messages" and, where `config` is
 * not NULL, "config" with the derived figures.  Durations are in milliseconds,
 * keys that end in _ms.  0, or -ENOMEM with nothing printed.
 */
int config_print_json(FILE *out, const struct config *config,
		      const struct config_messages *messages);

/* "443", or "8000-8099". */
#define CONFIG_PORTS 16
const char *config_print_ports(uint16_t first, uint16_t last,
			       char text[CONFIG_PORTS]);

/* ---- what follows from a configuration ---- */

/* Bytes of locked memory: sessions with their tags, bindings. */
uint64_t config_session_bytes(const struct config *config);
uint64_t config_binding_bytes(const struct config *config);
uint64_t config_fragment_bytes(void);

#endif
