/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.h - what an operator may set, as `before` of a step: the daemon's
 * part, written into its maps.
 */
#ifndef CONFORMANCE_SETTINGS_H
#define CONFORMANCE_SETTINGS_H

#include "conformance.h"

/* Filtering (RFC 4787 REQ-8); address-dependent is the default. */
int set_filter_endpoint(struct plane *plane);
int set_filter_address_and_port(struct plane *plane);

/* isp-a takes packets of up to 1400 bytes, and its device. */
int set_small_mtu(struct plane *plane);
/* The maps are made anew for every vector; this undoes the rest. */
int set_back(void);

/* The only ports are 5000 to 5003; and whoever finds none is not told. */
int set_four_ports(struct plane *plane);
int set_four_ports_silent(struct plane *plane);

/* A host may have a hundred ports, or sessions, or new ones a second. */
int set_hundred_ports(struct plane *plane);
int set_hundred_sessions(struct plane *plane);
int set_hundred_a_second(struct plane *plane);

/* A connection has half a minute to open. */
int set_short_opening(struct plane *plane);

/* isp-a takes segments of up to 1360 bytes. */
int set_mss(struct plane *plane);

/* What happens to exits: the selector goes along. */
int set_fail_over(struct plane *plane); /* isp-a dies */
int set_fail_back(struct plane *plane); /* and comes back */
int set_select_b(struct plane *plane);	/* both live */
int set_drain_a(struct plane *plane);
int set_new_lease(struct plane *plane); /* A's address is another's now */

/* A partner, alive or gone; and one that new sessions go to. */
int set_partner(struct plane *plane);
int set_partner_selected(struct plane *plane);

/* H:80 is published as A:8080, and as B:8080 too. */
int set_published(struct plane *plane);

#endif
