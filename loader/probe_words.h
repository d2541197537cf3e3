/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_words.h - what happened to a track, in words.
 *
 * Owns: the texts, so that probes.c can be read for what it does.
 */
#ifndef TWINPATH_PROBE_WORDS_H
#define TWINPATH_PROBE_WORDS_H

#include "model.h"
#include "probe.h"
#include "probe_window.h"
#include "tracks.h"

#define WORDS TRACKS_WHY

/* The state of an uplink's interface, and why. */
enum track_state probe_words_interface(const struct uplink_config *config,
				       const struct uplink_facts *facts,
				       char because[WORDS]);

/* Why a track turns with this result. */
void probe_words_result(const struct uplink_config *uplink,
			const struct track_config *config,
			const struct tp_addr *next_hop,
			const struct probe_result *result, char because[WORDS]);

/* The window is beyond its limits; answers are slow. */
void probe_words_window(const struct track_config *config,
			const struct probe_window *window, char because[WORDS]);
void probe_words_slow(const struct track_config *config, char because[WORDS]);

void probe_words_route(const struct uplink_config *uplink,
		       const struct track_config *config, bool found,
		       char because[WORDS]);

#endif
