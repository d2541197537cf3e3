// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_hook.c - the sections "hook NAME": programs that are run when something
 * changes.
 *
 * Owns: their defaults.  Whether a program is there is not looked at: that may be
 * otherwise by the time that it is needed.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_section.h"

#define HOOK_TIMEOUT ((msec_t)10 * 1000)
#define HOOK_LONGEST ((msec_t)10 * CONFIG_MINUTE)

const char *const config_kinds_of_event[] = {
	"selector",  "exit", "track",	  "sessions", "announced", "site",
	"interface", "wish", "published", "partner",  "daemon",	   NULL,
};

static void read_kind(const struct config_value *value,
		      struct hook_config *hook)
{
	unsigned kind;

	if (!strcmp(value->text, "all"))
		hook->on = (1U << (EVENT_DAEMON + 1)) - 1;
	else if (config_value_choice(value, config_kinds_of_event, &kind))
		hook->on |= 1U << kind;
}

static void read_hook(const struct config_section *section,
		      struct hook_config *hook)
{
	struct config_value value = config_title(section);

	snprintf(hook->name, MODEL_NAME, "%.15s", value.text);
	config_value_name(&value, hook->name);
	if (config_get(section, "run", &value))
		config_value_path(&value, hook->run, sizeof(hook->run));
	else
		config_missing(section, hook->line, "run",
			       "the program, \"/etc/twinpath/on-change\"");
	for (unsigned i = 0; config_get_nth(section, "on", i, &value); i++)
		read_kind(&value, hook);
	if (!hook->on)
		hook->on = 1U << EVENT_SELECTOR | 1U << EVENT_SITE;
	hook->timeout = HOOK_TIMEOUT;
	config_get_duration(section, "timeout", 100, HOOK_LONGEST,
			    &hook->timeout);
}

void config_read_hooks(const struct config_section *root)
{
	struct config *config = root->reader->config;
	struct config_section section;

	for (unsigned i = 0; config_get_section(root, "hook", i, &section);
	     i++) {
		if (i == MODEL_HOOKS) {
			config_error(root->reader->messages, section.line,
				     "hook: more than %d", MODEL_HOOKS);
			return;
		}
		config->hooks[i].line = section.line;
		config->hooks_count = i + 1;
		read_hook(&section, &config->hooks[i]);
	}
}
