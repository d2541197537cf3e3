// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packets.c - from bytes to frames: a good packet of the site, answers to what
 * went out before, then some bytes of it changed.
 *
 * Owns: the idea of what is worth trying.  Everything comes from the stream, so
 * that a fuzzer that follows coverage can steer it.
 */
#include <string.h>

#include "fuzz.h"

#define ETHERNET 14
#define PORTS_KNOWN 8

uint8_t stream_byte(struct stream *stream)
{
	if (!stream->left)
		return 0;
	stream->left--;
	return *stream->at++;
}

uint16_t stream_word(struct stream *stream)
{
	uint8_t high = stream_byte(stream);

	return high << 8 | stream_byte(stream);
}

uint8_t stream_below(struct stream *stream, uint8_t limit)
{
	return stream_byte(stream) % limit;
}

/* ---- what went out before ------------------------------------------------ */

/* Flows by which an uplink was last left. */
static struct {
	uint32_t external, remote;
	uint16_t port, remote_port, id;
	uint8_t protocol;
} known[PORTS_KNOWN];
static unsigned int known_next;

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

void packets_forget(void)
{
	memset(known, 0, sizeof(known));
	known_next = 0;
}

void packets_learn(const struct passage *passage)
{
	const uint8_t *ip = passage->out.frame + ETHERNET;
	const uint8_t *l4 = ip + 20;

	if (passage->out.verdict != PLANE_FORWARDED || ip[0] != 0x45 ||
	    passage->out.size < ETHERNET + 28)
		return;
	if (get32(ip + 12) != A && get32(ip + 12) != B)
		return;
	known[known_next].external = get32(ip + 12);
	known[known_next].remote = get32(ip + 16);
	known[known_next].protocol = ip[9];
	known[known_next].id = get16(ip + 4);
	known[known_next].port = get16(ip[9] == IPPROTO_ICMP ? l4 + 4 : l4);
	known[known_next].remote_port = get16(l4 + 2);
	known_next = (known_next + 1) % PORTS_KNOWN;
}

/* ---- good packets -------------------------------------------------------- */

static const uint32_t hosts[] = { H,
				  H2,
				  DEEP,
				  ROUTER,
				  PARTNER,
				  GATEWAY,
				  IP(192, 168, 50, 8),
				  IP(192, 168, 50, 9) };
static const uint32_t remotes[] = { R,
				    R2,
				    X,
				    A,
				    B,
				    EXCLUDED,
				    H,
				    IP(224, 0, 0, 5),
				    IP(255, 255, 255, 255),
				    IP(127, 0, 0, 1),
				    IP(169, 254, 1, 1),
				    IP(192, 0, 2, 1) };
static const uint16_t ports[] = { 5000, 5001, 80,    53,   500, 67,
				  68,	0,    65535, 8080, 7 };
static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP,
				     IPPROTO_UDP, IPPROTO_TCP, IPPROTO_GRE,
				     IPPROTO_ESP, 132,	       41,
				     IPPROTO_IGMP };
static const uint8_t icmp_types[] = { ECHO, ECHO_REPLY, 13, 14, REDIRECT, 10 };
static const uint8_t errors[] = { UNREACHABLE, TIME_EXCEEDED, PARAMETER,
				  REDIRECT, 4 };
static const uint16_t fragments[] = { 0, 0,	 0,   0x4000, 0x2000,
				      1, 0x2001, 100, 0x20b9, 0x1fff };

#define PICK(stream, array) \
	((array)[stream_below(stream, sizeof(array) / sizeof(*(array)))])

static void general(struct stream *stream, struct packet *p)
{
	p->protocol = PICK(stream, protocols);
	p->sport = PICK(stream, ports);
	p->dport = PICK(stream, ports);
	p->flags = stream_byte(stream) & 63;
	p->type = PICK(stream, icmp_types);
	p->fragment = PICK(stream, fragments);
	p->id = stream_byte(stream) % 4;
	p->payload = stream_byte(stream) % 4 ? stream_byte(stream) :
					       stream_word(stream) % 1500;
	p->options = stream_byte(stream) % 8 ? 0 : stream_byte(stream) % 11;
	p->ttl = stream_byte(stream) % 8 ? 0 : stream_byte(stream);
	p->no_checksum = stream_byte(stream) % 8 == 0;
}

/* The remote's answer to something that went out. */
static void answer(struct stream *stream, struct packet *p)
{
	unsigned int i = stream_below(stream, PORTS_KNOWN);

	if (!known[i].external)
		return;
	p->source = known[i].remote;
	p->destination = known[i].external;
	p->protocol = known[i].protocol;
	p->dport = known[i].port;
	p->sport = known[i].remote_port;
	if (p->protocol == IPPROTO_ICMP) {
		p->sport = known[i].port;
		p->type = ECHO_REPLY;
	}
}

/* An ICMP error about a packet of the opposite direction. */
static void about(struct stream *stream, struct packet *p, struct packet *quote)
{
	*quote = *p;
	quote->source = p->destination;
	quote->destination = p->source;
	if (p->protocol != IPPROTO_ICMP) {
		quote->sport = p->dport;
		quote->dport = p->sport;
	} else {
		quote->type = ECHO;
	}
	quote->payload = stream_byte(stream);
	quote->options = stream_byte(stream) % 4 ? 0 : 2;
	quote->fragment = stream_byte(stream) % 8 ? 0 : 0x2000;
	p->quote = quote;
	p->quoted = stream_byte(stream) % 4 ? 0 : stream_byte(stream) % 40;
	p->protocol = IPPROTO_ICMP;
	p->type = PICK(stream, errors);
	p->code = stream_byte(stream) % 16;
	p->rest = stream_word(stream);
	p->fragment = 0;
	p->options = 0;
	p->payload = 0;
	if (stream_byte(stream) % 4 == 0)
		p->source = PICK(stream, remotes);
}

/* ---- where it comes in --------------------------------------------------- */

static const struct {
	enum tp_hook hook;
	uint32_t ifindex;
	bool inside; /* sent by a host */
} entries[] = {
	{ TP_HOOK_xdp_lan, PLANE_LAN, true },
	{ TP_HOOK_tc_lan, PLANE_LAN, true },
	{ TP_HOOK_xdp_wan, PLANE_ISP_A, false },
	{ TP_HOOK_tc_wan, PLANE_ISP_A, false },
	{ TP_HOOK_xdp_wan, PLANE_ISP_B, false },
	{ TP_HOOK_tc_wan, PLANE_ISP_B, false },
	{ TP_HOOK_tc_out, PLANE_ISP_A, true },
	{ TP_HOOK_tc_out, PLANE_ISP_B, true },
	{ TP_HOOK_tc_back, PLANE_LAN, true },
};

static void macs(struct stream *stream, const struct plane_input *in,
		 struct packet *p)
{
	static const uint8_t sources[][6] = {
		MAC_H,	       MAC_H2,	      MAC_PARTNER, MAC_THEIRS(1),
		MAC_THEIRS(2), MAC_THEIRS(3), MAC_ROUTER,  MAC_FOREIGN,
	};
	const uint8_t *to = in->ifindex == PLANE_LAN   ? plane_mac_lan :
			    in->ifindex == PLANE_ISP_A ? plane_mac_isp_a :
							 plane_mac_isp_b;
	uint8_t choice = stream_byte(stream);

	memcpy(p->to, to, 6);
	memcpy(p->from, plane_mac_next_a, 6);
	if (in->ifindex == PLANE_LAN)
		memcpy(p->from, sources[choice % 8], 6);
	if (choice >= 0xf0)
		memcpy(p->to,
		       choice & 1 ? plane_mac_virtual : plane_mac_partner, 6);
	if (in->hook == TP_HOOK_tc_out || in->hook == TP_HOOK_tc_back) {
		memcpy(p->from, to, 6);
		memcpy(p->to,
		       in->hook == TP_HOOK_tc_back ? plane_mac_partner :
						     plane_mac_next_a,
		       6);
	}
}

/* The frame ends early; now and then the packet in it, too. */
static size_t cut(struct stream *stream, uint8_t frame[PACKET_MAX], size_t size)
{
	uint8_t how = stream_byte(stream);
	size_t less = how & 2 ? stream_byte(stream) % 80U :
				stream_word(stream) % (size - 13);

	if (ETHERNET + less < size)
		size = ETHERNET + less;
	if (how & 1 && size > ETHERNET + 4) {
		frame[ETHERNET + 2] = (uint8_t)((size - ETHERNET) >> 8);
		frame[ETHERNET + 3] = (uint8_t)(size - ETHERNET);
	}
	return size;
}

/* Some bytes of the frame, changed. */
static size_t disturb(struct stream *stream, uint8_t frame[PACKET_MAX],
		      size_t size)
{
	uint8_t changes = stream_byte(stream);

	if (changes < 0xa0) /* most are left as they are */
		return size;
	for (changes %= 4; changes; changes--) {
		uint16_t at = stream_word(stream);

		frame[ETHERNET + at % (size > ETHERNET + 60 ? 60 :
				       size > ETHERNET	    ? size - ETHERNET :
							      1)] =
			stream_byte(stream);
	}
	if (stream_byte(stream) % 8 == 0)
		size = cut(stream, frame, size);
	return size;
}

void packets_next(struct stream *stream, struct plane_input *in,
		  uint8_t frame[PACKET_MAX])
{
	unsigned int entry = stream_below(stream, 9);
	struct packet p = { .protocol = IPPROTO_UDP }, quote;

	in->hook = entries[entry].hook;
	in->ifindex = entries[entry].ifindex;
	in->from = entries[entry].inside ? PLANE_LAN : 0;
	in->frame = frame;
	in->mark = 0;
	macs(stream, in, &p);
	general(stream, &p);
	if (entries[entry].inside) {
		p.source = PICK(stream, hosts);
		p.destination = PICK(stream, remotes);
	} else {
		p.source = PICK(stream, remotes);
		p.destination = in->ifindex == PLANE_ISP_A ? A : B;
		if (stream_byte(stream) % 4)
			answer(stream, &p);
	}
	if (stream_byte(stream) % 4 == 0)
		about(stream, &p, &quote);
	if (stream_byte(stream) == 0xff)
		p.ethertype = stream_word(stream);
	in->size = disturb(stream, frame, packet_build(&p, frame));
}
