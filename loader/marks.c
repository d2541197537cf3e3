// SPDX-License-Identifier: GPL-2.0-or-later
/* marks.c - see marks.h. */
#include <sodium.h>
#include <string.h>

#include "marks.h"

#define LOCAL_UNICAST 0x02 /* IEEE 802: U/L bit set, I/G bit clear */

static void mark(uint8_t out[6], const uint8_t mac[6], unsigned kind,
		 const uint8_t *key)
{
	static const uint8_t none[MARKS_KEY];
	uint8_t hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), mac, 6, key ? key : none,
			   MARKS_KEY);
	memcpy(out, hash, 6);
	out[0] = (uint8_t)((out[0] & ~3U) | LOCAL_UNICAST);
	out[5] = (uint8_t)((out[5] & ~3U) | kind);
}

void marks_fill(struct tp_partner *partner, const struct tp_way *link,
		const uint8_t *key)
{
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		struct tp_way *way = &partner->way[kind];

		*way = *link;
		memcpy(way->theirs, link->mac, 6);
		if (kind == TP_KIND_TAKE)
			continue;
		mark(way->mine, link->mine, kind, key);
		mark(way->theirs, link->mac, kind, key);
	}
}
