// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo.c - ICMP echo requests and replies on a packet socket.
 *
 * The datagrams are whole, from the IP header on: what leaves here asked no
 * routing table.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "address.h"
#include "checksum.h"
#include "echo.h"
#include "packet_socket.h"

#define PADDING 24

struct body {
	struct icmphdr icmp;
	uint64_t cookie; /* random: its byte order is its own */
	uint8_t padding[PADDING];
} __attribute__((packed));

struct datagram {
	struct iphdr ip;
	struct body body;
} __attribute__((packed));

/* ---- the socket -------------------------------------------------------- */

int echo_open(unsigned ifindex, const struct tp_addr *local, uint8_t type,
	      uint16_t id)
{
	in_addr_t address = address_to_v4(local);
	struct sock_filter code[] = {
		/* 0: a frame for this host, not one for another */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 18),
		/* 2: a whole IPv4 datagram with ICMP, to our address */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 15),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IP_MF | IP_OFFMASK, 13, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 0, 11),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(address), 0, 9),
		/* 11: an echo of this type, code 0, with our id */
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
		/* 20: the rest */
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return packet_socket_open(ifindex, ETH_P_IP, code,
				  sizeof(code) / sizeof(code[0]));
}

/* ---- sending ----------------------------------------------------------- */

/*
 * With DF set a datagram may carry the identification 0 (RFC 6864, 4.1), which
 * nobody below us would fill in; this one fits any link.
 */
static void build(const struct echo_request *request, struct datagram *to)
{
	memset(to, 0, sizeof(*to));
	to->ip.version = 4;
	to->ip.ihl = sizeof(to->ip) / 4;
	to->ip.tot_len = htons(sizeof(*to));
	to->ip.frag_off = htons(IP_DF);
	to->ip.ttl = request->ttl;
	to->ip.protocol = IPPROTO_ICMP;
	to->ip.saddr = address_to_v4(&request->source);
	to->ip.daddr = address_to_v4(&request->target);
	to->ip.check = checksum(&to->ip, sizeof(to->ip));
	to->body.icmp.type = ICMP_ECHO;
	to->body.icmp.un.echo.id = htons(request->id);
	to->body.icmp.un.echo.sequence = htons(request->sequence);
	to->body.cookie = request->cookie;
	for (unsigned i = 0; i < PADDING; i++)
		to->body.padding[i] = (uint8_t)i;
	to->body.icmp.checksum = checksum(&to->body, sizeof(to->body));
}

int echo_send(int fd, const struct echo_request *request)
{
	struct datagram datagram;

	build(request, &datagram);
	return packet_socket_send(fd, request->ifindex, ETH_P_IP, request->mac,
				  &datagram, sizeof(datagram));
}

/* ---- receiving --------------------------------------------------------- */

static int parse(const uint8_t *data, size_t length, struct echo_answer *answer)
{
	struct body body;
	struct iphdr ip;
	size_t header;

	if (length < sizeof(ip))
		return -EBADMSG;
	memcpy(&ip, data, sizeof(ip));
	header = ip.ihl * 4U;
	if (header < sizeof(ip) || length < header + sizeof(body) ||
	    ntohs(ip.tot_len) != header + sizeof(body))
		return -EBADMSG;
	memcpy(&body, data + header, sizeof(body));
	answer->source = address_from_v4(ip.saddr);
	answer->ttl = ip.ttl;
	answer->sequence = ntohs(body.icmp.un.echo.sequence);
	answer->cookie = body.cookie;
	return 0;
}

int echo_receive(int fd, struct echo_answer *answer)
{
	uint8_t data[256];
	ssize_t length =
		packet_socket_receive(fd, data, sizeof(data), &answer->age);

	if (length < 0)
		return 0;
	return parse(data, (size_t)length, answer) ? -EBADMSG : 1;
}
