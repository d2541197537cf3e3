// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * answer.c - see answer.h.
 */
#include "answer.h"

#include <arpa/inet.h>

#define ETHERNET 14
#define IP_HEADER 20
#define ICMP_HEADER 8
#define QUOTE_LEAST (IP_HEADER + 8)

uint16_t answer_sum(const uint8_t *at, size_t size)
{
	uint32_t total = 0;

	for (size_t i = 0; i < size; i++)
		total += i % 2 ? at[i] : at[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static uint32_t address_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* TTL and its checksum may have been counted down before it was quoted. */
static void judge_quote(struct bench *bench, const uint8_t *quote,
			size_t quoted, const struct packet *about)
{
	uint8_t frame[PACKET_MAX];
	size_t size = packet_build(about, frame) - ETHERNET;
	const uint8_t *sent = frame + ETHERNET;

	EXPECT(bench, quoted >= QUOTE_LEAST, "only %zu bytes are quoted",
	       quoted);
	EXPECT(bench, quoted <= size, "quotes %zu bytes of %zu", quoted, size);
	EXPECT(bench, !answer_sum(quote, IP_HEADER),
	       "the quoted IP header's checksum is wrong");
	for (size_t i = 0; i < quoted; i++) {
		if (i == 8 || i == 10 || i == 11)
			continue;
		EXPECT(bench, quote[i] == sent[i],
		       "byte %zu of the quote is %#x, was sent as %#x", i,
		       quote[i], sent[i]);
	}
}

void answer_judge(struct bench *bench, uint8_t type, uint8_t code,
		  const struct packet *about)
{
	const uint8_t *frame = bench->output.frame, *ip = frame + ETHERNET;
	const uint8_t *icmp = ip + IP_HEADER;
	size_t size = (size_t)(ip[2] << 8 | ip[3]);
	uint32_t source = address_at(ip + 12);

	EXPECT(bench,
	       bench->output.size >= ETHERNET + size && size >= 56 &&
		       size <= 576 && ip[0] == 0x45,
	       "not an ICMP error in an IP packet of 56 to 576 bytes");
	EXPECT(bench, !answer_sum(ip, IP_HEADER), "wrong IP checksum");
	EXPECT(bench,
	       ip[9] == IPPROTO_ICMP && icmp[0] == type && icmp[1] == code,
	       "expected ICMP %u/%u, is protocol %u, %u/%u", type, code, ip[9],
	       icmp[0], icmp[1]);
	EXPECT(bench, !answer_sum(icmp, size - IP_HEADER),
	       "wrong ICMP checksum");
	EXPECT(bench, address_at(ip + 16) == about->source,
	       "not to the sender of the packet");
	EXPECT(bench, source == GATEWAY || source == A || source == B,
	       "not from an address of the gateway");
	EXPECT(bench, ip[8] > 1, "with a TTL of %u", ip[8]);
	judge_quote(bench, icmp + ICMP_HEADER, size - IP_HEADER - ICMP_HEADER,
		    about);
}

uint16_t answer_mtu(const struct bench *bench)
{
	const uint8_t *icmp = bench->output.frame + ETHERNET + IP_HEADER;

	return icmp[6] << 8 | icmp[7];
}
