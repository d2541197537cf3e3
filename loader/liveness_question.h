/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * liveness_question.h - the frame that nobody owns.
 *
 * A TCP segment with ACK alone, from my LAN address to 192.0.2.1 (TEST-NET-1,
 * RFC 5737: never a real destination), as a question on the partner link.  It
 * opens nothing, and no session can have its addresses, so that a living data
 * plane gives it back (rule K3 of docs/ownership.md).
 *
 * Pure: bytes only.
 */
#ifndef TWINPATH_LIVENESS_QUESTION_H
#define TWINPATH_LIVENESS_QUESTION_H

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <linux/if_ether.h>

#include "model.h"

#define LIVENESS_TARGET "192.0.2.1"
#define LIVENESS_SOURCE_PORT 5370
#define LIVENESS_TARGET_PORT 9 /* discard */

struct liveness_question {
	struct ethhdr ether;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* `destination`: the partner's MAC; `source`: mine[TP_KIND_QUESTION]. */
void liveness_question_build(struct liveness_question *question,
			     const uint8_t destination[6],
			     const uint8_t source[6],
			     const struct tp_addr *local);

#endif
