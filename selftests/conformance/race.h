/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * race.h - mapping while all CPUs open sessions at once.
 */
#ifndef CONFORMANCE_RACE_H
#define CONFORMANCE_RACE_H

#include "conformance.h"

/* RFC 4787 REQ-11: an endpoint keeps its port, and shares it with nobody. */
void race_run(struct bench *bench);
/* The same when both CPUs have a packet of one new session, at one instant. */
void race_together(struct bench *bench);

#endif
