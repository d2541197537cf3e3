// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo.c - ICMP echo requests and replies on a packet socket.
 *
 * A packet socket of type SOCK_DGRAM begins at the IP header, and leaves the
 * link-layer header to the device: the same code serves a device without one.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "address.h"
#include "echo.h"

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

static int set_filter(int fd, in_addr_t local, uint8_t type, uint16_t id)
{
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
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(local), 0, 9),
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
	const struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)))
		return -errno;
	return 0;
}

int echo_open(unsigned ifindex, const struct tp_addr *local, uint8_t type,
	      uint16_t id)
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)ifindex,
	};
	int one = 1;
	int error;
	int fd;

	/* Protocol 0 receives nothing; bound last, the socket never sees a
	 * frame that the filter has not. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = set_filter(fd, address_to_v4(local), type, id);
	if (error)
		goto fail;
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here))) {
		error = -errno;
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return error;
}

/* ---- sending ----------------------------------------------------------- */

/* RFC 1071 over an even number of bytes. */
static uint16_t checksum(const void *data, size_t length)
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
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)request->ifindex,
		.sll_halen = sizeof(request->mac),
	};
	struct datagram datagram;

	memcpy(to.sll_addr, request->mac, sizeof(request->mac));
	build(request, &datagram);
	if (sendto(fd, &datagram, sizeof(datagram), 0,
		   (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* ---- receiving --------------------------------------------------------- */

/*
 * How long this message has waited in the socket.  The kernel's stamp is on the
 * wall clock, which may be set at any time: it is good for a difference to now,
 * and for nothing longer.
 */
int64_t echo_age(struct msghdr *message)
{
	struct cmsghdr *control;
	struct timespec stamp, now;
	int64_t age;

	for (control = CMSG_FIRSTHDR(message); control;
	     control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != SOL_SOCKET ||
		    control->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
		clock_gettime(CLOCK_REALTIME, &now);
		age = (int64_t)(now.tv_sec - stamp.tv_sec) * 1000000 +
		      (now.tv_nsec - stamp.tv_nsec) / 1000;
		return age > 0 ? age : 0;
	}
	return 0;
}

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
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	uint8_t data[256];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	ssize_t length;

	/* The device going down is told once, as an error of the socket. */
	do
		length = recvmsg(fd, &message, MSG_DONTWAIT);
	while (length < 0 && (errno == EINTR || errno == ENETDOWN));
	if (length < 0)
		return 0;
	answer->age = echo_age(&message);
	return parse(data, (size_t)length, answer) ? -EBADMSG : 1;
}
