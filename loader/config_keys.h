/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_keys.h - keys as libconfuse options: every value is a word to it.
 */
#ifndef TWINPATH_CONFIG_KEYS_H
#define TWINPATH_CONFIG_KEYS_H

#include <confuse.h>

#define VALUE(name) CFG_STR(name, NULL, CFGF_NODEFAULT)
#define LIST(name) CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)
#define NAMED(name, keys) \
	CFG_SEC(name, keys, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

/* What every track has; the section's own keys are in config_grammar.c. */
extern cfg_opt_t config_damp_keys[];
#define TRACK_KEYS                              \
	VALUE("delay-down"), VALUE("delay-up"), \
		CFG_SEC("dampening", config_damp_keys, CFGF_NODEFAULT)

#endif
