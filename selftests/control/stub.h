/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stub.h - what the control socket finds in place of the daemon behind it.
 *
 * Owns: what it was asked, and what it shall answer.  It changes nothing but the
 * fields of the site by which a real one would show that it obeyed.
 */
#ifndef CONTROL_STUB_H
#define CONTROL_STUB_H

#include "failback.h"
#include "model.h"
#include "twinpath/maps.h"

/* What the machine calls "twinpath", if it knows the name. */
#define STUB_GROUP 54321

struct stub {
	/* What it was asked. */
	struct intent asked;
	struct tp_explain explained;
	unsigned reloads, detaches;
	void (*detached)(void *arg);
	void *detached_arg;

	/* What it answers. */
	int set_intent_result;
	bool counted, group_exists;
	struct failback_uplink failback;
	msec_t waits;
	unsigned wrong; /* lines of the file that is read again */
};

extern struct stub stub;

/* Nothing was asked; the sessions are counted, and there is no such group. */
void stub_reset(void);

#endif
