// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * liveness_question.c - the frame that nobody owns, byte by byte.
 *
 * Owns: its layout and checksums.  It must never open a socket.
 */
#include <netinet/in.h>
#include <string.h>

#include "address.h"
#include "checksum.h"
#include "liveness_question.h"

#define TTL 64

/* RFC 9293 3.1: what TCP's checksum covers beyond its segment. */
struct pseudo {
	in_addr_t source, destination;
	uint8_t zero, protocol;
	uint16_t length;
	struct tcphdr tcp;
} __attribute__((packed));

_Static_assert(sizeof(struct liveness_question) == 54, "there is a hole");
_Static_assert(sizeof(struct pseudo) == 32, "there is a hole");

static struct iphdr build_ip(const struct tp_addr *local)
{
	struct tp_addr target = { .byte = { 0 } };
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = htons(sizeof(ip) + sizeof(struct tcphdr)),
		.frag_off = htons(IP_DF), /* the id may be 0: RFC 6864 4.1 */
		.ttl = TTL,
		.protocol = IPPROTO_TCP,
		.saddr = address_to_v4(local),
	};

	address_parse(LIVENESS_TARGET, &target);
	ip.daddr = address_to_v4(&target);
	ip.check = checksum(&ip, sizeof(ip));
	return ip;
}

static struct tcphdr build_tcp(const struct iphdr *ip)
{
	struct pseudo pseudo = {
		.source = ip->saddr,
		.destination = ip->daddr,
		.protocol = IPPROTO_TCP,
		.length = htons(sizeof(pseudo.tcp)),
		.tcp = {
			.source = htons(LIVENESS_SOURCE_PORT),
			.dest = htons(LIVENESS_TARGET_PORT),
			.doff = sizeof(pseudo.tcp) / 4,
			.ack = 1,
		},
	};

	pseudo.tcp.check = checksum(&pseudo, sizeof(pseudo));
	return pseudo.tcp;
}

void liveness_question_build(struct liveness_question *question,
			     const uint8_t destination[6],
			     const uint8_t source[6],
			     const struct tp_addr *local)
{
	struct iphdr ip = build_ip(local);

	memcpy(question->ether.h_dest, destination, ETH_ALEN);
	memcpy(question->ether.h_source, source, ETH_ALEN);
	question->ether.h_proto = htons(ETH_P_IP);
	question->ip = ip;
	question->tcp = build_tcp(&ip);
}
