/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture.h - a control socket, opened anew for each test, in a directory of its
 * own, over a site that only notes what it was asked (stub.h).
 *
 * Owns: the site as it is when a test begins: one uplink, up and selected, and a
 * router for a partner.
 */
#ifndef CONTROL_FIXTURE_H
#define CONTROL_FIXTURE_H

#include "control.h"
#include "site.h"

struct fixture {
	struct site site;
	struct control *control;
	char directory[64];
	char path[96];
};

extern struct fixture fixture;

int fixture_open(void **state);
int fixture_close(void **state);

#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

/* One more, of two tracks, on the next interface. */
void fixture_add_uplink(const char *name, unsigned level);

/* The socket as a daemon makes it that starts now. */
void fixture_reopen(void);

#endif
