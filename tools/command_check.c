// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_check.c - "check FILE": what a configuration means.  It asks no
 * daemon and changes nothing.
 */
#include <stdio.h>

#include "command.h"
#include "config.h"
#include "config_print.h"

int command_check(const struct options *options)
{
	static struct config_messages messages;
	static struct config config;
	bool ok = !config_load(options->argument, &config, &messages);

	if (options->json) {
		if (config_print_json(stdout, ok ? &config : NULL, &messages))
			return command_failed("no memory");
		return ok ? STATUS_OK : STATUS_FAILED;
	}
	config_print_messages(stderr, &messages);
	if (ok)
		config_print(stdout, &config);
	return ok ? STATUS_OK : STATUS_FAILED;
}
