// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * judge.c - what must hold for every packet, whatever it is.
 *
 * Owns: a reading of IPv4 of its own.  It must never use anything from bpf/, and
 * never know what a program meant to do.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define ETHERNET 14

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t add(const uint8_t *at, size_t size, uint32_t total)
{
	for (size_t i = 0; i < size; i++)
		total += i % 2 ? at[i] : at[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* ---- a packet, read ------------------------------------------------------ */

struct reading {
	bool ip; /* whole: what follows means something */
	const uint8_t *at, *l4;
	size_t header, size; /* of the IP packet */
	bool fragment, first;
	bool header_sum;   /* is right */
	bool has_sum, sum; /* of the transport; is right */
};

static void read_transport(struct reading *r)
{
	uint32_t pseudo =
		add(r->at + 12, 8, r->at[9]) + (uint32_t)(r->size - r->header);
	size_t bytes = r->size - r->header;

	switch (r->at[9]) {
	case IPPROTO_TCP:
		r->has_sum = bytes >= 20;
		break;
	case IPPROTO_UDP:
		r->has_sum = bytes >= 8 && get16(r->l4 + 6) &&
			     get16(r->l4 + 4) == bytes;
		break;
	case IPPROTO_ICMP:
		r->has_sum = bytes >= 8;
		pseudo = 0;
		break;
	}
	if (r->has_sum)
		r->sum = add(r->l4, bytes, pseudo) == 0xffff;
}

static struct reading read_ip(const uint8_t *at, size_t room)
{
	struct reading r = { .at = at };

	if (room < 20 || at[0] >> 4 != 4)
		return r;
	r.header = (at[0] & 15) * 4U;
	r.size = get16(at + 2);
	if (r.header < 20 || r.size < r.header || r.size > room)
		return r;
	r.ip = true;
	r.l4 = at + r.header;
	r.first = !(get16(at + 6) & 0x1fff);
	r.fragment = get16(at + 6) & 0x3fff;
	r.header_sum = add(at, r.header, 0) == 0xffff;
	if (!r.fragment)
		read_transport(&r);
	return r;
}

static struct reading read_frame(const uint8_t *frame, size_t size)
{
	struct reading none = { 0 };

	if (size < ETHERNET || get16(frame + 12) != 0x0800)
		return none;
	return read_ip(frame + ETHERNET, size - ETHERNET);
}

static bool is_inside(uint32_t address)
{
	return address >> 16 == 0xc0a8; /* 192.168.0.0/16 */
}

static bool is_error(const struct reading *r)
{
	return r->ip && !r->fragment && r->at[9] == IPPROTO_ICMP &&
	       r->size >= r->header + 28 &&
	       (r->l4[0] == 3 || r->l4[0] == 11 || r->l4[0] == 12);
}

/* Of the site's LAN or its inner subnet; the gateway may tell of itself. */
static bool is_host(uint32_t address)
{
	return (address >> 8 == H >> 8 || address >> 8 == DEEP >> 8) &&
	       address != GATEWAY;
}

/* An error about a packet with ports to a host: its quote is translated, too. */
static bool quotes_host(const struct reading *r)
{
	uint8_t protocol = is_error(r) ? r->l4[8 + 9] : 0;

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
		protocol == IPPROTO_ICMP) &&
	       is_host(get32(r->l4 + 8 + 16));
}

/* ---- what must hold ------------------------------------------------------ */

/* The uplink that the packet is on its way out of; 0: none. */
static uint32_t leaves_by(const struct passage *passage)
{
	const uint8_t *from = passage->out.frame + 6;

	if (passage->in.hook == TP_HOOK_tc_out &&
	    passage->out.verdict == PLANE_PASSED)
		return passage->in.ifindex;
	if (passage->out.verdict != PLANE_FORWARDED)
		return 0;
	if (passage->to != FUZZ_UNCOUNTED)
		return passage->to == PLANE_LAN ? 0 : passage->to;
	return !memcmp(from, plane_mac_isp_a, 6) ? PLANE_ISP_A :
	       !memcmp(from, plane_mac_isp_b, 6) ? PLANE_ISP_B :
						   0;
}

static const char *judge_leaving(const struct reading *out)
{
	if (!out->ip)
		return NULL;
	if (is_inside(get32(out->at + 12)))
		return "an inside source leaves an uplink untranslated";
	if (quotes_host(out) && !is_inside(get32(out->at + 16)))
		return "an error that quotes an inside address leaves";
	return NULL;
}

static const char *judge_sums(const struct reading *in,
			      const struct reading *out)
{
	if (!in->ip || !out->ip)
		return NULL;
	if (in->header_sum && !out->header_sum)
		return "a right IP checksum became wrong";
	if (in->has_sum && out->has_sum && in->sum && !out->sum)
		return "a right transport checksum became wrong";
	if (in->at[9] == IPPROTO_UDP && out->at[9] == IPPROTO_UDP &&
	    !in->fragment && !out->fragment && in->size >= in->header + 8 &&
	    in->size == out->size && !get16(in->l4 + 6) != !get16(out->l4 + 6))
		return "a UDP checksum came or went";
	return NULL;
}

/* From whom it was for, to whom it was from: a reset is as long as an ACK. */
static bool turns_round(const struct reading *in, const struct reading *out)
{
	return get32(in->at + 12) == get32(out->at + 16) &&
	       get32(in->at + 16) == get32(out->at + 12);
}

/* What only travels is as long as it was, and has aged by one at most. */
static const char *judge_travel(const struct passage *passage,
				const struct reading *in,
				const struct reading *out)
{
	bool same = in->ip && out->ip && in->at[9] == out->at[9] &&
		    in->size == out->size;

	if (!same || is_error(out) != is_error(in) || turns_round(in, out))
		return NULL; /* an answer of the gateway's */
	if (out->at[8] != in->at[8] && out->at[8] + 1 != in->at[8])
		return "a TTL that is neither the same nor one less";
	/* The partner gets it back as it came. */
	if (passage->out.verdict == PLANE_FORWARDED && !out->at[8] &&
	    (in->at[8] || leaves_by(passage)))
		return "forwarded with a TTL of 0";
	if (in->first && !is_error(in) && in->size > in->header + 60 &&
	    memcmp(in->l4 + 60, out->l4 + 60, in->size - in->header - 60))
		return "bytes of the payload changed";
	return NULL;
}

static bool same_frame(const struct passage *passage)
{
	return passage->in.size == passage->out.size &&
	       !memcmp(passage->in.frame, passage->out.frame, passage->in.size);
}

const char *judge(const struct passage *passage)
{
	struct reading in, out;
	const char *why = NULL;

	if (passage->out.verdict == PLANE_BROKEN)
		return "no verdict that there is";
	if (passage->reasons != FUZZ_UNCOUNTED && passage->reasons > 1)
		return "counted more than once";
	if (passage->out.verdict == PLANE_DROPPED)
		return NULL;
	in = read_frame(passage->in.frame, passage->in.size);
	out = read_frame(passage->out.frame, passage->out.size);
	if (leaves_by(passage))
		why = judge_leaving(&out);
	if (!why && !in.ip && passage->out.verdict == PLANE_FORWARDED)
		why = "forwarded what is no IP packet";
	if (!why && !in.ip && !same_frame(passage))
		why = "changed what is no IP packet";
	if (!why)
		why = judge_sums(&in, &out);
	return why ?: judge_travel(passage, &in, &out);
}
