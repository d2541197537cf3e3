// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * address.c - addresses and prefixes to and from text, and the few questions
 * one asks of them.
 *
 * Owns: the mapping of IPv4 into 16 bytes (RFC 4291, 2.5.5.2).  It must never
 * touch anything but its arguments.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

#define MAPPED_BITS 96 /* what ::ffff:0:0/96 adds to an IPv4 length */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct tp_addr address_from_v4(in_addr_t v4)
{
	struct tp_addr address;

	memcpy(address.byte, mapped, sizeof(mapped));
	memcpy(address.byte + sizeof(mapped), &v4, sizeof(v4));
	return address;
}

in_addr_t address_to_v4(const struct tp_addr *address)
{
	in_addr_t v4;

	memcpy(&v4, address->byte + sizeof(mapped), sizeof(v4));
	return v4;
}

bool address_is_v4(const struct tp_addr *address)
{
	return !memcmp(address->byte, mapped, sizeof(mapped));
}

/* Unset, "::" and "0.0.0.0" alike: none of them names a machine. */
bool address_is_zero(const struct tp_addr *address)
{
	static const struct tp_addr zero;

	if (address_is_v4(address))
		return address_to_v4(address) == INADDR_ANY;
	return address_equal(address, &zero);
}

bool address_equal(const struct tp_addr *a, const struct tp_addr *b)
{
	return !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length &&
	       address_equal(&a->address, &b->address);
}

struct prefix prefix_of(const struct tp_addr *address, uint8_t length)
{
	struct prefix prefix = { .address = *address, .length = length };
	unsigned byte = length / 8;

	if (byte >= sizeof(address->byte))
		return prefix;
	prefix.address.byte[byte] &= (uint8_t)(0xff00U >> (length % 8));
	memset(prefix.address.byte + byte + 1, 0,
	       sizeof(address->byte) - byte - 1);
	return prefix;
}

bool prefix_contains(const struct prefix *prefix, const struct tp_addr *address)
{
	struct prefix other = prefix_of(address, prefix->length);

	return address_equal(&prefix->address, &other.address);
}

int address_parse(const char *text, struct tp_addr *out)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = address_from_v4(v4.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(out->byte, &v6, sizeof(out->byte));
		return 0;
	}
	return -EINVAL;
}

/* One to three digits and nothing else: no sign, no space, no leading zero. */
static int length_parse(const char *text, unsigned max)
{
	unsigned value = 0;
	const char *digit;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (digit = text; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(*digit - '0');
		if (value > max)
			return -EINVAL;
	}
	return (int)value;
}

int prefix_parse(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char head[INET6_ADDRSTRLEN];
	struct prefix prefix, exact;
	struct tp_addr address;
	unsigned offset;
	int length;

	if (size >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, size);
	head[size] = '\0';
	if (address_parse(head, &address))
		return -EINVAL;
	/* A mapped address written as IPv6 has its length in IPv6's bits. */
	offset = strchr(head, ':') ? 0 : MAPPED_BITS;
	length = (int)(128 - offset);
	if (slash)
		length = length_parse(slash + 1, 128 - offset);
	if (length < 0)
		return -EINVAL;
	prefix = (struct prefix){
		.address = address,
		.length = (uint8_t)((unsigned)length + offset),
	};
	exact = prefix_of(&address, prefix.length);
	if (!prefix_equal(&prefix, &exact))
		return -EINVAL;
	*out = prefix;
	return 0;
}

const char *address_print(const struct tp_addr *address,
			  char text[ADDRESS_TEXT])
{
	if (address_is_v4(address))
		inet_ntop(AF_INET, address->byte + sizeof(mapped), text,
			  ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, address->byte, text, ADDRESS_TEXT);
	return text;
}

const char *prefix_print(const struct prefix *prefix, char text[ADDRESS_TEXT])
{
	unsigned length = prefix->length;
	size_t used;

	if (address_is_v4(&prefix->address) && length >= MAPPED_BITS) {
		address_print(&prefix->address, text);
		length -= MAPPED_BITS;
	} else {
		/* Shorter than the mapping itself: only IPv6 can say that. */
		inet_ntop(AF_INET6, prefix->address.byte, text, ADDRESS_TEXT);
	}
	used = strlen(text);
	snprintf(text + used, ADDRESS_TEXT - used, "/%u", length & 0xffU);
	return text;
}
