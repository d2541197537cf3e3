/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - packets as data: a struct says what a frame is, packet_build()
 * makes its bytes.
 *
 * Owns: the only idea the packet tables have of how a right packet looks.
 * Every checksum is computed from scratch (RFC 1071), never adjusted, so that
 * it is independent of the code under test.  It must never include anything
 * from bpf/.
 */
#ifndef HARNESS_PACKET_H
#define HARNESS_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 10240
#define PACKET_DIFF 4096    /* text of a diff, with the NUL */
#define PACKET_TTL 64	    /* of a packet that names none */
#define PACKET_EMPTY 0xffff /* for a payload of no bytes at all */

/* Addresses in the tables are in host order. */
#define IP(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

enum packet_tcp_flag {
	FIN = 1,
	SYN = 2,
	RST = 4,
	PSH = 8,
	ACK = 16,
	URG = 32,
};

/* The ICMP types that the tables speak of (RFC 792). */
enum packet_icmp_type {
	ECHO_REPLY = 0,
	UNREACHABLE = 3,
	REDIRECT = 5,
	ECHO = 8,
	TIME_EXCEEDED = 11,
	PARAMETER = 12,
};

struct packet {
	uint8_t to[6], from[6]; /* MAC addresses */
	bool nobody;		/* instead: none of either */
	uint16_t ethertype;	/* 0: IPv4; others: the frame is filler */

	uint32_t source, destination;
	uint8_t protocol;
	uint8_t tos;
	uint8_t ttl; /* 0: PACKET_TTL */
	uint16_t id;
	uint16_t fragment; /* flags and offset as on the wire */
	uint8_t options;   /* words of NOP options */
	struct {
		uint16_t from, bytes;
	} piece; /* a fragment: these bytes of what is behind the header */

	uint16_t sport, dport; /* ICMP: sport is the identifier, dport the
				* sequence number */
	uint8_t flags;	       /* TCP */
	uint8_t tcp_options[40], tcp_options_size; /* a multiple of 4 */
	bool answer; /* an RST to an ACK: in sequence for it, no window */
	uint8_t type, code; /* ICMP */
	uint32_t rest;	    /* of an ICMP error's header: the MTU */
	uint16_t payload;   /* bytes; 0: as many as is usual */
	uint16_t word;	    /* the first two of them, 0: pattern */
	const char *text;   /* and what begins it instead of the pattern */
	uint16_t text_size; /* 0: of a string */

	const struct packet *quote; /* ICMP error: about this packet */
	uint16_t quoted; /* bytes after the quoted IP header; 0: all of them */

	/* What a good sender would not do. */
	bool no_checksum;  /* UDP without: legal, RFC 768 */
	uint16_t ip_error; /* added to the right checksum, RFC 1071 sum */
	uint16_t l4_error;
	uint8_t version_ihl; /* in place of the right one */
	uint16_t total_length;
	uint16_t udp_length;
	uint8_t data_offset; /* words, TCP */
	uint16_t cut;	     /* the frame ends after so many bytes */
	uint8_t padding;     /* bytes of Ethernet padding: legal */
};

/* Initialisers; more fields follow by WITH(UDP(H, 5000, R, 80), .tos = 3). */
#define PORTS(proto, s, sp, d, dp)                                             \
	.protocol = (proto), .source = (s), .destination = (d), .sport = (sp), \
	.dport = (dp)
#define UDP(s, sp, d, dp) PORTS(IPPROTO_UDP, s, sp, d, dp)
#define TCP(s, sp, d, dp, f) PORTS(IPPROTO_TCP, s, sp, d, dp), .flags = (f)
/* id is the identifier; every echo here is its stream's fourth. */
#define QUERY(t, s, d, id) PORTS(IPPROTO_ICMP, s, id, d, 4), .type = (t)
#define ERROR(s, d, t, c, about)                                     \
	.protocol = IPPROTO_ICMP, .source = (s), .destination = (d), \
	.type = (t), .code = (c), .quote = (about)
#define WITH(...) __VA_ARGS__
/* Protocols without ports: payload alone follows the IP header. */
#define BARE(proto, s, d) .protocol = (proto), .source = (s), .destination = (d)
/* A packet where a pointer is wanted: what an error quotes. */
#define THE(...) (&(const struct packet){ __VA_ARGS__ })

/* Lay out `packet` in `frame`; returns the length of the frame. */
size_t packet_build(const struct packet *packet, uint8_t frame[PACKET_MAX]);

/*
 * The frame's L4 checksum as on the wire, in host order: for tests that
 * tune a packet until the sum comes out at a chosen value.
 */
uint16_t packet_l4_checksum(const struct packet *packet);

/*
 * Compare two frames.  True: equal.  False: `text` names every field that
 * differs, with both values.
 */
bool packet_equal(const uint8_t *expected, size_t expected_size,
		  const uint8_t *actual, size_t actual_size,
		  char text[PACKET_DIFF]);

#endif
