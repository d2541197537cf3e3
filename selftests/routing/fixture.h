/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture.h - a gateway in a network namespace, and what is wished of its routes.
 *
 *    isp-a w0 172.16.1.1/30 ---+
 *                              gateway --- l0 192.168.0.4/24
 *    isp-b w1 172.17.3.1/30 ---+
 *
 * Owns: the wish as it is when a test begins: both uplinks are there, the first is
 * announced, nothing else.
 */
#ifndef ROUTING_FIXTURE_H
#define ROUTING_FIXTURE_H

#include "../netns.h"
#include "routing.h"

struct fixture {
	struct netns *netns;
	struct routing_wish wish;
	struct routing_report report; /* of all that was applied */
};

struct fixture fixture_begin(void **state);

/* The wish anew, by the interfaces and their indices as they are now. */
void fixture_wish(struct fixture *fixture);

/* Without a failure. */
void fixture_apply(struct fixture *fixture);
/* It is all there. */
void fixture_quiet(struct fixture *fixture);

#endif
