/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.h - a packet comes to the gateway by one of its devices, and what leaves
 * it, by which, is looked at.
 *
 * Owns: the sending, and the comparison with the packet that a case expects.
 */
#ifndef RAW_PASS_H
#define RAW_PASS_H

#include "gateway.h"

#define DF 0x4000      /* on all of them: their IDs stay as they are */
#define PASS_SOON 1000 /* ms: for what comes */

/* A packet comes by `from`; what leaves is one at `to`, or nothing. */
struct pass {
	enum end from;
	struct packet in;
	enum end to;
	struct packet out;
};

void pass(const struct pass *pass);

/* The kernel sends a packet by `by`; the guard is in its way. */
void pass_emitted(enum end by, struct packet p, enum end to, struct packet out);

/* The next packet by this device is that one. */
void pass_arrives_at(const struct tap *tap, const struct packet *p);
/* The same at an end of the site, with the MACs that it has there. */
void pass_arrives(enum end end, struct packet p);

/* Nothing more leaves by this device; by none of the site's. */
void pass_nothing_at(const struct tap *tap, const char *name);
void pass_nothing(void);

/* MACs that a frame has on its way in, or out, by a device that has any. */
void pass_address(struct packet *p, enum end end, bool in);

/* How many were counted so since the case began. */
uint64_t pass_counted(enum tp_hook hook, enum tp_reason reason);

#define P(...) ((struct packet){ .fragment = DF, __VA_ARGS__ })
#define OUTWARD(packet, result) \
	pass(&(struct pass){    \
		LAN, { packet }, ISP_A, { result, .ttl = PACKET_TTL - 1 } })
#define INWARD(packet, result) \
	pass(&(struct pass){   \
		ISP_A, { packet }, LAN, { result, .ttl = PACKET_TTL - 1 } })

#endif
