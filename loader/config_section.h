/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_section.h - one section of libconfuse's tree, read key by key into
 * the fields of struct config.
 */
#ifndef TWINPATH_CONFIG_SECTION_H
#define TWINPATH_CONFIG_SECTION_H

#include <confuse.h>

#include "config_text.h"
#include "config_value.h"

#define CONFIG_MINUTE ((msec_t)60 * 1000)

struct config_reader {
	const struct config_text *text;
	struct config_messages *messages;
	struct config *config;
};

struct config_section {
	const struct config_reader *reader;
	cfg_t *tree;
	char path[CONFIG_TEXT_PATH]; /* in the text; "" for the whole */
	unsigned line;		     /* of one that has a title */
};

/* The n-th section `kind` in another one, by its title: false: there is none. */
bool config_get_section(const struct config_section *outer, const char *kind,
			unsigned n, struct config_section *inner);

/* The title, as a value of the section's kind. */
struct config_value config_title(const struct config_section *section);

/* The n-th value of a key: false where there is none. */
bool config_get_nth(const struct config_section *section, const char *key,
		    unsigned n, struct config_value *value);
bool config_get(const struct config_section *section, const char *key,
		struct config_value *value);

/*
 * These leave `out` alone where the key is not there or its value is bad (then
 * they have said so).
 */
void config_get_number(const struct config_section *section, const char *key,
		       unsigned least, unsigned most, unsigned *out);
void config_get_duration(const struct config_section *section, const char *key,
			 msec_t least, msec_t most, msec_t *out);
void config_get_ports(const struct config_section *section, const char *key,
		      uint16_t *first, uint16_t *last);
void config_get_filtering(const struct config_section *section,
			  enum tp_filtering *out);
void config_get_marker(const struct config_section *section,
		       struct prefix *out);
/* An error where the key is not there: `what` says what it is. */
void config_need_address(const struct config_section *section, unsigned line,
			 const char *key, const char *what,
			 struct tp_addr *out);
void config_missing(const struct config_section *section, unsigned line,
		    const char *key, const char *what);

/* config_limits.c: after the sizes that its defaults follow from. */
void config_limits_defaults(struct config *config);
void config_read_limits(const struct config_section *root);

/* config_uplink.c: all uplinks of the file. */
void config_read_uplinks(const struct config_section *root);

/* config_publish.c: all published servers; after the uplinks, by name. */
void config_read_publishes(const struct config_section *root);

/* config_hook.c: all hooks. */
void config_read_hooks(const struct config_section *root);

#endif
