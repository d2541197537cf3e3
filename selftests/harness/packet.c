// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c - build frames from struct packet, and say how two differ.
 *
 * Owns: straightforward header layout by byte offset and the RFC 1071 sum.
 * It must never share code or arithmetic with bpf/: its answers are what the
 * programs are measured against.
 */
#include "packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ETHERNET 14
#define IP_HEADER 20

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned int get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* RFC 1071: the one's complement sum of 16-bit words, not yet inverted. */
static uint32_t sum(const uint8_t *at, size_t size, uint32_t start)
{
	uint32_t total = start;

	for (size_t i = 0; i < size; i++)
		total += i % 2 ? at[i] : at[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* The checksum field for a sum; `error` makes it wrong by that much. */
static unsigned int finish(uint32_t total, unsigned int error)
{
	uint32_t field = (~total & 0xffff) + error;

	return (field & 0xffff) + (field >> 16);
}

static uint32_t pseudo_header(const struct packet *p, size_t l4_size)
{
	uint8_t header[12];

	put32(header, p->source);
	put32(header + 4, p->destination);
	header[8] = 0;
	header[9] = p->protocol;
	put16(header + 10, l4_size);
	return sum(header, sizeof(header), 0);
}

static size_t payload_size(const struct packet *p)
{
	if (p->payload)
		return p->payload == PACKET_EMPTY ? 0 : p->payload;
	return p->protocol == IPPROTO_TCP ? 0 : 32;
}

/* Bytes that differ by position, so that a shifted copy is seen. */
static size_t lay_payload(const struct packet *p, uint8_t *at)
{
	size_t size = payload_size(p);

	for (size_t i = 0; i < size; i++)
		at[i] = 0x41 + i % 53;
	if (p->text)
		memcpy(at, p->text,
		       p->text_size ? p->text_size : strnlen(p->text, size));
	if (p->word)
		put16(at, p->word);
	return size;
}

static size_t lay_tcp(const struct packet *p, uint8_t *at)
{
	size_t header = 20 + p->tcp_options_size, size;

	put16(at, p->sport);
	put16(at + 2, p->dport);
	put32(at + 4, p->answer ? 0x55667788 : 0x11223344);
	put32(at + 8, p->flags & ACK ? 0x55667788 : 0);
	at[12] = (p->data_offset ? p->data_offset : header / 4) << 4;
	at[13] = p->flags;
	put16(at + 14, p->answer ? 0 : 64240);
	put32(at + 16, 0);
	memcpy(at + 20, p->tcp_options, p->tcp_options_size);
	size = header + lay_payload(p, at + header);
	put16(at + 16,
	      finish(sum(at, size, pseudo_header(p, size)), p->l4_error));
	return size;
}

static size_t lay_udp(const struct packet *p, uint8_t *at)
{
	size_t size = 8 + lay_payload(p, at + 8);
	unsigned int field;

	put16(at, p->sport);
	put16(at + 2, p->dport);
	put16(at + 4, p->udp_length ? p->udp_length : size);
	put16(at + 6, 0);
	if (p->no_checksum)
		return size;
	field = finish(sum(at, size, pseudo_header(p, size)), p->l4_error);
	/* RFC 768: zero means none, so a computed zero is sent as ones. */
	put16(at + 6, field ? field : 0xffff);
	return size;
}

static size_t lay_ip(const struct packet *p, uint8_t *at);

static size_t lay_quote(const struct packet *p, uint8_t *at)
{
	size_t size = lay_ip(p->quote, at);
	size_t header = IP_HEADER + 4 * p->quote->options;

	if (p->quoted && header + p->quoted < size)
		return header + p->quoted;
	return size;
}

static size_t lay_icmp(const struct packet *p, uint8_t *at)
{
	size_t size = 8;

	at[0] = p->type;
	at[1] = p->code;
	put16(at + 2, 0);
	if (p->quote) {
		put32(at + 4, p->rest);
		size += lay_quote(p, at + 8);
	} else {
		put16(at + 4, p->sport);
		put16(at + 6, p->dport);
		size += lay_payload(p, at + 8);
	}
	put16(at + 2, finish(sum(at, size, 0), p->l4_error));
	return size;
}

static size_t lay_l4(const struct packet *p, uint8_t *at)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		return lay_tcp(p, at);
	case IPPROTO_UDP:
		return lay_udp(p, at);
	case IPPROTO_ICMP:
		return lay_icmp(p, at);
	default:
		return lay_payload(p, at);
	}
}

static size_t lay_ip(const struct packet *p, uint8_t *at)
{
	size_t header = IP_HEADER + 4 * p->options;
	size_t size = header + lay_l4(p, at + header);
	unsigned int fragment = p->fragment;

	if (p->piece.bytes) {
		size_t end = header + p->piece.from + p->piece.bytes;

		fragment |= p->piece.from / 8 | (end < size ? 0x2000 : 0);
		size = header + p->piece.bytes;
		memmove(at + header, at + header + p->piece.from,
			p->piece.bytes);
	}
	at[0] = p->version_ihl ? p->version_ihl : 0x40 | header / 4;
	at[1] = p->tos;
	put16(at + 2, p->total_length ? p->total_length : size);
	put16(at + 4, p->id);
	put16(at + 6, fragment);
	at[8] = p->ttl ? p->ttl : PACKET_TTL;
	at[9] = p->protocol;
	put16(at + 10, 0);
	put32(at + 12, p->source);
	put32(at + 16, p->destination);
	memset(at + IP_HEADER, 1, 4 * p->options); /* NOP */
	put16(at + 10, finish(sum(at, header, 0), p->ip_error));
	return size;
}

size_t packet_build(const struct packet *packet, uint8_t frame[PACKET_MAX])
{
	size_t size = ETHERNET;

	memset(frame, 0, PACKET_MAX);
	if (!packet->nobody) {
		memcpy(frame, packet->to, 6);
		memcpy(frame + 6, packet->from, 6);
	}
	put16(frame + 12, packet->ethertype ? packet->ethertype : 0x0800);
	if (packet->ethertype)
		size += lay_payload(packet, frame + ETHERNET);
	else
		size += lay_ip(packet, frame + ETHERNET);
	return packet->cut ? packet->cut : size + packet->padding;
}

uint16_t packet_l4_checksum(const struct packet *packet)
{
	uint8_t frame[PACKET_MAX];
	size_t l4 = ETHERNET + IP_HEADER + 4 * packet->options;

	packet_build(packet, frame);
	if (packet->protocol == IPPROTO_TCP)
		return get16(frame + l4 + 16);
	if (packet->protocol == IPPROTO_UDP)
		return get16(frame + l4 + 6);
	return get16(frame + l4 + 2);
}

/* ---- differences -------------------------------------------------------- */

struct field {
	size_t at, size;
	const char *name;
};

static const struct field ethernet_fields[] = {
	{ 0, 6, "destination MAC" },
	{ 6, 6, "source MAC" },
	{ 12, 2, "ethertype" },
	{ 0 },
};

static const struct field ip_fields[] = {
	{ 0, 1, "version/ihl" },
	{ 1, 1, "tos" },
	{ 2, 2, "total length" },
	{ 4, 2, "id" },
	{ 6, 2, "fragment" },
	{ 8, 1, "ttl" },
	{ 9, 1, "protocol" },
	{ 10, 2, "ip checksum" },
	{ 12, 4, "source" },
	{ 16, 4, "destination" },
	{ 0 },
};

static const struct field tcp_fields[] = {
	{ 0, 2, "tcp source port" }, { 2, 2, "tcp destination port" },
	{ 4, 4, "tcp seq" },	     { 8, 4, "tcp ack" },
	{ 12, 1, "tcp offset" },     { 13, 1, "tcp flags" },
	{ 14, 2, "tcp window" },     { 16, 2, "tcp checksum" },
	{ 18, 2, "tcp urgent" },     { 0 },
};

static const struct field udp_fields[] = {
	{ 0, 2, "udp source port" },
	{ 2, 2, "udp destination port" },
	{ 4, 2, "udp length" },
	{ 6, 2, "udp checksum" },
	{ 0 },
};

static const struct field icmp_fields[] = {
	{ 0, 1, "icmp type" },	   { 1, 1, "icmp code" },
	{ 2, 2, "icmp checksum" }, { 4, 2, "icmp identifier" },
	{ 6, 2, "icmp sequence" }, { 0 },
};

static const struct field *find(const struct field *fields, size_t at)
{
	for (; fields->size; fields++)
		if (at >= fields->at && at < fields->at + fields->size)
			return fields;
	return NULL;
}

static const struct field *l4_fields(uint8_t protocol)
{
	static const struct field none[] = { { 0 } };

	switch (protocol) {
	case IPPROTO_TCP:
		return tcp_fields;
	case IPPROTO_UDP:
		return udp_fields;
	case IPPROTO_ICMP:
		return icmp_fields;
	default:
		return none;
	}
}

/* An ICMP message that quotes a packet: its header is 8 bytes. */
static bool is_error(const uint8_t *icmp)
{
	return icmp[0] != ECHO && icmp[0] != ECHO_REPLY;
}

/* Which field the byte `at` of `frame` is in; *start is where it begins. */
static struct field locate(const uint8_t *frame, size_t at, bool *quoted)
{
	struct field other = { at, 1, "payload" };
	const struct field *field = find(ethernet_fields, at);
	size_t base = 0, header;

	*quoted = false;
	if (field)
		return *field;
	for (base = ETHERNET; base + IP_HEADER < PACKET_MAX;) {
		field = find(ip_fields, at - base);
		header = 4 * (frame[base] & 15);
		if (!field && at - base >= header) {
			field = find(l4_fields(frame[base + 9]),
				     at - base - header);
			if (field)
				base += header;
		}
		if (field)
			return (struct field){ base + field->at, field->size,
					       field->name };
		if (frame[base + 9] != IPPROTO_ICMP ||
		    !is_error(frame + base + header) || at < base + header + 8)
			break;
		*quoted = true;
		base += header + 8;
	}
	return other;
}

__attribute__((format(printf, 2, 3))) static void
append(char text[PACKET_DIFF], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, PACKET_DIFF - used, format, arguments);
	va_end(arguments);
}

static void append_hex(char text[PACKET_DIFF], const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		append(text, "%02x", at[i]);
}

bool packet_equal(const uint8_t *expected, size_t expected_size,
		  const uint8_t *actual, size_t actual_size,
		  char text[PACKET_DIFF])
{
	size_t common = expected_size < actual_size ? expected_size :
						      actual_size;

	text[0] = 0;
	if (expected_size != actual_size)
		append(text, "  length: expected %zu, is %zu\n", expected_size,
		       actual_size);
	for (size_t i = 0; i < common;) {
		struct field field;
		bool quoted;

		if (expected[i] == actual[i]) {
			i++;
			continue;
		}
		field = locate(expected, i, &quoted);
		append(text, "  %s%s (byte %zu): expected ",
		       quoted ? "quoted " : "", field.name, field.at);
		append_hex(text, expected + field.at, field.size);
		append(text, ", is ");
		append_hex(text, actual + field.at, field.size);
		append(text, "\n");
		i = field.at + field.size;
	}
	return text[0] == 0;
}
