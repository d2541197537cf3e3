/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gateway.h - the programs on real devices, of which each is there twice: with a
 * MAC header, and without one.
 *
 * Owns: the devices, and which of them are the site's in a case.  It must never
 * judge a packet.
 */
#ifndef RAW_GATEWAY_H
#define RAW_GATEWAY_H

#include "tap.h"

enum end {
	LAN,
	ISP_A,
	ISP_B,
	ENDS,
	NOWHERE,
};

struct gateway {
	struct plane plane;
	struct tap taps[ENDS][2]; /* [raw] */
	struct tap *at[ENDS];	  /* of them, in this case */
	/* For the partner: one tun for each kind of handover. */
	struct tap links[TP_KINDS];
};

extern struct gateway gateway;
extern const uint8_t *const gateway_macs[ENDS];

/* cmocka's, of the group. */
int gateway_open(void **state);
int gateway_close(void **state);

/* Empty tables and empty devices; isp-b is of the kind that isp-a is not. */
void gateway_furnish(bool raw_lan, bool raw_uplink);

/* One that is asked, by raw links. */
void gateway_set_partner(void);

#endif
