/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_track.h - tracks of a configuration: lists, delays, dampening, levels.
 */
#ifndef TWINPATH_CONFIG_TRACK_H
#define TWINPATH_CONFIG_TRACK_H

#include <json-c/json.h>
#include <stdio.h>

#include "config_section.h"

/* ---- config_track.c: reading ---- */

/* Delays and dampening of a track: what is not written is open until
 * config_inherit_tracks. */
void config_open_track(struct track_config *track);
void config_read_track_keys(const struct config_section *section,
			    struct track_config *track);

/* The sections any, all, not and weight; after the probes, that they name. */
void config_read_lists(const struct config_section *section,
		       struct uplink_config *uplink);

/* The sections fallback. */
void config_read_fallbacks(const struct config_section *section,
			   struct uplink_config *uplink);

/* The section dampening, in an uplink or a track. */
void config_read_damp(const struct config_section *section,
		      struct damp_config *damp);

/* What the uplink says for tracks that it follows, and that say nothing. */
void config_inherit_tracks(struct uplink_config *uplink);

/* An index, or -1. */
int config_find_track(const struct uplink_config *uplink, const char *name);

/* Does the uplink, or a fallback of it, follow this track? */
bool config_follows(const struct uplink_config *uplink, unsigned track);

/* ---- config_track_check.c: what the tracks mean together ---- */

void config_check_tracks(const struct config *config,
			 const struct config_text *text,
			 const struct uplink_config *uplink,
			 struct config_messages *messages);

/* ---- config_track_print.c: the same, printed ---- */

void config_print_lists(FILE *out, const struct uplink_config *uplink);
void config_print_fallbacks(FILE *out, const struct uplink_config *uplink);
void config_print_track_keys(FILE *out, const char *indent,
			     const struct uplink_config *uplink,
			     const struct track_config *track);
void config_print_damp(FILE *out, const char *indent,
		       const struct damp_config *damp);
void config_put_track(struct json_object *object,
		      const struct uplink_config *uplink,
		      const struct track_config *track);
void config_put_fallbacks(struct json_object *object,
			  const struct uplink_config *uplink);

#endif
