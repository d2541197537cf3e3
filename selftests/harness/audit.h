/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit.h - do the tables of the data plane make sense?  Asserts what must
 * hold whenever nobody writes them (tables.md, section 3).
 */
#ifndef HARNESS_AUDIT_H
#define HARNESS_AUDIT_H

#include "plane.h"

/* What every host is counted for is what it has. */
void audit_rations(const struct plane *plane);

/* No lock is held. */
void audit_locks(struct plane *plane);

/*
 * No line is stuck busy; each live one's port is one of NAT's; no endpoint has
 * two on one address.  Returns how many live at `now`.
 */
unsigned int audit_bindings(const struct plane *plane, uint32_t now);

/* Ports of finished connections that were freed early. */
uint64_t audit_ripened(struct plane *plane);

/*
 * No line is stuck busy; no key lives twice; each live one's binding lives, in
 * the same incarnation, for the same endpoint.  Once ports were freed early that is
 * so for what counts as open.  Returns how many live.
 */
unsigned int audit_sessions(struct plane *plane, uint32_t now);

#endif
