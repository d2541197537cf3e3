/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_check.h - what the values mean together.
 */
#ifndef TWINPATH_CONFIG_CHECK_H
#define TWINPATH_CONFIG_CHECK_H

#include "config_text.h"
#include "model.h"

/*
 * config_check - errors for what cannot work, warnings for what will work
 * otherwise than its writer may expect.  `text` gives the lines.
 */
void config_check(const struct config *config, const struct config_text *text,
		  struct config_messages *messages);

/* config_check_links.c: its part about the interfaces to the partner. */
void config_check_links(const struct config *config,
			const struct config_text *text,
			struct config_messages *messages);

/* config_publish_check.c: its part of that. */
void config_check_publishes(const struct config *config,
			    const struct config_text *text,
			    struct config_messages *messages);

#endif
