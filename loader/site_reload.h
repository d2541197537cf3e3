/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site_reload.h - another configuration for the running daemon.
 */
#ifndef TWINPATH_SITE_RELOAD_H
#define TWINPATH_SITE_RELOAD_H

#include "config.h"

struct site;

/*
 * site_reload - read the configuration file again, and make it the one in force.
 * @because:  who asked, for the log
 * @messages: as of config_load, and what a reload cannot change
 *
 * Returns 0 or a negative errno: -EINVAL (see `messages`); else what the log
 * says was in the way.  Then nothing has changed.  All of it has been logged.
 */
int site_reload(struct site *site, const char *because,
		struct config_messages *messages);

#endif
