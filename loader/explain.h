/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - what the data plane would do with a packet, and why, in words.
 *
 * Owns: the words.  What they are about is the answer of the program "explain"
 * (bpf/explain.h), which looks where the others look and changes nothing.
 */
#ifndef TWINPATH_EXPLAIN_DAEMON_H
#define TWINPATH_EXPLAIN_DAEMON_H

#include "plane.h"

struct json_object;
struct site;

/* 0 or a negative errno. */
int explain_ask(const struct plane *plane, struct tp_explain *ask);

/*
 * explain_json - {"verdict": "...", "why": ["...", ...], "reason": .., "fate": ..,
 * "exit": .., "external": .., "session": bool, "event": ..}
 */
struct json_object *explain_json(const struct site *site,
				 const struct tp_explain *answer);

#endif
