/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - ICMP errors that the gateway makes itself: judged by what the RFCs
 * demand of them, since much of such a packet is the sender's to choose.
 */
#ifndef CONFORMANCE_ANSWER_H
#define CONFORMANCE_ANSWER_H

#include "conformance.h"

/*
 * What is in bench->output must be an ICMP error of ours to `about`'s sender,
 * quoting `about` as that host sent it (RFC 1812 4.3.2).
 */
void answer_judge(struct bench *bench, uint8_t type, uint8_t code,
		  const struct packet *about);

/* The MTU that it tells of. */
uint16_t answer_mtu(const struct bench *bench);

/* The Internet checksum over some bytes: 0 where they hold a right one. */
uint16_t answer_sum(const uint8_t *at, size_t size);

#endif
