// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_section.c - from a key of a section to a field.
 *
 * Owns: the walk from tree to text, so that every complaint has its line.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_section.h"

bool config_get_section(const struct config_section *outer, const char *kind,
			unsigned n, struct config_section *inner)
{
	if (n >= cfg_size(outer->tree, kind))
		return false;
	inner->reader = outer->reader;
	inner->tree = cfg_getnsec(outer->tree, kind, n);
	if (outer->path[0])
		snprintf(inner->path, sizeof(inner->path), "%.80s/%s %.60s",
			 outer->path, kind, cfg_title(inner->tree));
	else
		snprintf(inner->path, sizeof(inner->path), "%s %.80s", kind,
			 cfg_title(inner->tree));
	inner->line = config_text_line(outer->reader->text, "%s", inner->path);
	return true;
}

struct config_value config_title(const struct config_section *section)
{
	return (struct config_value){
		.key = cfg_name(section->tree),
		.text = cfg_title(section->tree),
		.line = section->line,
		.messages = section->reader->messages,
	};
}

bool config_get_nth(const struct config_section *section, const char *key,
		    unsigned n, struct config_value *value)
{
	if (n >= cfg_size(section->tree, key))
		return false;
	value->key = key;
	value->text = cfg_getnstr(section->tree, key, n);
	value->messages = section->reader->messages;
	value->line =
		config_text_line(section->reader->text, "%s%s%s", section->path,
				 section->path[0] != '\0' ? "/" : "", key);
	return true;
}

bool config_get(const struct config_section *section, const char *key,
		struct config_value *value)
{
	return config_get_nth(section, key, 0, value);
}

void config_get_number(const struct config_section *section, const char *key,
		       unsigned least, unsigned most, unsigned *out)
{
	struct config_value value;

	if (config_get(section, key, &value))
		config_value_number(&value, least, most, out);
}

void config_get_duration(const struct config_section *section, const char *key,
			 msec_t least, msec_t most, msec_t *out)
{
	struct config_value value;

	if (config_get(section, key, &value))
		config_value_duration(&value, least, most, out);
}

void config_get_ports(const struct config_section *section, const char *key,
		      uint16_t *first, uint16_t *last)
{
	struct config_value value;

	if (config_get(section, key, &value))
		config_value_ports(&value, first, last);
}

void config_get_filtering(const struct config_section *section,
			  enum tp_filtering *out)
{
	struct config_value value;
	unsigned choice;

	if (config_get(section, "filtering", &value) &&
	    config_value_choice(&value, config_filterings, &choice))
		*out = (enum tp_filtering)choice;
}

void config_get_marker(const struct config_section *section, struct prefix *out)
{
	struct config_value value;

	if (config_get(section, "marker", &value))
		config_value_marker(&value, out);
}

void config_missing(const struct config_section *section, unsigned line,
		    const char *key, const char *what)
{
	const char *title = cfg_title(section->tree);

	config_error(section->reader->messages, line,
		     "%s%s%s: '%s' is missing: %s", cfg_name(section->tree),
		     title != NULL ? " " : "", title != NULL ? title : "", key,
		     what);
}

void config_need_address(const struct config_section *section, unsigned line,
			 const char *key, const char *what, struct tp_addr *out)
{
	struct config_value value;

	if (config_get(section, key, &value))
		config_value_address(&value, out);
	else
		config_missing(section, line, key, what);
}
