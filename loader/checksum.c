// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checksum.c - see checksum.h.
 */
#include <string.h>

#include "checksum.h"

uint16_t checksum(const void *data, size_t length)
{
	const uint8_t *byte = data;
	uint32_t sum = 0;
	uint16_t word;

	for (size_t i = 0; i < length; i += sizeof(word)) {
		memcpy(&word, byte + i, sizeof(word));
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
