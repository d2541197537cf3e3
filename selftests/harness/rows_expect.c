// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rows_expect.c - see rows.h: the packet that goes in, and the one that must leave.
 *
 * Owns: the expectations that no row has to spell out.  It must never take an
 * expected byte from a program's output.
 */
#include <string.h>

#include "rows.h"

static bool is_set(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, 6) != 0;
}

static void default_mac(uint8_t mac[6], const uint8_t fallback[6])
{
	if (!is_set(mac))
		memcpy(mac, fallback, 6);
}

/* The station on the LAN by which an inside address is reached. */
static const uint8_t *station(uint32_t address)
{
	if (address >> 8 == DEEP >> 8)
		return plane_mac_router;
	return address == H2 ? plane_mac_h2 : plane_mac_h;
}

void rows_complete(const struct step *step, struct packet *in)
{
	switch (step->side) {
	case LAN:
		default_mac(in->to, plane_mac_lan);
		default_mac(in->from, station(in->source));
		break;
	case WAN:
		default_mac(in->to, plane_mac_isp_a);
		default_mac(in->from, plane_mac_next_a);
		break;
	case WAN_B:
		default_mac(in->to, plane_mac_isp_b);
		default_mac(in->from, plane_mac_next_b);
		break;
	case OUT:
		default_mac(in->to, plane_mac_next_a);
		default_mac(in->from, plane_mac_isp_a);
		break;
	case OUT_B:
		default_mac(in->to, plane_mac_next_b);
		default_mac(in->from, plane_mac_isp_b);
		break;
	case BACK:
		default_mac(in->to, plane_mac_partner);
		default_mac(in->from, plane_mac_lan);
		break;
	}
	in->ttl = in->ttl ? in->ttl : PACKET_TTL;
}

/* Where a packet that is sent must go: by its addresses after translation. */
static void complete_out(const struct packet *said, struct packet *out)
{
	const uint8_t *to = station(out->destination);
	const uint8_t *from = plane_mac_lan;

	if (out->source == A) {
		to = plane_mac_next_a;
		from = plane_mac_isp_a;
	} else if (out->source == B) {
		to = plane_mac_next_b;
		from = plane_mac_isp_b;
	}
	out->nobody = said->nobody;
	memcpy(out->to, is_set(said->to) ? said->to : to, 6);
	memcpy(out->from, is_set(said->from) ? said->from : from, 6);
}

static void translate(const struct packet *said, struct packet *out)
{
	if (!said->source)
		return;
	out->source = said->source;
	out->destination = said->destination;
	out->sport = said->sport;
	out->dport = said->dport;
	if (said->tcp_options_size)
		memcpy(out->tcp_options, said->tcp_options,
		       sizeof(out->tcp_options));
}

static bool is_atomic(const struct packet *p)
{
	return p->fragment == 0x4000 && !p->piece.bytes; /* DF */
}

/* What tells a host that its connection is gone (RFC 9293, 3.10.7.1). */
static struct packet reset_of(const struct packet *in)
{
	struct packet out = {
		.protocol = IPPROTO_TCP,
		.source = in->destination,
		.destination = in->source,
		.sport = in->dport,
		.dport = in->sport,
		.flags = RST,
		.answer = true,
		.payload = PACKET_EMPTY,
		.fragment = 0x4000, /* DF */
		.ttl = 64,
	};

	/* Where no MAC is known the kernel will put another header before it. */
	memcpy(out.to, in->source == H3 ? in->to : station(in->source), 6);
	memcpy(out.from, in->source == H3 ? in->from : plane_mac_lan, 6);
	return out;
}

/*
 * What tells a host that its packet was not carried: from the gateway's address
 * on its LAN, no longer than 576 bytes (RFC 1812, 4.3.2).
 */
static struct packet answer_of(const struct step *step, const struct packet *in)
{
	struct packet out = {
		.protocol = IPPROTO_ICMP,
		.source = GATEWAY,
		.destination = in->source,
		.type = step->told >> 8,
		.code = step->told & 0xff,
		.quote = in,
		.quoted = 576 - 28 - 20 - 4 * in->options,
		.tos = 0xc0,
		.fragment = 0x4000, /* DF */
		.ttl = 64,
	};

	memcpy(out.to, station(in->source), 6);
	memcpy(out.from, plane_mac_lan, 6);
	return out;
}

/* As the IP IDs of a host are seen outside, where they may change. */
static void mask_id(const struct bench *bench, struct packet *p,
		    uint32_t inside)
{
	if (!bench->foreign && !is_atomic(p))
		p->id ^= plane_id_mask(inside);
}

/* The packet that must leave; `quote` is room for the one it quotes. */
struct packet rows_expect(const struct bench *bench, const struct step *step,
			  const struct packet *in, struct packet *quote)
{
	struct packet out = *in;
	bool sent = rows_verdict(step->why) == PLANE_FORWARDED;

	if (step->why == TP_REASON_reset)
		return reset_of(in);
	if (step->told)
		return answer_of(step, in);
	translate(&step->out, &out);
	if (out.source != in->source)
		mask_id(bench, &out, in->source);
	if (step->out.quote) {
		*quote = *in->quote;
		translate(step->out.quote, quote);
		if (quote->source != in->quote->source)
			mask_id(bench, quote, quote->source);
		out.quote = quote;
	}
	if (sent)
		complete_out(&step->out, &out);
	if (step->out.ttl)
		out.ttl = step->out.ttl;
	else if (sent)
		out.ttl--;
	return out;
}
