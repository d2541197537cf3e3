// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire_check.c - see wire_check.h.
 *
 * Owns: the RFC 1071 sum, byte by byte.  Like all that judges the programs it
 * shares no arithmetic with them.
 */
#include <netinet/in.h>
#include <stdint.h>

#include "wire_check.h"

static unsigned get16(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t sum(const unsigned char *at, size_t size)
{
	uint32_t total = 0;

	for (size_t i = 0; i < size; i++)
		total += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return total;
}

/* With the field in place all ones result; all zero bytes are no packet. */
static int good(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total == 0xffff;
}

static uint32_t pseudo(const unsigned char *ip, size_t size)
{
	return sum(ip + 12, 8) + ip[9] + (uint32_t)size;
}

static const char *check_l4(const unsigned char *ip, const unsigned char *l4,
			    size_t size)
{
	switch (ip[9]) {
	case IPPROTO_ICMP:
		if (size < 8 || !good(sum(l4, size)))
			return "wrong ICMP checksum";
		break;
	case IPPROTO_TCP:
		if (size < 20 || !good(pseudo(ip, size) + sum(l4, size)))
			return "wrong TCP checksum";
		break;
	case IPPROTO_UDP:
		if (size < 8 || get16(l4 + 4) != size)
			return "wrong UDP length";
		if (get16(l4 + 6) && !good(pseudo(ip, size) + sum(l4, size)))
			return "wrong UDP checksum";
	}
	return NULL;
}

const char *wire_check(const unsigned char *packet, size_t size)
{
	size_t header, total;

	if (size < 20 || packet[0] >> 4 != 4)
		return "no IPv4 header";
	header = 4U * (packet[0] & 15);
	total = get16(packet + 2);
	if (header < 20 || total < header || total > size)
		return "wrong IPv4 length";
	if (!good(sum(packet, header)))
		return "wrong IPv4 header checksum";
	/* A fragment's sum covers bytes that are in other packets. */
	if (get16(packet + 6) & 0x3fff)
		return NULL;
	return check_l4(packet, packet + header, total - header);
}
