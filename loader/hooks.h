/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks.h - programs of the operator's that are run when something changes.
 *
 * Owns: one queue, in the order of the events, and the one program that runs.  It
 * must never wait for it: the loop goes on, and what takes too long is killed,
 * with all that it has started.
 *
 * A program gets the event as an object of JSON on its standard input (as
 * "twinpath events --json" shows it, and "instance" and "hook"), and as
 * TWINPATH_INSTANCE, _HOOK, _KIND, _WHAT, _FROM, _TO, _BECAUSE, _EVENT, _SERIAL
 * and _TIME in its environment, where there is nothing else but PATH.
 */
#ifndef TWINPATH_HOOKS_H
#define TWINPATH_HOOKS_H

struct hooks;
struct site;

/* After the events.  0 or -ENOMEM. */
int hooks_open(struct hooks **out, struct site *site);
/* What waits is not run any more, and what runs is asked to end. */
void hooks_close(struct hooks *hooks);

#endif
