/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_grammar.h - which keys a configuration file may have, and where.
 */
#ifndef TWINPATH_CONFIG_GRAMMAR_H
#define TWINPATH_CONFIG_GRAMMAR_H

#include <confuse.h>

#include "config_text.h"

/*
 * config_grammar_parse - the tree of a text whose shape is good; every value
 * is still a word.  Returns NULL with the errors in `messages`; cfg_free() it.
 */
cfg_t *config_grammar_parse(const struct config_text *text,
			    struct config_messages *messages);

#endif
