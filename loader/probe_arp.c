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
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "address.h"
#include "packet_socket.h"
#include "probe_kind.h"

struct arp {
	struct arphdr head;
	uint8_t sender_mac[ETH_ALEN];
	uint32_t sender;
	uint8_t target_mac[ETH_ALEN];
	uint32_t target;
} __attribute__((packed));

/* Where the configuration names nobody: the next hop, as DHCP gave it. */
static const struct tp_addr *whom(const struct probe_view *view)
{
	return address_is_zero(&view->config->target) ? &view->path->next_hop :
							&view->config->target;
}

/* Replies about the target, to us: the rest does not wake the daemon. */
static int arp_open(const struct probe_view *view)
{
	in_addr_t about = address_to_v4(whom(view));
	in_addr_t local = address_to_v4(&view->path->address);
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

	if (view->path->raw)
		return -EOPNOTSUPP; /* nobody there has a MAC address */
	return packet_socket_open(view->path->ifindex, ETH_P_ARP, code,
				  sizeof(code) / sizeof(code[0]));
}

static int arp_send(int fd, const struct probe_view *view,
		    const struct probe_shot *shot, bool again)
{
	static const uint8_t everybody[ETH_ALEN] = { 0xff, 0xff, 0xff,
						     0xff, 0xff, 0xff };
	const struct probe_path *path = view->path;
	bool known = path->next_hop_mac_known && !again &&
		     address_equal(whom(view), &path->next_hop);
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
	memcpy(arp.sender_mac, path->mac, ETH_ALEN);
	return packet_socket_send(fd, path->ifindex, ETH_P_ARP,
				  known ? path->next_hop_mac : everybody, &arp,
				  sizeof(arp));
}

static int arp_receive(int fd, const struct probe_view *view,
		       struct probe_answer *answer)
{
	struct arp arp;
	ssize_t length =
		packet_socket_receive(fd, &arp, sizeof(arp), &answer->age);

	if (length < 0)
		return 0;
	answer->blind = true;
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
