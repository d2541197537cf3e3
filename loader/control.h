/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - the control socket, /run/twinpath/<instance>/control.
 *
 * One JSON object a line is the request, one a line is the answer.
 *   request  {"command": "status" | "doctor" | "events" | "explain" | "simulate" | "flip" | "drain" |
 *             "reload" | "detach",
 *             "to": "...", "for_ms": N, "drain_ms": N, "force": true}
 *   answer   {"ok": true, ...} or {"ok": false, "error": "a sentence"}
 * "events" with "follow": true gets an event a line after its answer, until it
 * goes, and may ask nothing more.
 * Mode 0660, root:twinpath (root:root where there is no such group); whoever
 * is neither root nor in the group may not ask for a change (SO_PEERCRED).
 * A client that sends nothing, too much (64 KiB) or no JSON is told and closed;
 * none can block the loop.
 */
#ifndef TWINPATH_CONTROL_H
#define TWINPATH_CONTROL_H

struct site;
struct control;

/* 0 or a negative errno, which has been logged. */
int control_open(struct control **out, struct site *site, const char *path);
void control_close(struct control *control);

#endif
