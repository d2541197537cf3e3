/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_value.h - from the word after '=' to a value with a type.
 *
 * Every function returns whether the word was good; if not, it has said why
 * and left `out` alone.
 */
#ifndef TWINPATH_CONFIG_VALUE_H
#define TWINPATH_CONFIG_VALUE_H

#include "config_message.h"
#include "model.h"

struct config_value {
	const char *key;
	const char *text;
	unsigned line;
	struct config_messages *messages;
};

bool config_value_number(const struct config_value *value, unsigned least,
			 unsigned most, unsigned *out);
bool config_value_duration(const struct config_value *value, msec_t least,
			   msec_t most, msec_t *out);
bool config_value_boolean(const struct config_value *value, bool *out);
/* `choices` ends with NULL; `out` is the index. */
bool config_value_choice(const struct config_value *value,
			 const char *const *choices, unsigned *out);
/* "auto", "off", or the most that it may be. */
bool config_value_mss(const struct config_value *value, enum mss_policy *policy,
		      unsigned *most);
/* "1024-60999", or one port. */
bool config_value_ports(const struct config_value *value, uint16_t *first,
			uint16_t *last);
/* A unicast address of a host. */
bool config_value_address(const struct config_value *value,
			  struct tp_addr *out);
bool config_value_prefix(const struct config_value *value, struct prefix *out);
/* One host, as a prefix: "10.255.0.2/32", or without the length. */
bool config_value_marker(const struct config_value *value, struct prefix *out);
bool config_value_interface(const struct config_value *value,
			    char out[IF_NAMESIZE]);
/* Of an uplink or a probe: what the command line can take for nothing else. */
bool config_value_name(const struct config_value *value, char out[MODEL_NAME]);
/* An absolute path. */
bool config_value_path(const struct config_value *value, char *out,
		       size_t size);

#endif
