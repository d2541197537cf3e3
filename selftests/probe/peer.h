/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h - the far end of a prober's link, which misbehaves on purpose: a raw
 * socket on tpt1 (bench.h) that answers by its mood.
 *
 * Owns: the answers.  It must never be told what the prober makes of them.
 */
#ifndef PROBE_PEER_H
#define PROBE_PEER_H

#include <event2/event.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/if_ether.h>

#include "model.h"

enum mood {
	ANSWER,
	SILENT,
	TWICE,
	LATE,  /* keeps the answer until the next request */
	STALL, /* answers, then keeps this process busy */
	SLOW,  /* the other way round */
	SILENT_STALL,
	/* answers that must not count, and are seen */
	OTHER_COOKIE,
	OTHER_SEQUENCE,
	OTHER_SOURCE,
	SHORTER,
	/* answers that must not even wake the prober */
	OTHER_ID,
	OTHER_ADDRESS,
	OTHER_TYPE,
	OTHER_CODE,
	OTHER_MAC,
	OTHER_LINK,
	FRAGMENT,
	/* to an echo to ourselves */
	ROUTED,
	REFLECTED, /* by a switch: nobody counted a hop */
	FAR,	   /* over two routers */
};

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct icmphdr icmp;
	uint8_t data[32];
} __attribute__((packed));

struct peer {
	int fd;
	struct event *heard;
	enum mood mood;
	msec_t stall;
	unsigned requests;
	struct frame request, kept;
	bool keeps;
};

void peer_open(struct peer *peer, struct event_base *base);
void peer_close(struct peer *peer);

/* Of network words, in host order; 0xffff over what has its checksum. */
uint16_t peer_sum(const void *data, size_t length);

#endif
