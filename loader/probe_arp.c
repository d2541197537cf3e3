// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_arp.c - the kind "arp": does a station on the uplink's segment answer
 * for an address, by default the next hop's?
 *
 * ARP has no field for an id or a cookie: an answer is a reply that arrived on
 * this interface, in a frame for us, about the target, to our address, while a
 * probe is in flight.  So it proves that the station lives, and nothing to
 * whoever shares the segment with a liar.
 *
 * Asked by unicast (RFC 1122, 2.3.2.1), so as not to wake the whole segment
 * each second; by broadcast where the MAC address is not known, and after a
 * probe without an answer, for the station may have another one now.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "address.h"
#include "echo.h"
#include "probe_kind.h"

struct arp {
	struct arphdr head;
	uint8_t sender_mac[ETH_ALEN];
	uint32_t sender;
	uint8_t target_mac[ETH_ALEN];
	uint32_t target;
} __attribute__((packed));

/* Replies about the target, to us: the rest does not wake the daemon. */
static int set_filter(int fd, in_addr_t about, in_addr_t local)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(about), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(local), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, sizeof(struct arp)),
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

/* Where the configuration names nobody: the next hop, as DHCP gave it. */
static const struct tp_addr *whom(const struct probe_view *view)
{
	return address_is_zero(&view->config->target) ? &view->path->next_hop :
							&view->config->target;
}

static int arp_open(const struct probe_view *view)
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)view->path->ifindex,
	};
	int one = 1, error, fd;

	if (view->path->raw)
		return -EOPNOTSUPP; /* nobody there has a MAC address */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = set_filter(fd, address_to_v4(whom(view)),
			   address_to_v4(&view->path->address));
	if (!error &&
	    (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) ||
	     bind(fd, (const struct sockaddr *)&here, sizeof(here))))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int arp_send(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, bool again)
{
	const struct probe_path *path = view->path;
	bool known = path->next_hop_mac_known && !again &&
		     address_equal(whom(view), &path->next_hop);
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)path->ifindex,
		.sll_halen = ETH_ALEN,
	};
	struct arp arp = {
		.head = {
			.ar_hrd = htons(ARPHRD_ETHER),
			.ar_pro = htons(ETH_P_IP),
			.ar_hln = ETH_ALEN,
			.ar_pln = sizeof(arp.sender),
			.ar_op = htons(ARPOP_REQUEST),
		},
		.sender = address_to_v4(&path->address),
		.target = address_to_v4(whom(view)),
	};

	(void)shot;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (known)
		memcpy(to.sll_addr, path->next_hop_mac, ETH_ALEN);
	memcpy(arp.sender_mac, path->mac, ETH_ALEN);
	if (sendto(fd, &arp, sizeof(arp), 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}

static int arp_receive(int fd, const struct probe_view *view,
		       struct probe_answer *answer)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct arp arp;
	struct iovec iov = { &arp, sizeof(arp) };
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
	answer->blind = true;
	answer->age = echo_age(&message);
	if (length < (ssize_t)sizeof(arp) ||
	    arp.head.ar_pro != htons(ETH_P_IP) || arp.head.ar_hln != ETH_ALEN ||
	    memcmp(arp.target_mac, view->path->mac, ETH_ALEN) != 0)
		return -EBADMSG;
	return 1;
}

const struct probe_kind probe_arp = {
	.open = arp_open,
	.send = arp_send,
	.receive = arp_receive,
};
